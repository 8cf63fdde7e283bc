// Notice: what stands out in a trace, each with its evidence.
//
// `notice(model, {threshold, silence})` gives notices {kind, title, evidence, events, tasks, from, to}, the
// gravest first. A notice must be right: whoever reads three that are not reads no fourth. So every
// rule has a limit below which it is silent, and says what was seen and nothing more.
//
// | kind | when |
// |---|---|
// | stalled | the trace ends, and only another thread could wake anybody |
// | unseen-panic | a task panicked, and its handle was dropped |
// | slow-poll | a poll took `threshold` (100 ms) or more; if none did, the longest over 10 ms |
// | one-after-the-other | see `series.js` |
// | full-pool | jobs waited 1 ms or more while all threads of their pool were busy |
// | spinning | a task woke itself 50 times in a row and did nothing else |
// | vain-wake | the waker of a task that was over was called; or of one that was queued, 100 times |
// | never-polled | a task was spawned, and the loop ended before its first poll |
// | unfinished | a task waited for a wake, of which nothing is known, when the loop ended |
//
// Cost: some passes over events, polls and jobs.

"use strict";

/** A poll that is told if it is the longest. */
const LONG_POLL = 10000000;

/** Notices of one kind. */
const MOST_NOTICES = 5;

/** Events that a notice refers to. */
const MOST_EVIDENCE = 50;

/** Polls in a row that a task begins by waking itself, and that change nothing. */
const SPIN_POLLS = 50;

/** Wakes of a task that is queued already, until it is worth telling. */
const MANY_WAKES = 100;

/** A wait in the queue of a pool that is worth telling. */
const LONG_QUEUE = 1000000;

/**
 * What stands out in a trace.
 * @param {Model} model the trace
 * @param {{threshold?: number, silence?: number}} [options] the shortest slow poll, and for how long
 *     a running loop has told nothing since its last event, in nanoseconds
 * @returns {Object[]} the notices, the gravest first
 */
function notice(model, { threshold = 100000000, silence = 0 } = {}) {
    return [
        ...stalled(model),
        ...unseenPanics(model),
        ...slowPolls(model, threshold, silence),
        ...findSeries(model).slice(0, MOST_NOTICES).map((series) => tellSeries(model, series)),
        ...fullPools(model),
        ...spinning(model),
        ...vainWakes(model),
        ...unfinished(model),
    ];
}

/**
 * Polls that kept the loop.
 * @param {Model} model the trace
 * @param {number} threshold the shortest
 * @param {number} silence since the last event
 * @returns {Object[]} notices
 */
function slowPolls(model, threshold, silence) {
    const span = (poll) => (poll.last === null ? model.end + silence : poll.to) - poll.from;
    let slow = model.polls.filter((poll) => span(poll) >= threshold);
    if (slow.length === 0) {
        const longest = model.polls.reduce((best, poll) => best === null || span(poll) > span(best) ? poll : best, null);
        slow = longest !== null && span(longest) > LONG_POLL ? [longest] : [];
    }
    slow.sort((one, other) => span(other) - span(one));
    return slow.slice(0, MOST_NOTICES).map((poll, place) => {
        const more = place === MOST_NOTICES - 1 ? slow.length - MOST_NOTICES : 0;
        const others = more > 0 ? ` ${counted(more, "more poll")} took ${humanSpan(threshold)} or longer.` : "";
        const told = tellSlowPoll(model, poll, span(poll), others);
        // While it lasts its length is told elsewhere: what is noticed should stand still.
        return poll.last !== null || silence === 0 ? told
            : { ...told, title: `${taskText(model, poll.task)} keeps the loop, in one poll that has not ended` };
    });
}

/**
 * A slow poll in words.
 * @param {Model} model the trace
 * @param {Object} poll the poll
 * @param {number} span how long it took
 * @param {string} others what is to be said of others
 * @returns {Object} the notice
 */
