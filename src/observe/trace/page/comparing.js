// Two runs side by side: their numbers in a table, and where they begin to differ.
"use strict";

/**
 * A run in numbers.
 * @param {Model} model
 * @returns {Map<string, number>} by name; those that end in "time" are nanoseconds
 */
function numbersOf(model) {
    const sum = (kind) =>
        model.loop.segments.reduce((sum, one) => sum + (one.kind === kind ? one.to - one.from : 0), 0);
    let most = 0;
    const changes = [];
    for (const task of model.tasks.values()) {
        changes.push([task.born_at ?? model.start, 1], [task.finished_at ?? model.end, -1]);
    }
    changes
        .sort(([a, x], [b, y]) => a - b || x - y)
        .reduce((alive, [, by]) => {
            most = Math.max(most, alive + by);
            return alive + by;
        }, 0);
    return new Map([
        ["took", { time: model.end - model.start }],
        ["asleep", { time: sum("sleeping") }],
        ["polling tasks", { time: sum("polling") }],
        ["longest poll", { time: Math.max(0, ...[...model.tasks.values()].map((task) => task.longest ?? 0)) }],
        ["tasks", { count: model.tasks.size }],
        ["most at a time", { count: most }],
        ["polls", { count: model.polls.length }],
        ["turns", { count: model.turns.length }],
        ["jobs on threads", { count: model.jobs.size }],
        ["events", { count: model.events.length }],
    ]);
}

/**
 * Draws the comparison.
 * @param {Player} player
 */
function drawComparison(player) {
    const [a, b] = player.runs;
    const panel = byId("comparison");
    panel.hidden = !b;
    if (!b) return;
    const [ofA, ofB] = [numbersOf(a.model), numbersOf(b.model)];
    const said = ({ time, count }) => (time === undefined ? numberText(count) : humanSpan(time));
    const names = [...ofA.keys()];
    const rows = [
        [make("b", {}, isolated(a.label, LONGEST_NAME)), ...names.map((name) => said(ofA.get(name)))],
        [make("b", {}, isolated(b.label, LONGEST_NAME)), ...names.map((name) => said(ofB.get(name)))],
        [
            "B against A",
            ...names.map((name) => {
                const [one, two] = [ofA.get(name), ofB.get(name)];
                return ratioText(one.time ?? one.count, two.time ?? two.count);
            }),
        ],
    ];
    const { first_difference: difference } = compareTraces(a.model, b.model);
    const jump = (run, index, text) =>
        index === null || index === undefined
            ? make("span", { text: "nothing more" })
            : buttonOf(isolated(text, 300), () => player.go(run, index), { class: "quote" });
    const told =
        difference === null || difference === undefined
            ? [make("p", { text: "From the first turn to the last, both do the same in the same order." })]
            : [
                  make("h3", {
                      text:
                          difference.turn > 0
                              ? `They differ from turn ${difference.turn} on`
                              : "They differ from the beginning",
                  }),
                  make(
                      "dl",
                      {},
                      make("dt", {}, isolated(a.label, LONGEST_NAME)),
                      make("dd", {}, jump(a, difference.indexA, difference.textA)),
                      make("dt", {}, isolated(b.label, LONGEST_NAME)),
                      make("dd", {}, jump(b, difference.indexB, difference.textB)),
                  ),
                  buttonOf(
                      "Go there in both",
                      () => {
                          if (Number.isInteger(difference.indexB)) b.index = difference.indexB;
                          if (Number.isInteger(difference.indexA)) player.go(a, difference.indexA, true);
                      },
                      { id: "go-difference" },
                  ),
              ];
    byId("comparison-body").replaceChildren(
        make("div", { class: "scroll" }, tableOf("Both runs in numbers", ["", ...names], rows)),
        make("div", { class: "difference" }, ...told),
    );
}

/**
 * How much larger or smaller the second is.
 * @param {number} a
 * @param {number} b
 * @returns {string}
 */
function ratioText(a, b) {
    if (a === b) return "the same";
    if (!(a > 0) || !(b > 0)) return "";
    const ratio = b / a;
    if (ratio > 0.995 && ratio < 1.005) return "about the same";
    return ratio > 1 ? `× ${Number(ratio.toPrecision(3))}` : `÷ ${Number((1 / ratio).toPrecision(3))}`;
}
