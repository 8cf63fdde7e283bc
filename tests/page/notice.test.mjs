// What to notice: each rule where it holds, and where it must be silent.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";

import { fixture, load, written } from "./load.mjs";

const { parseTrace, Model, notice } = load(["parseTrace", "Model", "notice"]);

const SCENES = new URL("../scenes/golden/", import.meta.url);

/** The notices of a text. */
function noticed(text, options) {
    return notice(new Model(parseTrace(text)), options);
}

/** The notices of a scene. */
function scene(name) {
    return noticed(readFileSync(new URL(`${name}.jsonl`, SCENES), "utf8"));
}

/** The titles of notices. */
function titles(notices) {
    return notices.map(({ title }) => title);
}

/** The notices of one kind. */
function of(kind, notices) {
    return notices.filter((one) => one.kind === kind);
}

/** A trace in which a `block_on` is polled at these moments (ms), and does something in each poll. */
function story(...polls) {
    const events = [[0, "loop_built", { simulated: false, seed: null, polls_per_turn: 61, max_blocking_threads: 4 }],
        [0, "spawned", { task: 1, by: "program", place: "src/main.rs:3:5", name: "block_on" }]];
    for (const [at, wake, ...within] of polls) {
        if (wake !== null) {
            events.push([at * 1000, wake[0], wake[1]], [at * 1000, "woken", { task: 1, by: wake[2] }]);
        }
        events.push([at * 1000, "poll_began", { task: 1 }], ...within.map(([event, fields]) => [at * 1000 + 1, event, fields]));
        events.push([at * 1000 + 2, "poll_ended", { task: 1, outcome: within.length > 0 ? "pending" : "ready" }]);
    }
    return written(...events);
}

/** A task arms a timer that is due after so many milliseconds. */
function arms(timer, deadline) {
    return ["timer_armed", { timer, by: { task: 1 }, deadline: deadline * 1e6, level: 1, slot: 1 }];
}

/** A timer fires and wakes the task. */
function fires(timer) {
    return ["timer_fired", { timer, late: 0 }, { timer }];
}

test("awaits in a loop are one after the other, with the time that they could have taken", () => {
    const [one] = of("one-after-the-other", noticed(fixture("in_a_row")));
    assert.match(one.title, /^One after the other: 5 waits of 2\d(\.\d)? ms to 5\d(\.\d)? ms took 20\d ms; together they could have taken 5\d(\.\d)? ms$/);
    assert.equal(one.events.length, 5);
    assert.deepEqual(one.tasks, [1]);
    assert.match(noticed(fixture("await_in_a_loop"))[0].title, /^One after the other: 10 waits of 10\d ms each took 1\.0\d s; together they could have taken 10\d ms$/);
    assert.match(noticed(fixture("await_in_a_loop_simulated"))[0].title, /10 waits of 100 ms each took 1 s; together they could have taken 100 ms/);
});

test("jobs that are awaited one by one are one after the other, even if a heart beats beside", () => {
    assert.match(titles(noticed(fixture("offload_and_await")))[0], /^One after the other: 10 jobs of 100 ms each took 1 s; together they could have taken 100 ms$/);
    assert.match(titles(scene("x20_awaited_one_by_one"))[0], /10 jobs of 1 s each took 10 s; together they could have taken 1 s/);
});

test("tasks that are spawned and awaited one by one are one after the other", () => {
    assert.match(titles(scene("x10_one_by_one"))[0], /5 tasks of 220 ms to 570 ms took 2\.01 s; together they could have taken 570 ms/);
    assert.match(titles(noticed(fixture("past")))[0], /22 tasks of/);
});

test("tasks that are spawned first are at once, in whatever order they are awaited", () => {
    for (const name of ["x10_together", "x11_at_once", "x13_spawned_first", "x14_offloaded"]) {
        assert.deepEqual(scene(name), [], name);
    }
    assert.deepEqual(noticed(fixture("at_once")), []);
});

test("an interval is no series", () => {
    const beats = [10, 20, 30, 40, 50, 60].map((at, beat) => [at + 0.3 * beat, fires(beat + 1), arms(beat + 2, at + 10)]);
    assert.deepEqual(noticed(story([0, null, arms(1, 10)], ...beats)), []);
    // The same sleeps, each counted from the end of the one before, are one.
    const sleeps = [10, 20, 30, 40, 50, 60].map((at, beat) => [at + 0.3 * beat, fires(beat + 1), arms(beat + 2, at + 10 + 0.3 * beat)]);
    assert.equal(noticed(story([0, null, arms(1, 10)], ...sleeps)).length, 1);
});

test("a task in the background that nobody awaits is no series", () => {
    const text = story([0, null, arms(1, 10)], ...[12, 25, 39, 54, 70].map((at, n) => [at, fires(n + 1), arms(n + 2, at + 10)]));
    assert.equal(noticed(text).length, 1);
    assert.deepEqual(noticed(text.replaceAll("block_on", "ticker")), []);
});

