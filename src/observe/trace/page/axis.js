// The axis: which part of a run is in view, and where on the screen a moment lies.
//
// There are two scales. On that of *time*, widths are true. On that of *steps*, each event is as
// wide as any other, so that what happened in no time (as everything but sleep does under
// simulation) can be told apart. A place on either is a number: nanoseconds, or events.
"use strict";

/** What is in view. */
class View {
    /** @param {number} begin the first place @param {number} end the last */
    constructor(begin, end) {
        /** The first and the last place. */
        this.begin = begin;
        this.end = Math.max(end, begin + 1);
        /** The places at the left and right edge. */
        this.from = begin;
        this.to = this.end;
        /** Where the plot begins and how wide it is, in pixels. */
        this.left = 0;
        this.width = 1;
        this.fit();
    }

    /** Shows everything, with a little air on both sides. */
    fit() {
        this.from = this.begin - this.air;
        this.to = this.end + this.air;
    }

    /** @returns {number} the empty places on both sides when everything is in view */
    get air() {
        return (this.end - this.begin) * 0.015;
    }

    /** @returns {boolean} whether everything is in view */
    get whole() {
        return this.from <= this.begin && this.to >= this.end;
    }

    /** @param {number} place @returns {number} its pixel */
    x(place) {
        return this.left + ((place - this.from) / (this.to - this.from)) * this.width;
    }

    /** @param {number} x a pixel @returns {number} its place */
    place(x) {
        return this.from + ((x - this.left) / this.width) * (this.to - this.from);
    }

    /**
     * Zooms by `factor` (below 1: closer) so that the place at pixel `x` stays where it is.
     * @param {number} factor
     * @param {number} x
     */
    zoom(factor, x) {
        const fixed = this.place(x);
        this.show(fixed - (fixed - this.from) * factor, fixed + (this.to - fixed) * factor);
    }

    /** @param {number} pixels how far to move, to the right if positive */
    pan(pixels) {
        const by = (pixels / this.width) * (this.to - this.from);
        this.show(this.from + by, this.to + by);
    }

    /**
     * Shows what lies between two places, within reason.
     * @param {number} from
     * @param {number} to
     */
    show(from, to) {
        const { air, begin } = this;
        const widest = this.end - begin + 2 * air;
        const width = Math.min(Math.max(to - from, Math.min(widest, 20)), widest);
        const middle = (from + to) / 2;
        this.from = Math.min(Math.max(middle - width / 2, begin - air), this.end + air - width);
        this.to = this.from + width;
    }

    /** @param {number} place moves the view, if it must, so that this is in it */
    reveal(place) {
        const width = this.to - this.from;
        if (place >= this.from + width * 0.02 && place <= this.to - width * 0.02) return;
        this.show(place - width * 0.4, place + width * 0.6);
    }

    /**
     * The run has grown; a view of all of it grows with it.
     * @param {number} begin the first place
     * @param {number} end the last
     */
    grow(begin, end) {
        const whole = this.whole;
        const width = this.to - this.from;
        const atEnd = this.to >= this.end;
        this.begin = begin;
        this.end = Math.max(end, begin + 1);
        if (whole) this.fit();
        else if (atEnd) this.show(this.end - width * 0.98, this.end + width * 0.02);
    }
}

/**
 * Round places for marks, about `spacing` pixels apart, with their words.
 * @param {View} view
 * @param {boolean} steps whether places are events
 * @param {number} spacing
 * @returns {{place: number, text: string}[]}
 */
function ticksOf(view, steps, spacing) {
    const wanted = ((view.to - view.from) / view.width) * spacing;
    const step = steps ? decimalStep(wanted) : roundStep(wanted);
    const ticks = [];
    for (let n = Math.max(Math.ceil(view.from / step), 0); n * step <= Math.min(view.to, view.end + view.air); n += 1) {
        ticks.push({ place: n * step, text: steps ? `${numberText(n * step)}` : tickText(n * step, step) });
    }
    return ticks;
}

/**
 * The least of 1, 2, 5, 10, 20, ... that is not less than `least`.
 * @param {number} least
 * @returns {number}
 */
function decimalStep(least) {
    const power = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
    return [1, 2, 5, 10].map((n) => n * power).find((n) => n >= least);
}

