// The model: everything that the page asks about a trace.
//
// `new Model(trace)` reads the events once: into the tables of the history (tasks, lanes, turns),
// and through a `Machine`, which leaves a copy of itself here and there. The state at any event is
// the nearest copy before it and a short replay. Copies are as rare as they are large, so that all
// of them together take no more memory than the events.
//
// The contract is in `README.md` beside this file, which also lists the scripts in their order:
// trace, state, words, records, history, queue, model, chain, sleep, why, series, notice, compare; then the
// page's own. Beyond what the contract asks, a model has:
//
//     first                 index of the first event that is not told again of the time before
//     start                 the time of that event
//     polls                 [{task, first, last, from, to, outcome, cause}]; first, last and cause
//                           are indices of events (last is null while it lasts)
//     waits                 [{first, last, from, to, timeout, reason, ready: [source_ready events]}]
//     timers                Map(id -> {id, by, owner, at, deadline, armed, fired, over}): when and
//                           by whom it was armed, and the events of its life
//     sources               Map(id -> {id, kind, by, added, removed})
//     jobs                  Map(id -> {id, pool, by, place, queued, queued_at, started, started_at,
//                           finished, finished_at, worker, panicked, left_at}); left_at is when it
//                           left the queue, to run or because it was aborted
//     pools                 Map(id -> {id, max}); threads: Map(thread -> "pool/worker")
//     simulated             whether its times are exact
//     a task                also born_at, finished, finished_at, joined, busy (time in polls),
//                           longest (poll), unknown (its birth was not told)
//     a worker              also key, thread, from, to (null while it lives)
//     a wake                from_lane is "loop", "program", "task/3", "worker/0/1" or "thread/4";
//                           also worker (its key), job (the job whose end it tells), within (the
//                           job in the middle of which it was sent)
//     a segment             also open (it lasts to the end of the trace); a waiting one names the
//                           first few awaited things in `what` and counts the others in `more`;
//                           `due` is when the timer that ended it was due (while it lasts: the first
//                           of those named), or null
//     a turn                also polls
//     turnAt(index)         the turn in which an event happened, or null
//     pollAt(index)         the poll in which it happened, or null
//
// Lanes are named as the origins of wakes are: "loop", "task/3", "worker/0/1"; and "queue/0", in which
// each segment has the `count` of jobs that wait (`queue.js`).

"use strict";

/** The fewest events between two copies of the machine. */
const CHECKPOINT_EVENTS = 256;

/** A trace, understood. */
class Model {
    /** @param {Trace} trace the trace; more may be pushed to it later, see `extend` */
    constructor(trace) {
        this.trace = trace;
        this.events = trace.events;
        /** @type {History} */
        this.history = new History();
        this.tasks = this.history.tasks;
        this.loop = this.history.loop;
        this.workers = this.history.workers;
        this.wakes = this.history.wakes;
        this.turns = this.history.turns;
        this.polls = this.history.polls;
        this.waits = this.history.waits;
        this.timers = this.history.timers;
        this.sources = this.history.sources;
        this.jobs = this.history.jobs;
        this.pools = this.history.pools;
        this.threads = this.history.threads;
        /** How many events have been taken in. */
        this.taken = 0;
        /** The machine after the last of them. */
        this.machine = new Machine();
        /** Copies of the machine: each after so many events. @type {{taken: number, machine: Machine}[]} */
        this.checkpoints = [{ taken: 0, machine: new Machine() }];
        /** The machine that was asked for last, from which the next step is near. */
        this.recent = this.checkpoints[0];
        this.extend();
    }