function tellSlowPoll(model, poll, span, others) {
    const machine = model.machineAt(poll.first);
    const end = poll.from + span;
    let timers = 0;
    for (const { deadline, owner } of machine.timers.values()) {
        timers += Number(deadline < end && owner !== poll.task);
    }
    const kept = [];
    if (machine.ready.size > 0) {
        kept.push(`${counted(machine.ready.size, "other task")} ${machine.ready.size === 1 ? "was" : "were"} ready and had to wait`);
    }
    if (timers > 0) {
        kept.push(`${counted(timers, "timer")} ${timers === 1 ? "was" : "were"} due and could not fire`);
    }
    const meanwhile = kept.length === 0 ? "Nothing else could run meanwhile." : `Meanwhile ${kept.join(", and ")}.`;
    const place = model.tasks.get(poll.task)?.place ?? "";
    const spawned = place === "" ? "" : ` The task was spawned at ${placeText(place)}.`;
    return {
        kind: "slow-poll",
        title: `${taskText(model, poll.task)} kept the loop for ${humanSpan(span)} in one poll`,
        evidence: `${meanwhile}${spawned}${others} \`spawn_blocking\` moves such work to a thread.`,
        events: poll.last === null ? [poll.first] : [poll.first, poll.last],
        tasks: [poll.task],
        from: poll.from,
        to: end,
    };
}

/**
 * Tasks that wake themselves again and again, and change nothing that the loop could see.
 * @param {Model} model the trace
 * @returns {Object[]} notices
 */
function spinning(model) {
    const found = [];
    for (const task of model.tasks.values()) {
        let run = [];
        const flush = () => {
            if (run.length >= SPIN_POLLS) {
                found.push(tellSpin(model, task, run));
            }
            run = [];
        };
        for (const place of task.polls >= SPIN_POLLS ? task.poll_list : []) {
            const poll = model.polls[place];
            // Between its begin and its end there is but the wake.
            const is_idle = poll.last === poll.first + 2 && model.events[poll.first + 1].by?.task === task.id
                && model.events[poll.first + 1].event === "woken";
            if (is_idle) {
                run.push(poll);
            } else {
                flush();
            }
        }
        flush();
    }
    return found.sort((one, other) => other.polls - one.polls).slice(0, MOST_NOTICES);
}

/**
 * A spinning task in words.
 * @param {Model} model the trace
 * @param {Object} task its record
 * @param {Object[]} run its polls
 * @returns {Object} the notice
 */
function tellSpin(model, task, run) {
    const [first, last] = [run[0], run[run.length - 1]];
    const busy = run.reduce((sum, poll) => sum + poll.to - poll.from, 0);
    const span = last.to - first.from;
    const share = span > 0 ? `, which took ${Math.round(100 * busy / span)} % of the loop's time in these ${humanSpan(span)}` : "";
    return {
        kind: "spinning",
        title: `${taskText(model, task.id)} woke itself ${counted(run.length, "time")} in a row`,
        evidence: `${counted(run.length, "poll")} did nothing that the loop could see but to ask for the next${share}. `
            + "The loop cannot sleep meanwhile. Whoever waits for something should wait for a wake: "
            + "a channel, `Notify`, or a `sleep` between two looks.",
        events: [first.first, last.first],
        tasks: [task.id],
        from: first.from,
        to: last.to,
        polls: run.length,
    };
}

/**
 * Pools in which jobs waited for a thread.
 * @param {Model} model the trace
 * @returns {Object[]} notices
 */
function fullPools(model) {
    const jobs_of = new Map();
    for (const job of model.jobs.values()) {
        if (!job.unknown) {
            if (!jobs_of.has(job.pool)) {
                jobs_of.set(job.pool, []);
            }
            jobs_of.get(job.pool).push(job);
        }
    }
    const notices = [];
    for (const [id, jobs] of jobs_of) {
        // Of a pool older than the loop the limit is not told; but jobs wait for nothing else.
        const steps = jobSteps(model, jobs);
        const max = poolThreads(model, id) ?? mostAtOnce(steps);
        const full = fullTimes(steps, max);
        const waited = jobs
            .map((job) => ({ job, from: job.queued_at, to: leftQueue(model, job) }))
            .filter(({ from, to }) => to - from >= LONG_QUEUE && touches(full, from, to));
        if (waited.length > 0) {
            notices.push(tellFullPool(id, max, jobs, waited));
        }
    }
    return notices;
}

/**
 * A full pool in words.
 * @param {number} id the pool
 * @param {number} max its threads
 * @param {Object[]} jobs its jobs
 * @param {{job: Object, from: number, to: number}[]} waited those that waited, and when
 * @returns {Object} the notice
 */
