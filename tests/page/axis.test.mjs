// Lengths of time and the marks of the axis: as `length.rs` has them. One table holds both.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { load } from "./load.mjs";

const { humanSpan, roundStep, ticksOf, View } = load(["humanSpan", "roundStep", "ticksOf", "View"], ["dom", "axis"]);
const table = readFileSync(new URL("../../src/observe/trace/length/table.txt", import.meta.url), "utf8");
const number = (text) => Number(text.replaceAll("_", ""));

/** The lines of the table of one kind: the numbers, and what is said. */
const lines = (kind) => table.split("\n").filter((line) => line.startsWith(`${kind} `)).map((line) => {
    const [given, said] = line.slice(kind.length + 1).split(": ");
    return { given: given.split(" ").map(number), said };
});

test("a length is said as the table has it", () => {
    assert.ok(lines("length").length > 10);
    for (const { given, said } of lines("length")) {
        assert.equal(humanSpan(given[0]), said);
    }
});

test("the axis has the marks of the table", () => {
    assert.ok(lines("marks").length > 10);
    for (const { given: [from, least], said } of lines("marks")) {
        const count = said.split(", ").length;
        const step = roundStep(least);
        // Seen from the first mark on, and so wide that a pixel is the least that a step may be.
        const first = Math.ceil(from / step) * step;
        const view = new View(first, first + 100 * step);
        Object.assign(view, { from: first, to: first + 99 * step, width: (99 * step) / least });
        const marks = ticksOf(view, false, 1).slice(0, count).map(({ text }) => text);
        assert.equal(marks.join(", "), said);
    }
});

test("steps of events are decimal", () => {
    const view = Object.assign(new View(0, 100), { from: 0, to: 100, width: 100 });
    assert.deepEqual(ticksOf(view, true, 12).map(({ place }) => place), [0, 20, 40, 60, 80, 100]);
});
