// Series: waits one after the other that could have been at the same time.
//
//     for page in pages { fetch(page).await }          a wait follows a wait
//
//     task 1   ==wait==|==wait==|==wait==|             what each is for (a timer, a job, a task, a
//                      ^        ^                      source) is begun only when the one before is
//                      begun    begun                  over; and meanwhile nothing else happens
//
// Nobody can see from outside whether a wait needs the result of the one before, so this looks for
// what is plain, and rather says nothing:
//
// 1. A task awaits one thing at a time, `FEWEST` or more in a row, each begun after the one before.
//    A wait for the same source again belongs to the same conversation.
// 2. Somebody waits for the task's end: it is that of a `block_on`, or another task awaits it. So a
//    task that beats in the background is none.
// 3. No other task is polled meanwhile, but those that were spawned in it, which are its waits, and
//    such as only beat, woken by timers, and take hardly any time (`BESIDE`).
// 4. Waiting is most of what it does, altogether worth a person's time (`LEAST`), and half as long
//    again at least (`GAIN`) as it would be at the same time.
// 5. Timers at exactly even times are an interval; in a simulation, where all times are exact, only
//    if the task does nothing else afterwards.
//
// Cost: one pass over the polls.

"use strict";

/** Waits in a row that make a series. */
const FEWEST = 3;

/** Nanoseconds that a series takes at least. */
const LEAST = 5000000;

/** The share of the time that others may take at most. */
const BESIDE = 0.1;

/** Polls of others that may be beside each wait, at most. */
const POLLS_BESIDE = 20;

/** Polls that are looked at in all, so that a trace made for it cannot keep the page busy. */
const MOST_LOOKED = 5000000;

/** How many times as long as together it takes at least. */
const GAIN = 1.5;

/**
 * All series of a trace.
 * @param {Model} model the trace
 * @returns {Object[]} {task, kind, from, to, waits: [{key, from, to, event}]}
 */
function findSeries(model) {
    const awaited = awaitedTasks(model);
    const left = { polls: MOST_LOOKED };
    const found = [];
    for (const task of model.tasks.values()) {
        const is_root = task.by === "program" && task.name === "block_on";
        if (task.polls > FEWEST && (is_root || awaited.has(task.id))) {
            for (const run of runsOf(model, task)) {
                const series = { task: task.id, kind: run.waits[0].kind, ...run };
                if (isSeries(model, task, series, left)) {
                    found.push(series);
                }
            }
        }
    }
    return found.sort((one, other) => one.from - other.from);
}

/**
 * The tasks whose end somebody awaits.
 * @param {Model} model the trace
 * @returns {Set<number>} their numbers
 */
function awaitedTasks(model) {
    const tasks = new Set();
    for (const { event, what } of model.events) {
        if (event === "awaits" && what.task !== undefined) {
            tasks.add(what.task);
        }
    }
    return tasks;
}

/**
 * The waits of a task in runs: each thing begun after the wait before was over (rule 1).
 * @param {Model} model the trace
 * @param {Object} task its record
 * @returns {Object[]} {from, to, waits, last}: `last` is the segment after which the run ended
 */
function runsOf(model, task) {
    const runs = [];
    let waits = [];
    const flush = () => {
        if (waits.length >= FEWEST) {
            runs.push({ from: waits[0].from, to: waits[waits.length - 1].to, waits });
        }
        waits = [];
    };
    for (const segment of task.segments) {
        if (segment.kind !== "waiting") {
            continue;
        }
        const thing = segment.what.length === 1 && segment.more === 0 && !segment.open
            ? thingOf(model, segment.what[0]) : null;
        const last = waits[waits.length - 1];
        if (thing !== null && last !== undefined && thing.key === last.key && thing.kind === "source") {
            last.to = segment.to;
            last.until = segment.event;
            continue;
        }
        // Of another kind, or begun before the last was over: what follows is another run.
        if (thing === null || (last !== undefined && (thing.born <= last.until || thing.kind !== last.kind))) {
            flush();
        }
        if (thing !== null) {
            waits.push({ ...thing, from: segment.from, to: segment.to, until: segment.event, event: segment.event });
        }
    }
    flush();
    return runs;
}

/**
 * What is awaited, and the event at which it began.
 * @param {Model} model the trace
 * @param {Object} what something awaited
 * @returns {{key: string, kind: string, born: number}|null} null if that is not known
 */
function thingOf(model, what) {
    const source = what.read ?? what.write;
    const [kind, id, born] = source !== undefined ? ["source", source, model.sources.get(source)?.added]
        : what.timer !== undefined ? ["timer", what.timer, model.timers.get(what.timer)?.armed]
        : what.job !== undefined ? ["job", what.job, model.jobs.get(what.job)?.queued]
        : ["task", what.task, model.tasks.get(what.task)?.born];
    return born === undefined || born === null ? null : { key: `${kind}/${id}`, kind, id, born };
}

/**
 * Whether a run of waits is worth telling (rules 3 to 5).
 * @param {Model} model the trace
 * @param {Object} task whose it is
 * @param {Object} run the run
 * @param {{polls: number}} left how many polls may still be looked at
 * @returns {boolean} whether it is
 */
