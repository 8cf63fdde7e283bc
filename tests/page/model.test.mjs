// The model: the state at any event, lanes, wakes, pools, and who waits for whom.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import test from "node:test";

import { fixture, load, written, writtenAs } from "./load.mjs";

const { parseTrace, Trace, Model, Machine, viewOf, waitsForTree } =
    load(["parseTrace", "Trace", "Model", "Machine", "viewOf", "waitsForTree"]);

const FIXTURES = readdirSync(new URL("traces/", import.meta.url)).map((file) => file.replace(".jsonl", ""));

/** The model of a text. */
function modelOf(text) {
    return new Model(parseTrace(text));
}

/** The model of a trace of a real run. */
function real(name) {
    return modelOf(fixture(name));
}

/** The labels of what a task waits for. */
function waits(model, task) {
    return model.tasks.get(task).segments.filter(({ kind }) => kind === "waiting").map(({ label }) => label);
}

/** A task that is spawned at 0 and polled from 1 on, with the events of its first poll. */
function polled(task, ...within) {
    return [
        [0, "spawned", { task, by: "program", place: "src/main.rs:1:1", name: "" }],
        [1, "poll_began", { task }],
        ...within,
        [9, "poll_ended", { task, outcome: "pending" }],
    ];
}

for (const name of FIXTURES) {
    test(`${name}: the state at every event is that of a replay from the beginning`, () => {
        const model = real(name);
        const machine = new Machine();
        const straight = [viewOf(machine, model)];
        for (const event of model.events) {
            machine.apply(event);
            // A view is the caller's own, but for what the running task awaits.
            straight.push(structuredClone(viewOf(machine, model)));
        }
        // Forwards, backwards, and here and there.
        const count = model.events.length;
        const indices = Array.from({ length: count + 1 }, (_, index) => index - 1);
        const jumps = indices.map((index) => ((index + 1) * 7919) % (count + 1) - 1);
        for (const index of [...indices, ...[...indices].reverse(), ...jumps]) {
            assert.deepEqual(model.stateAt(index), straight[index + 1], `at event ${index}`);
        }
    });

    test(`${name}: a step back undoes a step forward`, () => {
        const model = real(name);
        const last = model.events.length - 1;
        for (let index = model.first; index < last; index += 1) {
            assert.equal(model.step(model.step(index, "event", 1), "event", -1), index);
        }
        for (const [unit, list] of [["poll", model.polls], ["turn", model.turns]]) {
            const stops = list.map(({ first }) => first).filter((index) => index >= model.first);
            stops.slice(0, -1).forEach((index, place) => {
                assert.equal(model.step(index, unit, 1), stops[place + 1]);
                assert.equal(model.step(stops[place + 1], unit, -1), index);
            });
        }
        assert.equal(model.step(last, "event", 1), last);
        assert.equal(model.step(last, "poll", 1), last);
        assert.equal(model.step(model.first, "turn", -1), model.first);
        assert.equal(model.step(model.first, "event", -1), model.first);
    });

    test(`${name}: no lane has gaps or overlaps, and each says what the state says`, () => {
        const model = real(name);
        for (const segments of [model.loop.segments, ...[...model.tasks.values()].map((task) => task.segments)]) {
            segments.forEach((segment, place) => {
                assert.ok(segment.from <= segment.to && !(segment.open && segment.to !== model.end));
                assert.ok(place === 0 || segments[place - 1].to === segment.from);
            });
        }
        for (let index = model.first; index < model.events.length; index += 1) {
            const state = model.stateAt(index);
            for (const [id, task] of state.tasks) {
                const { segments } = model.tasks.get(id);
                const begun = segments.findLast((segment) => segment.event <= index);
                // The pending end of a poll and the wake within it are one moment in the lane.
                const kind = task.state === "finished" || begun.label.startsWith("not told") ? begun.kind : task.state;
                assert.equal(begun.kind, kind, `task ${id} at event ${index}`);
            }
            assert.equal(state.polled !== null, model.pollAt(index) !== null && model.pollAt(index).last !== index);
            assert.deepEqual(state.ready.toSorted(), [...state.tasks].filter(([id, { state: at }]) =>
                at === "queued" || (at === "running" && state.ready.includes(id))).map(([id]) => id).toSorted());
        }
    });

    test(`${name}: a trace that comes in pieces gives the same model`, () => {
        const whole = real(name);
        const { header } = whole.trace;
        const live = new Model(new Trace(header));
        live.trace.header.past = header.past;
        whole.events.forEach((event, index) => {
            live.trace.push(event);
            if (index % 7 === 0) {
                live.extend();
            }
        });
        live.extend();
        assert.deepEqual(live.loop.segments, whole.loop.segments);
        assert.deepEqual(live.tasks, whole.tasks);
        assert.deepEqual(live.workers, whole.workers);
        assert.deepEqual([live.wakes, live.turns, live.polls], [whole.wakes, whole.turns, whole.polls]);
        assert.deepEqual(live.stateAt(live.events.length - 1), whole.stateAt(whole.events.length - 1));
    });
}