/** The steps between a second and a day: those of a clock. */
const CLOCK_STEPS = [
    ...[1, 2, 5, 10, 15, 30].map((n) => n * 1e9),
    ...[1, 2, 5, 10, 15, 30].map((n) => n * 60e9),
    ...[1, 2, 3, 6, 12].map((n) => n * 3600e9),
];

/**
 * The least step of time that is easy to read and not shorter than `least`.
 * @param {number} least
 * @returns {number}
 */
function roundStep(least) {
    if (least <= 5e8) return decimalStep(least);
    return CLOCK_STEPS.find((step) => step >= least) ?? decimalStep(least / 86400e9) * 86400e9;
}

/**
 * A mark of the axis: in the unit of its step and the next one, or with as many digits as tell it
 * from its neighbours.
 * @param {number} at
 * @param {number} step
 * @returns {string}
 */
function tickText(at, step) {
    if (at === 0) return "0";
    const lower = CLOCK.findLastIndex(([, size]) => step >= size);
    if (lower >= 0) return onTheClock(at / CLOCK[lower][1], lower, 2 * step === CLOCK[lower + 1]?.[1]);
    const [unit, size] = DECIMAL.find(([, size]) => at >= size && step * 1000 >= size);
    return `${Number((at / size).toFixed(9))} ${unit}`;
}

/** A row of the lanes: somebody, and what that did when. */
class Lane {
    /**
     * @param {Run} run
     * @param {"loop"|"task"|"queue"|"worker"|"title"} kind
     * @param {string} key names it in its run, as the model does: "task/3"
     * @param {string} title
     * @param {string} note in small print: its place
     * @param {number} full its height in pixels where there is room
     */
    constructor(run, kind, key, title, note, full) {
        Object.assign(this, { run, kind, key, title, note, full, height: full, top: 0 });
        /** The task's number. */
        this.task = kind === "task" ? Number(key.slice(5)) : null;
        /** The pool whose queue it is. */
        this.pool = kind === "queue" ? Number(key.slice(6)) : null;
        /** What it did, in order, without overlaps: the model's own list, which grows with it. */
        this.segments = kind === "title" ? [] : run.model.lane(key);
    }

    /** @returns {number} the event after which nothing follows in this lane */
    get lastEvent() {
        return (this.kind === "task" ? this.run.model.tasks.get(this.task)?.finished : null) ?? this.run.last;
    }

    /**
     * How its task ended, if it was not done: what the cross is called in the legend, and what it says.
     * @returns {{kind: "panicked"|"aborted", text: string, event: number, at: number}|null}
     */
    get end() {
        const task = this.kind === "task" ? this.run.model.tasks.get(this.task) : undefined;
        const text = endText(task);
        if (text === "") return null;
        return { kind: task.panicked ? "panicked" : "aborted", text, event: task.finished, at: task.finished_at };
    }

    /** @returns {boolean} whether its segments begin at moments at which no event may have happened */
    get isByTime() {
        // What workers do is told by messages, which a busy loop reads late.
        return this.kind === "worker" || this.kind === "queue";
    }

    /** @param {number} i @param {boolean} steps @returns {number} where segment `i` begins */
    from(i, steps) {
        const segment = this.segments[i];
        if (!steps) return segment.from;
        return this.isByTime ? this.run.model.eventAtTime(segment.from) : segment.event;
    }

    /** @param {Object} segment @returns {number} when it ends; what lasts goes on while the loop is silent */
    endOf(segment) {
        return segment.open ? segment.to + this.run.silence : segment.to;
    }

    /** @param {number} i @param {boolean} steps @returns {number} where segment `i` ends */
    to(i, steps) {
        const segment = this.segments[i];
        if (!steps) return this.endOf(segment);
        if (this.isByTime) return this.run.model.eventAtTime(segment.to);
        return this.segments[i + 1]?.event ?? Math.max(this.lastEvent, segment.event);
    }

    /** @param {number} i @param {boolean} steps @returns {number|null} where the timer was due, if it came late */
    due(i, steps) {
        const segment = this.segments[i];
        if (segment.kind !== "waiting" || lateness(segment, this.endOf(segment)) === 0) return null;
        const due = Math.max(segment.due, segment.from);
        return steps ? Math.max(this.run.model.eventAtTime(due), segment.event) : due;
    }
}
