// The machine at the cursor: what lies in the ready queue, the timer wheel, the reactor and the
// pool after one event, and who waits for whom. All of it is text and tables, drawn anew each step.
"use strict";

/** How much of each list is shown. */
const MOST_QUEUED = 60;
const MOST_ROWS = 200;
const MOST_NODES = 300;

/** The parts of a turn, in their order. */
const PHASES = [
    ["outside", "outside", "The program has the thread; the loop does not turn."],
    ["mail", "take messages", "What other threads have sent is taken from the inbox."],
    ["polling", "poll tasks", "The tasks in the ready queue are polled, first come, first served."],
    ["sleeping", "sleep", "Nothing is ready: the operating system wakes the loop."],
    ["dispatching", "wake tasks", "Timers that are due fire; tasks whose time or data has come are queued."],
];

/** Draws the panels. */
class Panels {
    /** @param {Player} player */
    constructor(player) {
        this.player = player;
    }

    /**
     * Draws the state of a run.
     * @param {Run} run
     * @param {State} state
     */
    draw(run, state) {
        const { model } = run;
        this.drawPhases(state);
        byId("queue-body").replaceChildren(...this.queue(model, state));
        byId("waits-body").replaceChildren(this.waits(model, state));
        byId("timers-body").replaceChildren(
            make("div", { class: "dials" }, ...drawWheel(state)),
            state.timers.size === 0 ? empty("No timer is armed.") : timersTable(state, model),
        );
        byId("reactor-body").replaceChildren(...this.reactor(model, state));
        byId("pool-body").replaceChildren(...this.pools(state));
        byId("tasks-body").replaceChildren(this.tasks(model, state));
    }

    /** Where the loop is in its turn. */
    drawPhases(state) {
        const now = phaseOf(state);
        byId("phases").replaceChildren(
            make("li", { class: "turn", text: state.turn ? `turn ${numberText(state.turn)}` : "no turn yet" }),
            ...PHASES.filter(([phase]) => phase !== "outside" || now === "outside").map(([phase, words, title]) =>
                make("li", { class: phase, title, "aria-current": phase === now ? "step" : null, text: words }),
            ),
        );
    }

    /** A task that can be clicked. */
    task(model, id, props = {}) {
        const button = buttonOf(isolated(taskTitle(model, id, 24)), () => this.player.selectTask(id), props);
        button.classList.add("task");
        return button;
    }

    /** The ready queue in its order, and who is polled. */
    queue(model, state) {
        const { ready, polled } = state;
        const boxes = ready.slice(0, MOST_QUEUED).map((id) => make("li", {}, this.task(model, id)));
        if (ready.length > MOST_QUEUED)
            boxes.push(make("li", { class: "more", text: `and ${numberText(ready.length - MOST_QUEUED)} more` }));
        return [
            make("h3", { text: polled === null || polled === undefined ? "Polled now: nobody" : "Polled now" }),
            polled === null || polled === undefined ? null : make("p", { class: "polled" }, this.task(model, polled)),
            make("h3", {
                text: ready.length === 0 ? "Ready: nobody" : `Ready, the next first (${numberText(ready.length)})`,
            }),
            ready.length === 0 ? null : make("ol", { class: "queue" }, ...boxes),
        ].filter(Boolean);
    }

    /** Who waits for whom, as a tree. */
    waits(model, state) {
        // Those for whom nobody waits, and who wait for nobody, have their place in other panels.
        const nodes = waitsForTree(state, model).filter((node) => node.children.length > 0);
        if (nodes.length === 0) return empty("Nobody waits.");
        let left = MOST_NODES;
        const branch = (nodes, level) =>
            nodes.slice(0, MOST_ROWS).map((node) => {
                left -= 1;
                if (left < 0) return null;
                const label = isolated(node.label, 120);
                const children = node.children ?? [];
                return make(
                    "li",
                    {
                        role: "treeitem",
                        tabindex: -1,
                        class: String(node.kind ?? ""),
                        "aria-level": level,
                        "aria-expanded": children.length > 0 ? "true" : null,
                        "data-task": node.kind === "task" ? node.id : null,
                    },
                    make("span", { class: "label" }, label),
                    children.length > 0 && level < 40
                        ? make("ul", { role: "group" }, ...branch(children, level + 1))
                        : null,
                );
            });
        const tree = make(
            "ul",
            { role: "tree", class: "tree", "aria-label": "Who waits for whom" },
            ...branch(nodes, 1),
        );
        tree.querySelector("[role=treeitem]")?.setAttribute("tabindex", "0");
        tree.addEventListener("keydown", (event) => walkTree(tree, event));
        tree.addEventListener("click", (event) => {
            const task = event.target.closest("[role=treeitem]")?.dataset.task;
            if (task) this.player.selectTask(Number(task));
        });
        return left < 0 ? make("div", {}, tree, empty("… and more")) : tree;
    }