    /** Takes in the events that were pushed to the trace since. */
    extend() {
        const { events, history, machine } = this;
        for (; this.taken < events.length; this.taken += 1) {
            const index = this.taken;
            const event = events[index];
            HISTORY_STEPS.get(event.event)?.(history, event, index, this);
            machine.apply(event);
            // So the copies take as much memory as the events, and a replay as long as a copy.
            const last = this.checkpoints[this.checkpoints.length - 1].taken;
            if (index + 1 - last >= Math.max(CHECKPOINT_EVENTS, 2 * machine.size)) {
                this.checkpoints.push({ taken: index + 1, machine: machine.copy() });
            }
        }
        for (const segment of history.open) {
            segment.to = Math.max(segment.from, this.end);
        }
        if (history.turn !== null) {
            Object.assign(history.turn, { to: this.end, last: events.length - 1 });
        }
    }

    /** The time of the last event, in nanoseconds. */
    get end() {
        return this.events[this.events.length - 1]?.at ?? 0;
    }

    /** The index of the first event that is not told again of the time before. */
    get first() {
        return Math.max(0, Math.min(this.trace.header.past, this.events.length - 1));
    }

    /** The time of that event. */
    get start() {
        return this.trace.header.past > 0 ? this.events[this.first]?.at ?? 0 : 0;
    }

    /** Whether the loop was simulated, so that its times are exact. */
    get simulated() {
        return this.history.simulated;
    }

    /**
     * The state after an event. It is the caller's: no later call changes it.
     * @param {number} index the event; -1 for before the first
     * @param {number} [time] a moment after it, for the pools, which work on while no event happens
     * @returns {Object} the State of the contract
     */
    stateAt(index, time) {
        return viewOf(this.machineAt(index), this, time);
    }

    /**
     * The machine after an event.
     * @param {number} index the event
     * @returns {Machine} the machine, to be looked at only
     */
    machineAt(index) {
        const taken = Math.max(0, Math.min(index + 1, this.taken));
        const place = lastWhere(this.checkpoints, (checkpoint) => checkpoint.taken <= taken);
        let near = this.checkpoints[place];
        if (this.recent.taken <= taken && this.recent.taken > near.taken) {
            near = this.recent;
        }
        if (near.taken === taken) {
            return near.machine;
        }
        const machine = near.machine.copy();
        for (let next = near.taken; next < taken; next += 1) {
            machine.apply(this.events[next]);
        }
        this.recent = { taken, machine };
        return machine;
    }

    /**
     * The last event at or before a moment.
     * @param {number} time nanoseconds
     * @returns {number} its index; the first event's if the moment is before it
     */
    eventAtTime(time) {
        let [low, high] = [this.first, this.events.length];
        while (low < high) {
            const middle = (low + high) >>> 1;
            [low, high] = this.events[middle].at <= time ? [middle + 1, high] : [low, middle];
        }
        return Math.max(this.first, low - 1);
    }

    /**
     * The event to which a step leads; the first or last if there is no such event.
     * @param {number} index from which event
     * @param {"event"|"poll"|"turn"} unit to the next event, beginning of a poll, or of a turn
     * @param {number} direction 1 forwards, -1 backwards
     * @returns {number} its index
     */
    step(index, unit, direction) {
        const last = Math.max(this.first, this.events.length - 1);
        const within = (next) => Math.max(this.first, Math.min(last, next));
        if (unit === "event") {
            return within(index + direction);
        }
        const list = unit === "poll" ? this.polls : this.turns;
        const place = direction > 0
            ? lastWhere(list, (one) => one.first <= index) + 1
            : lastWhere(list, (one) => one.first < index);
        return within(list[place]?.first ?? (direction > 0 ? last : this.first));
    }

    /**
     * The turn in which an event happened.
     * @param {number} index the event
     * @returns {Object|null} the turn; null between turns
     */
    turnAt(index) {
        const turn = this.turns[lastWhere(this.turns, (one) => one.first <= index)];
        return turn !== undefined && index <= turn.last ? turn : null;
    }

    /**
     * The poll in which an event happened.
     * @param {number} index the event
     * @returns {Object|null} the poll; null outside of polls
     */
    pollAt(index) {
        const poll = this.polls[lastWhere(this.polls, (one) => one.first <= index)];
        return poll !== undefined && (poll.last === null || index <= poll.last) ? poll : null;
    }

