// Pages in Debian's Chromium, for the tests whose names end in `.browser.mjs`. They run only when
// they are named: `node --test tests/page/*.browser.mjs`, after `npm ci` in this directory.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { chromium } from "playwright-core";

/** Where pictures of pages go, for a person to look at. */
const PICTURES = fileURLToPath(new URL("../../target/page-screenshots/", import.meta.url));

/** Starts a browser that asks nobody for anything. */
export function launch() {
    return chromium.launch({
        executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
        args: [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
        ],
    });
}

/** A directory that goes when the tests have ended. */
export const scratch = mkdtempSync(join(tmpdir(), "boucle-page-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

let count = 0;

/**
 * Opens a page from its text, as a file. What it must not do is gathered in `trouble`: errors,
 * dialogs, requests for anything but itself.
 */
export async function open(browser, html, options = {}) {
    count += 1;
    const file = join(scratch, `${count}.html`);
    writeFileSync(file, html);
    return openUrl(browser, pathToFileURL(file).href, options);
}

/** Opens a page by its address. */
export async function openUrl(browser, url, options = {}) {
    const context = await browser.newContext({ viewport: { width: 1440, height: 1000 }, colorScheme: "light", ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(15000);
    page.trouble = [];
    page.on("console", (message) => message.type() === "error" && page.trouble.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => page.trouble.push(`error: ${error.stack}`));
    page.on("dialog", (dialog) => {
        page.trouble.push(`dialog: ${dialog.message()}`);
        dialog.dismiss();
    });
    const origin = url.startsWith("file:") ? url.split("#")[0] : new URL(url).origin;
    page.on("request", (request) => request.url().startsWith(origin) || page.trouble.push(`request: ${request.url()}`));
    await page.goto(url);
    await settled(page);
    return page;
}

/** Waits until the page has drawn what it was asked for. */
export function settled(page) {
    return page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)))));
}

/** Everything that the panels say, and where the cursor is. */
export function told(page) {
    return page.evaluate(() => ({
        index: Number(document.getElementById("scrub").value),
        panels: ["sentence", "where", "phases", "why-body", "queue-body", "waits-body", "timers-body", "reactor-body",
            "pool-body", "tasks-body", "events-body", "lane-body"].map((id) => document.getElementById(id).textContent),
    }));
}

/** Takes a picture. */
export async function picture(page, name, options = {}) {
    mkdirSync(PICTURES, { recursive: true });
    await settled(page);
    await page.screenshot({ path: join(PICTURES, `${name}.png`), ...options });
}

/** The middle of a segment on the canvas, in pixels of the page. `which` is a test in the page. */
export function whereIs(page, lane, which) {
    return page.evaluate(([key, source]) => {
        const row = player.lanes.rows.find((row) => row.key === key);
        const index = row.segments.findIndex(new Function("segment", "i", `return ${source}`));
        const { view, steps } = player.lanes;
        const box = document.getElementById("canvas").getBoundingClientRect();
        const [x0, x1] = [view.x(row.from(index, steps)), view.x(row.to(index, steps))];
        return { x: box.x + (x1 - x0 > 6 ? (x0 + x1) / 2 : x0 + 1), y: box.y + AXIS + row.top - document.getElementById("lanes").scrollTop + row.height / 2 };
    }, [lane, which]);
}
