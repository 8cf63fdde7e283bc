// Every chapter in a browser: wide and narrow, light and dark, no error, no request that fails or
// leaves the machine, no sideways scrolling; every prediction opened, every replay played to its
// end. `cargo book` first; then `node --test book/tests/*.browser.mjs`.

import assert from "node:assert/strict";
import { createReadStream, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { launch } from "../../tests/page/browser.mjs";

const BOOK = fileURLToPath(new URL("../build/", import.meta.url));
const PICTURES = fileURLToPath(new URL("../../target/book-screenshots/", import.meta.url));
const TYPES = { ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".png": "image/png", ".jsonl": "text/plain" };

/** The chapters that are written, in their order. */
const summary = readFileSync(new URL("../src/SUMMARY.md", import.meta.url), "utf8");
const chapters = [...summary.matchAll(/\]\(([^)]+)\.md\)/g)].map(([, name]) => name)
    .filter((name) => existsSync(join(BOOK, `${name}.html`)));

let browser;
let server;
let origin;
before(async () => {
    mkdirSync(PICTURES, { recursive: true });
    server = createServer((request, response) => {
        const path = join(BOOK, normalize(decodeURIComponent(new URL(request.url, "http://book").pathname)));
        if (!path.startsWith(BOOK) || !existsSync(path) || !statSync(path).isFile()) {
            response.writeHead(404).end();
            return;
        }
        response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream" });
        createReadStream(path).pipe(response);
    });
    await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
    origin = `http://127.0.0.1:${server.address().port}`;
    browser = await launch();
});
after(async () => {
    await browser?.close();
    server?.closeAllConnections();
    server?.close();
});

/** Opens a chapter; what must not happen is gathered in `page.trouble`. */
async function open(name, width, colorScheme, options = {}) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, ...options });
    const page = await context.newPage();
    page.trouble = [];
    page.on("console", (message) => message.type() === "error" && page.trouble.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => page.trouble.push(`error: ${error.stack}`));
    page.on("requestfailed", (request) => page.trouble.push(`failed: ${request.url()}`));
    page.on("response", (response) => response.status() >= 400 && page.trouble.push(`${response.status()}: ${response.url()}`));
    page.on("request", (request) => /^(http|ws)/.test(request.url()) && !request.url().startsWith(origin) && page.trouble.push(`leaves: ${request.url()}`));
    await page.goto(`${origin}/${name}.html`);
    return page;
}

/**
 * Plays a replay to its end, a hundred events a second; of a long run the last ones, which would
 * play for minutes.
 */
async function play(frame) {
    await frame.waitForFunction(() => Number(document.getElementById("scrub")?.max) > 0);
    await frame.evaluate(() => {
        const speed = document.getElementById("speed");
        speed.value = "e100";
        speed.dispatchEvent(new Event("change"));
        const last = Number(document.getElementById("scrub").max) + 1;
        location.hash = `#embed&event=${Math.max(1, last - 300)}&play`;
    });
    await frame.waitForFunction(() => {
        const scrub = document.getElementById("scrub");
        return scrub.value === scrub.max && document.documentElement.dataset.playing !== "true";
    }, undefined, { timeout: 60_000 });
}

/** What reaches out of the page to the right, and is not in something that scrolls by itself. */
const tooWide = (page) => page.evaluate(() => {
    const wide = document.documentElement.clientWidth;
    const scrolls = (one) => one && (getComputedStyle(one).overflowX !== "visible" || scrolls(one.parentElement));
    return [...document.querySelectorAll("main *")]
        .filter((one) => one.getBoundingClientRect().right > wide + 1 && !scrolls(one.parentElement.closest("main *")))
        .map((one) => `${one.tagName} ${one.className} ${one.textContent.slice(0, 40)}`);
});

test("the book has chapters", () => assert.ok(chapters.length > 0, "run `cargo book` first"));

/** Looks at the page as it is now, and keeps a picture of it. */
async function look(page, name, width, scheme) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme: scheme });
    await page.waitForFunction((dark) => document.documentElement.classList.contains("navy") === dark, scheme === "dark");
    assert.deepEqual(await tooWide(page), [], `at ${width} px`);
    await page.evaluate(() => window.scrollTo(0, 0));
    await page.screenshot({ path: join(PICTURES, `${name}-${width}-${scheme}.png`), fullPage: true });
}

for (const name of chapters) {
    test(`${name}: every prediction opens, every replay plays to its end; wide and narrow, light and dark`, async () => {
        const page = await open(name, 1280, "light");
        assert.equal(await page.locator(".fault").count(), 0, "a directive is broken");
        for (const question of await page.locator(".predict summary").all()) await question.click();
        assert.equal(await page.locator(".predict details:not([open])").count(), 0);
        const playing = [];
        for (const replay of await page.locator("[data-replay]").all()) {
            const address = await replay.getAttribute("data-replay");
            // Each is loaded when it comes near.
            await replay.scrollIntoViewIfNeeded();
            const frame = await (await replay.locator("iframe").elementHandle()).contentFrame();
            playing.push(play(frame).catch((error) => assert.fail(`${address} does not end: ${error.message}`)));
        }
        await Promise.all(playing);
        await look(page, name, 1280, "light");
        // On a phone the list of chapters is away until one asks for it.
        await page.locator("#mdbook-sidebar-toggle").click();
        await page.waitForFunction(() => document.querySelector("#mdbook-sidebar").getBoundingClientRect().right <= 0);
        await look(page, name, 390, "dark");
        assert.deepEqual(page.trouble, []);
        await page.context().close();
    });
}

test("without JavaScript each replay is a picture", async () => {
    const name = chapters.find((chapter) => readFileSync(join(BOOK, `${chapter}.html`), "utf8").includes("data-replay"));
    const page = await open(name, 1280, "light", { javaScriptEnabled: false });
    assert.ok(await page.locator("[data-replay] img").first().isVisible());
    assert.equal(await page.locator("main iframe").count(), 0);
    await page.context().close();
});

test("in print a live replay is its picture again", async () => {
    const name = chapters.find((chapter) => readFileSync(join(BOOK, `${chapter}.html`), "utf8").includes("data-replay"));
    const page = await open(name, 1280, "light");
    await page.locator("[data-replay] iframe").first().waitFor();
    await page.emulateMedia({ media: "print" });
    assert.ok(await page.locator("[data-replay] img").first().isVisible());
    assert.equal(await page.locator("[data-replay] iframe").first().isVisible(), false);
    await page.context().close();
});

test("a file that is pointed at has a page, and its lines", async () => {
    const page = await open("01-one-waiter", 390, "light");
    const link = await page.locator(".listing-path a").first().getAttribute("href");
    await page.context().close();
    const [path] = link.split("#");
    const source = await open(path.replace(/\.html$/, ""), 390, "light");
    assert.ok(await source.locator("pre span").count() > 1);
    assert.deepEqual(source.trouble, []);
    await source.context().close();
});
