// The history: who did what and when, gathered in one pass over the events.
//
// It fills the tables of a `Model`: a record of every task, timer, source, job and worker, with the
// indices of the events of its life; polls, waits, turns and wakes in order; and the segments of
// the lanes. Each event has one function here (`HISTORY_STEPS`), which sees the record of things as
// they were before it. Things whose birth was not told get a record marked `unknown`.
//
// A segment is {from, to, kind, label, event}; while it lasts it has `open: true`, and `to` is the
// end of the trace.
//
// Cost: O(1) an event; what a segment says of things awaited is limited.

"use strict";

/** Characters of a name that a record keeps. */
const NAME_KEPT = 300;

/** Nanoseconds between two turns that are not worth a segment of the loop's lane. */
const BETWEEN_TURNS = 10000;

/**
 * Notes the end of a task.
 * @param {History} history the tables
 * @param {Object} task its record
 * @param {Object} event what ended it
 * @param {number} index which event that is
 */
function taskEnds(history, task, event, index) {
    history.taskDoes(task, null, event.at);
    task.finished = index;
    task.finished_at = event.at;
    task.armed = NO_TIMERS;
    task.awaited = [];
}

/** What each event adds to the tables: (history, event, its index, the model). */
const HISTORY_STEPS = new Map(Object.entries({
    loop_built(history, { simulated }) {
        history.simulated = simulated;
    },
    turn_began(history, { turn, at }, index) {
        // Turns follow each other at once, unless the program does something between.
        const { segments } = history.loop;
        const last = segments[segments.length - 1];
        const ended = history.turn_ended;
        if (last?.kind === "outside" && ended === index - 1 && at - last.from < BETWEEN_TURNS) {
            history.open.delete(segments.pop());
            const before = segments[segments.length - 1];
            if (before !== undefined) {
                before.to = at;
            }
        }
        history.turn = { turn, from: at, to: at, first: index, last: index, polls: 0, open: true };
        history.turns.push(history.turn);
        history.loopDoes("polling", `turn ${turn}`, at, index);
    },
    turn_ended(history, { polls, at }, index) {
        if (history.turn !== null) {
            Object.assign(history.turn, { to: at, last: index, polls, open: false });
        }
        history.turn = null;
        history.turn_ended = index;
        history.wait = null;
        history.loopDoes("outside", "outside of any turn: the program has the thread", at, index);
    },
    spawned(history, { task: id, by, place, name, at }, index) {
        const task = history.task(id);
        const short = name.length > NAME_KEPT ? `${name.slice(0, NAME_KEPT)}...` : name;
        Object.assign(task, { name: short, place, by, born: index, born_at: at, unknown: false });
        const segment = { from: at, kind: "queued", label: "new", what: [], more: 0, event: index };
        history.taskDoes(task, segment, at);
    },
    woken(history, { task: id, by, at }, index, model) {
        const task = history.task(id);
        const { lane, worker, job, within } = history.origin(by, task, at);
        task.wake_list.push(history.wakes.length);
        history.wakes.push({ at, task: id, by, from_lane: lane, worker, job, within, event: index });
        const who = job === null && within === null ? causeText(model, by) : `job ${job ?? within}`;
        if (task.segment?.kind === "running") {
            task.woken = index;
            return;
        }
        if (task.segment?.kind === "waiting") {
            task.segment.due = history.timers.get(by.timer)?.deadline ?? null;
        }
        // Of what told nothing, at least the end tells from whom it came.
        if (task.segment?.kind === "waiting" && task.segment.label === "a wake") {
            task.segment.label = `a wake (came from ${who})`;
        }
        history.taskDoes(task, { from: at, kind: "queued", label: `woken by ${who}`, what: [], more: 0, event: index }, at);
        const loop = history.loop.segments[history.loop.segments.length - 1];
        if (loop?.kind === "polling" && (by.timer !== undefined || by.source !== undefined)) {
            history.loopDoes("dispatching", "fires timers and wakes tasks", at, index);
        }
    },
    awaits(history, { what, by }, index) {
        const task = by.task === undefined ? undefined : history.tasks.get(by.task);
        if (task === undefined) {
            return;
        }
        task.awaited.push(what);
        if (what.job !== undefined && task.jobs.length < JOBS_KEPT) {
            task.jobs.push(what.job);
        }
        const timer = history.timers.get(what.timer);
        if (timer !== undefined && timer.owner !== task.id && timer.over === null) {
            history.tasks.get(timer.owner)?.armed.delete(timer.id);
            timer.owner = task.id;
            armsTimer(task, timer.id);
        }
    },
    poll_began(history, { task: id, at }, index, model) {
        const task = history.task(id);
        const is_past = index < model.trace.header.past;
        if (is_past && task.segment?.label === "new") {
            // Of the time before, only the last poll of each task is told.
            Object.assign(task.segment, { kind: "waiting", label: "not told: before this trace begins" });
        }
        task.polls += 1;
        task.woken = null;
        task.awaited = [];
        task.jobs = [];
        task.poll_list.push(history.polls.length);
        const wake = task.wake_list[task.wake_list.length - 1];
        const last = history.polls[task.poll_list[task.poll_list.length - 2]];
        const woken = wake === undefined ? null : history.wakes[wake].event;
        // What queued it: the wake since its last poll began, or its birth.
        const cause = woken !== null && woken > (last?.first ?? -1) ? woken : last === undefined && !is_past ? task.born : null;
        history.poll = { task: id, first: index, last: null, from: at, to: at, outcome: null, cause };
        history.polls.push(history.poll);
        history.taskDoes(task, { from: at, kind: "running", label: `poll ${task.polls}`, what: [], more: 0, event: index }, at);
    },
    poll_ended(history, event, index, model) {
        const { task: id, outcome, at } = event;
        const task = history.task(id);
        if (history.poll === null || history.poll.task !== id) {
            return;
        }
        Object.assign(history.poll, { last: index, to: at, outcome });
        const took = at - history.poll.from;
        task.busy += took;
        task.longest = Math.max(task.longest, took);
        history.poll = null;
        if (outcome !== "pending") {
            task.panicked = outcome === "panicked";
            taskEnds(history, task, event, index);
        } else if (task.woken !== null) {
            const label = "woken while it ran";
            history.taskDoes(task, { from: at, kind: "queued", label, what: [], more: 0, event: index }, at);
        } else {
            const { what, count } = awaitedOf(history, task);
            const label = awaitedLabels(model, what, count);
            const more = count - what.length;
            const due = firstDue(history, what);
            history.taskDoes(task, { from: at, kind: "waiting", label, what, more, due, event: index }, at);
        }
    },
    abort_requested(history, { task }, index) {
        history.task(task).abort = index;
    },
    aborted(history, event, index) {
        const task = history.task(event.task);
        task.aborted = true;
        taskEnds(history, task, event, index);
    },
    dropped(history, { task: id, joined, at }, index) {
        const task = history.task(id);
        history.taskDoes(task, null, at);
        Object.assign(task, { died: index, died_at: at, joined });
    },
    wait_began(history, { timeout, reason, at }, index) {
        history.wait = { first: index, last: null, from: at, to: at, timeout, reason, ready: [] };
        history.waits.push(history.wait);
        const [kind, label] = timeout === 0 ? ["dispatching", `looks, without a sleep: ${reasonText(reason)}`]
            : reason === "spin" ? ["dispatching", `spins: ${reasonText(reason)}`]
            : ["sleeping", `sleeps: ${reasonText(reason)}`];
        history.loopDoes(kind, label, at, index);
    },
    wait_ended(history, { at }, index) {
        if (history.wait !== null) {
            Object.assign(history.wait, { last: index, to: at });
        }
        history.wait = null;
        history.loopDoes("dispatching", "fires timers and wakes tasks", at, index);
    },
    source_added(history, { source, by, kind }, index) {
        history.sources.set(source, { id: source, kind, by, added: index, removed: null });
    },
    source_ready(history, event, index) {
        history.wait?.ready.push(index);
    },
    source_removed(history, { source }, index) {
        const known = history.sources.get(source);
        if (known !== undefined) {
            known.removed = index;
        }
    },
    timer_armed(history, { timer, by, deadline, at }, index) {
        const owner = by.task ?? null;
        history.timers.set(timer, { id: timer, by, owner, at, deadline, armed: index, fired: null, over: null });
        const task = history.tasks.get(owner);
        if (task !== undefined) {
            armsTimer(task, timer);
            task.awaited.push({ timer });
        }
    },
    timer_cascaded(history, { at }, index) {
        timersBegin(history, at, index);
    },
    timer_fired(history, { timer: id, at }, index) {
        timersBegin(history, at, index);
        const timer = history.timers.get(id);
        if (timer !== undefined) {
            timer.fired = index;
        }
        timerOver(history, timer, index);
    },
    timer_cancelled(history, { timer }, index) {
        timerOver(history, history.timers.get(timer), index);
    },
    job_queued(history, { job: id, pool, by, place, at }, index) {
        Object.assign(history.job(id), { pool, by, place, queued: index, queued_at: at, unknown: false });
        history.poolOf(pool).queued.add(id);
    },
    job_started(history, { job: id, worker, when }, index) {
        const job = history.job(id);
        // A pool takes jobs in order: those before it have left the queue too, aborted there, or
        // begun by another worker, which is told next.
        const { queued } = history.poolOf(job.pool);
        for (const other of queued) {
            if (other > id) {
                break;
            }
            history.job(other).left_at = when;
            queued.delete(other);
        }
        Object.assign(job, { worker, started: index, started_at: when, left_at: when });
        const on = history.worker(job.pool, worker, when);
        Object.assign(on, { job: id, last_job: null });
        history.begin(on.segments, { from: when, kind: "job", job: id, label: `job ${id}`, event: index });
    },
    job_finished(history, { job: id, worker, when, panicked }, index) {
        const job = history.job(id);
        Object.assign(job, { worker, finished: index, finished_at: when, panicked });
        job.left_at ??= when;
        const on = history.worker(job.pool, worker, when);
        Object.assign(on, { job: null, last_job: id });
        history.end(on.segments[on.segments.length - 1] ?? null, when);
    },
    worker_started(history, { worker, pool, thread, max_workers, when }) {
        const known = history.worker(pool, worker, when);
        Object.assign(known, { thread, from: Math.min(known.from, when) });
        history.poolOf(pool).max = max_workers;
        // Simulated workers are all the loop's own thread, which says nothing of who it was.
        if (thread !== 0) {
            history.threads.set(thread, known.key);
        }
    },
    worker_stopped(history, { worker, pool, when }) {
        history.worker(pool, worker, when).to = when;
    },
}));