function tellFullPool(id, max, jobs, waited) {
    const worst = waited.reduce((one, other) => other.to - other.from > one.to - one.from ? other : one);
    const tasks = new Set(waited.map(({ job }) => job.by?.task).filter((task) => task !== undefined));
    const [threads, busy] = max === 1 ? ["its only thread", "that was"] : [`one of its ${max} threads`, `all ${max} were`];
    return {
        kind: "full-pool",
        title: `Pool ${id} was full: ${waited.length} of ${counted(jobs.length, "job")} waited for ${threads}, `
            + `${humanSpan(worst.to - worst.from)} at most`,
        evidence: `Job ${worst.job.id} waited longest, from ${stampText(worst.from)} to ${stampText(worst.to)}, `
            + `while ${busy} busy. More threads, or shorter jobs, would end that; a \`Semaphore\` would limit how many are queued.`,
        events: waited.slice(0, MOST_EVIDENCE).map(({ job }) => job.queued),
        tasks: [...tasks].slice(0, MOST_EVIDENCE),
        from: waited.reduce((first, { from }) => Math.min(first, from), Infinity),
        to: waited.reduce((last, { to }) => Math.max(last, to), 0),
    };
}

/**
 * The begins and ends of jobs in the order of time; of the same moment, ends first. What has not
 * ended goes on to the end of the trace.
 * @param {Model} model the trace
 * @param {Object[]} jobs the jobs
 * @returns {number[][]} each moment with 1 for a begin, -1 for an end
 */
function jobSteps(model, jobs) {
    const ran = jobs.filter((job) => job.started_at !== null);
    const steps = ran.flatMap((job) => [[job.started_at, 1], [job.finished_at ?? model.end, -1]]);
    return steps.sort((one, other) => one[0] - other[0] || one[1] - other[1]);
}

/**
 * The most jobs that ran at the same time.
 * @param {number[][]} steps begins and ends of jobs
 * @returns {number} how many
 */
function mostAtOnce(steps) {
    let [busy, most] = [0, 0];
    for (const [, step] of steps) {
        busy += step;
        most = Math.max(most, busy);
    }
    return most;
}

/**
 * When all threads of a pool were busy.
 * @param {number[][]} steps begins and ends of its jobs
 * @param {number} max its threads
 * @returns {{from: number, to: number}[]} the times, in order
 */
function fullTimes(steps, max) {
    const times = [];
    let busy = 0;
    for (const [at, step] of steps) {
        busy += step;
        if (step === 1 && busy === max) {
            times.push({ from: at, to: at });
        } else if (step === -1 && busy === max - 1 && times.length > 0) {
            times[times.length - 1].to = at;
        }
    }
    return times;
}

/**
 * Whether one of some times meets a span.
 * @param {{from: number, to: number}[]} times in order
 * @param {number} from its begin
 * @param {number} to its end
 * @returns {boolean} whether it does
 */
function touches(times, from, to) {
    const last = times[lastWhere(times, (time) => time.from < to)];
    return last !== undefined && last.to > from;
}

/**
 * Wakes that found nobody.
 * @param {Model} model the trace
 * @returns {Object[]} notices
 */
function vainWakes(model) {
    const over = new Map();
    const queued = new Map();
    model.events.forEach(({ event, task: id, by }, index) => {
        const task = model.tasks.get(id);
        const is_over = task === undefined || (task.finished !== null && task.finished < index);
        // What a task owned may call its waker when it is dropped with the task: nothing is amiss.
        if (event !== "wake_ignored" || (is_over && by.task === id)) {
            return;
        }
        const wakes = is_over ? over : queued;
        const known = wakes.get(id) ?? { count: 0, events: [] };
        known.count += 1;
        if (known.events.length < MOST_EVIDENCE) {
            known.events.push(index);
        }
        wakes.set(id, known);
    });
    const many = [...queued].filter(([id, { count }]) =>
        count >= MANY_WAKES && count >= 10 * (model.tasks.get(id)?.polls ?? 0));
    const tell = (id, { count, events }, state, advice) => ({
        kind: "vain-wake",
        title: `${counted(count, "wake")} of ${taskText(model, id)} came to nothing: it was ${state}`,
        evidence: `The first: ${describeEvent(model, events[0])}, at ${stampText(model.events[events[0]].at)}. ${advice}`,
        events,
        tasks: [id],
        from: model.events[events[0]].at,
        to: model.events[events[events.length - 1]].at,
    });
    return [
        ...[...over].map(([id, wakes]) => tell(id, wakes, "over", "Whoever called the waker kept it longer than the task lived.")),
        ...many.map(([id, wakes]) => tell(id, wakes, "queued already", "They do no harm, but each costs its caller time.")),
    ].slice(0, MOST_NOTICES);
}

