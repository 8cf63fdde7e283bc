// What is read beside the lanes: the findings, the chain of causes, the events around the cursor,
// and the selected lane as a table.
"use strict";

/** Events before and after the cursor that are listed. */
const AROUND = 20;

/** Segments of the selected lane that are listed on each side. */
const SEGMENTS_AROUND = 12;

/** Findings of which each is shown. */
const MOST_FINDINGS = 12;

/** In a compact page, more findings are folded. */
const MOST_UNFOLDED = 2;

/** What a person who looks at a trace without findings is told. */
const LOOKED_FOR =
    "Nothing stands out. Looked for: polls over the threshold, waits one after the other that could have been at the same time, " +
    "tasks that spin on their own wake, pools that are full, and wakes that found nobody.";

/** Draws the panels that tell in words. */
class Reading {
    /** @param {Player} player */
    constructor(player) {
        this.player = player;
        /** What the list of findings says, and of which run. */
        this.told = "";
        this.toldOf = null;
    }

    /** What the page noticed in the runs. */
    drawFindings() {
        const { player } = this;
        const list = byId("findings");
        const all = player.runs.flatMap((run) =>
            notice(run.model, { threshold: player.threshold, silence: run.silence }).map((finding) => [run, finding]),
        );
        // Those that are there already stay, with the one that is pressed.
        const told = JSON.stringify(all.map(([run, { title, evidence }]) => [run.letter, title, evidence]));
        if (this.told === told && this.toldOf === player.runs[0]) return;
        [this.told, this.toldOf] = [told, player.runs[0]];
        list.replaceChildren(
            ...all.slice(0, MOST_FINDINGS).map(([run, finding]) => {
                const where = player.runs.length > 1 ? `${run.letter}: ` : "";
                const button = buttonOf("", () => this.show(run, finding, button), {
                    class: `finding ${String(finding.kind ?? "").replace(/\W/g, "")}`,
                    "aria-pressed": "false",
                });
                button.append(
                    make("strong", {}, isolated(`${where}${finding.title}`, 200)),
                    make("span", {}, isolated(finding.evidence, 400)),
                );
                return make("li", {}, button);
            }),
        );
        if (all.length === 0) list.append(make("li", { class: "none", text: LOOKED_FOR }));
        if (all.length > MOST_FINDINGS)
            list.append(make("li", { class: "none", text: `and ${numberText(all.length - MOST_FINDINGS)} more` }));
        byId("findings-fold").open = !isEmbedded() || all.length <= MOST_UNFOLDED;
        byId("findings-title").textContent =
            all.length === 0 ? "What to notice" : `What to notice (${numberText(all.length)})`;
    }

    /** Jumps to the evidence of a finding, and marks it; a second click unmarks it. */
    show(run, finding, button) {
        const { lanes } = this.player;
        const again = button.getAttribute("aria-pressed") === "true";
        byId("findings")
            .querySelectorAll("button")
            .forEach((other) => other.setAttribute("aria-pressed", "false"));
        if (again) {
            lanes.evidence = null;
            lanes.paint();
            return;
        }
        button.setAttribute("aria-pressed", "true");
        const events = [...(finding.events ?? [])];
        const first = Math.min(...events, run.last);
        const last = Math.max(...events, first);
        const from = finding.from ?? run.trace.events[first]?.at ?? 0;
        const to = finding.to ?? run.trace.events[last]?.at ?? from;
        lanes.evidence = { run, first, last, from, to, tasks: new Set(finding.tasks ?? []) };
        this.player.go(run, first);
        const [a, b] = lanes.steps ? [first, last] : [from, to];
        const [x0, x1] = [lanes.view.x(a), lanes.view.x(b)];
        const seen = a >= lanes.view.from && b <= lanes.view.to;
        // Closer if it is too small to be seen, farther if it does not fit.
        if (!seen || x1 - x0 < 40) {
            const air = Math.max((b - a) * 0.6, (lanes.view.end - lanes.view.begin) * 0.01);
            lanes.view.show(a - air, b + air);
        }
        const task = finding.tasks?.[0];
        if (task !== undefined) lanes.reveal(lanes.laneOf(run, `task/${task}`));
        lanes.paint();
        byId("lanes").scrollIntoView({ block: "nearest" });
    }