function isSeries(model, task, { from, to, waits, kind }, left) {
    const waited = waits.reduce((sum, wait) => sum + wait.to - wait.from, 0);
    if (to - from < LEAST || waited < 0.8 * (to - from) || to - from < GAIN * together(model, kind, waits)) {
        return false;
    }
    if (kind === "timer" && isEven(model, waits) && !(model.simulated && goesOn(task, waits))) {
        return false;
    }
    return hasHardlyOthers(model, task, { from, to, waits }, left);
}

/**
 * Whether no other task is polled during a run, or none worth the name (rule 3).
 * @param {Model} model the trace
 * @param {Object} task whose run it is
 * @param {Object} run the run
 * @param {{polls: number}} left how many polls may still be looked at
 * @returns {boolean} whether it is so
 */
function hasHardlyOthers(model, task, { from, to, waits }, left) {
    const last = model.eventAtTime(to);
    const began = waits[0].born;
    let [beside, polls] = [0, 0];
    for (let place = lastWhere(model.polls, (poll) => poll.first <= waits[0].event) + 1; place < model.polls.length; place += 1) {
        const poll = model.polls[place];
        left.polls -= 1;
        if (poll.first > last) {
            break;
        }
        const other = model.tasks.get(poll.task);
        if (poll.task === task.id || (other?.born ?? -1) >= began) {
            continue;
        }
        beside += poll.to - poll.from;
        polls += 1;
        const beats = other?.born === poll.cause || model.events[poll.cause]?.by?.timer !== undefined;
        if (!beats || polls > POLLS_BESIDE * waits.length || left.polls < 0) {
            return false;
        }
    }
    return beside <= BESIDE * (to - from);
}

/**
 * Whether timers are due at even times, as those of an interval are.
 * @param {Model} model the trace
 * @param {Object[]} waits the waits
 * @returns {boolean} whether they are
 */
function isEven(model, waits) {
    const due = waits.map(({ id }) => model.timers.get(id).deadline);
    const period = due[1] - due[0];
    return due.every((deadline, place) => place === 0 || Math.abs(deadline - due[place - 1] - period) <= 1);
}

/**
 * Whether a task did something else after its last wait: it ended, or waited for another thing.
 * @param {Object} task its record
 * @param {Object[]} waits the waits
 * @returns {boolean} whether it did
 */
function goesOn(task, waits) {
    const after = task.segments[lastWhere(task.segments, (one) => one.event <= waits[waits.length - 1].until) + 1];
    return after !== undefined && !(task.aborted && task.segments[task.segments.length - 1] === after);
}

/**
 * A series in words.
 * @param {Model} model the trace
 * @param {Object} series the series
 * @returns {Object} the notice
 */
function tellSeries(model, { task, kind, from, to, waits }) {
    const spans = waits.map((wait) => wait.to - wait.from);
    const shortest = spans.reduce((one, next) => Math.min(one, next));
    const longest = spans.reduce((one, next) => Math.max(one, next));
    const noun = { timer: "wait", job: "job", task: "task", source: "conversation" }[kind];
    const is_even = longest - shortest <= 0.1 * longest;
    const mean = spans.reduce((one, next) => one + next) / spans.length;
    const each = is_even ? `of ${humanSpan(mean)} each` : `of ${humanSpan(shortest)} to ${humanSpan(longest)}`;
    const least = together(model, kind, waits);
    return {
        kind: "one-after-the-other",
        title: `One after the other: ${counted(waits.length, noun)} ${each} took ${humanSpan(to - from)}; `
            + `together they could have taken ${humanSpan(least)}`,
        evidence: `${taskText(model, task)} began each only when the one before was over, and meanwhile the loop had hardly `
            + "anything else to do. If none needs the result of another, spawn them all first, or join them, and then await.",
        events: waits.map((wait) => wait.event),
        tasks: [task, ...waits.filter((wait) => wait.kind === "task").map((wait) => wait.id)],
        from,
        to,
    };
}

/**
 * The time that waits take at the same time: that of the longest, unless the threads of a pool are
 * too few.
 * @param {Model} model the trace
 * @param {string} kind of the waits
 * @param {Object[]} waits the waits
 * @returns {number} nanoseconds
 */
function together(model, kind, waits) {
    let [longest, sum] = [0, 0];
    for (const { from, to } of waits) {
        longest = Math.max(longest, to - from);
        sum += to - from;
    }
    const threads = kind === "job" ? poolThreads(model, model.jobs.get(waits[0].id).pool) ?? Infinity : Infinity;
    return Math.max(longest, sum / Math.min(threads, waits.length));
}

/**
 * How many threads a pool may have.
 * @param {Model} model the trace
 * @param {number} id the pool
 * @returns {number|null} the number, if it is known
 */
function poolThreads(model, id) {
    const own = id === 0 ? model.events.find(({ event }) => event === "loop_built")?.max_blocking_threads : undefined;
    return model.pools.get(id)?.max ?? own ?? null;
}
