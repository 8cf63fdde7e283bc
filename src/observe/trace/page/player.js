// The player: cursor, selection, playing, keys; it holds the parts of the page together.
//
// Everything that moves ends in `go`, which sets the cursor, and `refresh`, which draws the panels
// before the next frame. So the page after any number of steps depends on the cursor alone.
"use strict";

/** Up to so many tasks, all are shown and there is no choice. */
const ALL_IN_VIEW = 12;

/** Beyond so many tasks, only those are shown at first that live in the part in view. */
const ONLY_IN_VIEW = 40;

/** How much of a live run is shown at first, in nanoseconds. */
const LIVE_WINDOW = 10e9;

/** The page. */
class Player {
    constructor() {
        embed();
        /** @type {Run[]} one, or two to be compared */
        this.runs = [];
        /** The run whose machine is shown. @type {Run|null} */
        this.run = null;
        /** The segment that is selected: {lane, segment, index}. */
        this.selected = null;
        /** @type {Lane|null} */
        this.selectedLane = null;
        this.threshold = 100e6;
        this.playing = null;
        this.pending = false;
        /** The file that was opened last. */
        this.opened = "";
        /** Whether something in the panels is pressed. */
        this.held = false;
        /** Whether the view of a live run was narrowed to its last seconds. */
        this.narrowed = false;
        /** @type {Live|null} */
        this.live = null;
        this.minimap = { draw() {} };
        this.lanes = new Lanes({ box: byId("lanes"), canvas: byId("canvas"), space: byId("lanes-space") }, this);
        this.minimap = new Minimap(byId("minimap"), this);
        this.panels = new Panels(this);
        this.reading = new Reading(this);
        listenToPointer(this.lanes, byId("tip"));
        listenToControls(this);
        fillHelp();
    }

    /** Starts with what the page was made with. */
    start() {
        const url = document.querySelector('meta[name="boucle-live"]')?.content;
        if (url) {
            this.live = new Live(this, url);
            return;
        }
        const [first, second] = PLACES.map(embedded);
        byId("drop").hidden = first !== "";
        if (first !== "") this.load(first, "", false);
        if (second !== "") this.load(second, "", true);
        listenToAddress(this);
    }

    /**
     * Takes a trace in.
     * @param {string} text
     * @param {string} name
     * @param {boolean} beside whether it is to stand beside the one that is here
     */
    load(text, name, beside) {
        try {
            const run = readRun(text, name);
            this.replaceRuns(beside && this.runs.length > 0 ? [this.runs[0], run] : [run]);
            byId("drop-error").textContent = "";
            this.opened = name;
        } catch (error) {
            const words =
                error instanceof TraceError
                    ? `This trace cannot be read: ${harmless(error.message, 300)}.`
                    : `This trace cannot be shown: ${harmless(error.message, 300)}.`;
            byId("drop-error").textContent = words;
            if (this.runs.length === 0) byId("drop").hidden = false;
            else this.say(words);
        }
    }

    /** @param {Run[]} runs what is shown from now on */
    replaceRuns(runs) {
        this.pause();
        runs.forEach((run, i) => {
            run.letter = runs.length > 1 ? "AB"[i] : "";
        });
        const before = this.runs;
        const hadRun = before.length > 0;
        const fresh = this.runs[0] !== runs[0] || this.runs.length !== runs.length;
        this.runs = runs;
        this.run = runs[0] ?? null;
        this.selected = this.selectedLane = null;
        this.lanes.evidence = null;
        byId("replay").hidden = runs.length === 0;
        byId("drop").hidden = runs.length > 0 || this.live !== null;
        if (runs.length === 0) return;
        this.lanes.list();
        if (fresh && !(this.live && hadRun)) {
            [this.lanes.view.begin, this.lanes.view.end] = this.lanes.ends();
            this.lanes.view.fit();
            const many = runs.some((run) => run.model.tasks.size > ONLY_IN_VIEW);
            setPressed("only", many || this.live !== null);
            this.lanes.setOnly(isPressed("only"));
        }
        const [oldest] = runs[0].model.tasks.keys();
        this.selectedLane = this.lanes.laneOf(runs[0], `task/${oldest}`) ?? null;
        // The first sleep: by then something waits for something, and there is a machine to be seen.
        for (const run of this.live ? [] : runs.filter((run) => !before.includes(run)))
            run.index = run.model.waits.find(({ timeout }) => timeout !== 0)?.first ?? run.index;
        this.head();
        fillLegend(runs);
        if (!this.live) this.say(runs.flatMap((run) => run.remarks).join(" "));
        drawComparison(this);
        this.reading.drawFindings();
        this.refresh();
    }

