// Loads the page's scripts as the page does: one after the other, in one scope.

import { readFileSync } from "node:fs";
import vm from "node:vm";

const scripts = new URL("../../src/observe/trace/page/", import.meta.url);
const traces = new URL("traces/", import.meta.url);

/** The scripts without a page, in their order. */
export const LOGIC = [
    "trace", "state", "words", "records", "history", "queue", "model",
    "chain", "sleep", "why", "series", "notice", "compare",
];

/** What the scripts declare, and some `more` of those that need a page only when they are called. */
export function load(names, more = []) {
    const text = [...LOGIC, ...more].map((name) => readFileSync(new URL(`${name}.js`, scripts), "utf8")).join("\n");
    // In this realm, so that plain objects compare equal to those of the tests.
    return vm.runInThisContext(`(() => { ${text} return { ${names.join(", ")} }; })()`, { filename: "page.js" });
}

/** A trace of a real run. */
export function fixture(name) {
    return readFileSync(new URL(`${name}.jsonl`, traces), "utf8");
}

/** A trace made by hand: events without their header, times in microseconds. */
export function written(...events) {
    return writtenAs({}, events);
}

/** The same with more in its header. */
export function writtenAs(header, events) {
    const lines = [{ boucle: "trace", version: 1, program: "test", loop: 1, events: events.length, dropped: 0, past: 0, ...header }];
    for (const [at, event, fields] of events) {
        lines.push({ at: at * 1000, event, ...fields });
    }
    return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}
