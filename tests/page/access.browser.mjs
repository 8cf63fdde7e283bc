// The replay page for everybody: by keyboard, by ear, in the dark, on a phone. Takes the pictures.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { assemble } from "./assemble.mjs";
import { launch, open, picture, settled } from "./browser.mjs";
import { fixture } from "./load.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const loop = assemble(fixture("await_in_a_loop_simulated"));
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };

test("every control has a name, and is reached by the tab key in the order of the page", async () => {
    const page = await open(browser, loop);
    const nameless = await page.evaluate(() => [...document.querySelectorAll("button, input, select, [tabindex='0']")]
        .filter((element) => element.checkVisibility() && !(element.ariaLabel || element.labels?.length || element.textContent.trim() || element.getAttribute("aria-labelledby")))
        .map((element) => element.outerHTML));
    assert.deepEqual(nameless, []);
    const reached = [];
    for (let i = 0; i < 80; i += 1) {
        await page.keyboard.press("Tab");
        const id = await page.evaluate(() => document.activeElement.id || document.activeElement.className);
        if (reached.length > 3 && id === reached[0]) break;
        reached.push(id);
        const outlined = await page.evaluate(() => {
            const { activeElement } = document;
            const shown = activeElement.getAttribute("role") === "treeitem" ? activeElement.querySelector(".label") : activeElement;
            return activeElement === document.body || getComputedStyle(shown).outlineStyle !== "none";
        });
        assert.equal(outlined, true, `${id} shows that it has the focus`);
    }
    const wanted = ["skip", "search", "threshold", "open", "compare", "help", "lanes", "scrub", "play", "speed", "why", "lane-body"];
    assert.deepEqual(wanted.filter((id) => !reached.includes(id)), []);
    const order = wanted.slice(0, -2).map((id) => reached.indexOf(id));
    assert.deepEqual(order, [...order].sort((a, b) => a - b));
});

test("a walk by keyboard alone: a lane, what it did, why, and back", async () => {
    const page = await open(browser, loop);
    const press = async (...keys) => {
        for (const key of keys) await page.keyboard.press(key);
        await settled(page);
    };
    await page.locator("#lanes").focus();
    await press("ArrowDown", "ArrowDown");
    assert.match(await page.innerText("#lane-title"), /task/);
    await press("End", "[", "Enter");
    assert.equal(await page.evaluate(() => player.selected !== null), true);
    await press("w");
    assert.equal(await page.evaluate(() => document.activeElement.id), "why-title");
    await press("Tab", "Tab");
    assert.equal(await page.evaluate(() => document.activeElement.closest(".chain") !== null), true);
    await press("Enter");
    await press("?");
    assert.equal(await page.locator("#help-dialog").isVisible(), true);
    await press("Escape");
    assert.equal(await page.locator("#help-dialog").isVisible(), false);
    const whole = await page.evaluate(() => player.lanes.view.whole);
    await press("+", "+", "Shift+ArrowRight");
    assert.deepEqual([whole, await page.evaluate(() => player.lanes.view.whole)], [true, false]);
    await press("0", "s", "s");
    assert.equal(await page.evaluate(() => player.lanes.view.whole), true);
    assert.deepEqual(page.trouble, []);
});

test("the page has landmarks, headings in order, and tells each step to those who listen", async () => {
    const page = await open(browser, loop);
    const levels = await page.evaluate(() => [...document.querySelectorAll("h1, h2, h3")].filter((one) => one.checkVisibility()).map((one) => Number(one.tagName[1])));
    assert.equal(levels.filter((level) => level === 1).length, 1);
    levels.forEach((level, i) => assert.ok(i === 0 || level <= levels[i - 1] + 1));
    assert.deepEqual(await page.evaluate(() => ["main", "header"].map((name) => document.querySelectorAll(`body > ${name}`).length)), [1, 1]);
    assert.equal(await page.getAttribute("#sentence", "aria-live"), "polite");
    assert.match(await page.getAttribute("#canvas", "aria-label"), /Lanes of .*the loop, 11 tasks/);
    assert.match(await page.evaluate(() => document.querySelector(".dial title").textContent), /Level 0, one slot is 1 ms\. The hand is at slot/);
    assert.equal(await page.getAttribute("html", "lang"), "en");
});