    /** The live run has grown. */
    grown(follow) {
        const { run } = this;
        if (follow) run.index = run.last;
        const key = this.selectedLane?.key;
        this.lanes.list();
        this.selectedLane = (key && this.lanes.laneOf(run, key)) ?? null;
        // Of a long run the last seconds are shown, unless somebody wants to see it all.
        const { view } = this.lanes;
        if (!this.narrowed && !this.lanes.steps && view.end - view.begin > LIVE_WINDOW) {
            this.narrowed = true;
            view.show(view.end - LIVE_WINDOW, view.end + view.air);
        }
        this.head();
        // Findings take a look at the whole run: from time to time is enough.
        if (!(performance.now() - this.noticed < 2000)) {
            this.noticed = performance.now();
            this.reading.drawFindings();
        }
        this.refresh();
    }

    /** The title and the numbers of the run. */
    head() {
        const { run } = this;
        const { model, trace } = run;
        document.title = `${run.title} · boucle`;
        byId("program").replaceChildren(
            ...this.runs.flatMap((run, i) => [i > 0 ? " and " : "", isolated(run.label, LONGEST_NAME)]),
        );
        const built = trace.events[0]?.event === "loop_built" ? trace.events[0] : null;
        const seed = built?.seed_digits ?? built?.seed ?? null;
        const simulated = !model.simulated
            ? null
            : seed === null
              ? "simulated"
              : `simulated, seed ${harmless(seed, 24)}`;
        byId("counts").textContent = [
            `loop ${numberText(trace.header.loop)}`,
            humanSpan(model.end - model.start),
            ...[
                ["task", model.tasks.size],
                ["poll", model.polls.length],
                ["turn", model.turns.length],
                ["event", trace.events.length],
            ].map(([what, n]) => `${numberText(n)} ${what}${n === 1 ? "" : "s"}`),
            simulated,
        ]
            .filter(Boolean)
            .join(" · ");
        byId("scrub").min = String(model.first);
        byId("scrub").max = String(run.last);
        byId("only").hidden = this.runs.every((run) => run.model.tasks.size <= ALL_IN_VIEW);
        const names = new Set();
        for (const task of model.tasks.values()) {
            if (names.size >= 200) break;
            if (task.name) names.add(harmless(task.name, LONGEST_NAME));
        }
        byId("task-names").replaceChildren(...[...names].map((name) => make("option", { value: name })));
    }

    /** @param {string} words a remark above everything */
    say(words) {
        byId("notice-bar").textContent = words;
        byId("notice-bar").hidden = words === "";
    }

    /**
     * Moves the cursor.
     * @param {Run} run
     * @param {number} index
     * @param {boolean} [alone] leaves the other run where it is
     */
    go(run, index, alone = false) {
        if (this.live?.follow && index !== run.last) this.live.setFollow(false);
        this.run = run;
        run.index = Math.min(Math.max(index, run.model.first), run.last);
        for (const other of this.runs) {
            if (other !== run && !alone) other.index = other.model.eventAtTime(run.at);
        }
        this.selected = null;
        this.lanes.view.reveal(this.lanes.steps ? run.index : run.at);
        this.refresh();
    }

    /** @param {"event"|"poll"|"turn"} unit @param {1|-1} direction */
    step(unit, direction) {
        if (this.run) this.go(this.run, this.run.model.step(this.run.index, unit, direction));
    }

    /** @param {number} place of the axis @param {boolean} steps whether it counts events */
    goTime(place, steps) {
        if (this.run) this.go(this.run, steps ? Math.round(place) : this.run.model.eventAtTime(place));
    }

    /**
     * Selects a lane, and one of its segments.
     * @param {Lane} lane
     * @param {number} index of the segment; -1 for none
     * @param {number|null} place where it was clicked
     */
    select(lane, index, place) {
        const segment = lane.segments[index] ?? null;
        this.run = lane.run;
        this.selectedLane = lane;
        if (segment) {
            // What takes long is entered where it was clicked; what runs, where it begins.
            const wide = place !== null && !SOLID.has(segment.kind);
            const { steps } = this.lanes;
            const first = lane.from(index, steps);
            const event =
                wide && place > first ? (steps ? Math.floor(place) : lane.run.model.eventAtTime(place)) : segment.event;
            this.go(lane.run, Math.max(event, segment.event));
            this.selected = { lane, segment, index };
        } else if (place !== null) {
            this.goTime(place, this.lanes.steps);
        }
        this.lanes.reveal(lane);
        this.refresh();
    }

    /** @param {number} id selects the lane of a task of the present run */
    selectTask(id) {
        const lane = this.lanes.laneOf(this.run, `task/${id}`);
        if (!lane) return;
        this.selectedLane = lane;
        this.selected = null;
        this.lanes.reveal(lane);
        this.refresh();
    }

    /** @param {1|-1} direction selects the lane above or below */
    selectNext(direction) {
        const rows = this.lanes.rows.filter((row) => row.kind !== "title");
        const at = rows.indexOf(this.selectedLane);
        const lane = rows[Math.min(Math.max(at + direction, 0), rows.length - 1)];
        if (!lane) return;
        if (lane.run !== this.run) this.run = lane.run;
        this.selectedLane = lane;
        this.selected = null;
        this.lanes.reveal(lane);
        this.refresh();
        this.tell(`${lane.title}`);
    }

