// The scenes: of each experiment the page notices why it takes what it takes, and of its better form
// it has nothing to say. The traces are those of tests/scenes.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";

import { load } from "./load.mjs";

const { parseTrace, Model, notice } = load(["parseTrace", "Model", "notice"]);

const GOLDEN = new URL("../scenes/golden/", import.meta.url);

/** What is noticed, and how its title reads. */
const NOTICED = {
    x10_one_by_one: ["one-after-the-other", /5 tasks of 220 ms to 570 ms took 2.01 s; together .* 570 ms/],
    x10_together: null,
    x11_at_once: null,
    x12_collected: ["one-after-the-other", /5 waits of 220 ms to 570 ms took 2.01 s; together .* 570 ms/],
    x13_spawned_first: null,
    x14_on_the_loop: ["slow-poll", /`block_on` kept the loop for 3.69 s/],
    x14_offloaded: null,
    x15_pool_of_1: ["full-pool", /4 of 5 jobs waited for its only thread, 3.38 s at most/],
    x15_pool_of_2: ["full-pool", /3 of 5 jobs waited for one of its 2 threads, 1.23 s at most/],
    x15_pool_of_5: null,
    x16_only_called: null,
    x16_spawned: null,
    x20_blocking: ["slow-poll", /`block_on` kept the loop for 10 s/],
    x20_awaited_one_by_one: ["one-after-the-other", /10 jobs of 1 s each took 10 s; together .* 1 s/],
    x21_pool_of_10: null,
    x21_pool_of_9: ["full-pool", /1 of 10 jobs waited for one of its 9 threads, 1 s at most/],
    x21_pool_of_5: ["full-pool", /5 of 10 jobs waited for one of its 5 threads, 1 s at most/],
    x23_greedy: ["slow-poll", /`zip` kept the loop for 1 s/],
    x23_in_pieces: ["slow-poll", /`zip` kept the loop for 50 ms/],
    x23_offloaded: null,
};

test("every scene has its expectation", () => {
    const scenes = readdirSync(GOLDEN).map((file) => file.replace(".jsonl", ""));
    assert.deepEqual(Object.keys(NOTICED).sort(), scenes.sort());
});

for (const [scene, expected] of Object.entries(NOTICED)) {
    test(`the page sees why: ${scene}`, () => {
        const text = readFileSync(new URL(`${scene}.jsonl`, GOLDEN), "utf8");
        const noticed = notice(new Model(parseTrace(text)));
        if (expected === null) {
            assert.deepEqual(noticed, []);
            return;
        }
        // The reason comes first; of other things it may be the reason.
        const [kind, title] = expected;
        assert.equal(noticed[0].kind, kind);
        assert.match(noticed[0].title, title);
    });
}
