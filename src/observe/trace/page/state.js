// The machine: the state of a loop, event by event.
//
// `Machine.apply` takes one event in, and nothing else changes a machine. A trace is replayed
// through it once, leaving copies on the way; from the nearest copy any moment is a short replay.
//
//                   spawned, woken        poll_began          poll_ended (ready, panicked), aborted
//         (nothing) -------------> queued ----------> running ------------------------> finished
//                                    ^                   |                                 |
//                              woken |                   | poll_ended (pending)            | dropped
//                                    '---- waiting <-----'                                 v
//                                                                                      (nothing)
//
// Invariant: entries of the maps are never changed, only replaced, so copies share them; but for
// what the running task awaits, which grows while it runs and is copied with the machine. Things
// whose birth was not told (it was dropped from the record) are made when they are first named.
//
// Cost: O(1) an event, whatever the state; a copy is a shallow one of the maps.

"use strict";

/** The nanoseconds of a tick of the timer wheel. */
const TICK = 1000000;

/** The state of a loop at some moment. */
class Machine {
    constructor() {
        /** The time of the last event. */
        this.at = 0;
        /** The turn under way, or the last one. */
        this.turn = 0;
        /** Where in a turn the loop is: outside, begun, mail, polling, waiting, waking; or dropped. */
        this.phase = "outside";
        /** The task that is being polled. @type {number|null} */
        this.polled = null;
        /** The wait under way. @type {{timeout: number|null, reason: *, since: number}|null} */
        this.wait = null;
        /** Tasks to be polled, in the order in which they were queued. @type {Set<number>} */
        this.ready = new Set();
        /** {state, since, awaited, root} of each task that is not gone. @type {Map<number, Object>} */
        this.tasks = new Map();
        /** {deadline, level, slot, by, since, owner} of each armed timer. @type {Map<number, Object>} */
        this.timers = new Map();
        /** The current tick of the wheel: all hands in one number. */
        this.hand = 0;
        /** {kind, by, since, read, write} of each registered source. @type {Map<number, Object>} */
        this.sources = new Map();
        /** The pool of each job that was queued and whose end is not told. @type {Map<number, number>} */
        this.jobs = new Map();
        /** The task of a `block_on` ended in this turn, so that the loop does not wait. */
        this.root_done = false;
    }

    /** How much a copy costs. @returns {number} entries */
    get size() {
        return this.tasks.size + this.timers.size + this.sources.size + this.jobs.size + this.ready.size;
    }

    /** Another machine in the same state. @returns {Machine} the copy */
    copy() {
        const copy = Object.assign(new Machine(), this);
        copy.ready = new Set(this.ready);
        copy.tasks = new Map(this.tasks);
        copy.timers = new Map(this.timers);
        copy.sources = new Map(this.sources);
        copy.jobs = new Map(this.jobs);
        const running = this.tasks.get(this.polled);
        if (running !== undefined) {
            copy.tasks.set(this.polled, { ...running, awaited: running.awaited.slice() });
        }
        return copy;
    }

    /**
     * Takes in one event.
     * @param {Object} event the event
     */
    apply(event) {
        this.at = event.at;
        const step = MACHINE_STEPS.get(event.event);
        if (step !== undefined) {
            step(this, event);
        }
    }

    /**
     * Puts a task into another state.
     * @param {number} id the task
     * @param {string} state the state
     * @param {Object[]} awaited what it awaits
     */
    become(id, state, awaited) {
        const root = this.tasks.get(id)?.root ?? false;
        this.tasks.set(id, { state, since: this.at, awaited, root });
    }

    /**
     * Ends a task; its output may still be waited for.
     * @param {number} id the task
     */
    finish(id) {
        this.become(id, "finished", []);
        this.ready.delete(id);
        if (this.polled === id) {
            this.polled = null;
        }
    }

    /** The hands of the wheel move to the present; while it is empty nobody moves them. */
    moveHand() {
        if (this.timers.size > 0) {
            this.hand = Math.max(this.hand, Math.floor(this.at / TICK));
        }
    }

