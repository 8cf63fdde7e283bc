// Compare: two traces of the same program, side by side.
//
// The events of both are told against each other; the first two that say something different are
// where the runs part, and nothing after them is compared. Times are left out, since no two runs of
// a real loop take the same: the moments and spans, and where in the wheel a timer lies and when it
// moves there. If both were simulated, times are as exact as all else and are compared too. How a
// loop was built is never compared, only what it does; nor where in the program a `spawn` stands,
// so that a line more in its text is no difference. `compare.rs` does the same from code.
//
// Cost: O(1) an event, up to the difference.

"use strict";

/** Fields that are times, or follow from them. */
const TIMES = new Set(["at", "late", "deadline", "level", "slot", "when"]);

/**
 * What two traces have in common and where they part.
 * @param {Model} one a trace
 * @param {Model} other another of the same program
 * @returns {Object} {first_difference: {turn, indexA, indexB, textA, textB} or null, one, other}
 */
function compareTraces(one, other) {
    return { first_difference: firstDifference(one, other), one: summaryOf(one), other: summaryOf(other) };
}

/**
 * The first events that differ. If a trace has ended before, its index is null and its text "the end".
 * @param {Model} one a trace
 * @param {Model} other another
 * @returns {Object|null} null if there is no difference
 */
function firstDifference(one, other) {
    const in_time = one.simulated && other.simulated;
    // Where the oldest events were dropped, the first turn that both hold is the first to compare.
    const cut = [one, other].some((model) => model.trace.header.dropped > 0);
    const turn = cut ? Math.max(firstTurn(one), firstTurn(other)) : 0;
    let [index_a, index_b] = [beginOf(one, turn), beginOf(other, turn)];
    for (;;) {
        index_a = nextCompared(one, index_a, in_time);
        index_b = nextCompared(other, index_b, in_time);
        const [event_a, event_b] = [one.events[index_a], other.events[index_b]];
        if (event_a === undefined && event_b === undefined) {
            return null;
        }
        if (event_a === undefined || event_b === undefined || !isSame(event_a, event_b, in_time)) {
            const turns = [event_a && turnNumber(one, index_a), event_b && turnNumber(other, index_b)];
            return {
                turn: Math.min(...turns.filter((number) => number !== undefined)),
                indexA: event_a === undefined ? null : index_a,
                indexB: event_b === undefined ? null : index_b,
                textA: event_a === undefined ? "the end" : describeEvent(one, index_a),
                textB: event_b === undefined ? "the end" : describeEvent(other, index_b),
            };
        }
        index_a += 1;
        index_b += 1;
    }
}

/**
 * The number of the first turn that a trace holds in full.
 * @param {Model} model the trace
 * @returns {number} the turn; 0 if there is none
 */
function firstTurn(model) {
    return model.turns.find((turn) => turn.first >= model.first)?.turn ?? 0;
}

/**
 * The event at which a turn begins.
 * @param {Model} model the trace
 * @param {number} number the turn; 0 for the beginning
 * @returns {number} its index
 */
function beginOf(model, number) {
    return number === 0 ? 0 : model.turns.find((turn) => turn.turn >= number)?.first ?? model.events.length;
}

/**
 * The turn in which, or after which, an event happened.
 * @param {Model} model the trace
 * @param {number} index the event
 * @returns {number} its number; 0 before the first
 */
function turnNumber(model, index) {
    return model.turns[lastWhere(model.turns, (turn) => turn.first <= index)]?.turn ?? 0;
}

/**
 * The next event that is compared.
 * @param {Model} model the trace
 * @param {number} index where to begin
 * @param {boolean} in_time whether times are compared
 * @returns {number} its index; the length of the trace if there is none
 */
function nextCompared(model, index, in_time) {
    const { events } = model;
    let next = index;
    while (next < events.length && isPassedOver(events[next].event, in_time)) {
        next += 1;
    }
    return next;
}

/**
 * Whether an event is not compared.
 * @param {string} event its kind
 * @param {boolean} in_time whether times are compared
 * @returns {boolean} whether it is passed over
 */
function isPassedOver(event, in_time) {
    return event === "loop_built" || (!in_time && event === "timer_cascaded");
}

/**
 * Whether two events say the same, field by field as the schema has them.
 * @param {Object} one an event
 * @param {Object} other another
 * @param {boolean} in_time whether times are compared
 * @returns {boolean} whether they do
 */
function isSame(one, other, in_time) {
    if (one.event !== other.event || (in_time && one.at !== other.at)) {
        return false;
    }
    return EVENT_FIELDS.get(one.event).fields.every(([field]) => {
        const [mine, theirs] = [one[field], other[field]];
        if (field === "place" || (!in_time && TIMES.has(field))) {
            return true;
        }
        if (!in_time && field === "timeout") {
            return (mine === null) === (theirs === null);
        }
        return isSameValue(mine, theirs);
    });
}

/**
 * Whether two values of fields are the same: plain ones, or objects with one known name.
 * @param {*} one a value
 * @param {*} other another
 * @returns {boolean} whether they are
 */
function isSameValue(one, other) {
    if (typeof one !== "object" || one === null || typeof other !== "object" || other === null) {
        return one === other;
    }
    return [...CAUSES, ...AWAITED, "tasks_ready"].every((name) => one[name] === other[name]);
}

/**
 * A trace in numbers, to be put beside another. Times are in nanoseconds.
 * @param {Model} model the trace
 * @returns {Object} {total, asleep, busy, turns, polls, tasks, longest_poll, wakes, timers, jobs}
 */
function summaryOf(model) {
    const sum = (list, of) => list.reduce((total, one) => total + of(one), 0);
    const asleep = model.loop.segments.filter((segment) => segment.kind === "sleeping");
    return {
        total: model.end - model.start,
        asleep: sum(asleep, (segment) => segment.to - segment.from),
        busy: sum(model.polls, (poll) => poll.to - poll.from),
        turns: model.turns.length,
        polls: model.polls.length,
        tasks: model.tasks.size,
        longest_poll: model.polls.reduce((longest, poll) => Math.max(longest, poll.to - poll.from), 0),
        wakes: model.wakes.length,
        timers: model.timers.size,
        jobs: model.jobs.size,
    };
}