/**
 * A turn that did not wait goes on to its timers.
 * @param {History} history the tables
 * @param {number} at when
 * @param {number} index the event
 */
function timersBegin(history, at, index) {
    const last = history.loop.segments[history.loop.segments.length - 1];
    if (last === undefined || last.kind === "polling") {
        history.loopDoes("dispatching", "fires timers and wakes tasks", at, index);
    }
}

/**
 * A task has one more timer.
 * @param {Object} task its record
 * @param {number} timer the timer
 */
function armsTimer(task, timer) {
    if (task.armed === NO_TIMERS) {
        task.armed = new Set();
    }
    task.armed.add(timer);
}

/**
 * When the first of some timers is due.
 * @param {History} history the tables
 * @param {Object[]} what what is awaited
 * @returns {number|null} when; null if no timer is awaited
 */
function firstDue(history, what) {
    const deadlines = what.map(({ timer }) => history.timers.get(timer)?.deadline).filter((due) => due !== undefined);
    return deadlines.length === 0 ? null : Math.min(...deadlines);
}

/**
 * A timer is not armed any more.
 * @param {History} history the tables
 * @param {Object|undefined} timer its record
 * @param {number} index the event
 */
function timerOver(history, timer, index) {
    if (timer !== undefined) {
        timer.over = index;
        history.tasks.get(timer.owner)?.armed.delete(timer.id);
    }
}
