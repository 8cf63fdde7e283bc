// The records: the tables of a history, of every thing that a trace names.
//
// A thing whose birth was not told (it was dropped from the record) gets its record when it is first
// named, and is marked `unknown`. Open segments are kept apart, so that the live page can move their
// ends on.

"use strict";

/** Awaited things that a segment names; `more` counts the others. */
const AWAITED_KEPT = 6;

/** The timers of a task that has armed none: most of them, most of the time. */
const NO_TIMERS = new Set();

/** Jobs among which that of a message is looked for. */
const JOBS_KEPT = 64;

/** The tables of a model, as they are filled. */
class History {
    constructor() {
        /** @type {Map<number, Object>} */
        this.tasks = new Map();
        /** @type {Map<number, Object>} */
        this.timers = new Map();
        /** @type {Map<number, Object>} */
        this.sources = new Map();
        /** @type {Map<number, Object>} */
        this.jobs = new Map();
        /** @type {Map<number, Object>} */
        this.pools = new Map();
        /** By "pool/worker". @type {Map<string, Object>} */
        this.workers = new Map();
        /** The key of the worker that a thread is. @type {Map<number, string>} */
        this.threads = new Map();
        /** The lane of the loop. @type {{segments: Object[]}} */
        this.loop = { segments: [] };
        /** @type {Object[]} */
        this.wakes = [];
        /** @type {Object[]} */
        this.turns = [];
        /** @type {Object[]} */
        this.polls = [];
        /** @type {Object[]} */
        this.waits = [];
        /** The loop was built and simulated, so that its times are exact. */
        this.simulated = false;
        /** The segments that have not ended: all of them end later. @type {Set<Object>} */
        this.open = new Set();
        /** The poll under way. @type {Object|null} */
        this.poll = null;
        /** The wait under way. @type {Object|null} */
        this.wait = null;
        /** The turn under way. @type {Object|null} */
        this.turn = null;
        /** The last event that is not of the end of a turn, for what happens between turns. */
        this.turn_ended = null;
    }

    /**
     * Begins a segment.
     * @param {Object[]} segments the lane
     * @param {Object} segment what it is
     * @returns {Object} the segment
     */
    begin(segments, segment) {
        segment.to = segment.from;
        segment.open = true;
        segments.push(segment);
        this.open.add(segment);
        return segment;
    }

    /**
     * Ends a segment.
     * @param {Object|null} segment the segment
     * @param {number} at when
     */
    end(segment, at) {
        if (segment !== null && segment.open) {
            segment.to = Math.max(at, segment.from);
            segment.open = false;
            this.open.delete(segment);
        }
    }

    /**
     * The loop does something else from now on.
     * @param {string} kind polling, sleeping, dispatching or outside
     * @param {string} label in words
     * @param {number} at when
     * @param {number} index the event
     * @returns {Object} the segment
     */
    loopDoes(kind, label, at, index) {
        const { segments } = this.loop;
        this.end(segments[segments.length - 1] ?? null, at);
        const turn = this.turn?.turn ?? null;
        return this.begin(segments, { from: at, kind, turn, label, event: index });
    }

    /**
     * A task does something else from now on.
     * @param {Object} task its record
     * @param {Object|null} segment what; null for nothing any more
     * @param {number} at when
     */
    taskDoes(task, segment, at) {
        this.end(task.segment, at);
        task.segment = segment === null ? null : this.begin(task.segments, segment);
    }

    /**
     * The record of a task, made if its birth was not told.
     * @param {number} id the task
     * @returns {Object} its record
     */
    task(id) {
        let task = this.tasks.get(id);
        if (task === undefined) {
            task = newTask(id);
            this.tasks.set(id, task);
        }
        return task;
    }

    /**
     * The record of a job, made if its birth was not told.
     * @param {number} id the job
     * @returns {Object} its record
     */
    job(id) {
        let job = this.jobs.get(id);
        if (job === undefined) {
            job = {
                id, pool: 0, by: null, place: "", queued: null, queued_at: 0, started: null, started_at: null,
                finished: null, finished_at: null, worker: null, panicked: false, left_at: null, told: false,
                unknown: true,
            };
            this.jobs.set(id, job);
        }
        return job;
    }

