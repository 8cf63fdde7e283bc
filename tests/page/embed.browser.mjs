// The replay page inside another one, as in a book: compact, in its colors, and moved by its links.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import { assemble } from "./assemble.mjs";
import { launch, openUrl, picture, scratch, settled } from "./browser.mjs";
import { fixture } from "./load.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const scene = (name) => readFileSync(new URL(`../scenes/golden/${name}.jsonl`, import.meta.url), "utf8");
const golden = (name) => assemble(scene(name));

/** A page of a book with a replay in it. To one another they are strangers, as files are. */
async function book(name, html, { scheme = "light", hash = "", width = 750, height = 700, ...options } = {}) {
    const [figure, text] = [`${name}.html`, `${name}-book.html`];
    writeFileSync(join(scratch, figure), html);
    writeFileSync(join(scratch, text), `<!doctype html><meta charset="utf-8"><style>
        body { margin: 0; background: ${scheme === "dark" ? "#222" : "#fff"} }
        iframe { width: ${width}px; height: ${height}px; border: 0; display: block; color-scheme: ${scheme} }
        #text { height: 2000px }</style>
        <iframe name="figure" src="${figure}${hash}"></iframe>
        <div id="text"><a href="${figure}#embed&event=12">event 12</a> <a href="${figure}#embed&event=3&play">play</a></div>
        <script>for (const a of document.links) a.target = "figure";</script>`);
    // No scheme is emulated: that would hold in the frame too, whatever is around it.
    const page = await openUrl(browser, pathToFileURL(join(scratch, text)).href, { viewport: { width, height }, colorScheme: null, ...options });
    page.trouble = page.trouble.filter((line) => !line.startsWith(`request: ${pathToFileURL(join(scratch, figure)).href}`));
    const frame = page.frame("figure");
    await settled(frame);
    return { page, frame };
}

/** What reaches out of the page, or out of what holds it, and is not cut on purpose. */
const outside = (frame) => frame.evaluate(() => [...document.querySelectorAll(".top *, .transport, .transport *, .legend *")].filter((one) => {
    const { right, width } = one.getBoundingClientRect();
    const holder = one.parentElement.closest(":not(.controls)");
    return width > 1 && right > holder.getBoundingClientRect().right + 1;
}).map((one) => one.id || one.className || one.textContent));

const has = (frame, selector) => frame.locator(selector).first().isVisible();
const sentence = (frame) => frame.locator("#where").innerText();

test("in a frame the page is compact: the lanes, the transport, what to notice, the machine", async () => {
    const { page, frame } = await book("compact", golden("x15_pool_of_2"));
    assert.equal(await frame.evaluate(() => document.documentElement.className), "embed");
    for (const selector of ["#search", "#threshold", "#open", "#compare", "#minimap"]) {
        assert.equal(await has(frame, selector), false, selector);
    }
    const tops = await frame.evaluate(() => ["lanes", "scrub", "findings-title", "grid"].map((id) => document.getElementById(id).getBoundingClientRect().top));
    assert.deepEqual(tops, [...tops].sort((one, other) => one - other), "in this order");
    assert.ok(tops[0] < 90, `the lanes are at the top: ${tops[0]}`);
    assert.equal(await frame.evaluate(() => document.documentElement.scrollWidth), 750);
    // In a window it is what it always was, unless its address asks.
    const file = page.url().replace("-book", "");
    const whole = await openUrl(browser, file);
    assert.equal(await whole.evaluate(() => document.documentElement.className), "");
    const asked = await openUrl(browser, `${file}#embed`);
    assert.equal(await asked.evaluate(() => document.documentElement.className), "embed");
    assert.deepEqual([...page.trouble, ...whole.trouble, ...asked.trouble], []);
});

test("the transport is in reach wherever one scrolls", async () => {
    const { frame } = await book("reach", golden("x23_greedy"));
    const end = await frame.evaluate(() => document.documentElement.scrollHeight);
    for (const to of [0, end / 4, end / 2, end]) {
        await frame.evaluate((to) => window.scrollTo(0, to), to);
        await settled(frame);
        const [top, bottom] = await frame.evaluate(() => {
            const { top, bottom } = document.getElementById("play").getBoundingClientRect();
            return [top, bottom];
        });
        assert.ok(top >= 0 && bottom <= 700, `scrolled to ${to}, it is at ${top}`);
    }
});

test("where a frame has little room, rows are lower, so that all are in view; unless they are too many", async () => {
    const rows = (frame) => frame.evaluate(() => {
        const box = document.getElementById("lanes");
        return { hidden: box.scrollHeight - box.clientHeight, height: player.lanes.rows.at(-1).height, of: player.lanes.rows.length };
    });
    const html = golden("x10_one_by_one");
    const { of, ...roomy } = await rows((await book("roomy", html, { height: 250 + 36 + 14 * 30 })).frame);
    assert.deepEqual(roomy, { hidden: 0, height: 30 });
    const { page, frame } = await book("crowded", html, { height: 250 + 36 + (of - 1) * 20 });
    const crowded = await rows(frame);
    assert.equal(crowded.hidden, 0);
    assert.ok(crowded.height < 25 && crowded.height >= 17, `${crowded.height}`);
    // And as high as before, once there is room again.
    await page.evaluate(() => { document.querySelector("iframe").style.height = "900px"; });
    await frame.waitForFunction(() => player.lanes.rows.at(-1).height === 30);
    assert.deepEqual(await rows(frame), { hidden: 0, height: 30, of });
    const few = await rows((await book("too-many", assemble(scene("x10_one_by_one"), scene("x10_one_by_one")), { height: 300 })).frame);
    assert.ok(few.hidden > 0 && few.height === 30, JSON.stringify(few));
});

