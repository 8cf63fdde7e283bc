// What the lanes show beside segments: timers that come late, the queues of pools, and the ends of
// tasks that were not done.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { fixture, load, written } from "./load.mjs";

const { Lane, Model, parseTrace, lateness, poolsWithQueue, queueOf, waitLabel } = load([
    "Lane", "Model", "parseTrace", "lateness", "poolsWithQueue", "queueOf", "waitLabel",
], ["axis"]);

const model = (text) => new Model(parseTrace(text));
const scene = (name) => model(readFileSync(new URL(`../scenes/golden/${name}.jsonl`, import.meta.url), "utf8"));
const ms = (n) => n * 1000;
const program = "program";

/** A task that sleeps from 0 until a timer is due, and is woken later. */
function sleeper(due, ...later) {
    return written(
        [0, "spawned", { task: 1, by: program, place: "a.rs:1:1", name: "" }],
        [0, "poll_began", { task: 1 }],
        [0, "timer_armed", { timer: 1, by: { task: 1 }, deadline: ms(due) * 1000, level: 0, slot: 1 }],
        [0, "poll_ended", { task: 1, outcome: "pending" }],
        ...later);
}

const woken = (at, by) => [[ms(at), "timer_fired", { timer: 1, late: 0 }], [ms(at), "woken", { task: 1, by }]];
const wait = (text) => model(text).lane("task/1").find(({ kind }) => kind === "waiting");
const told = (queue) => queue.segments.map(({ from, to, count }) => [from / 1e6, to / 1e6, count]);

test("a timer that comes late is told with what it was to be", () => {
    const late = wait(sleeper(300, ...woken(1100, { timer: 1 })));
    assert.equal(lateness(late), 800e6);
    assert.equal(waitLabel(late), "sleep 300 ms, 800 ms late");
});

test("lateness that nobody could see is not told", () => {
    assert.equal(lateness(wait(sleeper(300, ...woken(300, { timer: 1 })))), 0);
    assert.equal(lateness(wait(sleeper(100, ...woken(104, { timer: 1 })))), 0, "less than 5 ms");
    assert.equal(lateness(wait(sleeper(100, ...woken(106, { timer: 1 })))), 6e6);
    assert.equal(lateness(wait(sleeper(1000, ...woken(1010, { timer: 1 })))), 0, "less than 2 % of the wait");
});

test("a wait that something else has ended was not late", () => {
    assert.equal(waitLabel(wait(sleeper(300, ...woken(1100, program)))), "sleep 300 ms");
});

test("a wait that lasts is late as soon as its timer is", () => {
    const lasts = wait(sleeper(300, [ms(900), "turn_began", { turn: 1 }]));
    assert.equal(waitLabel(lasts), "sleep 300 ms, 600 ms late");
    assert.equal(waitLabel(lasts, 1300e6), "sleep 300 ms, 1 s late");
});

test("who waits behind a greedy task is late (X23)", () => {
    const labels = scene("x23_greedy").lane("task/5").filter(({ kind }) => kind === "waiting").map((one) => waitLabel(one));
    assert.deepEqual(labels, ["sleep 300 ms, 800 ms late"]);
});

test("the queue of a full pool is a lane (X15)", () => {
    const two = scene("x15_pool_of_2");
    assert.deepEqual(poolsWithQueue(two), [0]);
    assert.deepEqual(told(queueOf(two, 0)), [[0, 740, 3], [740, 1200, 2], [1200, 1230, 1]]);
    assert.equal(two.lane("queue/0"), queueOf(two, 0).segments);
    assert.deepEqual([queueOf(two, 0).waited, queueOf(two, 0).longest, queueOf(two, 0).most], [3, 1230e6, 3]);
    assert.deepEqual(poolsWithQueue(scene("x15_pool_of_5")), []);
    assert.deepEqual(poolsWithQueue(model(fixture("at_once"))), []);
    assert.deepEqual(two.lane("queue/7"), []);
});

test("a job that runs has left the queue, and so has one before it that was aborted there", () => {
    const job = (n) => [0, "job_queued", { job: n, pool: 0, by: program, place: "a.rs:1:1" }];
    const begin = [[0, "worker_started", { worker: 0, pool: 0, thread: 1, max_workers: 1, when: 0 }], job(1), job(2), job(3)];
    const at = [[ms(70), "turn_began", { turn: 1 }]];
    const runs = [ms(1), "job_started", { job: 1, worker: 0, when: 0 }];
    assert.deepEqual(told(queueOf(model(written(...begin, runs, ...at)), 0)), [[0, 70, 2]]);
    const later = [
        [ms(50), "job_finished", { job: 1, worker: 0, when: 40e6, panicked: false }],
        [ms(50), "job_started", { job: 3, worker: 0, when: 40e6 }],
    ];
    assert.deepEqual(told(queueOf(model(written(...begin, runs, ...later, ...at)), 0)), [[0, 40, 2]]);
});

test("a lane tells the end of a task that was not done, and only that", () => {
    const born = (task) => [0, "spawned", { task, by: program, place: "a.rs:1:1", name: "" }];
    const poll = (task, outcome) => [[ms(task), "poll_began", { task }], [ms(task) + 500, "poll_ended", { task, outcome }]];
    const told = model(written(
        born(1), born(2), born(3), born(4), born(5),
        ...poll(1, "ready"), ...poll(2, "panicked"), ...poll(3, "pending"), ...poll(4, "pending"), ...poll(5, "pending"),
        [ms(7), "abort_requested", { task: 3, by: program }],
        [ms(8), "aborted", { task: 3 }], [ms(9), "aborted", { task: 4 }], [ms(9), "aborted", { task: 6 }]));
    const lane = (kind, key) => new Lane({ model: told }, kind, key, "", "", 30);
    const ends = [1, 2, 3, 4, 5, 6].map((id) => lane("task", `task/${id}`).end);
    assert.deepEqual(ends, [
        null,
        { kind: "panicked", text: "panicked", event: 8, at: 2.5e6 },
        { kind: "aborted", text: "was aborted", event: 16, at: 8e6 },
        { kind: "aborted", text: "was dropped with its loop", event: 17, at: 9e6 },
        null,
        { kind: "aborted", text: "was aborted", event: 18, at: 9e6 },
    ]);
    assert.equal(lane("loop", "loop").end, null);
});
