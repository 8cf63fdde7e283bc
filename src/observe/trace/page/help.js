// The help and the legend: what the keys do, and what the colors and patterns of the lanes say.
"use strict";

/** What the keys do, for the help. */
const KEYS = [
    [["Left", "Right"], "back or on by one event"],
    [["[", "]"], "to the poll before or after"],
    [[",", "."], "to the turn before or after (also Page Up, Page Down)"],
    [["Home", "End"], "to the start or the end"],
    [["Space"], "play or pause"],
    [["Up", "Down"], "choose a lane, when the lanes have the focus"],
    [["Enter"], "select what the chosen lane does at the cursor"],
    [["Shift + Left", "Shift + Right"], "move the view"],
    [["+", "-", "0"], "zoom in, zoom out, show everything"],
    [["s"], "give each event the same width, or time its true width"],
    [["o"], "leave out tasks that do not live in the part in view, or show all"],
    [["w"], "why? The chain of causes"],
    [["/"], "find a task by its name or number"],
    [["Escape"], "select nothing"],
    [["?"], "this help"],
    [["mouse"], "wheel: zoom; drag: move; click: select; double click: zoom to it; drag on the axis: move the cursor"],
];

/** What the legend shows: kind, words. */
const LEGEND = [
    ["running", "a task runs, polled by the loop"],
    ["queued", "ready, waits for its turn"],
    ["waiting", "waits for something"],
    ["late", "its timer is due, and late"],
    ["sleeping", "the loop sleeps"],
    ["dispatching", "the loop wakes tasks"],
    ["job", "a thread runs a job"],
    ["panicked", "panicked"],
    ["aborted", "aborted, or dropped with its loop"],
];

/** Lists the keys in the help. */
function fillHelp() {
    byId("keys").replaceChildren(
        ...KEYS.map(([keys, what]) =>
            make(
                "tr",
                {},
                make("th", { scope: "row" }, ...keys.map((key) => make("kbd", { text: key }))),
                make("td", { text: what }),
            ),
        ),
    );
}

/**
 * Lists what occurs in the lanes of some runs.
 * @param {Run[]} runs
 */
function fillLegend(runs) {
    const jobs = runs.some((run) => run.model.workers.size > 0);
    const isLate = ({ segments }) => segments.some((segment) => segment.kind === "waiting" && lateness(segment) > 0);
    const some = (is) => runs.some((run) => [...run.model.tasks.values()].some(is));
    const occurs = {
        job: jobs,
        late: some(isLate),
        panicked: some((task) => task.panicked),
        aborted: some((task) => task.aborted),
    };
    byId("legend").replaceChildren(
        ...LEGEND.filter(([kind]) => occurs[kind] ?? true).map(([kind, words]) =>
            make("li", { class: kind }, make("i", { "aria-hidden": "true" }), words),
        ),
    );
}
