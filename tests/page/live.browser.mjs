// The live page in a browser: served with a strict policy, fed by a stream of events.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { assembleLive, scripts, style } from "./assemble.mjs";
import { launch, openUrl, picture, settled } from "./browser.mjs";
import { fixture } from "./load.mjs";
import { long } from "./made.mjs";

const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/**
 * Serves the page; `feed` gets a function that sends an event, once the page listens, and `table`
 * says what the loop does.
 */
async function serve(t, feed, table = () => "nothing") {
    const files = {
        "/": ["text/html", assembleLive()], "/style.css": ["text/css", style()], "/script.js": ["text/javascript", scripts()],
        "/favicon.ico": ["image/x-icon", ""],
    };
    const server = createServer((request, response) => {
        if (request.url === "/events") {
            response.writeHead(200, { "content-type": "text/event-stream", "content-security-policy": POLICY });
            feed((data, event) => response.write(`${event ? `event: ${event}\n` : ""}data: ${data}\n\n`), response);
            return;
        }
        if (request.url === "/tasks") {
            response.writeHead(200, { "content-type": "application/json", "content-security-policy": POLICY });
            response.end(JSON.stringify(table()));
            return;
        }
        const [type, body] = files[request.url] ?? ["text/plain", "nothing"];
        response.writeHead(200, { "content-type": `${type}; charset=utf-8`, "content-security-policy": POLICY });
        response.end(body);
    });
    await new Promise((done) => server.listen(0, "127.0.0.1", done));
    t.after(() => {
        server.closeAllConnections();
        server.close();
    });
    return `http://127.0.0.1:${server.address().port}/`;
}

test("events come in, the cursor follows, and stays where it is put", async (t) => {
    const [header, ...lines] = fixture("await_in_a_loop").trim().split("\n");
    let send;
    const url = await serve(t, (to) => {
        send = to;
        send(header);
        lines.slice(0, 60).forEach((line) => send(line));
    });
    const page = await openUrl(browser, url);
    await page.waitForFunction(() => player.run?.last === 59 && player.run.index === 59);
    await picture(page, "live");
    await page.keyboard.press("ArrowLeft");
    assert.equal(await page.innerText("#follow"), "Follow");
    lines.slice(60, 120).forEach((line) => send(line));
    await page.waitForFunction(() => player.run.last === 119);
    assert.equal(await page.evaluate(() => player.run.index), 58);
    await page.click("#follow");
    assert.equal(await page.evaluate(() => player.run.index), 119);
    assert.deepEqual(page.trouble, []);
});

test("what was lost is told, and after it the page begins anew", async (t) => {
    const [header, ...lines] = fixture("at_once").trim().split("\n");
    const url = await serve(t, (send) => {
        send(header);
        lines.slice(0, 20).forEach((line) => send(line));
        send("{\"lost\":1170}", "lagged");
        send(header);
        lines.slice(0, 40).forEach((line) => send(line));
    });
    const page = await openUrl(browser, url);
    await page.waitForFunction(() => player.run?.last === 39);
    await page.waitForFunction(() => document.getElementById("live-state").textContent.includes("1170 events did not get here"));
    assert.deepEqual(page.trouble, []);
});

test("a loop that stands in a poll is pointed at, as its table says, and its end is told", async (t) => {
    const lines = fixture("slow_poll").trim().split("\n");
    const stuck = lines.findIndex((line) => line.includes("poll_began")) + 1;
    const { at, task } = JSON.parse(lines[stuck - 1]);
    let send;
    let asked = 0;
    const began = Date.now();
    const table = () => {
        asked += 1;
        const now = at + 7e9 + (Date.now() - began) * 1e6;
        return { boucle: "tasks", version: 1, loop: 1, now, last_event: at, doing: { kind: "polling", task, since: at, for: now - at } };
    };
    const url = await serve(t, (to) => {
        send = to;
        lines.slice(0, stuck).forEach((line) => send(line));
    }, table);
    const page = await openUrl(browser, url);
    // It had been there for seven seconds, which the page has not seen itself.
    await page.waitForFunction(() => /task 1 .*has been running for [89](\.\d+)? s/i.test(document.getElementById("live-state").textContent));
    await page.waitForFunction(() => /task 1 .* keeps the loop, in one poll that has not ended/i.test(document.getElementById("findings").textContent));
    await picture(page, "live-stuck");
    const grows = () => page.evaluate(() => {
        const lane = player.lanes.laneOf(player.run, "task/1");
        return lane.to(lane.segments.length - 1, false);
    });
    const before = await grows();
    await page.waitForTimeout(250);
    assert.ok(await grows() > before, "its bar grows");
    await page.waitForTimeout(1500);
    assert.ok(asked >= 2 && asked <= 5, `once a second, not ${asked} times`);
    const until = asked;
    lines.slice(stuck).forEach((line) => send(line));
    send("{}", "end");
    await page.waitForFunction(() => document.getElementById("live-state").textContent.includes("The loop has ended."));
    await page.waitForTimeout(1500);
    assert.ok(asked <= until + 1, "what is over is not asked");
    assert.deepEqual(page.trouble, []);
});

