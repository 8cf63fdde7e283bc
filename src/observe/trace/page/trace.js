// A trace: the text of a run, read and checked.
//
// The text is lines of JSON (`schema.rs` documents them, version 1): a header, then a line an
// event. Here it becomes plain objects, exactly as in the schema. Whoever reads a trace may have it
// from anybody, so every field that the page uses is checked here, once, and nowhere else.
//
// * What cannot be right is a `TraceError` that says what is wrong and in which line.
// * What this version does not know (events, fields, kinds of awaited things) is passed over.
// * A last line that was cut off is passed over; `trace.cut` tells of it.
// * Numbers are only numbers: no field, however large, makes anybody take memory or time.
//
// Cost: one pass, about 2 us an event.

"use strict";

/** The version of the schema that is understood. */
const TRACE_VERSION = 1;

/** Events that are read; what follows is left out, and `trace.left_out` counts it. */
const MOST_EVENTS = 1000000;

/** The fields of each event that must be there, and what each has to be. */
const EVENT_FIELDS = new Map(Object.entries({
    loop_built: { simulated: "flag", seed: "time?", polls_per_turn: "number", max_blocking_threads: "number" },
    loop_dropped: {},
    turn_began: { turn: "number" },
    turn_ended: { turn: "number", polls: "number" },
    mail_taken: { messages: "number" },
    spawned: { task: "number", by: "cause", place: "text", name: "text" },
    woken: { task: "number", by: "cause" },
    wake_ignored: { task: "number", by: "cause" },
    awaits: { what: "awaited", by: "cause" },
    poll_began: { task: "number" },
    poll_ended: { task: "number", outcome: "text" },
    abort_requested: { task: "number", by: "cause" },
    aborted: { task: "number" },
    dropped: { task: "number", joined: "flag" },
    wait_began: { timeout: "time?", reason: "reason" },
    wait_ended: { sources: "number" },
    source_added: { source: "number", by: "cause", kind: "text" },
    source_ready: { source: "number", readable: "flag", writable: "flag" },
    source_removed: { source: "number" },
    timer_armed: { timer: "number", by: "cause", deadline: "time", level: "level", slot: "slot" },
    timer_cascaded: { timer: "number", level: "level", slot: "slot" },
    timer_fired: { timer: "number", late: "time" },
    timer_cancelled: { timer: "number" },
    job_queued: { job: "number", pool: "number", by: "cause", place: "text" },
    job_started: { job: "number", worker: "number", when: "time" },
    job_finished: { job: "number", worker: "number", when: "time", panicked: "flag" },
    worker_started: {
        worker: "number", pool: "number", thread: "number", max_workers: "number", when: "time",
    },
    worker_stopped: { worker: "number", pool: "number", when: "time" },
}).map(([name, fields]) => [name, { name, fields: Object.entries(fields) }]));

/** The kinds of a cause, and of what is awaited. */
const CAUSES = ["task", "source", "timer", "thread"];
const AWAITED = ["timer", "read", "write", "task", "job"];

/** What each field has to be: a check, and how to say it. */
const CHECKS = {
    "number": [(value) => Number.isSafeInteger(value) && value >= 0, "a whole number"],
    "time": [(value) => Number.isFinite(value) && value >= 0, "a number from 0"],
    "time?": [(value) => value === null || (Number.isFinite(value) && value >= 0), "a number from 0, or null"],
    "text": [(value) => typeof value === "string", "a string"],
    "flag": [(value) => typeof value === "boolean", "true or false"],
    "level": [(value) => Number.isInteger(value) && value >= 0 && value < 11, "a level from 0 to 10"],
    "slot": [(value) => Number.isInteger(value) && value >= 0 && value < 64, "a slot from 0 to 63"],
    "cause": [(value) => isTagged(value, CAUSES), "a cause"],
    "awaited": [(value) => isTagged(value, AWAITED), "something awaited"],
    "reason": [(value) => isTagged(value, ["tasks_ready"]), "a reason"],
};

/** A trace that cannot be read. Its message is for the person who opened it. */
class TraceError extends Error {
    /**
     * @param {string} message what is wrong
     * @param {number|null} line in which line, from 1; null if it was not read from text
     */
    constructor(message, line) {
        super(line === null ? message : `line ${line}: ${message}`);
        this.name = "TraceError";
        this.line = line;
    }
}

/** What happened in one loop. */
class Trace {
    /** @param {Object} header the first line, as an object */
    constructor(header) {
        /** The header, with what an older one leaves out. */
        this.header = checkedHeader(header);
        /** The events, as in the schema. @type {Object[]} */
        this.events = [];
        /** The last line was cut off. */
        this.cut = false;
        /** Events that came after the most that are kept. */
        this.left_out = 0;
        /** Events that this version does not know. */
        this.unknown = 0;
    }

    /**
     * Takes in one more event: for the live page, line by line.
     * @param {Object} line the line as an object
     * @param {number|null} [number] its number in the text, for messages
     * @returns {boolean} whether it was kept
     * @throws {TraceError} if it cannot be right
     */
    push(line, number = null) {
        if (typeof line !== "object" || line === null || Array.isArray(line)) {
            throw new TraceError("an event should be an object", number);
        }
        const known = EVENT_FIELDS.get(line.event);
        if (known === undefined) {
            if (typeof line.event !== "string") {
                throw new TraceError("the object has no field `event` with a name", number);
            }
            this.unknown += 1;
            return false;
        }
        if (!checkFields(line, known, number)) {
            this.unknown += 1;
            return false;
        }
        const last = this.events[this.events.length - 1];
        // Only what is told again of the time before may be in any order.
        if (last !== undefined && line.at < last.at && this.events.length > this.header.past) {
            throw new TraceError(`time goes back, from ${last.at} to ${line.at}`, number);
        }
        if (this.events.length >= MOST_EVENTS) {
            this.left_out += 1;
            return false;
        }
        // One string for all events of a kind: comparisons are of pointers then.
        line.event = known.name;
        this.events.push(line);
        return true;
    }
}

