// What is laid over the lanes: the evidence of a finding, the arrows of wakes, crosses where a task
// ended before it was done, frames around what is selected or pointed at, and the cursor.
"use strict";

/** More wakes in view than these are drawn for the selected task alone. */
const MOST_ARROWS = 60;

/** More wakes in view than these are drawn thinner. */
const DENSE_ARROWS = 20;

/** The width and the height of a cross, in pixels. */
const CROSS = 8;

/**
 * A frame around what is selected or pointed at.
 * @param {Lanes} lanes
 * @param {Lane[]} shown the rows in view
 * @param {(lane: Lane) => number} yOf the upper edge of a row
 */
function drawSelected(lanes, shown, yOf) {
    const { context, palette, view, steps } = lanes;
    for (const [chosen, color, width] of [
        [lanes.hovered, "soft", 1.5],
        [lanes.player.selected, "cursor", 2],
    ]) {
        if (!chosen?.segment || !shown.includes(chosen.lane)) continue;
        const x0 = view.x(chosen.lane.from(chosen.index, steps));
        const x1 = Math.max(view.x(chosen.lane.to(chosen.index, steps)), x0 + LEAST_WIDTH);
        context.strokeStyle = palette.color(color);
        context.lineWidth = width;
        context.strokeRect(x0 - 1, yOf(chosen.lane) + 3, x1 - x0 + 2, chosen.lane.height - 6);
    }
}

/**
 * The part of the run that a finding speaks of.
 * @param {Lanes} lanes
 * @param {Lane[]} shown the rows in view
 * @param {(lane: Lane) => number} yOf the upper edge of a row
 * @param {number} height of the canvas
 */
function drawEvidence(lanes, shown, yOf, height) {
    const { context, palette, view, evidence } = lanes;
    if (!evidence) return;
    const run = evidence.run;
    const place = (index, at) => (lanes.steps ? index : at);
    const x0 = view.x(place(evidence.first, evidence.from));
    const x1 = Math.max(view.x(place(evidence.last, evidence.to)), x0 + 3);
    context.fillStyle = palette.color("evidence");
    context.globalAlpha = 0.13;
    context.fillRect(x0, AXIS, x1 - x0, height);
    context.globalAlpha = 1;
    context.strokeStyle = palette.color("evidence");
    context.lineWidth = 2;
    for (const lane of shown) {
        if (lane.run === run && lane.kind === "task" && evidence.tasks.has(lane.task)) {
            context.strokeRect(x0 - 1, yOf(lane) + 1, x1 - x0 + 2, lane.height - 3);
        }
    }
}

/**
 * Arrows from who wakes to who is woken.
 * @param {Lanes} lanes
 * @param {Lane[]} shown the rows in view
 * @param {(lane: Lane) => number} yOf the upper edge of a row
 */
function drawWakes(lanes, shown, yOf) {
    const { context, palette, view, steps } = lanes;
    const chosen = lanes.player.selectedLane;
    const place = (wake) => (steps ? wake.event : wake.at);
    for (const run of lanes.player.runs) {
        const { wakes } = run.model;
        const first = firstPlace(wakes.length, (i) => place(wakes[i]) >= view.from);
        const last = firstPlace(wakes.length, (i) => place(wakes[i]) > view.to);
        const few = last - first <= MOST_ARROWS;
        if (!few && (chosen?.kind !== "task" || chosen.run !== run)) continue;
        const rows = new Map(shown.filter((lane) => lane.run === run).map((lane) => [lane.key, lane]));
        let drawn = 0;
        for (let i = first; i < last && drawn < 400; i += 1) {
            const wake = wakes[i];
            if (!few && wake.task !== chosen.task) continue;
            const [from, to] = [rows.get(wakerLane(wake)), rows.get(`task/${wake.task}`)];
            if (!from || !to || from === to) continue;
            drawn += 1;
            const down = to.top > from.top;
            const x = view.x(place(wake));
            const y0 = yOf(from) + (down ? from.height - 4 : 4);
            const width = last - first > DENSE_ARROWS && wake.task !== chosen?.task ? 0.75 : 1.25;
            drawArrow(context, palette.color("wake"), x, y0, yOf(to) + (down ? 4 : to.height - 4), width);
        }
    }
}

