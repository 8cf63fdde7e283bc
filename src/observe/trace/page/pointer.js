// Pointer and wheel on the lanes: drag to pan, pinch or turn the wheel to zoom, click to select,
// drag the axis to move the cursor, point at something to be told what it is.
"use strict";

/** A press that moves less than this, in pixels, is a click. */
const CLICK = 5;

/**
 * Listens to the lanes.
 * @param {Lanes} lanes
 * @param {HTMLElement} tip
 */
function listenToPointer(lanes, tip) {
    const { box, canvas, player } = lanes;
    /** Fingers (or the mouse) that are down, by their number. */
    const down = new Map();
    let moved = 0;
    let scrubbing = false;
    /** When the page was last scrolled: a wheel that scrolls the page is not to zoom on its way. */
    let scrolled = -Infinity;
    window.addEventListener(
        "scroll",
        () => {
            scrolled = performance.now();
        },
        { passive: true },
    );

    const scrubTo = (x) => player.goTime(lanes.view.place(x), lanes.steps);

    canvas.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        canvas.setPointerCapture(event.pointerId);
        down.set(event.pointerId, [event.offsetX, event.offsetY]);
        moved = 0;
        scrubbing = event.offsetY < AXIS && event.offsetX >= lanes.view.left;
        if (scrubbing) scrubTo(event.offsetX);
        hideTip(tip);
    });

    canvas.addEventListener("pointermove", (event) => {
        const [x, y] = [event.offsetX, event.offsetY];
        const before = down.get(event.pointerId);
        if (!before) {
            if (event.pointerType === "mouse") hover(lanes, tip, x, y, event);
            return;
        }
        const others = [...down].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
        moved += Math.abs(x - before[0]) + Math.abs(y - before[1]);
        down.set(event.pointerId, [x, y]);
        if (scrubbing) {
            scrubTo(x);
        } else if (others.length > 0) {
            const [ox] = others[0];
            const [was, is] = [Math.abs(before[0] - ox), Math.abs(x - ox)];
            if (was > 8 && is > 8) lanes.view.zoom(was / is, (x + ox) / 2);
            lanes.view.pan(-(x - before[0]) / 2);
        } else if (moved > CLICK) {
            lanes.view.pan(before[0] - x);
            box.scrollTop += before[1] - y;
        }
        lanes.paint();
    });

    const up = (event) => {
        const was = down.get(event.pointerId);
        down.delete(event.pointerId);
        if (!was || moved > CLICK || scrubbing || event.type === "pointercancel") return;
        const hit = lanes.hit(event.offsetX, event.offsetY);
        if (hit)
            player.select(
                hit.lane,
                hit.index,
                event.offsetX >= lanes.view.left ? lanes.view.place(event.offsetX) : null,
            );
    };
    canvas.addEventListener("pointerup", up);
    canvas.addEventListener("pointercancel", up);
    canvas.addEventListener("pointerleave", () => {
        lanes.hovered = null;
        hideTip(tip);
        lanes.paint();
    });

    canvas.addEventListener(
        "wheel",
        (event) => {
            const across = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
            const sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
            if (sideways) {
                event.preventDefault();
                lanes.view.pan(across);
            } else if (isEmbedded() && !event.ctrlKey) {
                // Whoever reads a book scrolls past its figures.
                return;
            } else if (event.offsetX >= lanes.view.left && performance.now() - scrolled > 400) {
                if (event.deltaY > 0 && lanes.view.whole && !event.ctrlKey) return;
                event.preventDefault();
                lanes.view.zoom(
                    Math.exp(Math.max(-120, Math.min(120, event.deltaY)) * (event.ctrlKey ? 0.01 : 0.0025)),
                    event.offsetX,
                );
            }
            lanes.paint();
        },
        { passive: false },
    );

    canvas.addEventListener("dblclick", (event) => {
        const hit = lanes.hit(event.offsetX, event.offsetY);
        if (!hit?.segment) return;
        const [from, to] = [hit.lane.from(hit.index, lanes.steps), hit.lane.to(hit.index, lanes.steps)];
        const air = (to - from) * 0.3;
        lanes.view.show(from - air, to + air);
        lanes.paint();
    });
}

