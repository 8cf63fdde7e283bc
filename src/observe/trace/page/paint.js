// How a lane is drawn: colors, patterns, the bars of its segments.
//
// What is told by color is told by a pattern too: what runs is solid, what is queued is hatched,
// what waits is light and says for what, sleep is dotted, the loop's own work is striped. Where a
// timer was due and did not come, the rest of the wait is hatched the other way.
//
// Words come last, above the arrows of wakes: bars only gather them.
//
// Cost: a lane costs what its pixels cost, not what its segments do. Segments narrower than a pixel
// share a column, and the next column's first segment is found by bisection.
"use strict";

/** Kinds of segments that are drawn over the others and never narrower than `LEAST_WIDTH`. */
const SOLID = new Set(["running", "polling", "job"]);
const LEAST_WIDTH = 3;

/** Solid segments narrower than a pixel that are nearer to each other than this are a crowd. */
const CROWDED = 4;

/** How many segments of one column are looked at. */
const LOOKED_AT = 50;

/** The height of words with their ground, in pixels. */
const WORDS = 15;

/** The fonts of the lanes. */
const FONT = '12px system-ui, "Segoe UI", "Helvetica Neue", "DejaVu Sans", sans-serif';
const BOLD = FONT.replace("12px", "600 12px");
const SMALL = FONT.replace("12px", "11px");

/** Colors and patterns of the present theme, taken from the style sheet. */
class Palette {
    /** @param {CanvasRenderingContext2D} context */
    constructor(context) {
        const style = getComputedStyle(document.documentElement);
        const color = (name) => style.getPropertyValue(`--${name}`).trim() || "gray";
        /** Plain colors by their name in the style sheet. */
        this.color = color;
        /** What each kind of segment is filled with. */
        this.fill = {
            running: color("running"),
            polling: color("polling"),
            job: color("job"),
            queued: pattern(context, color("queued-back"), color("queued"), "hatch"),
            sleeping: pattern(context, color("sleeping-back"), color("sleeping"), "dots"),
            dispatching: pattern(context, color("dispatching-back"), color("dispatching"), "stripes"),
            outside: color("outside"),
            timer: color("wait-timer"),
            io: color("wait-io"),
            job_wait: color("wait-job"),
            backlog: pattern(context, color("queued-back"), color("queued"), "hatch"),
            late: pattern(context, color("late-back"), color("late"), "back-hatch"),
            task: color("wait-task"),
            waiting: color("wait-other"),
        };
        /** What is behind the words on what has a pattern. */
        this.behind = {
            queued: color("queued-back"),
            backlog: color("queued-back"),
            sleeping: color("sleeping-back"),
            dispatching: color("dispatching-back"),
            late: color("late-back"),
        };
        this.onSolid = color("on-solid");
        this.text = color("text");
        this.soft = color("soft");
    }

    /** @param {Object} segment @returns {string|CanvasPattern} */
    of(segment) {
        return this.fill[segment.kind === "waiting" ? waitKind(segment.what) : segment.kind] ?? this.fill.waiting;
    }
}

/**
 * What sort of thing a task waits for.
 * @param {Object[]} what
 * @returns {"timer"|"io"|"job_wait"|"task"|"waiting"}
 */
function waitKind(what) {
    const first = what?.[0];
    if (!first || typeof first !== "object") return "waiting";
    if ("read" in first || "write" in first) return "io";
    if ("timer" in first) return "timer";
    if ("job" in first) return "job_wait";
    return "task" in first ? "task" : "waiting";
}

/**
 * A small picture to be repeated.
 * @param {CanvasRenderingContext2D} context
 * @param {string} back
 * @param {string} ink
 * @param {"hatch"|"back-hatch"|"dots"|"stripes"} which
 * @returns {CanvasPattern}
 */
function pattern(context, back, ink, which) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const c = tile.getContext("2d");
    c.fillStyle = back;
    c.fillRect(0, 0, 8, 8);
    c.strokeStyle = c.fillStyle = ink;
    if (which === "dots") {
        for (const [x, y] of [
            [2, 2],
            [6, 6],
        ])
            c.fillRect(x - 0.75, y - 0.75, 1.5, 1.5);
    } else if (which === "stripes") {
        for (const x of [1, 5]) c.fillRect(x, 0, 1.5, 8);
    } else {
        const [from, to] = which === "hatch" ? [9, -1] : [-1, 9];
        c.lineWidth = which === "hatch" ? 2 : 1.25;
        c.beginPath();
        for (const x of [-8, 0, 8]) {
            c.moveTo(x - 1, from);
            c.lineTo(x + 9, to);
        }
        c.stroke();
    }
    return context.createPattern(tile, "repeat");
}

/**
 * Draws what a lane did.
 * @param {CanvasRenderingContext2D} context
 * @param {Palette} palette
 * @param {Lane} lane
 * @param {View} view
 * @param {boolean} steps
 * @param {number} y the lane's upper edge
 * @param {Object[]} [labels] takes the words in its bars, for `drawLabels`
 */