/**
 * Tasks that panicked, and whose handle was dropped before.
 * @param {Model} model the trace
 * @returns {Object[]} notices
 */
function unseenPanics(model) {
    const panicked = [...model.tasks.values()].filter((task) => task.panicked && task.died !== null && !task.joined);
    return panicked.slice(0, MOST_NOTICES).map((task) => ({
        kind: "unseen-panic",
        title: `${taskText(model, task.id)} panicked, and nobody took notice`,
        evidence: `Its handle was dropped, so the panic stayed in the task, spawned at ${placeText(task.place)}. `
            + "Whoever awaits the handle gets the panic as an error.",
        events: [task.finished, task.died],
        tasks: [task.id],
        from: task.finished_at,
        to: task.died_at,
    }));
}

/**
 * A loop at whose end nothing is left that could go on by itself.
 * @param {Model} model the trace
 * @returns {Object[]} a notice, if it is so
 */
function stalled(model) {
    const last = model.events[model.events.length - 1];
    const machine = model.machine;
    if (last?.event !== "wait_began" || last.timeout !== null || machine.timers.size + machine.jobs.size > 0) {
        return [];
    }
    const state = model.stateAt(model.events.length - 1);
    const waiting = [...state.tasks].filter(([, task]) => task.state === "waiting");
    const hopes = waiting.some(([, task]) => task.what.some((what) => what.read !== undefined || what.write !== undefined));
    if (waiting.length === 0 || hopes) {
        return [];
    }
    const named = waiting.slice(0, 3).map(([id, task]) => `${taskText(model, id)} waits for ${awaitedLabels(model, task.what)}`);
    return [{
        kind: "stalled",
        title: `The loop sleeps, and only another thread could wake it: ${counted(waiting.length, "task")} ${waiting.length === 1 ? "waits" : "wait"}`,
        evidence: `No timer is armed, no source is awaited and no job is under way. ${named.join("; ")}`
            + `${waiting.length > 3 ? `; and ${waiting.length - 3} more` : ""}.`,
        events: [model.events.length - 1],
        tasks: waiting.slice(0, MOST_EVIDENCE).map(([id]) => id),
        from: last.at,
        to: last.at,
    }];
}

/**
 * Tasks that the end of the loop found as they were spawned, or waiting for an unknown wake.
 * @param {Model} model the trace
 * @returns {Object[]} notices
 */
function unfinished(model) {
    // Only those that were dropped with their loop: nobody had asked for their end.
    const left = [...model.tasks.values()].filter((task) => task.aborted && task.abort === null && !task.unknown);
    const unpolled = left.filter((task) => task.polls === 0);
    const waiting = left.filter((task) => task.polls > 0 && task.segments[task.segments.length - 1]?.label === "a wake");
    const tell = (kind, tasks, one, many, evidence) => tasks.length === 0 ? [] : [{
        kind,
        title: tasks.length === 1 ? `${taskText(model, tasks[0].id)} ${one}` : `${tasks.length} tasks ${many}`,
        evidence: `${tasks.slice(0, 3).map((task) => `${taskText(model, task.id)} was spawned at ${placeText(task.place)}`).join("; ")}`
            + `${tasks.length > 3 ? `; and ${tasks.length - 3} more` : ""}. ${evidence}`,
        events: tasks.slice(0, MOST_EVIDENCE).map((task) => task.finished),
        tasks: tasks.slice(0, MOST_EVIDENCE).map((task) => task.id),
        from: tasks[0].born_at,
        to: tasks[0].finished_at,
    }];
    return [
        ...tell("never-polled", unpolled, "never ran", "never ran", "The loop ended before the first poll."),
        ...tell("unfinished", waiting, "never finished", "never finished",
            "When the loop ended, each waited for a wake that had not come: of a channel, perhaps, or a lock."),
    ];
}
