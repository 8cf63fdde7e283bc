// The queue of a pool: how many jobs wait for a thread, over time.
//
// A job waits from when it was queued until a thread takes it, or finds that it was aborted. Of the
// latter nothing is told; but a pool takes jobs in order, so it has left the queue when a later one
// began.
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
    const steps = [];
    let [waited, longest] = [0, 0];
    for (const job of jobs) {
        const left = leftQueue(model, job);
        const span = left - job.queued_at;
        if (span > 0) {
            steps.push({ at: job.queued_at, by: 1 }, { at: left, by: -1 });
            waited += span >= NOTICEABLE ? 1 : 0;
            longest = Math.max(longest, span);
        }
    }
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
 * When a job left the queue; the end of the trace if it has not.
 * @param {Model} model the trace
 * @param {Object} job its record
 * @returns {number} when; the clock was read by two threads, so it may be as it was queued
 */
function leftQueue(model, job) {
    return Math.max(job.left_at ?? model.end, job.queued_at);
}