/**
 * Crosses where tasks ended before they were done, as in the picture: after the end, with a word
 * where there is room for one.
 * @param {Lanes} lanes
 * @param {Lane[]} shown the rows in view
 * @param {(lane: Lane) => number} yOf the upper edge of a row
 * @param {Object[]} labels takes the words, for `drawLabels`
 */
function drawEnds(lanes, shown, yOf, labels) {
    const { context, palette, view, steps } = lanes;
    const edge = view.left + view.width;
    for (const lane of shown) {
        const { end } = lane;
        if (end === null) continue;
        const place = view.x(steps ? end.event : end.at);
        if (place < view.left - CROSS || place > edge) continue;
        // Most end with their loop, where the axis ends: there is no room behind that on a phone.
        const x = Math.min(place + LEAST_WIDTH, edge - CROSS - 2);
        const [top, height] = [yOf(lane) + 4, lane.height - 8];
        const y = top + (height - CROSS) / 2;
        const [ink, back] = [palette.color(end.kind), lanes.groundOf(lane)];
        context.beginPath();
        context.moveTo(x, y);
        context.lineTo(x + CROSS, y + CROSS);
        context.moveTo(x, y + CROSS);
        context.lineTo(x + CROSS, y);
        // On its own ground, since a bar may be behind.
        for (const [color, width] of [
            [back, 4],
            [ink, 2],
        ]) {
            context.strokeStyle = color;
            context.lineWidth = width;
            context.stroke();
        }
        const room = edge - x - CROSS - 8;
        if (fitted(context, end.kind, room, SMALL) === end.kind) {
            labels.push({ text: end.kind, x: x + CROSS + 4, top, height, ink, back });
        }
    }
}

/**
 * The line of the cursor, and a dot at whose event it is.
 * @param {Lanes} lanes
 * @param {Lane[]} shown the rows in view
 * @param {(lane: Lane) => number} yOf the upper edge of a row
 * @param {number} height of the canvas
 */
function drawCursor(lanes, shown, yOf, height) {
    const { context, palette, view } = lanes;
    for (const run of lanes.player.runs) {
        const x = view.x(lanes.steps ? run.index : run.at);
        if (x < view.left - 1 || x > view.left + view.width) continue;
        const rows = lanes.rows.filter((row) => row.run === run);
        const top = Math.max(yOf(rows[0]), AXIS);
        const bottom = Math.min(yOf(rows.at(-1)) + rows.at(-1).height, height);
        context.fillStyle = palette.color("cursor");
        context.fillRect(Math.round(x) - 1, top, 2, bottom - top);
        const lane = shown.find((lane) => lane.run === run && lane.key === run.eventLane());
        if (!lane) continue;
        context.beginPath();
        context.arc(Math.round(x), yOf(lane) + lane.height / 2, 5, 0, 7);
        context.fill();
        context.strokeStyle = palette.color("surface");
        context.lineWidth = 2;
        context.stroke();
    }
}

/**
 * The key of the lane from which the arrow of a wake starts. What has no lane, as a thread or the
 * program, reaches the task through the loop.
 * @param {Object} wake
 * @returns {string}
 */
function wakerLane(wake) {
    return /^(task|worker)\//.test(wake.from_lane) ? wake.from_lane : "loop";
}

/**
 * An arrow straight up or down.
 * @param {CanvasRenderingContext2D} context
 * @param {string} color
 * @param {number} x
 * @param {number} y0
 * @param {number} y1
 * @param {number} width of its line
 */
function drawArrow(context, color, x, y0, y1, width) {
    const sign = Math.sign(y1 - y0) || 1;
    context.strokeStyle = context.fillStyle = color;
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(x + 0.5, y0);
    context.lineTo(x + 0.5, y1 - sign * 5);
    context.stroke();
    context.beginPath();
    context.moveTo(x + 0.5, y1);
    context.lineTo(x - 3, y1 - sign * 6);
    context.lineTo(x + 4, y1 - sign * 6);
    context.fill();
}
