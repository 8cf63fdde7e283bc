// Reading traces: what is understood, what is passed over, and what is an error.

import assert from "node:assert/strict";
import test from "node:test";

import { fixture, load, written, writtenAs } from "./load.mjs";

const { parseTrace, Trace, TraceError, Model, describeEvent, notice, waitsForTree, why } =
    load(["parseTrace", "Trace", "TraceError", "Model", "describeEvent", "notice", "waitsForTree", "why"]);

const HEADER = '{"boucle":"trace","version":1}\n';

/** That a text is refused, with a message that says what is wrong. */
function refused(text, message) {
    assert.throws(() => parseTrace(text), (error) => error instanceof TraceError && message.test(error.message));
}

/** All that the page asks of a trace, at some places of it. */
function looked(text) {
    const model = new Model(parseTrace(text));
    const events = model.events.length;
    for (let index = -1; index < events; index += Math.max(1, Math.floor(events / 30))) {
        describeEvent(model, index);
        why(model, index);
        waitsForTree(model.stateAt(index), model);
    }
    notice(model);
    return model;
}

test("a real trace is read in full, with its header", () => {
    const trace = parseTrace(fixture("in_a_row"));
    assert.equal(trace.header.program, "tour");
    assert.equal(trace.events.length, trace.header.events);
    assert.deepEqual([trace.cut, trace.left_out, trace.unknown], [false, 0, 0]);
    assert.equal(trace.events[0].event, "loop_built");
});

test("lines may end as on Windows, be empty, and begin with a byte order mark", () => {
    const text = `\uFEFF${HEADER}\r\n${'{"at":1,"event":"loop_dropped"}'}\r\n\n`;
    assert.equal(parseTrace(text).events.length, 1);
});

test("what is no trace of boucle is refused", () => {
    refused("", /nothing in it/);
    refused("\n\n", /nothing in it/);
    refused("hello", /line 1: this is not JSON/);
    refused("[1,2]", /no trace/);
    refused("null", /no trace/);
    refused('{"traceEvents":[]}', /no trace/);
});

