// The lanes over time: one row for the loop, one for each task, one for the queue of a pool in which
// jobs waited, one for each thread of a pool.
//
// A canvas as large as the window on it; only rows in view are drawn. Rows are stacked in a list
// that scrolls as any element does: the canvas sticks to the top of it, and a spacer as tall as all
// rows stands behind. Two runs are drawn one above the other, on one axis.
"use strict";

/** The height of the axis, of the rows, and of a run's title, in pixels. */
const AXIS = 26;
const ROW = { title: 26, loop: 36, task: 30, queue: 28, worker: 28 };

/** Kinds of lanes whose names are not bold. */
const PLAIN = new Set(["task", "queue", "worker"]);

/** The least height of a row where a figure has little room for many. */
const LEAST_ROW = 17;

/** Beyond so many, tasks get narrow rows. */
const MANY_TASKS = 400;

/** Draws the lanes, and knows what lies where. */
class Lanes {
    /**
     * @param {{box: HTMLElement, canvas: HTMLCanvasElement, space: HTMLElement}} elements
     * @param {Player} player
     */
    constructor({ box, canvas, space }, player) {
        Object.assign(this, { box, canvas, space, player });
        this.context = canvas.getContext("2d");
        /** All rows, and those that are shown. @type {Lane[]} */
        this.all = [];
        this.rows = [];
        this.total = 0;
        /** Whether tasks that do not live in the part in view are left out. */
        this.onlyInView = false;
        /** For what part the rows were arranged. */
        this.arrangedFor = "";
        this.view = new View(0, 1);
        /** Whether the axis counts events instead of time. */
        this.steps = false;
        this.palette = null;
        this.pending = false;
        /** What is pointed at: {lane, segment, index}. */
        this.hovered = null;
        /** The evidence of a finding: {from, to, tasks, run}. */
        this.evidence = null;
        box.addEventListener("scroll", () => this.paint());
        new ResizeObserver(() => this.resize()).observe(box);
        // How high it may be follows from the window.
        window.addEventListener("resize", () => this.resize());
        matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
            this.palette = null;
            this.paint();
        });
    }

    /** @returns {number} the width of the column of names */
    get margin() {
        return this.box.clientWidth < 560 ? 104 : 190;
    }

    /** Lists the rows anew, after a run was loaded or has grown. */
    list() {
        const { runs } = this.player;
        const rows = [];
        for (const run of runs) {
            const { model } = run;
            if (runs.length > 1) rows.push(new Lane(run, "title", "title", run.label, "", ROW.title));
            rows.push(new Lane(run, "loop", "loop", "the loop", "", ROW.loop));
            const height = model.tasks.size > MANY_TASKS ? 20 : ROW.task;
            // Of a loop that runs, the youngest tasks first: those are the ones that are there.
            const tasks = [...model.tasks.values()];
            if (this.player.live !== null) tasks.reverse();
            for (const task of tasks) {
                rows.push(
                    new Lane(run, "task", `task/${task.id}`, taskTitle(model, task.id), task.place ?? "", height),
                );
            }
            for (const pool of poolsWithQueue(model)) {
                rows.push(new Lane(run, "queue", `queue/${pool}`, `queue of pool ${pool}`, "", ROW.queue));
            }
            for (const [key, worker] of model.workers) {
                rows.push(
                    new Lane(
                        run,
                        "worker",
                        `worker/${key}`,
                        `worker ${worker.worker}`,
                        `pool ${worker.pool}`,
                        ROW.worker,
                    ),
                );
            }
        }
        this.all = rows;
        this.crowd();
        this.view.grow(...this.ends());
        this.arrange();
        this.resize();
    }

    /** @returns {number} how high the lanes may be */
    get tallest() {
        return parseFloat(getComputedStyle(this.box).maxHeight);
    }

    /** In a figure, makes rows lower where all of them are in view then. */
    crowd() {
        if (!isEmbedded()) return;
        const rows = this.all.filter((row) => PLAIN.has(row.kind));
        const heads = this.all.filter((row) => !PLAIN.has(row.kind)).reduce((sum, row) => sum + row.height, 0);
        const height = Math.floor((this.tallest - AXIS - 4 - heads) / Math.max(rows.length, 1));
        for (const row of rows) row.height = height < LEAST_ROW ? row.full : Math.min(height, row.full);
    }

    /** Stacks the rows that are to be shown. */
    arrange() {
        const { view, steps, evidence } = this;
        const { selectedLane } = this.player;
        const lives = (lane) => {
            const last = lane.segments.length - 1;
            return last >= 0 && lane.from(0, steps) <= view.to && lane.to(last, steps) >= view.from;
        };
        const isKept = (lane) =>
            lane.kind !== "task" || lane === selectedLane || evidence?.tasks.has(lane.task) || lives(lane);
        this.rows = this.onlyInView ? this.all.filter(isKept) : this.all;
        let top = 0;
        for (const row of this.rows) {
            row.top = top;
            top += row.height;
        }
        this.arrangedFor = this.scope();
        if (top !== this.total) {
            this.total = top;
            this.space.style.height = `${Math.max(top + AXIS + 4 - this.box.clientHeight, 0)}px`;
        }
    }

    /** @returns {string} what decides which rows are shown */
    scope() {
        return this.onlyInView
            ? [this.view.from, this.view.to, this.steps, this.player.selectedLane?.key].join()
            : "all";
    }

    /** @param {boolean} only whether tasks that do not live in the part in view are left out */
    setOnly(only) {
        this.onlyInView = only;
        this.arrange();
        this.resize();
    }

    /** @returns {[number, number]} the first and the last place of the axis */
    ends() {
        const { runs } = this.player;
        return [
            Math.min(...runs.map((run) => (this.steps ? run.model.first : run.model.start))),
            Math.max(...runs.map((run) => (this.steps ? run.last : run.model.end + run.silence))),
        ];
    }

    /** @param {boolean} steps whether the axis is to count events */
    setAxis(steps) {
        this.steps = steps;
        [this.view.begin, this.view.end] = this.ends();
        this.view.fit();
        this.paint();
    }

    /** Fits the canvas to its box. */
    resize() {
        const { box, canvas, space, tallest } = this;
        if (isEmbedded()) {
            this.crowd();
            this.arrange();
        }
        const height = Math.round(Math.min(this.total + AXIS + 4, tallest));
        if (box.style.height !== `${height}px`) box.style.height = `${height}px`;
        const width = box.clientWidth;
        const ratio = window.devicePixelRatio || 1;
        canvas.style.width = `${width}px`;
        canvas.style.height = `${height}px`;
        canvas.width = Math.round(width * ratio);
        canvas.height = Math.round(height * ratio);
        space.style.height = `${Math.max(this.total + AXIS + 4 - height, 0)}px`;
        this.view.left = this.margin;
        this.view.width = Math.max(width - this.margin, 1);
        this.palette = null;
        this.paint();
    }

    /** Draws before the next frame. */
    paint() {
        if (this.pending) return;
        this.pending = true;
        requestAnimationFrame(() => {
            this.pending = false;
            this.draw();
            this.player.minimap.draw();
        });
    }

    /** @param {number} y a pixel of the canvas @returns {Lane|null} */
    laneAt(y) {
        const place = y - AXIS + this.box.scrollTop;
        if (y < AXIS || place >= this.total) return null;
        return this.rows[firstPlace(this.rows.length, (i) => this.rows[i].top > place) - 1] ?? null;
    }

    /**
     * What lies under a pixel. What is narrow is met from a little beside it.
     * @param {number} x
     * @param {number} y
     * @returns {{lane: Lane, segment: Object|null, index: number}|null}
     */
    hit(x, y) {
        const lane = this.laneAt(y);
        if (!lane) return null;
        const { view, steps } = this;
        const { segments } = lane;
        const place = view.place(x);
        const [near, far] = [view.place(x - LEAST_WIDTH - 1), view.place(x + 2)];
        let found = -1;
        const first = firstPlace(segments.length, (i) => lane.to(i, steps) >= near);
        for (let i = first; i < Math.min(segments.length, first + 200) && lane.from(i, steps) <= far; i += 1) {
            if (SOLID.has(segments[i].kind)) {
                found = i;
                break;
            }
            if (lane.from(i, steps) <= place && lane.to(i, steps) >= place) found = i;
        }
        return { lane, segment: found < 0 ? null : segments[found], index: found };
    }

    /** @param {Run} run @param {string} key @returns {Lane|undefined} */
    laneOf(run, key) {
        return this.all.find((row) => row.run === run && row.key === key);
    }

    /** @param {Lane|undefined} lane scrolls to it */
    reveal(lane) {
        if (!lane) return;
        if (this.arrangedFor !== this.scope()) this.arrange();
        const { box } = this;
        const [top, bottom] = [box.scrollTop, box.scrollTop + box.clientHeight - AXIS - 4];
        if (lane.top < top) box.scrollTop = lane.top;
        else if (lane.top + lane.height > bottom) box.scrollTop += lane.top + lane.height - bottom;
    }

    /** Draws everything in view. */
    draw() {
        if (this.all.length === 0) return;
        if (this.arrangedFor !== this.scope()) this.arrange();
        const { canvas, context, view } = this;
        const ratio = window.devicePixelRatio || 1;
        const [width, height] = [canvas.width / ratio, canvas.height / ratio];
        this.palette ??= new Palette(context);
        const { palette } = this;
        context.setTransform(ratio, 0, 0, ratio, 0, 0);
        context.textBaseline = "middle";
        context.fillStyle = palette.color("surface");
        context.fillRect(0, 0, width, height);
        const scroll = this.box.scrollTop;
        const first = Math.max(firstPlace(this.rows.length, (i) => this.rows[i].top > scroll) - 1, 0);
        const shown = [];
        for (let i = first; i < this.rows.length && this.rows[i].top - scroll + AXIS < height; i += 1)
            shown.push(this.rows[i]);
        const yOf = (lane) => lane.top - scroll + AXIS;

        context.save();
        context.beginPath();
        context.rect(0, AXIS, width, height - AXIS);
        context.clip();
        for (const lane of shown) this.drawBack(lane, yOf(lane), width);
        this.drawGrid(height);
        context.save();
        context.beginPath();
        context.rect(view.left, AXIS, view.width, height - AXIS);
        context.clip();
        const labels = [];
        for (const lane of shown) drawSegments(context, palette, lane, view, this.steps, yOf(lane), labels);
        drawEvidence(this, shown, yOf, height);
        drawWakes(this, shown, yOf);
        drawEnds(this, shown, yOf, labels);
        // Above the arrows, which would make them hard to read.
        drawLabels(context, labels);
        drawSelected(this, shown, yOf);
        context.restore();
        for (const lane of shown) this.drawName(lane, yOf(lane));
        drawCursor(this, shown, yOf, height);
        context.restore();
        this.drawAxis(width);
    }

    /** The color on which a row stands. */
    groundOf(lane) {
        if (lane === this.player.selectedLane) return this.palette.color("chosen");
        const name = { title: "title", loop: "loop-row" }[lane.kind] ?? "surface";
        return this.palette.color(name);
    }

    /** The ground of a row. */
    drawBack(lane, y, width) {
        const { context, palette } = this;
        context.fillStyle = this.groundOf(lane);
        context.fillRect(0, y, width, lane.height);
        context.fillStyle = palette.color("line");
        context.fillRect(0, y + lane.height - 1, width, 1);
    }

    /** The vertical lines of the axis. */
    drawGrid(height) {
        const { context, palette, view } = this;
        context.fillStyle = palette.color("line");
        for (const { place } of ticksOf(view, this.steps, view.width < 500 ? 64 : 110)) {
            const x = Math.round(view.x(place));
            if (x >= view.left) context.fillRect(x, AXIS, 1, height);
        }
    }

    /** The axis, above all rows. */
    drawAxis(width) {
        const { context, palette, view } = this;
        context.fillStyle = palette.color("surface");
        context.fillRect(0, 0, width, AXIS);
        context.font = SMALL;
        context.fillStyle = palette.soft;
        context.fillText(this.steps ? "event" : "time", 10, AXIS / 2);
        let free = -Infinity;
        for (const { place, text } of ticksOf(view, this.steps, view.width < 500 ? 64 : 110)) {
            const x = view.x(place);
            if (x < view.left - 1) continue;
            const wide = context.measureText(text).width;
            // The last one may not reach over the edge, nor the one before.
            const left = Math.min(Math.max(x - wide / 2, view.left), width - wide - 8);
            if (left < free) continue;
            free = left + wide + 8;
            context.fillStyle = palette.soft;
            context.fillText(text, left, AXIS / 2);
        }
        context.fillStyle = palette.color("edge");
        context.fillRect(0, AXIS - 1, width, 1);
        context.fillRect(view.left - 1, 0, 1, this.canvas.height);
        this.drawHandle();
    }

    /** Who a row belongs to. */
    drawName(lane, y) {
        const { context, palette, view } = this;
        context.fillStyle = this.groundOf(lane);
        context.fillRect(0, y, view.left - 1, lane.height - 1);
        const middle = y + lane.height / 2;
        const font = PLAIN.has(lane.kind) ? FONT : BOLD;
        const title = fitted(context, lane.title, lane.kind === "title" ? 800 : view.left - 18, font);
        context.font = font;
        context.fillStyle = palette.text;
        context.fillText(title, 10, middle + 0.5);
        if (!PLAIN.has(lane.kind)) return;
        const used = context.measureText(title).width;
        const note = fittedEnd(
            context,
            harmless(lane.note)
                .replace(/^.*[\\/]/, "")
                .replace(/:\d+$/, ""),
            view.left - used - 28,
            SMALL,
        );
        context.font = SMALL;
        context.fillStyle = palette.soft;
        if (note) context.fillText(note, view.left - 9 - context.measureText(note).width, middle + 0.5);
    }

    /** What one grips the cursor by, on the axis. */
    drawHandle() {
        const { context, palette, view } = this;
        const { run } = this.player;
        const x = Math.round(view.x(this.steps ? run.index : run.at));
        if (x < view.left - 1) return;
        context.fillStyle = palette.color("cursor");
        context.beginPath();
        context.moveTo(x - 6, AXIS - 10);
        context.lineTo(x + 6, AXIS - 10);
        context.lineTo(x, AXIS);
        context.fill();
    }
}
