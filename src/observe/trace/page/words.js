// Words: events, things and times as English text.
//
// `describeEvent` says the same sentences as `words.rs`, with the names of tasks: one test holds
// both against each other. The labels of the lanes are made here too, and every name that a program
// chose is made harmless (`quoted`): what could hide or reorder the text around it is written as an
// escape. It is text all the same, never markup: the page puts it into text nodes only.

"use strict";

/** The shortest wait in a queue, and the least lateness of a timer, that is shown: 5 ms. */
const NOTICEABLE = 5000000;

/** The least lateness, as a share of the wait. */
const LATE_SHARE = 0.02;

/** Characters of a name that are shown. */
const SHOWN = 60;

/** Awaited things that a label names. */
const NAMED = 2;

/**
 * A length of time as Rust's `Duration` shows it, without the digits that nobody reads:
 * microseconds are enough, but for what is shorter than one.
 * @param {number} nanos nanoseconds
 * @returns {string} as "37.123ms"
 */
function spanText(nanos) {
    const rounded = nanos < 1000 ? nanos : Math.floor(nanos / 1000) * 1000;
    for (const [unit, size] of [["s", 1e9], ["ms", 1e6], ["µs", 1e3]]) {
        if (rounded >= size) {
            const whole = Math.floor(rounded / size);
            const rest = String(rounded - whole * size).padStart(String(size).length - 1, "0");
            const digits = rest.replace(/0+$/, "");
            return `${whole}${digits === "" ? "" : `.${digits}`}${unit}`;
        }
    }
    return `${rounded}ns`;
}

/** The units of a clock, in nanoseconds. */
const CLOCK = [["s", 1e9], ["min", 60e9], ["h", 3600e9], ["d", 86400e9]];

/** Those of what is shorter. */
const DECIMAL = [["s", 1e9], ["ms", 1e6], ["µs", 1e3], ["ns", 1]];

/**
 * A length of time as one says it: three digits, and from a minute on as clocks do.
 * @param {number} nanos nanoseconds
 * @returns {string} as "300 ms", "1 min 40 s", "2.5 h"
 */
function humanSpan(nanos) {
    // 999.96 ms are a second: rounding decides the unit.
    const reaches = ([, size]) => nanos >= size * 0.9995;
    const upper = CLOCK.findLastIndex(reaches);
    if (upper > 0) {
        return onTheClock(Math.round(nanos / CLOCK[upper - 1][1]), upper - 1, true);
    }
    const [unit, size] = DECIMAL.find(reaches) ?? ["ns", 1];
    return `${size === 1 ? Math.round(nanos) : Number((nanos / size).toPrecision(3))} ${unit}`;
}

/**
 * Some of a unit of the clock.
 * @param {number} count how many
 * @param {number} lower which unit of `CLOCK`
 * @param {boolean} halves whether one unit and a half may be said so: "1.5 min"
 * @returns {string} as "59 s", "1 min", "1 min 40 s"
 */
function onTheClock(count, lower, halves) {
    const [unit, size] = CLOCK[lower];
    if (lower === CLOCK.length - 1) {
        return `${count} ${unit}`;
    }
    const [upper, upperSize] = CLOCK[lower + 1];
    const ratio = upperSize / size;
    const [whole, rest] = [Math.floor(count / ratio), count % ratio];
    if (whole === 0 || rest === 0) {
        return whole === 0 ? `${rest} ${unit}` : `${whole} ${upper}`;
    }
    return halves && 2 * rest === ratio ? `${whole}.5 ${upper}` : `${whole} ${upper} ${rest} ${unit}`;
}

/**
 * A moment after the loop was built.
 * @param {number} nanos nanoseconds
 * @returns {string} as "120.041 ms"
 */
function stampText(nanos) {
    const micros = Math.floor(nanos / 1000);
    const whole = Math.floor(micros / 1000);
    return `${whole}.${String(micros - whole * 1000).padStart(3, "0")} ms`;
}

/**
 * Some things: "1 poll", "2 polls".
 * @param {number} count how many
 * @param {string} word what
 * @returns {string} the text
 */