/** Says what is under the mouse. */
function hover(lanes, tip, x, y, event) {
    const hit = lanes.hit(x, y);
    const before = lanes.hovered;
    lanes.hovered = hit?.segment && x >= lanes.view.left ? hit : null;
    if (before?.segment !== lanes.hovered?.segment) lanes.paint();
    if (!hit || hit.lane.kind === "title") return hideTip(tip);
    const lines = x < lanes.view.left || !hit.segment ? laneLines(hit.lane) : segmentLines(hit.lane, hit.segment);
    tip.replaceChildren(...lines.map((line, i) => make(i === 0 ? "strong" : "span", {}, isolated(line, 160))));
    tip.hidden = false;
    const { width, height } = tip.getBoundingClientRect();
    const left = Math.min(event.clientX + 14, window.innerWidth - width - 8);
    const top = event.clientY + 18 + height > window.innerHeight ? event.clientY - height - 10 : event.clientY + 18;
    tip.style.transform = `translate(${Math.max(left, 4)}px, ${Math.max(top, 4)}px)`;
}

/** @param {HTMLElement} tip */
function hideTip(tip) {
    tip.hidden = true;
}

/**
 * A lane in a few lines.
 * @param {Lane} lane
 * @returns {string[]}
 */
function laneLines(lane) {
    if (lane.kind === "queue") return [lane.title, ...queueFacts(lane)];
    if (lane.kind !== "task") return [lane.title, lane.note].filter(Boolean);
    const task = lane.run.model.tasks.get(lane.task);
    const name = harmless(task?.name ?? "");
    return [
        name ? `task ${lane.task} ${name}` : `task ${lane.task}`,
        `spawned at ${harmless(lane.note)}`,
        counted(task?.polls ?? 0, "poll"),
        ...endLines(lane),
    ];
}

/**
 * What can be said of a queue as a whole.
 * @param {Lane} lane
 * @returns {string[]}
 */
function queueFacts(lane) {
    const { waited, longest, most } = queueOf(lane.run.model, lane.pool);
    return [`${counted(waited, "job")} waited for a thread, ${humanSpan(longest)} at most.`, `${most} at once, at most.`];
}

/**
 * A segment in a few lines.
 * @param {Lane} lane
 * @param {Object} segment
 * @returns {string[]}
 */
function segmentLines(lane, segment) {
    const end = lane.endOf(segment);
    return [
        `${lane.title}${lane.kind === "queue" ? ":" : ""} ${segmentWords(segment, end)}`,
        `for ${humanSpan(end - segment.from)}`,
        `from ${stampText(segment.from)} to ${stampText(end)}`,
        ...(segment === lane.segments.at(-1) ? endLines(lane) : []),
    ];
}

/**
 * What its cross says.
 * @param {Lane} lane
 * @returns {string[]} a line, if it has one
 */
function endLines({ end }) {
    return end === null ? [] : [`${end.text} at ${stampText(end.at)}`];
}

/**
 * What somebody does in a segment, as the rest of a sentence.
 * @param {Object} segment
 * @param {number} [end] when it ends
 * @returns {string}
 */
function segmentWords(segment, end = segment.to) {
    const label = harmless(segment.label ?? "", 200);
    switch (segment.kind) {
        case "waiting":
            return label ? `waits for: ${harmless(waitLabel(segment, end), 200)}` : "waits";
        case "backlog":
            return label;
        case "queued":
            return "is ready and waits for its turn";
        case "running":
            return "is polled: its code runs";
        case "polling":
            return `polls${label ? `: ${label}` : " tasks"}`;
        case "sleeping":
            return `sleeps${label ? `: ${label}` : ""}`;
        case "dispatching":
            return "looks what has come, and wakes tasks";
        case "outside":
            return "does not turn: the program has the thread";
        case "job":
            return `runs ${label || "a job"}`;
        default:
            return String(segment.kind);
    }
}
