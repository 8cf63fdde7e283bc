// "Why?" on the page and from code: the same answers. The traces in `why/` and what `History::why`
// says of each of their events are kept by `tests/why.rs`.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { load } from "./load.mjs";

const { parseTrace, Model, why, describeEvent } = load(["parseTrace", "Model", "why", "describeEvent"]);
const folder = new URL("why/", import.meta.url);
const read = (name) => readFileSync(new URL(name, folder), "utf8");
const names = readdirSync(folder).filter((name) => name.endsWith(".jsonl")).map((name) => name.slice(0, -6));

/** The answers for all events, as `tests/why.rs` writes them. */
function answers(model) {
    const lines = [];
    for (let index = 0; index < model.events.length; index += 1) {
        lines.push(`${index}: ${describeEvent(model, index)}`);
        for (const { text, event } of why(model, index)) {
            lines.push(`    ${String(event ?? "-").padStart(4)}  ${text}`);
        }
    }
    return lines;
}

test("there are traces to answer for", () => {
    assert.ok(names.length >= 14, names.join(", "));
});

for (const name of names) {
    test(`the page answers as the code does: ${name}`, () => {
        const told = answers(new Model(parseTrace(read(`${name}.jsonl`))));
        assert.deepEqual(told, read(`${name}.txt`).trimEnd().split("\n"));
    });
}