    /**
     * Replaces an entry of a map, if it is there.
     * @param {Map<number, Object>} map the map
     * @param {number} id whose entry
     * @param {Object} changes what is different
     */
    change(map, id, changes) {
        const entry = map.get(id);
        if (entry !== undefined) {
            map.set(id, { ...entry, ...changes });
        }
    }
}

/** What each event does to a machine. */
const MACHINE_STEPS = new Map(Object.entries({
    loop_dropped(machine) {
        machine.phase = "dropped";
    },
    turn_began(machine, { turn }) {
        machine.turn = turn;
        machine.phase = "begun";
        machine.root_done = false;
    },
    turn_ended(machine) {
        machine.phase = "outside";
        machine.wait = null;
        // The turn in which `block_on` ends does not look at the wheel any more.
        if (!machine.root_done) {
            machine.moveHand();
        }
    },
    mail_taken(machine) {
        machine.phase = "mail";
    },
    spawned(machine, { task, by, name }) {
        machine.become(task, "queued", []);
        machine.ready.add(task);
        if (by === "program" && name === "block_on") {
            machine.change(machine.tasks, task, { root: true });
        }
    },
    woken(machine, { task }) {
        // One that is woken while it is polled is queued when the poll has ended.
        if (machine.polled !== task) {
            machine.become(task, "queued", []);
        }
        machine.ready.add(task);
    },
    awaits(machine, { what, by }) {
        const id = by.task;
        if (id !== undefined && machine.polled === id) {
            machine.tasks.get(id)?.awaited.push(what);
        }
        // A source that is awaited was tried in vain; a timer belongs to who polled it last.
        if (what.read !== undefined) {
            machine.change(machine.sources, what.read, { read: false });
        } else if (what.write !== undefined) {
            machine.change(machine.sources, what.write, { write: false });
        } else if (what.timer !== undefined && id !== undefined) {
            machine.change(machine.timers, what.timer, { owner: id });
        }
    },
    poll_began(machine, { task }) {
        machine.ready.delete(task);
        machine.become(task, "running", []);
        machine.polled = task;
        machine.phase = "polling";
    },
    poll_ended(machine, { task, outcome }) {
        if (outcome !== "pending") {
            machine.root_done ||= machine.tasks.get(task)?.root ?? false;
            machine.finish(task);
            return;
        }
        const awaited = machine.tasks.get(task)?.awaited ?? [];
        machine.become(task, machine.ready.has(task) ? "queued" : "waiting", awaited);
        if (machine.polled === task) {
            machine.polled = null;
        }
    },
    aborted(machine, { task }) {
        machine.finish(task);
    },
    dropped(machine, { task }) {
        machine.tasks.delete(task);
        machine.ready.delete(task);
    },
    wait_began(machine, { timeout, reason, at }) {
        machine.phase = "waiting";
        machine.wait = { timeout, reason, since: at };
    },
    wait_ended(machine) {
        machine.phase = "waking";
        machine.wait = null;
        machine.moveHand();
    },
    source_added(machine, { source, by, kind, at }) {
        machine.sources.set(source, { kind, by, since: at, read: false, write: false });
    },
    source_ready(machine, { source, readable, writable, at }) {
        const known = machine.sources.get(source) ?? { kind: "", by: null, since: at, read: false, write: false };
        machine.sources.set(source, { ...known, read: known.read || readable, write: known.write || writable });
    },
    source_removed(machine, { source }) {
        machine.sources.delete(source);
    },
    timer_armed(machine, { timer, by, deadline, level, slot, at }) {
        // Nobody has moved the hands while the wheel was empty.
        if (machine.timers.size === 0) {
            machine.hand = Math.max(machine.hand, Math.floor(at / TICK));
        }
        const owner = by.task ?? null;
        machine.timers.set(timer, { deadline, level, slot, by, since: at, owner });
        if (owner !== null && machine.polled === owner) {
            machine.tasks.get(owner)?.awaited.push({ timer });
        }
    },
    timer_cascaded(machine, { timer, level, slot }) {
        machine.phase = "waking";
        machine.change(machine.timers, timer, { level, slot });
        machine.moveHand();
    },
    timer_fired(machine, { timer }) {
        machine.phase = "waking";
        machine.moveHand();
        machine.timers.delete(timer);
    },
    timer_cancelled(machine, { timer }) {
        machine.timers.delete(timer);
    },
    job_queued(machine, { job, pool }) {
        machine.jobs.set(job, pool);
    },
    job_finished(machine, { job }) {
        machine.jobs.delete(job);
    },
}));