    /** Selects what the chosen lane does at the cursor. */
    selectHere() {
        const lane = this.selectedLane;
        if (!lane) return;
        const { run } = lane;
        const at = firstPlace(lane.segments.length, (i) => lane.from(i, true) > run.index) - 1;
        if (at >= 0) this.select(lane, at, run.index);
    }

    /** @param {string} words finds a task by number or name, and goes to its birth */
    search(words) {
        const wanted = words.trim().toLowerCase();
        if (wanted === "" || !this.run) return;
        const tasks = [...this.run.model.tasks.values()];
        const number = Number(wanted.replace(/^task\s*/, ""));
        const byName = tasks.filter((task) => harmless(task.name).toLowerCase().includes(wanted));
        const exact = tasks.find((task) => task.id === number);
        // Asked again, the next one.
        const after = byName.findIndex((task) => task.id === this.selectedLane?.task) + 1;
        const found = exact ?? byName[after] ?? byName[0];
        if (!found) {
            this.say(`There is no task “${harmless(words, 40)}”.`);
            return;
        }
        this.say("");
        if (found.born !== null) this.go(this.run, found.born);
        this.selectTask(found.id);
        this.tell(`${taskText(this.run.model, found.id)} of ${byName.length || 1} found`);
    }

    /** @param {string} words told to those who listen, beside the sentence of the event */
    tell(words) {
        byId("lanes").setAttribute("aria-description", harmless(words, 200));
    }

    /** Plays or pauses. */
    toggle() {
        if (this.playing) this.pause();
        else this.play();
    }

    /** Plays from the cursor, or from the start if it is at the end. */
    play() {
        const { run } = this;
        if (!run) return;
        if (run.index >= run.last) this.go(run, run.model.first);
        byId("play").textContent = "Pause";
        document.documentElement.dataset.playing = "true";
        byId("sentence").setAttribute("aria-live", "off");
        let before = performance.now();
        let [place, time] = [run.index, run.at];
        const frame = (now) => {
            const speed = byId("speed").value;
            const passed = now - before;
            before = now;
            let index = run.index;
            if (speed[0] === "e") {
                place += (passed / 1000) * Number(speed.slice(1));
                index = Math.floor(place);
            } else {
                time += passed * 1e6 * Number(speed.slice(1));
                index = run.model.eventAtTime(time);
            }
            if (index > run.index) this.go(run, index);
            if (run.index >= run.last) this.pause();
            else if (this.playing) this.playing = requestAnimationFrame(frame);
        };
        this.playing = requestAnimationFrame(frame);
    }

    /** Stops playing. */
    pause() {
        if (this.playing) cancelAnimationFrame(this.playing);
        this.playing = null;
        byId("play").textContent = "Play";
        document.documentElement.dataset.playing = "false";
        byId("sentence").setAttribute("aria-live", this.live?.follow ? "off" : "polite");
    }

    /** Draws everything that depends on the cursor, before the next frame. */
    refresh() {
        this.lanes.paint();
        if (this.pending) return;
        this.pending = true;
        requestAnimationFrame(() => {
            this.pending = false;
            // Not under a finger that is about to let go of a button.
            if (this.held) return;
            if (this.run && this.run.trace.events.length > 0) keepFocus(byId("grid"), () => this.draw());
        });
    }

    /** Draws the panels. */
    draw() {
        const { run } = this;
        const { model, index } = run;
        const state = model.stateAt(index);
        byId("scrub").min = String(model.first);
        byId("scrub").max = String(run.last);
        byId("scrub").value = String(index);
        const sentence = describeEvent(model, index);
        byId("scrub").setAttribute("aria-valuetext", harmless(`event ${index + 1}: ${sentence}`, 200));
        byId("sentence").replaceChildren(isolated(sentence, 400));
        const { first, last } = run.moment();
        const same = last > first ? `, the ${ordinal(index - first + 1)} of ${last - first + 1} at this moment` : "";
        byId("where").replaceChildren(
            `${run.letter && `${run.letter}: `}event ${numberText(index + 1)} of ${numberText(run.last + 1)} at ${stampText(run.at)}`,
            make("span", { text: same }),
        );
        byId("canvas").setAttribute(
            "aria-label",
            harmless(
                `Lanes of ${run.label}: the loop, ${counted(model.tasks.size, "task")}, ${counted(model.workers.size, "thread")} of pools, over ${humanSpan(model.end - model.start)}. The cursor is at ${stampText(run.at)}.`,
                300,
            ),
        );
        this.panels.draw(run, state);
        this.reading.drawEvents();
        this.reading.drawLane();
        // A chain takes a while to be read: not while events fly by.
        if (!this.playing) this.reading.drawWhy();
    }
}

/** @param {number} n @returns {string} "1st", "2nd", ... */
function ordinal(n) {
    const teen = n % 100 > 10 && n % 100 < 14;
    return `${n}${teen ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th")}`;
}
