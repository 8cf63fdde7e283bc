// Assembles a replay page as `src/observe/trace/page.rs` does, for tests without Rust.
//
// By hand: `node tests/page/assemble.mjs run.jsonl [second.jsonl] > run.html`

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const page = new URL("../../src/observe/trace/page/", import.meta.url);

/** The scripts in their order: the one in which `page.rs` lists them. */
export const SCRIPTS = [...readFileSync(new URL("../page.rs", page), "utf8").matchAll(/include_str!\("page\/(\w+)\.js"\)/g)]
    .map(([, name]) => name);

const read = (name) => readFileSync(new URL(name, page), "utf8");

/** All scripts as one. */
export function scripts() {
    return SCRIPTS.map((name) => read(`${name}.js`)).join("\n");
}

/** The style sheet. */
export function style() {
    return read("style.css");
}

/** The page of a trace, or of two. */
export function assemble(trace, second = "") {
    // A function as the replacement: a string would have `$` read as a pattern.
    const escaped = (text) => text.replaceAll("<", "\\u003c");
    return read("page.html")
        .replace("/*STYLE*/", () => style())
        .replace("/*SCRIPTS*/", () => scripts())
        .replace("/*TRACE*/", () => escaped(trace))
        .replace("/*TRACE-B*/", () => escaped(second));
}

/** The page as it is served live: nothing in it but addresses. */
export function assembleLive() {
    return read("page.html")
        .replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, '<meta name="boucle-live" content="/events">')
        .replace("<style>/*STYLE*/</style>", '<link rel="stylesheet" href="/style.css">')
        .replace("<script>/*SCRIPTS*/</script>", '<script src="/script.js"></script>')
        .replace("/*TRACE*/", "")
        .replace("/*TRACE-B*/", "");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const [trace, second] = process.argv.slice(2).map((name) => readFileSync(name, "utf8"));
    process.stdout.write(assemble(trace ?? "", second));
}