test("reads and writes of one source are a conversation, and no series", () => {
    const awaits = (what) => ["awaits", { what, by: { task: 1 } }];
    const ready = ["source_ready", { source: 1, readable: true, writable: true }, { source: 1 }];
    const text = story(
        [0, null, ["source_added", { source: 1, by: { task: 1 }, kind: "TcpStream" }], awaits({ write: 1 })],
        ...[20, 40, 60, 80].map((at) => [at, ready, awaits(at % 40 === 0 ? { write: 1 } : { read: 1 })]));
    assert.deepEqual(noticed(text), []);
});

test("a series beside which another task works is not told", () => {
    const model = new Model(parseTrace(fixture("udp")));
    assert.deepEqual(of("one-after-the-other", notice(model)), []);
});

test("waits of which one is nearly all are no series", () => {
    const text = story([0, null, arms(1, 100)], [100, fires(1), arms(2, 101)], [101, fires(2), arms(3, 102)], [102, fires(3), arms(4, 103)], [103, fires(4)]);
    assert.deepEqual(noticed(text), []);
});

test("a slow poll tells what it kept waiting", () => {
    const [slow] = noticed(fixture("slow_poll"));
    assert.equal(slow.kind, "slow-poll");
    assert.match(slow.title, /^task 3 `zip` kept the loop for 150 ms in one poll$/);
    assert.match(slow.evidence, /^Meanwhile 1 other task was ready and had to wait/);
    assert.match(slow.evidence, /The task was spawned at examples\/tour\/fairness\.rs:\d+:\d+/);
    assert.equal(slow.to - slow.from > 149e6, true);
    assert.match(titles(scene("x23_greedy"))[0], /task 3 `zip` kept the loop for 1 s in one poll/);
    assert.match(scene("x23_greedy")[0].evidence, /2 timers were due and could not fire/);
});

test("a poll under the threshold is told if it is the longest over 10 ms, and none below", () => {
    const poll = (milliseconds) => written(
        [0, "spawned", { task: 1, by: "program", place: "a:1:1", name: "" }],
        [0, "poll_began", { task: 1 }],
        [milliseconds * 1000, "poll_ended", { task: 1, outcome: "ready" }]);
    assert.equal(noticed(poll(9)).length, 0);
    assert.match(noticed(poll(30))[0].title, /30 ms/);
    assert.equal(noticed(poll(9), { threshold: 5e6 }).length, 1);
    assert.match(noticed(poll(30).split("\n").slice(0, 3).concat('{"at":40000000,"event":"mail_taken","messages":1}\n').join("\n"))[0].title, /40 ms/,
        "a poll that goes on counts as far as it is known");
});

test("a pool is full when jobs wait for its threads, and not when it has enough", () => {
    const [full] = of("full-pool", noticed(fixture("six_threads")));
    assert.match(full.title, /^Pool \d was full: 4 of 10 jobs waited for one of its 6 threads, 10\d ms at most$/);
    assert.match(titles(scene("x15_pool_of_1"))[0], /^Pool 0 was full: 4 of 5 jobs waited for its only thread, 3\.38 s at most$/);
    assert.match(titles(scene("x21_pool_of_9"))[0], /1 of 10 jobs waited for one of its 9 threads, 1 s at most/);
    assert.deepEqual([scene("x21_pool_of_10"), scene("x15_pool_of_5")], [[], []]);
});

test("a pool whose only thread hangs is full for those that wait", () => {
    const job = (n) => [0, "job_queued", { job: n, pool: 0, by: "program", place: "a.rs:1:1" }];
    const begins = [
        [1, "worker_started", { worker: 0, pool: 0, thread: 1, max_workers: 1, when: 0 }],
        [1, "job_started", { job: 1, worker: 0, when: 1000 }],
    ];
    const later = [70000, "turn_began", { turn: 1 }];
    assert.match(titles(noticed(written(job(1), job(2), ...begins, later)))[0], /^Pool 0 was full: 1 of 2 jobs waited for its only thread, 70 ms at most$/);
    assert.deepEqual(noticed(written(job(1), ...begins, later)), []);
});

