// The timer wheel as it is: dials of 64 slots, each hand at the digit of the present tick.
//
// A dial's slot is 64 times as long as one of the dial below: 1 ms, 64 ms, 4.1 s, 4.4 minutes.
// Dials on which nothing lies are left out, but for the finest and those between.
"use strict";

/** Slots of a dial. */
const SLOTS = 64;

/** How many dials are drawn, and how many timers are listed. */
const MOST_DIALS = 6;
const MOST_TIMERS = 100;

/** What a slot of each level lasts. */
const SLOT_TIMES = ["1 ms", "64 ms", "4.1 s", "4.4 min", "4.7 h", "12 days", "2.2 years"];

/**
 * The dials that are in use.
 * @param {State} state
 * @returns {Node[]}
 */
function drawWheel(state) {
    const dials = new Map([[0, new Map()]]);
    for (const [id, timer] of state.timers) {
        if (!(timer.level >= 0 && timer.level < 11 && timer.slot >= 0 && timer.slot < SLOTS)) continue;
        if (!dials.has(timer.level)) dials.set(timer.level, new Map());
        const slots = dials.get(timer.level);
        slots.set(timer.slot, [...(slots.get(timer.slot) ?? []), id]);
    }
    const highest = Math.max(1, ...dials.keys());
    const levels = [];
    for (let level = 0; level <= highest; level += 1) {
        if (level <= 1 || dials.has(level)) levels.push(level);
    }
    return levels.slice(0, MOST_DIALS).map((level) => drawDial(level, dials.get(level) ?? new Map(), state.hand ?? 0));
}

/**
 * A dial.
 * @param {number} level
 * @param {Map<number, number[]>} slots timers by slot
 * @param {number} tick
 * @returns {SVGElement}
 */
function drawDial(level, slots, tick) {
    const digit = Math.floor(Number(tick) / SLOTS ** level) % SLOTS;
    const told = [...slots]
        .sort(([a], [b]) => a - b)
        .map(([slot, ids]) => `slot ${slot}: ${ids.length === 1 ? `timer ${ids[0]}` : counted(ids.length, "timer")}`);
    const title =
        `Level ${level}, one slot is ${SLOT_TIMES[level] ?? "very long"}. The hand is at slot ${digit}. ` +
        `${told.length === 0 ? "No timer." : `${told.slice(0, 20).join(", ")}.`}`;
    const drawn = [];
    for (let slot = 0; slot < SLOTS; slot += 1) {
        const taken = slots.get(slot);
        drawn.push(
            makeSvg(
                "path",
                {
                    d: wedge(slot, 44, taken ? 60 : 52),
                    class: taken ? "slot taken" : slot % 8 === 0 ? "slot eighth" : "slot",
                },
                makeSvg("title", {
                    text: taken
                        ? `slot ${slot}: ${taken
                              .slice(0, 10)
                              .map((id) => `timer ${id}`)
                              .join(", ")}`
                        : `slot ${slot}`,
                }),
            ),
        );
    }
    for (const { middle, ids } of neighbours(slots)) {
        const [x, y] = onDial(middle, 70);
        drawn.push(
            makeSvg("text", { x, y: y + 4, class: "count", text: ids.length === 1 ? ids[0] : `${ids.length}×` }),
        );
    }
    for (const slot of [0, 16, 32, 48]) {
        const [x, y] = onDial(slot, 34);
        drawn.push(makeSvg("text", { x, y: y + 3, class: "hour", text: slot }));
    }
    const [x, y] = onDial(digit, 42);
    const id = `dial-${level}`;
    return makeSvg(
        "svg",
        { viewBox: "-82 -82 164 186", class: "dial", role: "img", "aria-labelledby": id },
        makeSvg("title", { id, text: title }),
        makeSvg("circle", { r: 44, class: "face" }),
        ...drawn,
        makeSvg("line", { x1: 0, y1: 0, x2: x, y2: y, class: "hand" }),
        makeSvg("circle", { r: 3.5, class: "hub" }),
        makeSvg("text", { x: 0, y: 98, class: "name", text: `level ${level} · slot = ${SLOT_TIMES[level] ?? "…"}` }),
    );
}

/**
 * Timers whose slots are so near to each other that they share a label.
 * @param {Map<number, number[]>} slots timers by slot
 * @returns {{middle: number, last: number, ids: number[]}[]}
 */
function neighbours(slots) {
    const groups = [];
    for (const [slot, ids] of [...slots].sort(([a], [b]) => a - b)) {
        const group = groups.at(-1);
        if (group && slot - group.last < 4) {
            Object.assign(group, { last: slot, middle: (group.first + slot) / 2 });
            group.ids.push(...ids);
        } else {
            groups.push({ first: slot, last: slot, middle: slot, ids: [...ids] });
        }
    }
    return groups;
}

/** The point of a slot at a radius; slot 0 is on top. */
function onDial(slot, radius) {
    const angle = ((slot + 0.5) / SLOTS) * 2 * Math.PI - Math.PI / 2;
    return [Math.cos(angle) * radius, Math.sin(angle) * radius].map((n) => Math.round(n * 100) / 100);
}

/** The outline of a slot, from one radius to another. */
function wedge(slot, inner, outer) {
    const corner = (at, radius) => onDial(at - 0.5, radius).join(" ");
    const [a, b] = [slot + 0.08, slot + 0.92];
    return `M${corner(a, inner)} L${corner(a, outer)} A${outer} ${outer} 0 0 1 ${corner(b, outer)} L${corner(b, inner)} Z`;
}

/**
 * The timers in a table, next first.
 * @param {State} state
 * @param {Model} model
 * @returns {HTMLElement}
 */
function timersTable(state, model) {
    const timers = [...state.timers].sort(([a, x], [b, y]) => x.deadline - y.deadline || a - b);
    const rows = timers
        .slice(0, MOST_TIMERS)
        .map(([id, timer]) => [
            `timer ${id}`,
            stampText(timer.deadline),
            timer.deadline >= state.at
                ? `in ${humanSpan(timer.deadline - state.at)}`
                : `${humanSpan(state.at - timer.deadline)} ago`,
            isolated(causeText(model, timer.by), LONGEST_NAME),
            `${timer.level}, ${timer.slot}`,
        ]);
    return tableOf(
        "Timers in the wheel",
        ["timer", "due at", "", "of", "level, slot"],
        rows,
        timers.length > MOST_TIMERS ? `and ${numberText(timers.length - MOST_TIMERS)} more` : undefined,
    );
}