    /** What the reactor watches, and what the loop asked for when it turned to it. */
    reactor(model, state) {
        const names = (ids) => make("span", {}, ...(ids ?? []).slice(0, 10).map((id) => this.task(model, id)));
        const told = [];
        if (state.wait) told.push(make("p", { class: "wait", text: waitText(state.wait) }));
        const sources = [...state.sources].slice(0, MOST_ROWS);
        if (sources.length === 0) return [...told, empty("No socket is registered.")];
        const flags = (ready) =>
            [ready?.read && "readable", ready?.write && "writable"].filter(Boolean).join(", ") || "–";
        const rows = sources.map(([id, source]) => [
            `source ${id}`,
            make("span", { text: harmless(source.kind, 40) }),
            names(source.waiters?.read),
            names(source.waiters?.write),
            isolated(flags(source.ready)),
        ]);
        return [
            ...told,
            make(
                "div",
                { class: "scroll" },
                tableOf(
                    "Registered sources",
                    ["source", "kind", "waits to read", "waits to write", "ready"],
                    rows,
                    state.sources.size > MOST_ROWS
                        ? `and ${numberText(state.sources.size - MOST_ROWS)} more`
                        : undefined,
                ),
            ),
        ];
    }

    /** The threads of each pool, and the jobs that wait for one. */
    pools(state) {
        const drawn = [];
        for (const [id, pool] of state.pools) {
            const workers = [...pool.workers];
            const queue = [...(pool.queue ?? [])];
            if (workers.length === 0 && queue.length === 0) continue;
            drawn.push(
                make("h3", {
                    text: `Pool ${id}: ${counted(workers.length, "thread")} of ${numberText(pool.max ?? workers.length)} at most`,
                }),
                make(
                    "ul",
                    { class: "workers" },
                    ...workers
                        .slice(0, MOST_QUEUED)
                        .map(([worker, job]) =>
                            make(
                                "li",
                                { class: job === null || job === undefined ? "idle" : "busy" },
                                make("span", { text: `worker ${worker}` }),
                                make("b", { text: job === null || job === undefined ? "idle" : `job ${job}` }),
                            ),
                        ),
                ),
                make("h3", {
                    text: queue.length === 0 ? "No job waits" : `Jobs that wait (${numberText(queue.length)})`,
                }),
                make(
                    "ol",
                    { class: "queue" },
                    ...queue
                        .slice(0, MOST_QUEUED)
                        .map((job) => make("li", {}, make("span", { class: "job", text: `job ${job}` }))),
                ),
            );
        }
        return drawn.length > 0 ? drawn : [empty("No job was given to a pool.")];
    }

    /** All tasks alive: their state, what for, since when. */
    tasks(model, state) {
        const { silence, index, last } = this.player.run;
        const rank = { running: 0, queued: 1, waiting: 2, finished: 3 };
        const tasks = [...state.tasks]
            .filter(([, task]) => task.state in rank)
            .sort(([a, x], [b, y]) => rank[x.state] - rank[y.state] || a - b);
        if (tasks.length === 0) return empty("There is no task.");
        const rows = tasks
            .slice(0, MOST_ROWS)
            .map(([id, task]) => [
                this.task(model, id),
                make("span", { class: `state ${task.state}`, text: task.state }),
                isolated(task.state === "waiting" ? awaitedLabels(model, task.what) : "", 100),
                humanSpan(state.at + (index === last ? silence : 0) - task.since),
            ]);
        return tableOf(
            "Tasks at the cursor",
            ["task", "state", "for", "since"],
            rows,
            tasks.length > MOST_ROWS ? `and ${numberText(tasks.length - MOST_ROWS)} more` : undefined,
        );
    }
}

/** @param {string} text @returns {HTMLElement} */
function empty(text) {
    return make("p", { class: "empty", text });
}

/**
 * The part of its turn in which the loop is.
 * @param {State} state
 * @returns {string} a name of `PHASES`
 */
function phaseOf(state) {
    return (
        { begun: "mail", mail: "mail", polling: "polling", waiting: "sleeping", waking: "dispatching" }[state.phase] ??
        "outside"
    );
}

/**
 * Why the loop waits no longer than it does.
 * @param {{timeout: number|null, reason: string|Object}} wait
 * @returns {string}
 */
function waitText(wait) {
    const { timeout, reason } = wait;
    const most =
        timeout === null
            ? "The loop sleeps until it is woken"
            : timeout === 0
              ? "The loop looks, and does not sleep"
              : `The loop sleeps ${humanSpan(timeout)} at most`;
    const why = reasonText(reason);
    return `${most}${why ? `: ${why}` : ""}.`;
}

/**
 * Arrow keys in a tree.
 * @param {HTMLElement} tree
 * @param {KeyboardEvent} event
 */
function walkTree(tree, event) {
    const items = [...tree.querySelectorAll("[role=treeitem]")];
    const at = items.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (event.key === "Enter") document.activeElement.querySelector(".label")?.click();
    if (to === undefined && event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    if (!items[to]) return;
    items.forEach((item) => item.setAttribute("tabindex", "-1"));
    items[to].setAttribute("tabindex", "0");
    items[to].focus();
}