    /**
     * The record of a worker, made when it is first named.
     * @param {number} pool its pool
     * @param {number} worker its number there
     * @param {number} from since when it is known
     * @returns {Object} its record
     */
    worker(pool, worker, from) {
        const key = `${pool}/${worker}`;
        let known = this.workers.get(key);
        if (known === undefined) {
            known = { key, pool, worker, thread: null, from, to: null, job: null, last_job: null, segments: [] };
            this.workers.set(key, known);
        }
        this.poolOf(pool);
        return known;
    }

    /**
     * The record of a pool.
     * @param {number} id the pool
     * @returns {Object} its record
     */
    poolOf(id) {
        let pool = this.pools.get(id);
        if (pool === undefined) {
            pool = { id, max: null, queued: new Set() };
            this.pools.set(id, pool);
        }
        return pool;
    }

    /**
     * Where the arrow of a wake begins, and which job it tells of (`job`) or was sent by (`within`).
     * The messages of a worker are read in order: that its job begins, what the job sends, that it
     * has ended, and the wake of who awaits it. So the cause of a wake by a worker is the job that
     * it runs, or the one whose end was told last, if nobody was woken for it yet. Of a thread that
     * is not known, it is a job of the latter sort that the task awaited.
     * @param {*} by the cause
     * @param {Object} task the record of the task that is woken
     * @param {number} at when
     * @returns {{lane: string, worker: string|null, job: number|null, within: number|null}} the origin
     */
    origin(by, task, at) {
        const none = { worker: null, job: null, within: null };
        if (by.task !== undefined) {
            return { ...none, lane: `task/${by.task}` };
        }
        if (by.thread === undefined) {
            return { ...none, lane: by === "program" ? "program" : "loop" };
        }
        const known = this.threads.get(by.thread);
        const within = this.workers.get(known)?.job ?? null;
        if (within !== null) {
            return { ...none, lane: `worker/${known}`, worker: known, within };
        }
        const mine = known === undefined ? task.jobs : [this.workers.get(known).last_job];
        const untold = (job) => job !== undefined && job.finished !== null && !job.told && job.finished_at <= at;
        const job = mine.map((id) => this.jobs.get(id)).find(untold);
        if (job === undefined) {
            return { ...none, lane: known === undefined ? `thread/${by.thread}` : `worker/${known}`, worker: known ?? null };
        }
        job.told = true;
        const worker = `${job.pool}/${job.worker}`;
        return { ...none, lane: `worker/${worker}`, worker, job: job.id };
    }
}

/**
 * The record of a task of which nothing is known.
 * @param {number} id the task
 * @returns {Object} its record
 */
function newTask(id) {
    return {
        id, name: "", place: "", by: null, born: null, born_at: null, died: null, died_at: null,
        finished: null, finished_at: null, panicked: false, aborted: false, abort: null, joined: false,
        polls: 0, busy: 0, longest: 0, segments: [], unknown: true,
        // Indices into `polls` and `wakes` of the model, and what is going on.
        poll_list: [], wake_list: [], segment: null, woken: null, armed: NO_TIMERS, awaited: [], jobs: [],
    };
}

/**
 * What a waiting task awaits: what its poll told, and its timers of polls before.
 * @param {History} history the tables
 * @param {Object} task its record
 * @returns {{what: Object[], count: number}} the first of them, and how many there are
 */
function awaitedOf(history, task) {
    const what = new Map();
    let count = 0;
    const add = (one) => {
        const key = awaitedKey(one);
        const over = one.timer !== undefined && !task.armed.has(one.timer);
        if (over || what.has(key)) {
            return;
        }
        count += 1;
        if (what.size < AWAITED_KEPT) {
            what.set(key, one);
        }
    };
    task.awaited.forEach(add);
    const told = new Set(task.awaited.map((one) => one.timer));
    // The others were all armed in polls before; one pass over a few is enough to name them.
    let others = 0;
    for (const timer of task.armed) {
        if (what.size >= AWAITED_KEPT || others > 2 * AWAITED_KEPT) {
            break;
        }
        others += 1;
        if (!told.has(timer)) {
            add({ timer });
        }
    }
    return { what: [...what.values()], count };
}