test("a trace of another version is refused by name", () => {
    refused('{"boucle":"trace","version":2}\n', /line 1: the trace has version 2, and this page reads version 1/);
    refused('{"boucle":"trace"}\n', /version none/);
    refused(`{"boucle":"trace","version":"${"9".repeat(1000)}"}\n`, /version "9{10,20}/);
});

test("an error names its line", () => {
    refused(`${HEADER}{"at":1,"event":"loop_dropped"}\nnonsense\n`, /line 3: this is not JSON/);
    refused(`${HEADER}[]\n`, /line 2: an event should be an object/);
    refused(`${HEADER}{"at":1}\n`, /line 2: the object has no field `event`/);
    refused(`${HEADER}{"at":1,"event":"woken","task":1}\n`, /line 2: `by` of `woken` should be a cause, and is missing/);
});

test("a last line that was cut off is passed over", () => {
    const text = fixture("in_a_row");
    const trace = parseTrace(text.slice(0, -5));
    assert.equal(trace.cut, true);
    assert.equal(trace.events.length, trace.header.events - 1);
    // But not if it is the header, of which nothing is known then.
    refused(HEADER.slice(0, 12), /line 1: this is not JSON/);
});

test("events, causes and fields of a later version are passed over", () => {
    const trace = parseTrace(written(
        [0, "spawned", { task: 1, by: { moon: 3 }, place: "a:1:1", name: "", colour: "red" }],
        [1, "loop_painted", { colour: "red" }],
        [2, "awaits", { what: { dawn: 1 }, by: { task: 1 } }],
        [3, "poll_ended", { task: 1, outcome: "enlightened" }],
        [4, "wait_began", { timeout: 0, reason: "boredom" }],
    ));
    assert.deepEqual([trace.events.length, trace.unknown], [2, 3]);
    const model = new Model(trace);
    assert.equal(describeEvent(model, 0), "task 1 is spawned by somebody at a:1:1");
    assert.match(describeEvent(model, 1), /a reason that this page does not know/);
});

test("Case 170: times that cannot be are refused", () => {
    refused(`${HEADER}{"at":-1,"event":"loop_dropped"}\n`, /`at` of `loop_dropped` should be a number from 0, and is -1/);
    refused(`${HEADER}{"at":1e999,"event":"loop_dropped"}\n`, /`at`/);
    refused(`${HEADER}{"at":"1","event":"loop_dropped"}\n`, /`at`/);
    refused(written([5, "loop_dropped"], [4, "loop_dropped"]), /line 3: time goes back, from 5000 to 4000/);
    refused(written([0, "timer_fired", { timer: 1, late: -3 }]), /`late`/);
});

test("Case 170: the longest times are no trouble", () => {
    const never = 18446744073709551615;
    const model = looked(written(
        [0, "spawned", { task: 1, by: "program", place: "a:1:1", name: "" }],
        [1, "poll_began", { task: 1 }],
        [1, "timer_armed", { timer: 1, by: { task: 1 }, deadline: never, level: 10, slot: 15 }],
        [2, "poll_ended", { task: 1, outcome: "pending" }],
        [3, "wait_began", { timeout: never, reason: "timer_due" }],
        [1e15, "wait_ended", { sources: 0 }],
    ));
    assert.match(model.tasks.get(1).segments[2].label, /^sleep \d+ d$/);
});

test("Case 170: a count of a billion takes neither time nor memory", () => {
    const many = 1e9;
    const began = performance.now();
    looked(writtenAs({ events: many, dropped: many, past: many }, [
        [0, "loop_built", { simulated: false, seed: null, polls_per_turn: many, max_blocking_threads: many }],
        [0, "turn_began", { turn: many }],
        [1, "mail_taken", { messages: many }],
        [1, "worker_started", { worker: many, pool: many, thread: many, max_workers: many, when: 1 }],
        [2, "job_queued", { job: many, pool: many, by: { task: many }, place: "a:1:1" }],
        [3, "job_started", { job: many, worker: many, when: 2 }],
        [3, "job_finished", { job: many, worker: many, when: 3, panicked: false }],
        [4, "wait_began", { timeout: many, reason: { tasks_ready: many } }],
        [5, "wait_ended", { sources: many }],
        [6, "turn_ended", { turn: many, polls: many }],
    ]));
    assert.ok(performance.now() - began < 1000);
    refused(written([0, "turn_began", { turn: 1e300 }]), /`turn` of `turn_began` should be a whole number/);
    refused(written([0, "timer_armed", { timer: 1, by: "program", deadline: 1, level: 11, slot: 0 }]), /a level from 0 to 10/);
    refused(written([0, "timer_armed", { timer: 1, by: "program", deadline: 1, level: 0, slot: 64 }]), /a slot from 0 to 63/);
});

test("Case 170: deep nesting is passed over or refused, and never a crash", () => {
    const deep = "[".repeat(100000) + "]".repeat(100000);
    const event = `{"at":1,"event":"loop_dropped","more":${deep}}`;
    assert.equal(parseTrace(`${HEADER}${event}\n`).events.length, 1);
    refused(`${HEADER}{"at":1,"event":"woken","task":${deep},"by":"program"}\n`, /line 2: `task` of `woken`/);
    refused(`${HEADER}{"at":1,"event":"woken","task":1,"by":${deep}}\n`, /line 2: `by` of `woken`/);
    refused(`${HEADER}${deep}\n`, /line 2: an event should be an object/);
});

test("Case 168: names that are markup, keys or very long stay names", () => {
    const names = ["</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "__proto__", "constructor",
        "\u2028\u2029", "\u202egnitirw", "a`b\\c", "\u0000\u001b[31m", "x".repeat(1 << 20), "\ud800"];
    const model = looked(written(...names.map((name, at) =>
        [at, "spawned", { task: at + 1, by: "program", place: `${name.slice(0, 5000)}:1:1`, name }])));
    assert.equal({}.polluted, undefined);
    assert.equal(describeEvent(model, 2), "task 3 `__proto__` is spawned by the program at __proto__:1:1");
    assert.match(describeEvent(model, 4), /`\\u\{2028\}\\u\{2029\}`/);
    assert.match(describeEvent(model, 5), /`\\u\{202e\}gnitirw`/);
    assert.match(describeEvent(model, 6), /`a\\`b\\\\c`/);
    assert.match(describeEvent(model, 7), /`\\0\\u\{1b\}\[31m`/);
    assert.ok(describeEvent(model, 8).length < 600, "long names are shortened");
    assert.ok(model.tasks.get(9).name.length < 400);
    for (let index = 0; index < names.length; index += 1) {
        // eslint-disable-next-line no-control-regex
        assert.doesNotMatch(describeEvent(model, index), /[\u0000-\u001f\u2028-\u202e]/);
    }
});

test("Case 168: a key named __proto__ changes nothing", () => {
    const text = `${HEADER}{"at":1,"event":"woken","task":1,"by":{"__proto__":{"task":7}},"__proto__":{"name":"x"}}\n`;
    const model = looked(text);
    assert.equal(describeEvent(model, 0), "task 1 is woken by somebody");
    refused(`${HEADER}{"__proto__":{"at":1,"event":"loop_dropped"}}\n`, /no field `event`/);
    refused('{"__proto__":{"boucle":"trace","version":1}}\n', /no trace/);
});

test("events that contradict each other are looked at without a crash", () => {
    const kinds = ["loop_built", "loop_dropped", "turn_began", "turn_ended", "mail_taken", "spawned", "woken",
        "wake_ignored", "awaits", "poll_began", "poll_ended", "abort_requested", "aborted", "dropped", "wait_began",
        "wait_ended", "source_added", "source_ready", "source_removed", "timer_armed", "timer_cascaded", "timer_fired",
        "timer_cancelled", "job_queued", "job_started", "job_finished", "worker_started", "worker_stopped"];
    let state = 12345;
    const random = (below) => {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0;
        return (state >>> 8) % below;
    };
    const one = (names) => ({ [names[random(names.length)]]: random(5) });
    for (let round = 0; round < 60; round += 1) {
        const events = Array.from({ length: 150 }, (_, at) => [at, kinds[random(kinds.length)], {
            simulated: random(2) === 0, seed: null, polls_per_turn: 1, max_blocking_threads: 2, turn: random(5), polls: 1, messages: 1, task: random(5),
            by: random(3) === 0 ? "program" : one(["task", "source", "timer", "thread"]), place: "a:1:1",
            name: random(2) === 0 ? "block_on" : "", what: one(["timer", "read", "write", "task", "job"]),
            outcome: ["pending", "ready", "panicked"][random(3)], joined: random(2) === 0,
            timeout: [null, 0, 5000][random(3)], reason: ["timer_due", "spin", "nothing", { tasks_ready: 1 }][random(4)],
            sources: 1, source: random(5), kind: "TcpStream", readable: true, writable: random(2) === 0,
            timer: random(5), deadline: random(200000), level: random(11), slot: random(64), late: 5,
            job: random(5), pool: random(2), worker: random(3), when: random(150000), panicked: false, thread: random(3), max_workers: 2,
        }]);
        const model = looked(writtenAs({ past: random(4) === 0 ? 20 : 0 }, events));
        for (let index = 0; index < 150; index += 1) {
            why(model, index);
        }
    }
});

test("the live page pushes events one by one", () => {
    const trace = new Trace({ boucle: "trace", version: 1 });
    assert.equal(trace.push({ at: 1, event: "loop_dropped" }), true);
    assert.equal(trace.push({ at: 2, event: "loop_cleaned" }), false);
    assert.throws(() => trace.push({ at: 0, event: "loop_dropped" }), TraceError);
    assert.throws(() => trace.push(null), TraceError);
    assert.equal(trace.events.length, 1);
});

test("a seed too large for a number keeps its digits", () => {
    const text = `${HEADER}{"at":0,"event":"loop_built","simulated":true,"seed":12345678901234567890,"polls_per_turn":61,"max_blocking_threads":4}\n`;
    assert.equal(describeEvent(new Model(parseTrace(text)), 0), "the loop is built, simulated with seed 12345678901234567890");
});
