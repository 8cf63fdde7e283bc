// The queue of a pool: how many jobs wait for a thread, over time.
//
// A job waits from when it was queued until a thread takes it. The loop is told of both the
// beginning and the end of a job when it has ended; so of jobs whose end the trace does not tell,
// the beginning is worked out: a pool takes jobs in order, so such a job has begun when a later one
// began, and at the end of the trace the first of them have the threads that are free.
//
// Cost: one pass over the jobs and a sort, when the lane is asked for and the trace has grown.

"use strict";

/**
 * What lies in the queue of a pool.
 * @param {Model} model the trace
 * @param {number} id the pool
 * @returns {{segments: Object[], waited: number, longest: number, most: number}} the segments, in
 *     which at least one job waits; how many jobs waited noticeably; the longest wait; and how many
 *     waited at once
 */
function queueOf(model, id) {
    const pool = model.pools.get(id);
    if (pool === undefined) {
        return { segments: [], waited: 0, longest: 0, most: 0 };
    }
    if (pool.queue?.taken !== model.taken) {
        pool.queue = { taken: model.taken, ...queueFrom(model, pool) };
    }
    return pool.queue;
}

/**
 * The pools in whose queues a job waited noticeably.
 * @param {Model} model the trace
 * @returns {number[]} the pools
 */
function poolsWithQueue(model) {
    return [...model.pools.keys()].filter((id) => queueOf(model, id).longest >= NOTICEABLE);
}

/**
 * The same, from the jobs.
 * @param {Model} model the trace
 * @param {Object} pool the record of the pool
 * @returns {Object} as above
 */
function queueFrom(model, pool) {
    const jobs = [...model.jobs.values()].filter((job) => job.pool === pool.id && job.queued !== null);
    const begins = beginningsOf(model, pool, jobs);
    const steps = [];
    let [waited, longest] = [0, 0];
    jobs.forEach((job, place) => {
        const span = begins[place] - job.queued_at;
        if (span > 0) {
            steps.push({ at: job.queued_at, by: 1 }, { at: begins[place], by: -1 });
            waited += span >= NOTICEABLE ? 1 : 0;
            longest = Math.max(longest, span);
        }
    });
    steps.sort((one, other) => one.at - other.at);
    const segments = [];
    let [count, most] = [0, 0];
    steps.forEach(({ at, by }, place) => {
        count += by;
        const to = steps[place + 1]?.at ?? at;
        if (to === at || count === 0) {
            return;
        }
        most = Math.max(most, count);
        const last = segments[segments.length - 1];
        if (last !== undefined && last.to === at && last.count === count) {
            last.to = to;
        } else {
            const label = `${counted(count, "job")} wait${count === 1 ? "s" : ""} for a thread`;
            segments.push({ from: at, to, kind: "backlog", count, label, event: model.eventAtTime(at), open: false });
        }
    });
    // What waits at the end of the trace goes on waiting.
    const last = segments[segments.length - 1];
    if (last !== undefined && last.to === model.end) {
        last.open = true;
    }
    return { segments, waited, longest, most };
}

/**
 * When each job began; the end of the trace if it has not.
 * @param {Model} model the trace
 * @param {Object} pool the record of the pool
 * @param {Object[]} jobs its jobs in the order of the queue
 * @returns {number[]} when
 */
function beginningsOf(model, pool, jobs) {
    const begins = jobs.map((job) => job.started_at);
    let earliest = null;
    for (let place = jobs.length - 1; place >= 0; place -= 1) {
        if (begins[place] === null && earliest !== null) {
            begins[place] = Math.max(earliest, jobs[place].queued_at);
        } else if (begins[place] !== null) {
            earliest = Math.min(earliest ?? Infinity, begins[place]);
        }
    }
    // When each of its threads was done with all that is known of it.
    const done = new Map();
    for (const { worker, finished_at } of jobs) {
        if (finished_at !== null) {
            done.set(worker, Math.max(done.get(worker) ?? 0, finished_at));
        }
    }
    const free = [...done.values()].sort((one, other) => other - one);
    let unused = (pool.max ?? Infinity) - free.length;
    jobs.forEach((job, place) => {
        if (job.started_at !== null && job.finished_at !== null) {
            return;
        }
        const at = unused > 0 ? 0 : free.pop() ?? model.end;
        unused -= 1;
        begins[place] = Math.min(begins[place] ?? Math.max(at, job.queued_at), Math.max(model.end, job.queued_at));
    });
    return begins;
}