function drawSegments(context, palette, lane, view, steps, y, labels = []) {
    context.font = SMALL;
    const { segments } = lane;
    const n = segments.length;
    const pad = lane.kind === "loop" ? 5 : 4;
    const [top, height] = [y + pad, lane.height - 2 * pad];
    const [leftmost, rightmost] = [view.left - 4, view.left + view.width + 4];
    const clipped = (x) => Math.min(Math.max(x, leftmost), rightmost);
    const bar = (segment, x0, x1, more, due = x1) =>
        drawBar(
            { context, palette, lane, labels },
            segment,
            [clipped(x0), clipped(Math.min(due, x1)), clipped(x1)],
            top - more,
            height + 2 * more,
        );
    /** What is drawn over the rest: from, to, the share of it in which something ran, the segment. */
    const solids = [];
    let i = firstPlace(n, (i) => lane.to(i, steps) >= view.from);
    while (i < n && lane.from(i, steps) <= view.to) {
        const [x0, x1] = [view.x(lane.from(i, steps)), view.x(lane.to(i, steps))];
        if (x1 - x0 >= 1.5) {
            if (SOLID.has(segments[i].kind)) solids.push([x0, x1, 1, segments[i]]);
            else bar(segments[i], x0, x1, 0, view.x(lane.due(i, steps) ?? lane.to(i, steps)));
            i += 1;
            continue;
        }
        const column = columnAt(lane, view, steps, i, Math.floor(x0) + 1);
        if (column.light) {
            context.fillStyle = palette.of(column.light);
            context.fillRect(x0, top, Math.max(view.x(lane.to(column.last - 1, steps)) - x0, 1.5), height);
        }
        if (column.solid) solids.push([x0, x0 + 1, column.share, column.solid]);
        i = column.last;
    }
    solids.forEach(([x0, x1, share, segment], k) => {
        const alone =
            x0 - (solids[k - 1]?.[1] ?? -Infinity) > CROWDED && (solids[k + 1]?.[0] ?? Infinity) - x1 > CROWDED;
        if (x1 - x0 >= 1.5 || alone) return bar(segment, x0, Math.max(x1, x0 + LEAST_WIDTH), 1);
        // In a crowd the color tells how much of the time was taken: else many short polls would
        // look like one long one.
        context.globalAlpha = 0.3 + 0.7 * Math.min(share, 1);
        bar(segment, Math.floor(x0), Math.floor(x0) + 1, 1);
        context.globalAlpha = 1;
    });
}

/**
 * All segments that begin in a column of pixels, but for one that reaches out of it.
 * @param {Lane} lane
 * @param {View} view
 * @param {boolean} steps
 * @param {number} i the first
 * @param {number} edge the pixel at which the column ends
 * @returns {{last: number, solid: Object|null, light: Object|null, share: number}} after the last of
 *     them; one that is solid, the longest of the others, and the share of the column that is solid
 */
function columnAt(lane, view, steps, i, edge) {
    const { segments } = lane;
    const next = view.place(edge);
    const width = (k) => lane.to(k, steps) - lane.from(k, steps);
    const pixel = (view.to - view.from) / view.width;
    let last = firstPlace(segments.length - i, (k) => lane.from(i + k, steps) >= next) + i;
    if (last > i + 1 && width(last - 1) >= 1.5 * pixel) last -= 1;
    last = Math.max(last, i + 1);
    let [solid, light, longest, taken] = [null, null, -1, 0];
    const looked = Math.min(last, i + LOOKED_AT);
    for (let k = i; k < looked; k += 1) {
        if (SOLID.has(segments[k].kind)) {
            solid ??= segments[k];
            taken += width(k);
        } else if (width(k) > longest) {
            [light, longest] = [segments[k], width(k)];
        }
    }
    return { last, solid, light, share: (taken / pixel) * ((last - i) / (looked - i)) };
}

/**
 * A segment wide enough to be seen.
 * @param {{context: CanvasRenderingContext2D, palette: Palette, lane: Lane, labels: Object[]}} on
 * @param {Object} segment
 * @param {number[]} xs where it begins, where what it waits for was due, and where it ends
 * @param {number} top
 * @param {number} height
 */