test("text stands out from its ground, in light and in dark", async () => {
    for (const colorScheme of ["light", "dark"]) {
        const page = await open(browser, loop, { colorScheme });
        const weak = await page.evaluate(() => {
            const style = getComputedStyle(document.documentElement);
            const light = (name) => {
                const [r, g, b] = style.getPropertyValue(`--${name}`).trim().match(/[0-9a-f]{2}/gi).map((hex) => {
                    const part = parseInt(hex, 16) / 255;
                    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
                });
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            };
            const grounds = ["paper", "surface", "chosen", "title", "loop-row", "queued-back", "sleeping-back", "dispatching-back", "late-back",
                "wait-timer", "wait-io", "wait-job", "wait-task", "wait-other"];
            const pairs = [
                ...grounds.map((ground) => ["text", ground, 4.5]),
                ...["paper", "surface", "chosen", "loop-row", "queued-back"].map((ground) => ["soft", ground, 4.5]),
                ...["surface"].flatMap((ground) => [["link", ground, 4.5], ["bad", ground, 4.5], ["running", ground, 3], ["queued", ground, 3], ["job", ground, 3], ["wake", ground, 3], ["cursor", ground, 3]]),
                ...["surface", "chosen"].flatMap((ground) => [["panicked", ground, 4.5], ["aborted", ground, 4.5]]),
                ["on-solid", "running", 4.5], ["on-solid", "job", 4.5], ["on-solid", "dispatching", 4.5], ["on-solid", "soft", 4.5], ["surface", "cursor", 4.5],
            ];
            return pairs.map(([ink, ground, least]) => {
                const [a, b] = [light(ink), light(ground)].sort((x, y) => y - x);
                return [ink, ground, (a + 0.05) / (b + 0.05), least];
            }).filter(([, , ratio, least]) => ratio < least);
        });
        assert.deepEqual(weak, [], colorScheme);
    }
});

test("on a phone nothing is wider than the screen, and fingers move the lanes", async () => {
    const page = await open(browser, loop, phone);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
    await page.touchscreen.tap(250, await page.evaluate(() => document.getElementById("canvas").getBoundingClientRect().y + 60));
    await settled(page);
    assert.equal(await page.evaluate(() => player.selectedLane !== null), true);
    const zoomed = await page.evaluate(() => {
        const canvas = document.getElementById("canvas");
        const box = canvas.getBoundingClientRect();
        const finger = (type, id, x) => canvas.dispatchEvent(new PointerEvent(type, { pointerId: id, clientX: box.x + x, clientY: box.y + 60, button: 0, bubbles: true, pointerType: "touch" }));
        canvas.setPointerCapture = () => {};
        finger("pointerdown", 11, 180);
        finger("pointerdown", 12, 240);
        finger("pointermove", 11, 130);
        finger("pointermove", 12, 300);
        finger("pointerup", 11, 130);
        finger("pointerup", 12, 300);
        return !player.lanes.view.whole;
    });
    assert.equal(zoomed, true);
    assert.deepEqual(page.trouble, []);
});

test("pictures: light, dark, and on a phone", async () => {
    for (const [name, options] of [["light", {}], ["dark", { colorScheme: "dark" }], ["phone", phone], ["phone-dark", { ...phone, colorScheme: "dark" }]]) {
        for (const [trace, html] of [["await-in-a-loop", loop], ["offload", assemble(fixture("offload_and_await"))], ["udp", assemble(fixture("udp"))]]) {
            const page = await open(browser, html, options);
            for (const key of ["]", "]", "]"]) await page.keyboard.press(key);
            await picture(page, `${trace}-${name}`, { fullPage: true });
            assert.deepEqual(page.trouble, []);
            await page.close();
        }
    }
    const page = await open(browser, loop);
    await page.keyboard.press("s");
    await picture(page, "await-in-a-loop-steps");
    await page.keyboard.press("?");
    await picture(page, "help");
});