test("the lane of a task says what it waited for", () => {
    assert.deepEqual(waits(real("in_a_row"), 1), ["sleep 57 ms", "sleep 42 ms", "sleep 22 ms", "sleep 34 ms", "sleep 46 ms"]);
    assert.deepEqual(waits(real("offload_and_await"), 1).slice(0, 3), ["job 1", "job 2", "job 3"]);
    assert.deepEqual(waits(real("at_once"), 2), ["sleep 57 ms"]);
    assert.equal(waits(real("graceful_shutdown"), 2)[0], "read, socket 2 (UnixStream) or read, socket 1 (TcpListener)");
});

test("who awaits several things has all of them in its label, and of many the first", () => {
    const arm = (timer) => [3, "timer_armed", { timer, by: { task: 1 }, deadline: timer * 1e9, level: 3, slot: 1 }];
    const [name, kind] = ["fetch", "TcpStream"];
    const model = modelOf(written(
        ...polled(1,
            [2, "spawned", { task: 2, by: { task: 1 }, place: "a:1:1", name }],
            [2, "awaits", { what: { task: 2 }, by: { task: 1 } }],
            [3, "source_added", { source: 3, by: { task: 1 }, kind }],
            [3, "awaits", { what: { write: 3 }, by: { task: 1 } }],
            ...Array.from({ length: 20 }, (_, timer) => arm(timer + 1))),
    ));
    const segment = model.tasks.get(1).segments[2];
    assert.equal(segment.label, "task 2 `fetch` or write, socket 3 (TcpStream) or 20 more");
    assert.equal(segment.what.length + segment.more, 22);
    assert.equal(model.stateAt(model.events.length - 1).tasks.get(1).what.length, 22);
});

test("a timer of a poll before is awaited until it fires or is cancelled", () => {
    const model = modelOf(written(
        ...polled(1, [2, "timer_armed", { timer: 1, by: { task: 1 }, deadline: 5002000000, level: 3, slot: 1 }]),
        [10, "woken", { task: 1, by: "program" }],
        [11, "poll_began", { task: 1 }],
        [12, "awaits", { what: { read: 9 }, by: { task: 1 } }],
        [13, "poll_ended", { task: 1, outcome: "pending" }],
        [14, "timer_cancelled", { timer: 1 }],
    ));
    assert.deepEqual(waits(model, 1), ["sleep 5 s", "read, source 9 or sleep 5 s"]);
    assert.deepEqual(model.stateAt(7).tasks.get(1).what, [{ read: 9 }, { timer: 1 }]);
    assert.deepEqual(model.stateAt(8).tasks.get(1).what, [{ read: 9 }]);
});

test("a timer belongs to the task that polled it last", () => {
    const model = modelOf(written(
        ...polled(1, [2, "timer_armed", { timer: 1, by: { task: 1 }, deadline: 5e9, level: 3, slot: 1 }]),
        ...polled(2).map(([at, event, fields]) => [at + 10, event, fields]).toSpliced(2, 0,
            [12, "awaits", { what: { timer: 1 }, by: { task: 2 } }]),
    ));
    const state = model.stateAt(model.events.length - 1);
    assert.deepEqual([state.tasks.get(1).what, state.tasks.get(2).what], [[], [{ timer: 1 }]]);
    assert.equal(state.timers.get(1).owner, 2);
});

test("of a wake of which nothing was told, the lane says afterwards from whom it came", () => {
    const model = modelOf(written(...polled(1), [20, "woken", { task: 1, by: { thread: 4 } }]));
    assert.deepEqual(waits(model, 1), ["a wake (came from thread 4)"]);
});