    /**
     * The segments of a lane.
     * @param {string} lane "loop", "task/3", "worker/0/1" or "queue/0"
     * @returns {Object[]} its segments, oldest first
     */
    lane(lane) {
        if (lane === "loop") {
            return this.loop.segments;
        }
        const [kind, ...rest] = lane.split("/");
        if (kind === "queue") {
            return queueOf(this, Number(rest[0])).segments;
        }
        const owner = kind === "task" ? this.tasks.get(Number(rest[0])) : this.workers.get(rest.join("/"));
        return owner?.segments ?? [];
    }

    /**
     * What a lane does at a moment.
     * @param {string} lane "loop", "task/3" or "worker/0/1"
     * @param {number} time nanoseconds
     * @returns {Object|null} the segment
     */
    segmentAt(lane, time) {
        const segments = this.lane(lane);
        const segment = segments[lastWhere(segments, (one) => one.from <= time)];
        return segment !== undefined && time <= segment.to ? segment : null;
    }

    /**
     * What a task does at a moment.
     * @param {number} task the task
     * @param {number} time nanoseconds
     * @returns {Object|null} the segment
     */
    taskAt(task, time) {
        return this.segmentAt(`task/${task}`, time);
    }
}

/**
 * The last of those at the beginning of a list for which something holds.
 * @param {Object[]} list the list
 * @param {function(Object): boolean} holds holds up to some place, and then no more
 * @returns {number} its index; -1 for none
 */
function lastWhere(list, holds) {
    let [low, high] = [0, list.length];
    while (low < high) {
        const middle = (low + high) >>> 1;
        [low, high] = holds(list[middle]) ? [middle + 1, high] : [low, middle];
    }
    return low - 1;
}

/**
 * Who waits for whom. A task stands below the one that awaits it; what is awaited by several, or in
 * a circle, is told in full once, and then marked `again`.
 * @param {Object} state the state at some moment
 * @param {Model} model the trace
 * @returns {Object[]} nodes {kind, id, label, children, again}
 */
function waitsForTree(state, model) {
    const awaited = new Set();
    for (const { what } of state.tasks.values()) {
        what.forEach((one) => one.task !== undefined && awaited.add(one.task));
    }
    const done = new Set();
    const roots = [];
    const tasks = [...state.tasks.keys()];
    // Those whom nobody awaits come first; what is left after them waits in a circle.
    for (const id of [...tasks.filter((task) => !awaited.has(task)), ...tasks]) {
        if (!done.has(id)) {
            roots.push(grownTree(state, model, id, done));
        }
    }
    return roots;
}

/**
 * One tree of those who wait, without recursion: its depth is the program's choice.
 * @param {Object} state the state
 * @param {Model} model the trace
 * @param {number} root the task at its root
 * @param {Set<number>} done tasks that stand in a tree already
 * @returns {Object} its node
 */
function grownTree(state, model, root, done) {
    const node = (kind, id, label) => ({ kind, id, label, children: [], again: false });
    const label = (id) => {
        const known = state.tasks.get(id);
        const is_bare = known === undefined || known.state === "waiting";
        return is_bare ? taskText(model, id) : `${taskText(model, id)}: ${known.state}`;
    };
    const top = node("task", root, label(root));
    const open = [top];
    done.add(root);
    while (open.length > 0) {
        const parent = open.pop();
        const task = state.tasks.get(parent.id);
        for (const what of task?.what ?? []) {
            const kind = AWAITED.find((name) => Object.hasOwn(what, name));
            const id = what[kind];
            const child = node(kind, id, kind === "task" ? label(id) : awaitedLabel(model, what));
            parent.children.push(child);
            if (kind === "task") {
                child.again = done.has(id);
                if (!child.again) {
                    done.add(id);
                    open.push(child);
                }
            }
        }
        if (task?.state === "waiting" && task.what.length === 0) {
            parent.children.push(node("wake", null, "a wake"));
        }
    }
    return top;
}