test("many findings are folded, few are not, and none say nothing", async () => {
    const open = async (name, html) => {
        const { frame } = await book(name, html);
        return [await has(frame, "#findings-title"), await has(frame, "#findings li")];
    };
    assert.deepEqual(await open("few", golden("x15_pool_of_2")), [true, true]);
    assert.deepEqual(await open("none", golden("x15_pool_of_5")), [false, false]);
    assert.deepEqual(await open("many", assemble(scene("x20_blocking"), scene("x10_one_by_one"))), [true, false]);
});

test("links of the text move the cursor, again and again, and play", async () => {
    const { page, frame } = await book("links", golden("x15_pool_of_2"), { hash: "#embed&event=7" });
    assert.match(await sentence(frame), /^event 7 of/);
    const click = async (name) => {
        await page.getByRole("link", { name }).click();
        await settled(frame);
    };
    await click("event 12");
    assert.match(await sentence(frame), /^event 12 of/);
    await frame.locator("#event-on").click();
    await settled(frame);
    assert.match(await sentence(frame), /^event 13 of/);
    await click("event 12");
    assert.match(await sentence(frame), /^event 12 of/);
    assert.equal(await frame.evaluate(() => document.documentElement.dataset.playing), "false");
    await frame.locator("#speed").selectOption("e100");
    await click("play");
    assert.equal(await frame.evaluate(() => document.documentElement.dataset.playing), "true");
    await frame.waitForFunction(() => document.documentElement.dataset.playing === "false");
    assert.equal(await frame.evaluate(() => player.run.index), await frame.evaluate(() => player.run.last));
    for (const nonsense of ["event=0", "event=-3", "event=x", "event=1e999", "event=", "%", "lanes"]) {
        await frame.evaluate((hash) => { location.hash = hash; }, nonsense);
        await settled(frame);
    }
    assert.deepEqual(page.trouble, []);
});

test("a wheel over the lanes scrolls the book, and with the control key it zooms", async () => {
    const { page, frame } = await book("wheel", golden("x15_pool_of_2"));
    await page.mouse.move(400, 150);
    const span = () => frame.evaluate(() => player.lanes.view.to - player.lanes.view.from);
    const before = await span();
    await page.mouse.wheel(0, -200);
    await page.mouse.wheel(0, 3000);
    await frame.waitForFunction(() => window.scrollY > 0);
    // At the end of the frame, the next turn of the wheel moves the book.
    for (let turn = 0; turn < 20 && await page.evaluate(() => window.scrollY) === 0; turn += 1) {
        await page.waitForTimeout(200);
        await page.mouse.wheel(0, 3000);
    }
    assert.ok(await page.evaluate(() => window.scrollY) > 0);
    assert.equal(await span(), before);
    await page.evaluate(() => window.scrollTo(0, 0));
    await frame.evaluate(() => window.scrollTo(0, 0));
    await page.waitForTimeout(500);
    await page.keyboard.down("Control");
    await page.mouse.wheel(0, -100);
    await page.keyboard.up("Control");
    await settled(frame);
    assert.ok(await span() < before);
});

test("its colors are those of the frame around it, and change with them", async () => {
    for (const [scheme, other] of [["dark", "light"], ["light", "dark"]]) {
        const { page, frame } = await book(`scheme-${scheme}`, golden("x15_pool_of_2"), { scheme });
        const ground = () => frame.evaluate(() => [
            matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light",
            document.getElementById("canvas").getContext("2d").getImageData(2, 2, 1, 1).data[0] < 128 ? "dark" : "light",
        ]);
        assert.deepEqual(await ground(), [scheme, scheme]);
        await page.evaluate((other) => { document.querySelector("iframe").style.colorScheme = other; }, other);
        await settled(frame);
        await settled(frame);
        assert.deepEqual(await ground(), [other, other]);
    }
});

test("pictures: in a book's column and on a phone, light and dark", async () => {
    const figures = { "one-by-one": golden("x10_one_by_one"), pool: golden("x15_pool_of_2"), greedy: golden("x23_greedy"), real: assemble(fixture("await_in_a_loop")), compared: assemble(scene("x15_pool_of_1"), scene("x15_pool_of_5")) };
    for (const [name, html] of Object.entries(figures)) {
        for (const width of [750, 360]) {
            for (const scheme of ["light", "dark"]) {
                const { page, frame } = await book(`figure-${name}`, html, { width, scheme });
                assert.deepEqual(await outside(frame), [], "what reaches out of the page");
                await picture(page, `embed-${name}-${width}-${scheme}`);
                assert.deepEqual(page.trouble, []);
                await page.close();
            }
        }
    }
});