/**
 * Reads a trace.
 * @param {string} text lines of JSON
 * @returns {Trace} the trace
 * @throws {TraceError} if it cannot be right
 */
function parseTrace(text) {
    let trace = null;
    let number = 0;
    let begin = text.charCodeAt(0) === 0xfeff ? 1 : 0;
    while (begin < text.length) {
        const newline = text.indexOf("\n", begin);
        const end = newline < 0 ? text.length : newline;
        const line = text.slice(begin, end);
        begin = end + 1;
        number += 1;
        if (line.trim() === "") {
            continue;
        }
        // The last line of a program that was killed may be half a line.
        const parsed = parseLine(line, number, newline < 0 && trace !== null);
        if (parsed === undefined) {
            trace.cut = true;
        } else if (trace === null) {
            trace = new Trace(parsed);
        } else {
            trace.push(parsed, number);
            noteSeed(parsed, line);
        }
    }
    if (trace === null) {
        throw new TraceError("there is nothing in it: a trace begins with a header", 1);
    }
    trace.header.past = Math.min(trace.header.past, trace.events.length);
    return trace;
}

/**
 * One line as a value; undefined if it is no JSON and may be cut off.
 * @param {string} line the text
 * @param {number} number its number
 * @param {boolean} may_be_cut whether it may be half a line
 * @returns {*} the value
 */
function parseLine(line, number, may_be_cut) {
    try {
        return JSON.parse(line);
    } catch {
        if (may_be_cut) {
            return undefined;
        }
        throw new TraceError("this is not JSON", number);
    }
}

/**
 * The header, checked, with all its fields.
 * @param {*} header the first line
 * @returns {Object} the header
 */
function checkedHeader(header) {
    if (typeof header !== "object" || header === null || header.boucle !== "trace") {
        throw new TraceError("this is no trace: its first line is not a header of boucle's", 1);
    }
    if (header.version !== TRACE_VERSION) {
        const version = header.version === undefined ? "none" : shown(header.version);
        throw new TraceError(`the trace has version ${version}, and this page reads version ${TRACE_VERSION}`, 1);
    }
    const count = (value, otherwise) => Number.isSafeInteger(value) && value >= 0 ? value : otherwise;
    return {
        boucle: "trace",
        version: header.version,
        program: typeof header.program === "string" ? header.program : "",
        loop: count(header.loop, 1),
        events: count(header.events, 0),
        dropped: count(header.dropped, 0),
        past: count(header.past, 0),
    };
}

/**
 * Checks an event; false if it speaks of a kind that is not known.
 * @param {Object} line the event
 * @param {{name: string, fields: string[][]}} known what it must hold
 * @param {number|null} number the number of its line
 * @returns {boolean} whether it is understood
 */
function checkFields(line, known, number) {
    const fail = (field, should) => {
        const found = Object.hasOwn(line, field) ? shown(line[field]) : "missing";
        throw new TraceError(`\`${field}\` of \`${known.name}\` should be ${should}, and is ${found}`, number);
    };
    if (!CHECKS.time[0](line.at)) {
        fail("at", CHECKS.time[1]);
    }
    for (const [field, kind] of known.fields) {
        const [holds, should] = CHECKS[kind];
        if (!Object.hasOwn(line, field) || !holds(line[field])) {
            fail(field, should);
        }
    }
    if (known.name === "awaits") {
        return AWAITED.some((kind) => Object.hasOwn(line.what, kind));
    }
    if (known.name === "poll_ended") {
        return ["pending", "ready", "panicked"].includes(line.outcome);
    }
    return true;
}

/**
 * A value in a message: short, however long or deep it is.
 * @param {*} value the value
 * @returns {string} as "\"x\""
 */
function shown(value) {
    if (typeof value === "object" && value !== null) {
        return Array.isArray(value) ? "a list" : "an object";
    }
    const text = JSON.stringify(typeof value === "string" ? value.slice(0, 30) : value);
    return text.replace(/[^ -~]/gu, "?");
}

/**
 * Whether a value is a word, or an object with a number under a known name or under none.
 * @param {*} value the value
 * @param {string[]} kinds the names
 * @returns {boolean} whether it is
 */
function isTagged(value, kinds) {
    if (typeof value === "string") {
        return kinds !== AWAITED;
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
        return false;
    }
    const kind = kinds.find((name) => Object.hasOwn(value, name));
    return kind === undefined || (Number.isSafeInteger(value[kind]) && value[kind] >= 0);
}

/**
 * Keeps the digits of a seed that is too large for a number of JavaScript.
 * @param {Object} event the event
 * @param {string} line its text
 */
function noteSeed(event, line) {
    if (event.event === "loop_built" && event.seed > Number.MAX_SAFE_INTEGER) {
        event.seed_digits = /"seed"\s*:\s*(\d{1,20})/.exec(line)?.[1];
    }
}