    /** The chain of causes of what is selected, or of the event at the cursor. */
    drawWhy() {
        const { player } = this;
        const { run, selected } = player;
        const index = selected?.segment && selected.lane.run === run ? selected.segment.event : run.index;
        const steps = run.trace.events.length === 0 ? [] : why(run.model, index);
        const about = selected?.segment
            ? [
                  isolated(`${selected.lane.title}${selected.lane.kind === "queue" ? ":" : ""} ${segmentWords(selected.segment)}`, 200),
                  `, ${humanSpan(selected.segment.to - selected.segment.from)}`,
              ]
            : [isolated(run.trace.events.length === 0 ? "" : describeEvent(run.model, index), 300)];
        byId("why-body").replaceChildren(
            ...[
                steps[0]?.text === about.at(-1).textContent ? null : make("p", { class: "about" }, ...about),
                steps.length === 0
                    ? empty("Nothing is known of its cause.")
                    : make(
                          "ol",
                          { class: "chain" },
                          ...steps.map((step) =>
                              make(
                                  "li",
                                  {},
                                  step.event === null || step.event === undefined
                                      ? make("span", {}, isolated(step.text, 600))
                                      : buttonOf(isolated(step.text, 600), () => player.go(run, step.event), {
                                            title: `go to event ${step.event + 1}`,
                                        }),
                              ),
                          ),
                      ),
            ].filter(Boolean),
        );
    }

    /** The events around the cursor, in words. */
    drawEvents() {
        const { run } = this.player;
        const { model, index, trace } = run;
        const rows = [];
        const from = Math.max(index - AROUND, 0);
        for (let i = from; i <= Math.min(index + AROUND, run.last) && i < trace.events.length; i += 1) {
            const event = trace.events[i];
            const time = i > from && trace.events[i - 1].at === event.at ? "" : stampText(event.at);
            rows.push(
                make(
                    "li",
                    {
                        value: i + 1,
                        "aria-current": i === index ? "true" : null,
                        class: event.event === "turn_began" ? "turn" : null,
                    },
                    buttonOf(make("span", { class: "at", text: time }), () => this.player.go(run, i), {
                        tabindex: i === index ? 0 : -1,
                    }),
                ),
            );
            rows.at(-1).firstChild.append(isolated(describeEvent(model, i), 300));
        }
        const list = byId("events-body");
        list.replaceChildren(...rows);
        const current = list.querySelector("[aria-current]");
        if (!current) return;
        list.scrollTop = current.offsetTop - list.offsetTop - list.clientHeight / 2 + current.clientHeight / 2;
    }

    /** The selected lane in numbers, and what it did around the cursor. */
    drawLane() {
        const { player } = this;
        const lane = player.selectedLane;
        const body = byId("lane-body");
        byId("lane-title").replaceChildren(
            ...(lane ? ["The lane of ", isolated(lane.title, LONGEST_NAME)] : ["The selected lane"]),
        );
        if (!lane || lane.kind === "title") {
            body.replaceChildren(empty("Click a lane, or choose one with the arrow keys, to have it told here."));
            return;
        }
        const { segments } = lane;
        const { at } = lane.run;
        const here = firstPlace(segments.length, (i) => segments[i].from > at) - 1;
        const from = Math.max(here - SEGMENTS_AROUND, 0);
        const rows = segments.slice(from, here + SEGMENTS_AROUND + 1).map((segment, k) => [
            stampText(segment.from),
            buttonOf(isolated(segmentWords(segment), 120), () => player.select(lane, from + k, null), {
                "aria-current": from + k === here ? "true" : null,
            }),
            humanSpan(segment.to - segment.from),
        ]);
        const left = segments.length - rows.length;
        const { end } = lane;
        if (end !== null && here + SEGMENTS_AROUND + 1 >= segments.length)
            rows.push([stampText(end.at), buttonOf(end.text, () => player.go(lane.run, end.event)), ""]);
        body.replaceChildren(
            make("p", {}, ...laneFacts(lane)),
            segments.length === 0
                ? empty("It did nothing.")
                : tableOf(
                      `What ${lane.title} did`,
                      ["from", "what", "for"],
                      rows,
                      left > 0 ? `${numberText(left)} more before and after` : undefined,
                  ),
        );
    }
}

/**
 * What can be said of a lane as a whole.
 * @param {Lane} lane
 * @returns {Array<Node|string>}
 */
function laneFacts(lane) {
    if (lane.kind === "queue") return [queueFacts(lane).join(" ")];
    const sums = new Map();
    for (const { kind, from, to } of lane.segments) sums.set(kind, (sums.get(kind) ?? 0) + to - from);
    const words = {
        running: "ran",
        queued: "was queued",
        waiting: "waited",
        polling: "polled",
        sleeping: "slept",
        dispatching: "looked and woke",
        outside: "did not turn",
        job: "worked",
    };
    const times = [...sums]
        .filter(([kind, sum]) => kind in words && sum > 0)
        .map(([kind, sum]) => `${words[kind]} ${humanSpan(sum)}`);
    const told = [`${times.join(", ") || "nothing"}.`];
    if (lane.kind !== "task") return told;
    const task = lane.run.model.tasks.get(lane.task);
    if (!task) return told;
    told.push(` ${counted(task.polls, "poll")}.`);
    if (task.place)
        told.push(
            " Spawned by ",
            isolated(causeText(lane.run.model, task.by), 100),
            " at ",
            isolated(task.place, 200),
            ".",
        );
    if (lane.end !== null) told.push(` It ${lane.end.text}.`);
    return told;
}
