// A run: a trace with its model, and where in it the cursor stands. And how traces come in: out of
// the page itself, out of a `.jsonl`, or out of another replay page.
"use strict";

/** Text beyond this is not read as a whole: its last part is. */
const MOST_TEXT = 200e6;

/** The beginnings of the places of `page.html` that are filled with traces. */
const PLACES = ["trace", "trace-b"];

/** A trace, as the page looks at it. */
class Run {
    /**
     * @param {Trace} trace
     * @param {string} title
     * @param {string[]} remarks what was left out
     */
    constructor(trace, title, remarks) {
        Object.assign(this, { trace, title, remarks });
        /** "A" or "B" while two runs are compared. */
        this.letter = "";
        /** How long a live loop has said nothing since its last event, in nanoseconds. */
        this.silence = 0;
        this.model = new Model(trace);
        /** The event at the cursor. */
        this.index = this.model.first;
    }

    /** @returns {string} its title, with its letter */
    get label() {
        return this.letter === "" ? this.title : `${this.letter}  ${this.title}`;
    }

    /** @returns {number} the last event */
    get last() {
        return Math.max(this.trace.events.length - 1, 0);
    }

    /** @returns {Object|undefined} the event at the cursor */
    get event() {
        return this.trace.events[this.index];
    }

    /** @returns {number} the time of that event */
    get at() {
        return this.event?.at ?? 0;
    }

    /** @returns {string} the lane to which the event at the cursor belongs */
    eventLane() {
        return laneOfEvent(this.event);
    }

    /** @returns {{first: number, last: number}} the events of the same moment */
    moment() {
        const { events } = this.trace;
        const { at } = this;
        const first = firstPlace(events.length, (i) => i >= this.model.first && events[i].at >= at);
        return { first, last: this.model.eventAtTime(at) };
    }
}

/**
 * The lane to which an event belongs: that of its task, or the loop's.
 * @param {Object|undefined} event
 * @returns {string}
 */
function laneOfEvent(event) {
    const task = event?.task ?? event?.by?.task;
    return task === undefined ? "loop" : `task/${task}`;
}

/**
 * Reads a trace.
 * @param {string} text lines of JSON, or a replay page
 * @param {string} name of the file
 * @returns {Run}
 * @throws {TraceError}
 */
function readRun(text, name) {
    const remarks = [];
    const lines = shortened(/^\s*</.test(text.slice(0, 200)) ? textInPage(text) : text, remarks);
    const trace = parseTrace(lines);
    if (trace.header.dropped > 0) {
        remarks.push(
            `The ${numberText(trace.header.dropped)} oldest events were dropped while it ran, to keep within its memory.`,
        );
    }
    if (trace.left_out > 0)
        remarks.push(
            `${numberText(trace.left_out)} later events were left out here: the page takes ${numberText(MOST_EVENTS)}.`,
        );
    if (trace.cut) remarks.push("The last line is cut off: the program was ended while it wrote.");
    if (trace.unknown > 0) remarks.push(`${counted(trace.unknown, "event")} of a later version were passed over.`);
    const program = harmless(trace.header.program, LONGEST_NAME) || harmless(name, LONGEST_NAME) || "a program";
    return new Run(trace, trace.header.loop > 1 ? `${program}, loop ${trace.header.loop}` : program, remarks);
}

/**
 * The trace inside a replay page. Its text is cut out, not parsed as a page.
 * @param {string} page
 * @returns {string}
 */
function textInPage(page) {
    // Written so that this script can stand in a page itself.
    const opening = '\x3cscript type="text/plain" id="trace">';
    const from = page.indexOf(opening);
    const to = page.indexOf("\x3c/script>", from);
    if (from < 0 || to < 0) throw new TraceError("this page holds no trace", null);
    return page.slice(from + opening.length, to).trim();
}

/**
 * A text that is not too long: the header and the last part.
 * @param {string} text
 * @param {string[]} remarks is told what is left out
 * @returns {string}
 */
function shortened(text, remarks) {
    let from = text.length > MOST_TEXT ? text.indexOf("\n", text.length - MOST_TEXT) + 1 : 0;
    let lines = 0;
    for (let at = text.length - 1; at > from; at = text.lastIndexOf("\n", at - 1)) {
        if (at < 0) break;
        lines += 1;
        if (lines > MOST_EVENTS) {
            from = at + 1;
            break;
        }
    }
    if (from === 0) return text;
    const head = text.indexOf("\n") + 1;
    if (from <= head) return text;
    remarks.push(
        `The first ${(from / 1e6).toFixed(0)} MB of the file are left out here: the page shows its last ${numberText(Math.min(lines, MOST_EVENTS))} events.`,
    );
    return text.slice(0, head).replace(/"past":\s*\d+/, '"past":0') + text.slice(from);
}

/**
 * The text of a trace that the page was made with; empty if there is none.
 * @param {string} id one of `PLACES`
 * @returns {string}
 */
function embedded(id) {
    const text = byId(id)?.textContent.trim() ?? "";
    return text.startsWith("/*") ? "" : text;
}