function drawBar(on, segment, [x0, due, x1], top, height) {
    const { context, palette, lane } = on;
    const solid = SOLID.has(segment.kind);
    const width = x1 - x0;
    if (segment.kind === "backlog") {
        // A step, the higher the more wait, and none lower than the words in it.
        const share = segment.count / Math.max(queueOf(lane.run.model, lane.pool).most, 1);
        const tall = WORDS + (height - WORDS) * share;
        [top, height] = [top + height - tall, tall];
    }
    context.fillStyle = palette.of(segment);
    context.fillRect(x0, top, width, height);
    if ((solid || segment.kind === "backlog") && width > 8) {
        // One that follows another at once is another one.
        context.fillStyle = palette.color("surface");
        context.fillRect(x0, top, segment.kind === "job" ? 2 : 1, height);
    }
    if (segment.kind === "waiting" && width > 4) {
        // A darker edge where the wait began.
        context.fillStyle = palette.color("wait-edge");
        context.fillRect(x0, top, 1, height);
    }
    const ink = solid ? palette.onSolid : palette.text;
    label(on, barWords(lane, segment), [x0, due], { top, height, ink, back: palette.behind[segment.kind] ?? palette.of(segment) });
    if (due >= x1) return;
    context.fillStyle = palette.fill.late;
    context.fillRect(due, top, x1 - due, height);
    context.fillStyle = palette.color("late");
    context.fillRect(due, top, 1, height);
    const late = humanSpan(lateness(segment, lane.endOf(segment)));
    label(on, [`${late} late`, late], [due, x1], { top, height, ink, back: palette.behind.late });
}

/**
 * Keeps the words of a bar, if there is room for them.
 * @param {{context: CanvasRenderingContext2D, labels: Object[]}} on
 * @param {string[]} words in full, and shorter; the first may be cut
 * @param {number[]} xs where the bar begins and ends
 * @param {Object} look {top, height, ink, back}
 */
function label({ context, labels }, words, [x0, x1], look) {
    const room = x1 - x0 - 12;
    if (room < 7) return;
    const whole = words.find((one) => fitted(context, one, room, SMALL) === one);
    // Of a bar that is one of many alike, half a word says nothing: then there is one word only.
    const text = whole ?? (words.length > 1 || room < 22 ? "" : fitted(context, words[0], room, SMALL));
    if (text) labels.push({ text, x: Math.max(x0, 0) + 6, ...look });
}

/**
 * Draws the words of bars, each on the ground of its bar, so that nothing runs through it.
 * @param {CanvasRenderingContext2D} context
 * @param {Object[]} labels
 */
function drawLabels(context, labels) {
    context.font = SMALL;
    for (const { text, x, top, height, ink, back } of labels) {
        const middle = top + height / 2;
        const tall = Math.min(height, WORDS);
        context.fillStyle = back;
        context.fillRect(x - 3, middle - tall / 2, context.measureText(text).width + 6, tall);
        context.fillStyle = ink;
        context.fillText(text, x, middle + 0.5);
    }
}

/**
 * What is written in a bar: in full, and what is said where there is less room. What has one text
 * only may be cut.
 * @param {Lane} lane
 * @param {Object} segment
 * @returns {string[]}
 */
function barWords(lane, segment) {
    const time = humanSpan(lane.endOf(segment) - segment.from);
    const name = harmless(segment.label || "waits", 80);
    switch (segment.kind) {
        case "waiting":
            return /^sleep [\d.]+ \S+( \d+ \S+)?$/.test(name) ? [name, name.slice(6)] : [name];
        case "backlog":
            return [`${segment.count} wait${segment.count === 1 ? "s" : ""}`, String(segment.count)];
        case "job":
            return [`${harmless(segment.label || "job", 40)}, ${time}`, `job ${segment.job}`, String(segment.job)];
        case "sleeping":
            return [`sleeps ${time}`, time];
        case "polling":
            return segment.label ? [harmless(segment.label, 60)] : [`polls, ${time}`];
        case "dispatching":
            return ["dispatches"];
        case "outside":
            return ["outside the loop"];
        default:
            return segment.kind === "running" ? [`runs ${time}`, time] : [`queued ${time}`, time];
    }
}

/** Widths of words that were measured. */
const measured = new Map();

/**
 * As much of some words as fits; nothing if that is too little to be read.
 * @param {CanvasRenderingContext2D} context
 * @param {string} words
 * @param {number} room in pixels
 * @param {string} font
 * @returns {string}
 */
function fitted(context, words, room, font) {
    if (context.font !== font) context.font = font;
    const widthOf = (text) => {
        const key = font + text;
        let width = measured.get(key);
        if (width === undefined) {
            if (measured.size > 20000) measured.clear();
            measured.set(key, (width = context.measureText(text).width));
        }
        return width;
    };
    if (widthOf(words) <= room) return words;
    const most = firstPlace(words.length, (n) => widthOf(`${words.slice(0, n + 1)}…`) > room);
    return most < 6 ? "" : `${words.slice(0, most).trimEnd()}…`;
}

/**
 * The same for words whose end says most, as a file's name with its line.
 * @param {CanvasRenderingContext2D} context
 * @param {string} words
 * @param {number} room in pixels
 * @param {string} font
 * @returns {string}
 */
function fittedEnd(context, words, room, font) {
    context.font = font;
    if (context.measureText(words).width <= room) return words;
    const cut = firstPlace(words.length, (n) => context.measureText(`…${words.slice(n)}`).width <= room);
    return words.length - cut < 6 ? "" : `…${words.slice(cut)}`;
}