function counted(count, word) {
    return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/**
 * Text on one line, in characters that print.
 * @param {string} text any text
 * @returns {string} harmless text
 */
function escaped(text) {
    const special = { "\t": "\\t", "\r": "\\r", "\n": "\\n", "\0": "\\0", "\\": "\\\\", "`": "\\`" };
    const odd = /[\p{C}\p{Zl}\p{Zp}\p{Grapheme_Extend}\\`]|(?! )\p{Zs}/gu;
    return text.replace(odd, (found) => special[found] ?? `\\u{${found.codePointAt(0).toString(16)}}`);
}

/**
 * A name that somebody chose, in quotes, without the end if it is very long.
 * @param {string} name the name
 * @returns {string} as "`fetch`"
 */
function quoted(name) {
    // A character has two units at most, so this is enough to see whether there are more.
    const characters = Array.from(name.slice(0, 2 * SHOWN + 2));
    const more = characters.length > SHOWN;
    return `\`${escaped(characters.slice(0, SHOWN).join(""))}${more ? "..." : ""}\``;
}

/**
 * A place in a program.
 * @param {string} place file, line and column
 * @returns {string} harmless text
 */
function placeText(place) {
    return escaped(place.slice(0, 400));
}

/**
 * A task with its name.
 * @param {Model} model the trace
 * @param {number} id the task
 * @returns {string} as "task 7 `fetch`"
 */
function taskText(model, id) {
    const name = model.tasks.get(id)?.name ?? "";
    return name === "" ? `task ${id}` : `task ${id} ${quoted(name)}`;
}

/**
 * A source with its kind.
 * @param {Model} model the trace
 * @param {number} id the source
 * @returns {string} as "source 3 (TcpStream)"
 */
function sourceText(model, id) {
    const kind = model.sources.get(id)?.kind ?? "";
    return kind === "" ? `source ${id}` : `source ${id} (${escaped(kind.slice(0, SHOWN))})`;
}

/**
 * Who caused something.
 * @param {Model} model the trace
 * @param {*} by the cause
 * @returns {string} as "timer 3"
 */
function causeText(model, by) {
    if (by === "program") {
        return "the program";
    }
    if (by?.thread === 0) {
        return "the loop's own thread";
    }
    const kind = CAUSES.find((name) => by?.[name] !== undefined);
    if (kind === "task") {
        return taskText(model, by.task);
    }
    if (kind === "thread" && by.thread === 0) {
        return "the loop's own thread";
    }
    return kind === undefined ? "somebody" : `${kind} ${by[kind]}`;
}

/**
 * What is awaited, as a sentence names it.
 * @param {Model} model the trace
 * @param {Object} what something awaited
 * @returns {string} as "a read of source 3"
 */
function awaitedText(model, what) {
    if (what.task !== undefined) {
        return taskText(model, what.task);
    }
    if (what.read !== undefined) {
        return `a read of source ${what.read}`;
    }
    if (what.write !== undefined) {
        return `a write of source ${what.write}`;
    }
    return what.timer !== undefined ? `timer ${what.timer}` : `job ${what.job}`;
}

/**
 * What is awaited, as the label of a lane.
 * @param {Model} model the trace
 * @param {Object} what something awaited
 * @returns {string} as "sleep 300 ms"
 */
function awaitedLabel(model, what) {
    if (what.timer !== undefined) {
        const timer = model.timers.get(what.timer);
        return timer === undefined ? `timer ${what.timer}` : `sleep ${humanSpan(Math.max(0, timer.deadline - timer.at))}`;
    }
    const source = what.read ?? what.write;
    if (source !== undefined) {
        const kind = model.sources.get(source)?.kind ?? "";
        const noun = /^(Tcp|Udp|Unix)/.test(kind) ? "socket" : "source";
        const type = kind === "" ? "" : ` (${escaped(kind.slice(0, SHOWN))})`;
        return `${what.read !== undefined ? "read" : "write"}, ${noun} ${source}${type}`;
    }
    return what.task !== undefined ? taskText(model, what.task) : `job ${what.job}`;
}

/**
 * All that a task awaits, as the label of its lane.
 * @param {Model} model the trace
 * @param {Object[]} what the first of them
 * @param {number} [count] how many there are
 * @returns {string} as "read, socket 3 (TcpStream) or sleep 5 s"
 */
function awaitedLabels(model, what, count = what.length) {
    if (count === 0) {
        return "a wake";
    }
    const named = what.slice(0, NAMED).map((one) => awaitedLabel(model, one));
    const more = count - named.length;
    return named.join(" or ") + (more > 0 ? ` or ${more} more` : "");
}

/**
 * By how much the timer came late for which a task waited.
 * @param {Object} segment a segment of the task
 * @param {number} [to] when it ends
 * @returns {number} nanoseconds; 0 if that is too little to be seen
 */
function lateness(segment, to = segment.to) {
    const late = to - Math.max(segment.due ?? to, segment.from);
    return late >= NOTICEABLE && late >= (to - segment.from) * LATE_SHARE ? late : 0;
}

/**
 * For what a task waited, and how late that came.
 * @param {Object} segment a segment of the task
 * @param {number} [to] when it ends
 * @returns {string} as "sleep 300 ms, 800 ms late"
 */
function waitLabel(segment, to = segment.to) {
    const late = lateness(segment, to);
    return late > 0 ? `${segment.label}, ${humanSpan(late)} late` : segment.label;
}

/**
 * How a task ended that was not done, as the rest of a sentence. Nobody asked for the end of one
 * that is dropped with its loop; of a task whose birth was not told, that may not have been told either.
 * @param {Object|undefined} task its record
 * @returns {string} the text; empty if the task was done, or lives
 */
function endText(task) {
    if (task?.panicked) {
        return "panicked";
    }
    if (!task?.aborted) {
        return "";
    }
    return task.abort === null && !task.unknown ? "was dropped with its loop" : "was aborted";
}

/**
 * Why a wait ends.
 * @param {*} reason the reason of the event
 * @returns {string} as "2 tasks are ready"
 */
function reasonText(reason) {
    if (typeof reason === "object") {
        const tasks = reason.tasks_ready;
        return tasks === 1 ? "a task is ready" : `${tasks ?? "some"} tasks are ready`;
    }
    switch (reason) {
        case "mail_waits": return "a message has come";
        case "timer_due": return "then the timer wheel is due";
        case "caller_limit": return "the caller of `turn` allows no more";
        case "spin": return "it looks for work before it parks";
        case "nothing": return "no task is ready and no timer is armed";
        default: return "for a reason that this page does not know";
    }
}

/**
 * An event in words.
 * @param {Model} model the trace
 * @param {number} index the event
 * @returns {string} one sentence
 */
function describeEvent(model, index) {
    const event = model.events[index];
    if (event === undefined) {
        return "nothing has happened yet";
    }
    const tell = SENTENCES.get(event.event);
    return tell(event, {
        task: (id) => taskText(model, id),
        by: (by) => ` by ${causeText(model, by)}`,
        what: (what) => awaitedText(model, what),
    });
}

/** The sentence of each event. */
const SENTENCES = new Map(Object.entries({
    loop_built({ simulated, seed, seed_digits }) {
        const how = seed === null ? ", simulated" : `, simulated with seed ${seed_digits ?? seed}`;
        return `the loop is built${simulated ? how : ""}`;
    },
    loop_dropped: () => "the loop is dropped",
    turn_began: ({ turn }) => `turn ${turn}`,
    turn_ended: ({ turn, polls }) => `turn ${turn} is over: ${counted(polls, "poll")}`,
    mail_taken: ({ messages }) =>
        `${counted(messages, "message")} ${messages === 1 ? "is" : "are"} taken from the inbox`,
    spawned: ({ task, by, place, name }, say) =>
        `task ${task}${name === "" ? "" : ` ${quoted(name)}`} is spawned${say.by(by)} at ${placeText(place)}`,
    woken: ({ task, by }, say) => `${say.task(task)} is woken${say.by(by)}`,
    wake_ignored: ({ task, by }, say) => `${say.task(task)} is woken${say.by(by)} in vain`,
    awaits: ({ what, by }, say) => `${say.what(what)} is awaited${say.by(by)}`,
    poll_began: ({ task }, say) => `${say.task(task)} is polled`,
    poll_ended: ({ task, outcome }, say) =>
        `${say.task(task)} ${{ pending: "waits", ready: "is done", panicked: "panicked" }[outcome]}`,
    abort_requested: ({ task, by }, say) => `${say.task(task)} is to be aborted, as asked${say.by(by)}`,
    aborted: ({ task }, say) => `${say.task(task)} is aborted: its future is dropped`,
    dropped: ({ task, joined }, say) => `${say.task(task)} is gone${joined ? ", its output taken" : ""}`,
    wait_began({ timeout, reason }) {
        if (timeout === null) {
            return `the loop sleeps until it is woken: ${reasonText(reason)}`;
        }
        const how = timeout === 0 ? "looks, without a sleep" : `sleeps, ${spanText(timeout)} at most`;
        return `the loop ${how}: ${reasonText(reason)}`;
    },
    wait_ended: ({ sources }) => sources === 0 ? "no source is ready"
        : `${counted(sources, "source")} ${sources === 1 ? "is" : "are"} ready`,
    source_added: ({ source, by, kind }, say) =>
        `source ${source}, a ${escaped(kind.slice(0, SHOWN))}, is registered${say.by(by)}`,
    source_ready: ({ source, readable, writable }) => `source ${source} is ${readyText(readable, writable)}`,
    source_removed: ({ source }) => `source ${source} is taken out`,
    timer_armed: ({ timer, by, deadline, level, slot }, say) =>
        `timer ${timer} is armed${say.by(by)} for ${stampText(deadline)} (level ${level}, slot ${slot})`,
    timer_cascaded: ({ timer, level, slot }) => `timer ${timer} moves to level ${level}, slot ${slot}`,
    timer_fired: ({ timer, late }) => `timer ${timer} fires, ${spanText(late)} after its tick`,
    timer_cancelled: ({ timer }) => `timer ${timer} is cancelled`,
    job_queued: ({ job, pool, by, place }, say) =>
        `job ${job} is given to pool ${pool}${say.by(by)} at ${placeText(place)}`,
    job_started: ({ job, worker, when }) => `job ${job} began on worker ${worker} at ${stampText(when)}`,
    job_finished: ({ job, worker, when, panicked }) =>
        `job ${job} ${panicked ? "panicked" : "was done"} on worker ${worker} at ${stampText(when)}`,
    worker_started: ({ worker, pool, thread, max_workers, when }) =>
        `worker ${worker} of pool ${pool} began at ${stampText(when)}, as thread ${thread}, of ${max_workers} at most`,
    worker_stopped: ({ worker, pool, when }) => `worker ${worker} of pool ${pool} ended at ${stampText(when)}`,
}));

/**
 * What a source is ready for.
 * @param {boolean} readable a read will not block
 * @param {boolean} writable a write will not block
 * @returns {string} as "readable and writable"
 */
function readyText(readable, writable) {
    if (readable && writable) {
        return "readable and writable";
    }
    return readable ? "readable" : writable ? "writable" : "ready for nothing";
}