test("a task that wakes itself again and again spins", () => {
    const spin = (polls, within = () => []) => written(
        [0, "spawned", { task: 1, by: "program", place: "a:1:1", name: "poller" }],
        ...Array.from({ length: polls }, (_, n) => [
            [n * 10, "poll_began", { task: 1 }],
            ...within(n),
            [n * 10 + 4, "woken", { task: 1, by: { task: 1 } }],
            [n * 10 + 8, "poll_ended", { task: 1, outcome: "pending" }],
        ]).flat());
    const [one] = noticed(spin(200));
    assert.equal(one.kind, "spinning");
    assert.equal(one.title, "task 1 `poller` woke itself 200 times in a row");
    assert.match(one.evidence, /took 80 % of the loop's time in these 2 ms/);
    assert.deepEqual(noticed(spin(40)), []);
    // One that does something in each poll only gives others a turn.
    assert.deepEqual(noticed(spin(200, (n) => [[n * 10 + 1, "woken", { task: 2, by: { task: 1 } }]])), []);
});

test("a wake that found nobody is told, but not a task's own when it is dropped", () => {
    const over = (by) => written(
        [0, "spawned", { task: 1, by: "program", place: "a:1:1", name: "gone" }],
        [1, "poll_began", { task: 1 }],
        [2, "poll_ended", { task: 1, outcome: "ready" }],
        [3, "wake_ignored", { task: 1, by }],
        [3, "dropped", { task: 1, joined: true }],
        [4, "wake_ignored", { task: 1, by }]);
    const [one] = noticed(over({ thread: 2 }));
    assert.equal(one.title, "2 wakes of task 1 `gone` came to nothing: it was over");
    assert.match(one.evidence, /^The first: task 1 `gone` is woken by thread 2 in vain, at 0.003 ms/);
    assert.deepEqual(one.events, [3, 5]);
    assert.deepEqual(noticed(over({ task: 1 })), []);
});

test("wakes of a task that is queued already are told only if they are many", () => {
    const queued = (wakes) => written(
        [0, "spawned", { task: 1, by: "program", place: "a:1:1", name: "" }],
        ...Array.from({ length: wakes }, () => [1, "wake_ignored", { task: 1, by: { thread: 2 } }]));
    assert.deepEqual(noticed(queued(99)), []);
    assert.deepEqual(titles(noticed(queued(100))), ["100 wakes of task 1 came to nothing: it was queued already"]);
});

test("a panic that nobody saw is told, and one that was taken is not", () => {
    const panic = (joined) => written(
        [0, "spawned", { task: 1, by: "program", place: "src/main.rs:9:9", name: "" }],
        [1, "poll_began", { task: 1 }],
        [2, "poll_ended", { task: 1, outcome: "panicked" }],
        [3, "dropped", { task: 1, joined }]);
    const [one] = noticed(panic(false));
    assert.equal(one.title, "task 1 panicked, and nobody took notice");
    assert.deepEqual([one.events, one.kind], [[2, 3], "unseen-panic"]);
    assert.deepEqual(noticed(panic(true)), []);
});

test("tasks that the end of their loop found unpolled, or without a wake, are told", () => {
    const [never] = of("never-polled", scene("x20_blocking"));
    assert.equal(never.title, "task 2 `heart` never ran");
    const text = written(
        [0, "spawned", { task: 1, by: "program", place: "src/main.rs:9:9", name: "deaf" }],
        [1, "poll_began", { task: 1 }],
        [2, "poll_ended", { task: 1, outcome: "pending" }],
        [3, "aborted", { task: 1 }],
        [3, "dropped", { task: 1, joined: false }],
        [4, "loop_dropped"]);
    assert.deepEqual(titles(noticed(text)), ["task 1 `deaf` never finished"]);
    // One whose end was asked for is none of them.
    assert.deepEqual(noticed(text.replace('{"at":3000,', '{"at":3000,"event":"abort_requested","task":1,"by":"program"}\n{"at":3000,')), []);
});

test("a loop that only another thread could wake is told, unless something else could", () => {
    const sleep = (...within) => written(
        [0, "spawned", { task: 1, by: "program", place: "a:1:1", name: "block_on" }],
        [1, "poll_began", { task: 1 }],
        ...within,
        [2, "poll_ended", { task: 1, outcome: "pending" }],
        [3, "wait_began", { timeout: null, reason: "nothing" }]);
    const [one] = noticed(sleep());
    assert.equal(one.title, "The loop sleeps, and only another thread could wake it: 1 task waits");
    assert.match(one.evidence, /task 1 `block_on` waits for a wake/);
    assert.deepEqual(noticed(sleep([1, "source_added", { source: 1, by: { task: 1 }, kind: "TcpListener" }], [1, "awaits", { what: { read: 1 }, by: { task: 1 } }])), []);
    assert.deepEqual(noticed(sleep([1, "job_queued", { job: 1, pool: 0, by: { task: 1 }, place: "a:1:1" }])), []);
});

test("every notice of every trace has its evidence", () => {
    const texts = readdirSync(SCENES).map((file) => readFileSync(new URL(file, SCENES), "utf8"));
    for (const text of [...texts, ...["udp", "graceful_shutdown", "past", "slow_poll"].map(fixture)].filter((one) => one.startsWith("{"))) {
        const model = new Model(parseTrace(text));
        for (const { kind, title, evidence, events, tasks, from, to } of notice(model)) {
            assert.ok([kind, title, evidence].every((part) => part.length > 0));
            assert.ok(events.length > 0 && events.every((index) => model.events[index] !== undefined));
            assert.ok(tasks.every((task) => model.tasks.has(task)));
            assert.ok(0 <= from && from <= to && to <= model.end, title);
        }
    }
});
