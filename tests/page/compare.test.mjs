// Two traces of a program: the first turn at which they differ, and both in numbers.

import assert from "node:assert/strict";
import test from "node:test";

import { fixture, load, written, writtenAs } from "./load.mjs";

const { parseTrace, Model, compareTraces } = load(["parseTrace", "Model", "compareTraces"]);

/** The comparison of two texts. */
function compared(one, other) {
    return compareTraces(new Model(parseTrace(one)), new Model(parseTrace(other)));
}

/** A short run, real or simulated. */
function run(simulated, ...within) {
    return written(
        [0, "loop_built", { simulated, seed: null, polls_per_turn: 61, max_blocking_threads: 4 }],
        [1, "spawned", { task: 1, by: "program", place: "a:1:1", name: "block_on" }],
        [2, "turn_began", { turn: 1 }],
        [3, "poll_began", { task: 1 }],
        ...within,
        [90, "poll_ended", { task: 1, outcome: "ready" }],
        [91, "turn_ended", { turn: 1, polls: 1 }]);
}

/** A timer is armed. */
function armed(at, deadline) {
    return [at, "timer_armed", { timer: 1, by: { task: 1 }, deadline: deadline * 1000, level: 0, slot: deadline % 64 }];
}

test("a trace does not differ from itself", () => {
    for (const name of ["in_a_row", "offload_and_await", "past", "udp", "await_in_a_loop_simulated"]) {
        assert.equal(compared(fixture(name), fixture(name)).first_difference, null, name);
    }
});

test("runs that differ in time alone are the same, unless both were simulated", () => {
    assert.equal(compared(run(false, armed(4, 100)), run(false, armed(5, 120))).first_difference, null);
    assert.equal(compared(run(true, armed(4, 100)), run(false, armed(5, 120))).first_difference, null);
    const { first_difference } = compared(run(true, armed(4, 100)), run(true, armed(4, 120)));
    assert.deepEqual(first_difference, {
        turn: 1, indexA: 4, indexB: 4,
        textA: "timer 1 is armed by task 1 `block_on` for 0.100 ms (level 0, slot 36)",
        textB: "timer 1 is armed by task 1 `block_on` for 0.120 ms (level 0, slot 56)",
    });
});

test("the first events that say something else are told, with their turn", () => {
    const { first_difference } = compared(run(false, armed(4, 100)), run(false));
    assert.deepEqual(first_difference, {
        turn: 1, indexA: 4, indexB: 4,
        textA: "timer 1 is armed by task 1 `block_on` for 0.100 ms (level 0, slot 36)",
        textB: "task 1 `block_on` is done",
    });
});

test("a trace that ends before the other differs at its end", () => {
    const long = run(false);
    const short = long.split("\n").slice(0, -2).join("\n");
    const { first_difference } = compared(short, long);
    assert.deepEqual([first_difference.indexA, first_difference.textA, first_difference.textB], [null, "the end", "turn 1 is over: 1 poll"]);
});

test("how a loop was built, and where in the wheel a timer moves, makes no difference", () => {
    const moved = [5, "timer_cascaded", { timer: 1, level: 0, slot: 3 }];
    assert.equal(compared(run(false, armed(4, 100), moved), run(false, armed(4, 100))).first_difference, null);
    assert.equal(compared(run(true).replace('"seed":null', '"seed":7'), run(true)).first_difference, null);
});

test("who caused something makes a difference", () => {
    const woken = (by) => run(false, [5, "woken", { task: 1, by }]);
    const { first_difference } = compared(woken({ thread: 2 }), woken({ task: 1 }));
    assert.equal(first_difference.textA, "task 1 `block_on` is woken by thread 2");
});

test("where the oldest events were dropped, the first turn that both hold is the first compared", () => {
    const turns = (first, ...texts) => writtenAs({ dropped: first - 1 }, texts.flatMap((messages, place) => [
        [place, "turn_began", { turn: first + place }],
        [place, "mail_taken", { messages }],
        [place, "turn_ended", { turn: first + place, polls: 0 }]]));
    assert.equal(compared(turns(1, 5, 6, 7), turns(2, 6, 7)).first_difference, null);
    assert.equal(compared(turns(1, 5, 6, 7), turns(2, 6, 8)).first_difference.turn, 3);
});

test("both runs are told in numbers", () => {
    const { one, other, first_difference } = compared(fixture("in_a_row"), fixture("at_once"));
    assert.notEqual(first_difference, null);
    assert.deepEqual([one.tasks, other.tasks, one.timers, other.timers], [1, 6, 5, 5]);
    assert.ok(one.total > 3 * other.total && one.asleep > 0.9 * one.total && one.longest_poll < 10e6);
});