/**
 * The state as the page shows it: who waits for what, and who waits at what.
 * @param {Machine} machine the machine
 * @param {Model} model the whole trace: what workers do is told a little later
 * @param {number} [time] the moment, for the pools, which work on while no event happens
 * @returns {Object} the State of the contract in `README.md`
 */
function viewOf(machine, model, time = machine.at) {
    const tasks = new Map();
    const sources = new Map();
    const timers_of = timersByOwner(machine);
    for (const [id, { kind, read, write }] of machine.sources) {
        sources.set(id, { kind, waiters: { read: [], write: [] }, ready: { read, write } });
    }
    for (const [id, { state, since, awaited }] of machine.tasks) {
        const what = state === "waiting" || state === "running"
            ? stillAwaited(machine, id, awaited, timers_of.get(id)) : [];
        tasks.set(id, { state, what, since });
        for (const one of state === "waiting" ? what : []) {
            const side = one.read !== undefined ? "read" : "write";
            sources.get(one[side])?.waiters[side].push(id);
        }
    }
    const { at, turn, phase, polled, wait, hand } = machine;
    const timers = new Map(machine.timers);
    const pools = poolsAt(machine, model, time);
    return { at, turn, phase, polled, ready: [...machine.ready], tasks, timers, hand, sources, pools, wait };
}

/**
 * The armed timers of each task.
 * @param {Machine} machine the machine
 * @returns {Map<number, number[]>} task to timers
 */
function timersByOwner(machine) {
    const timers_of = new Map();
    for (const [timer, { owner }] of machine.timers) {
        if (owner === null) {
            continue;
        }
        const timers = timers_of.get(owner);
        if (timers === undefined) {
            timers_of.set(owner, [timer]);
        } else {
            timers.push(timer);
        }
    }
    return timers_of;
}

/**
 * What a task awaits: what its last poll told and has not come, and its timers of polls before.
 * Each is there once.
 * @param {Machine} machine the machine
 * @param {number} id the task
 * @param {Object[]} awaited what the last poll told
 * @param {number[]} [timers] the armed timers of the task
 * @returns {Object[]} what is awaited
 */
function stillAwaited(machine, id, awaited, timers = []) {
    const seen = new Set();
    const all = [...awaited, ...timers.map((timer) => ({ timer }))];
    return all.filter((what) => {
        const key = awaitedKey(what);
        const is_new = !seen.has(key) && (what.timer === undefined || machine.timers.get(what.timer)?.owner === id);
        seen.add(key);
        return is_new;
    });
}

/**
 * A text that is the same for the same thing.
 * @param {Object} what something awaited
 * @returns {string} the text
 */
function awaitedKey(what) {
    const kind = AWAITED.find((name) => Object.hasOwn(what, name));
    return `${kind}/${what[kind]}`;
}

/**
 * The pools at a moment. What workers do is told by messages, with the time it had: so what the
 * whole trace knows is asked.
 * @param {Machine} machine the machine
 * @param {Model} model the whole trace
 * @param {number} time the moment
 * @returns {Map<number, Object>} {max, workers, queue} of each pool
 */
function poolsAt(machine, model, time) {
    const pools = new Map();
    const poolOf = (id) => {
        if (!pools.has(id)) {
            pools.set(id, { max: model.pools.get(id)?.max ?? null, workers: new Map(), queue: [] });
        }
        return pools.get(id);
    };
    for (const worker of model.workers.values()) {
        if (worker.from <= time && (worker.to === null || worker.to > time)) {
            poolOf(worker.pool).workers.set(worker.worker, null);
        }
    }
    for (const [id, pool_id] of machine.jobs) {
        const { left_at, started_at, finished_at, worker } = model.jobs.get(id);
        const pool = poolOf(pool_id);
        if (left_at === null || left_at > time) {
            pool.queue.push(id);
        } else if (started_at !== null && (finished_at ?? Infinity) > time) {
            pool.workers.set(worker, id);
        }
    }
    return pools;
}