test("a task that is woken while it runs is queued when the poll has ended", () => {
    const model = modelOf(written(...polled(1, [2, "woken", { task: 1, by: { task: 1 } }])));
    const [, , during, after] = [0, 1, 2, 3].map((index) => model.stateAt(index));
    assert.deepEqual([during.tasks.get(1).state, during.ready], ["running", [1]]);
    assert.deepEqual([after.tasks.get(1).state, after.ready], ["queued", [1]]);
    assert.deepEqual(model.tasks.get(1).segments.map(({ kind }) => kind), ["queued", "running", "queued"]);
});

test("a message from a worker whose job was told is a wake by that job", () => {
    const model = real("offload_and_await");
    const wakes = model.wakes.filter(({ job }) => job !== null);
    assert.deepEqual(wakes.map(({ job }) => job), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    for (const { from_lane, event } of wakes) {
        assert.match(from_lane, /^worker\/0\/\d$/);
        assert.equal(model.events[event].by.thread !== undefined, true);
    }
    const queued = model.tasks.get(1).segments.filter(({ kind }) => kind === "queued").map(({ label }) => label);
    assert.deepEqual(queued.slice(0, 2), ["new", "woken by job 1"]);
});

test("a pool is shown as it was, though its jobs' beginnings are told late", () => {
    const model = real("six_threads");
    const [job] = [...model.jobs.values()].filter(({ started_at, queued_at }) => started_at - queued_at > 50e6);
    const before = job.started_at - 1e6;
    const pool = model.stateAt(model.eventAtTime(before), before).pools.get(job.pool);
    assert.ok(pool.queue.includes(job.id));
    assert.equal([...pool.workers.values()].filter((running) => running !== null).length, 6);
    const worker = model.workers.get(`${job.pool}/${job.worker}`);
    assert.ok(worker.segments.some((segment) => segment.job === job.id && segment.from === job.started_at));
});

test("a job that hangs runs on its worker, in the lane and in the state, and the next one waits", () => {
    const queue = (job, at) => [at, "job_queued", { job, pool: 0, by: { task: 1 }, place: "a:1:1" }];
    const model = modelOf(written(
        ...polled(1, queue(1, 2), queue(2, 3), queue(3, 4)),
        [10, "worker_started", { worker: 0, pool: 0, thread: 1, max_workers: 1, when: 7000 }],
        [10, "job_started", { job: 1, worker: 0, when: 8000 }],
        [20, "job_finished", { job: 1, worker: 0, when: 15000, panicked: false }],
        // The second was aborted in the queue, of which nothing is told.
        [20, "job_started", { job: 3, worker: 0, when: 16000 }],
        [90, "turn_began", { turn: 2 }],
    ));
    const at = (index, time) => model.stateAt(index, time).pools.get(0);
    assert.deepEqual([at(4).queue, [...at(4).workers]], [[1, 2, 3], []]);
    // It is told a little later than it is so.
    assert.deepEqual([at(4, 8500).queue, [...at(4, 8500).workers]], [[2, 3], [[0, 1]]]);
    const last = model.events.length - 1;
    assert.deepEqual([at(last).queue, [...at(last).workers]], [[], [[0, 3]]]);
    const jobs = model.lane("worker/0/0").map(({ job, from, to, open }) => [job, from, to, open]);
    assert.deepEqual(jobs, [[1, 8000, 15000, false], [3, 16000, 90000, true]]);
});

test("a real job that hangs runs on its worker, and the one behind it waits", () => {
    const model = real("hanging_job");
    const { max, workers, queue } = model.stateAt(model.events.length - 1).pools.get(0);
    assert.deepEqual([max, [...workers], queue], [1, [[0, 1]], [2]]);
    const [job, ...others] = model.lane("worker/0/0");
    assert.deepEqual([job.label, job.open, job.to, others], ["job 1", true, model.end, []]);
    assert.deepEqual(model.lane("queue/0").map(({ count, open }) => [count, open]).at(-1), [1, true]);
});

test("a source shows who waits for it, and whether it was ready when last told", () => {
    const model = modelOf(written(
        ...polled(1,
            [2, "source_added", { source: 1, by: { task: 1 }, kind: "TcpStream" }],
            [3, "awaits", { what: { read: 1 }, by: { task: 1 } }]),
        [10, "wait_began", { timeout: null, reason: "nothing" }],
        [20, "source_ready", { source: 1, readable: true, writable: true }],
        [21, "wait_ended", { sources: 1 }],
        [22, "woken", { task: 1, by: { source: 1 } }],
        [23, "poll_began", { task: 1 }],
        [24, "awaits", { what: { read: 1 }, by: { task: 1 } }],
    ));
    const at = (index) => model.stateAt(index).sources.get(1);
    assert.deepEqual(at(4), { kind: "TcpStream", waiters: { read: [1], write: [] }, ready: { read: false, write: false } });
    assert.deepEqual(at(6).ready, { read: true, write: true });
    assert.deepEqual(at(8).waiters, { read: [], write: [] });
    assert.deepEqual(at(10).ready, { read: false, write: true });
});

test("the hand of the wheel moves with the waits, and stands while the wheel is empty", () => {
    const model = real("in_a_row");
    const hands = model.waits.map(({ last }) => model.stateAt(last).hand);
    assert.deepEqual(hands, model.waits.map(({ to }) => Math.floor(to / 1e6)));
    for (let index = 0; index < model.events.length; index += 1) {
        const { hand, timers } = model.stateAt(index);
        for (const { deadline, level, slot } of timers.values()) {
            // The place of a timer follows from its deadline and the hand alone.
            const tick = Math.ceil(deadline / 1e6);
            const differing = Math.floor(Math.log2((Math.max(tick, hand) ^ hand) | 1) / 6);
            if (model.stateAt(index).phase !== "waking") {
                assert.deepEqual([level, slot], [differing, Math.floor(tick / 64 ** level) % 64]);
            }
        }
    }
});

test("the loop's lane tells polling, sleeping and dispatching, and whatever is outside", () => {
    const { segments } = real("in_a_row").loop;
    assert.equal(segments[0].kind, "polling");
    assert.deepEqual([...new Set(segments.map(({ kind }) => kind))], ["polling", "sleeping", "dispatching", "outside"]);
    assert.equal(segments.filter(({ kind }) => kind === "outside").length, 1, "between turns is no place");
});

test("a record that dropped its oldest events begins with what was left of them", () => {
    const model = real("past");
    assert.equal(model.first, 19);
    assert.equal(model.start, model.events[19].at);
    const state = model.stateAt(model.first - 1);
    assert.deepEqual([...state.tasks].map(([id, task]) => [id, task.state]),
        [[1, "waiting"], [2, "waiting"], [3, "waiting"], [42, "queued"]]);
    assert.deepEqual(state.tasks.get(1).what, [{ task: 42 }]);
    assert.deepEqual(state.tasks.get(2).what, [{ timer: 1 }]);
    assert.equal(model.eventAtTime(0), model.first);
});

test("things whose birth was not told are made when they are named", () => {
    const model = modelOf(written(
        [5, "woken", { task: 7, by: { timer: 3 } }],
        [6, "poll_began", { task: 7 }],
        [7, "timer_fired", { timer: 9, late: 0 }],
        [8, "source_ready", { source: 4, readable: true, writable: false }],
        [9, "job_finished", { job: 2, worker: 1, when: 4000, panicked: true }],
        [10, "poll_ended", { task: 7, outcome: "ready" }],
        [11, "dropped", { task: 8, joined: true }],
    ));
    assert.deepEqual([model.tasks.get(7).unknown, model.tasks.get(8).unknown], [true, true]);
    assert.deepEqual([...model.stateAt(6).tasks.keys()], [7]);
    assert.equal(model.workers.get("0/1").last_job, 2);
});

test("the event at a moment is the last that has happened by then", () => {
    const model = modelOf(written([1, "turn_began", { turn: 1 }], [2, "mail_taken", { messages: 1 }], [2, "turn_ended", { turn: 1, polls: 0 }]));
    assert.deepEqual([0, 1000, 1500, 2000, 9e9].map((time) => model.eventAtTime(time)), [0, 0, 0, 2, 2]);
    assert.equal(model.turnAt(1).turn, 1);
});

test("a segment is found by its lane and a moment", () => {
    const model = real("offload_and_await");
    const job = model.jobs.get(2);
    assert.equal(model.segmentAt(`worker/0/${job.worker}`, job.started_at + 1).label, "job 2");
    assert.equal(model.segmentAt(`worker/0/${job.worker}`, job.finished_at + 1), null);
    assert.equal(model.taskAt(1, job.started_at + 1).label, "job 2");
    assert.equal(model.segmentAt("loop", job.started_at + 1000000).kind, "sleeping");
    assert.equal(model.segmentAt("task/99", 0), null);
});

test("who waits for whom is a tree, below whoever nobody awaits", () => {
    const model = real("at_once");
    const index = model.polls.findLast(({ task }) => task === 6).last;
    const tree = waitsForTree(model.stateAt(index), model);
    assert.deepEqual(tree[0], {
        kind: "task", id: 1, label: "task 1 `block_on`", again: false,
        children: [{ kind: "task", id: 2, label: "task 2", again: false, children: [
            { kind: "timer", id: 1, label: "sleep 57 ms", again: false, children: [] }] }],
    });
    assert.deepEqual(tree.map(({ id }) => id), [1, 3, 4, 5, 6]);
});

test("tasks that wait for each other in a circle stand in a tree all the same", () => {
    const model = modelOf(written(
        ...polled(1, [2, "awaits", { what: { task: 2 }, by: { task: 1 } }]),
        ...polled(2, [2, "awaits", { what: { task: 1 }, by: { task: 2 } }]).map(([at, event, fields]) => [at + 10, event, fields]),
    ));
    const [tree, ...others] = waitsForTree(model.stateAt(7), model);
    assert.deepEqual(others, []);
    assert.deepEqual([tree.id, tree.children[0].id, tree.children[0].children[0].id], [1, 2, 1]);
    assert.equal(tree.children[0].children[0].again, true);
});

/** A large trace: many tasks that sleep again and again, with some jobs and sockets. */
function large(tasks, events) {
    const lines = [[0, "loop_built", { simulated: false, seed: null, polls_per_turn: 61, max_blocking_threads: 4 }]];
    for (let task = 1; task <= tasks; task += 1) {
        lines.push([1, "spawned", { task, by: "program", place: "src/main.rs:1:1", name: "client" }]);
    }
    let [at, timer, turn] = [2, 0, 0];
    const armed = new Map();
    while (lines.length < events) {
        turn += 1;
        lines.push([at, "turn_began", { turn }]);
        for (let poll = 0; poll < 20; poll += 1) {
            const task = (turn * 20 + poll) % tasks + 1;
            if (armed.has(task)) {
                lines.push([at, "timer_fired", { timer: armed.get(task), late: 0 }], [at, "woken", { task, by: { timer: armed.get(task) } }]);
            }
            armed.set(task, timer += 1);
            lines.push(
                [at += 1, "poll_began", { task }],
                [at, "awaits", { what: { read: task }, by: { task } }],
                [at += 1, "timer_armed", { timer, by: { task }, deadline: (at + 100000) * 1000, level: 1, slot: timer % 64 }],
                [at += 1, "poll_ended", { task, outcome: "pending" }]);
        }
        lines.push([at, "wait_began", { timeout: 1000000, reason: "timer_due" }], [at += 900, "wait_ended", { sources: 0 }]);
        lines.push([at, "turn_ended", { turn, polls: 20 }]);
    }
    return writtenAs({}, lines.slice(0, events));
}

for (const tasks of [50, 10000]) {
    test(`a hundred thousand events with ${tasks} tasks open fast, and a step back is instant`, () => {
        const text = large(tasks, 100000);
        const began = performance.now();
        const trace = parseTrace(text);
        const read = performance.now();
        const model = new Model(trace);
        const built = performance.now();
        // With slack for a machine that does other things; alone it takes a fifth of this.
        assert.ok(read - began < 2000, `reading took ${read - began} ms`);
        assert.ok(built - read < 2000, `the model took ${built - read} ms`);
        for (let step = 0; step < 50; step += 1) {
            model.stateAt(60000 - step);
        }
        const each = (performance.now() - built) / 50;
        assert.ok(each < 200, `a step took ${each} ms`);
        const copied = model.checkpoints.reduce((sum, { machine }) => sum + machine.size, 0);
        assert.ok(copied <= model.events.length, "all copies together are no larger than the trace");
    });
}