test("lanes without a pixel are drawn without trouble", async (t) => {
    const url = await serve(t, (send) => fixture("at_once").trim().split("\n").forEach((line) => send(line)));
    const page = await openUrl(browser, url, { deviceScaleFactor: 0.3 });
    await page.waitForFunction(() => player.run?.last > 20);
    await page.evaluate(() => {
        byId("lanes").style.display = "none";
        const { view } = player.lanes;
        view.show(view.begin, (view.begin + view.end) / 2);
        player.lanes.resize();
    });
    await settled(page);
    await settled(page);
    assert.deepEqual(page.trouble, []);
});

test("silence alone says nothing", async (t) => {
    const lines = fixture("slow_poll").trim().split("\n");
    const stuck = lines.findIndex((line) => line.includes("poll_began")) + 1;
    const { at } = JSON.parse(lines[stuck - 1]);
    // The loop went on; the page has not heard of it yet.
    const table = () => ({ boucle: "tasks", version: 1, loop: 1, now: at + 9e9, last_event: at + 5e9, doing: { kind: "sleeping", since: at + 5e9 } });
    const url = await serve(t, (send) => lines.slice(0, stuck).forEach((line) => send(line)), table);
    const page = await openUrl(browser, url);
    await page.waitForFunction(() => player.live?.answer !== null && player.run);
    await page.waitForTimeout(300);
    assert.equal(await page.innerText("#live-state"), "The loop turns.");
    assert.equal(await page.evaluate(() => player.run.silence), 0);
    assert.deepEqual(page.trouble, []);
});

test("of the events that are let go, a job that runs keeps both: that it was queued, and that it began", async (t) => {
    const page = await openUrl(browser, await serve(t, () => {}));
    const kept = await page.evaluate(() => {
        const begins = (job) => [{ event: "job_queued", job }, { event: "job_started", job }];
        const events = [...begins(1), ...begins(2), { event: "job_finished", job: 2 }, { event: "job_queued", job: 3 }];
        return stillOfUse(events, events.length).map(({ event, job }) => `${event} ${job}`);
    });
    assert.deepEqual(kept, ["job_queued 1", "job_started 1", "job_queued 3"]);
});

test("a page keeps so many events and no more, and says what it let go", async (t) => {
    const lines = long(3000).trim().split("\n");
    const url = await serve(t, (send) => lines.forEach((line) => send(line)));
    const page = await openUrl(browser, url);
    await page.waitForFunction((last) => player.run?.last === last, lines.length - 2);
    const before = await page.evaluate(() => [player.run.model.tasks.size, player.run.model.stateAt(player.run.last).tasks.size]);
    // As if the limit had been reached.
    await page.evaluate(() => {
        player.live.forget(1000);
        player.grown(true);
    });
    await settled(page);
    const after = await page.evaluate(() => [player.run.model.tasks.size, player.run.model.stateAt(player.run.last).tasks.size, player.run.trace.events.length]);
    assert.ok(after[0] < before[0], "tasks that were gone are forgotten");
    assert.equal(after[1], before[1], "tasks that are there are there");
    assert.ok(after[2] < 2000);
    assert.match(await page.innerText("#live-state"), /\d+ older events were let go/);
    await page.keyboard.press("Home");
    assert.deepEqual(page.trouble, []);
});
