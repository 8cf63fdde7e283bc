// The lanes over time: one row for the loop, one for each task, one for each thread of a pool.
//
// A canvas as large as the window on it; only rows in view are drawn. Rows are stacked in a list
// that scrolls as any element does: the canvas sticks to the top of it, and a spacer as tall as all
// rows stands behind. Two runs are drawn one above the other, on one axis.
"use strict";

/** The height of the axis, of the rows, and of a run's title, in pixels. */
const AXIS = 26;
const ROW = { title: 26, loop: 36, task: 30, worker: 28 };

/** More wakes in view than these are drawn for the selected task alone. */
const MOST_ARROWS = 60;

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
    /** @type {Lane[]} */
    this.rows = [];
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
      if (runs.length > 1) rows.push(new Lane(run, "title", "title", run.title, "", ROW.title));
      rows.push(new Lane(run, "loop", "loop", "the loop", "", ROW.loop));
      const height = model.tasks.size > MANY_TASKS ? 20 : ROW.task;
      for (const task of model.tasks.values()) {
        rows.push(new Lane(run, "task", `task/${task.id}`, taskTitle(model, task.id), task.place ?? "", height));
      }
      for (const [key, worker] of model.workers) {
        rows.push(new Lane(run, "worker", `worker/${key}`, `worker ${worker.worker}`, `pool ${worker.pool}`, ROW.worker));
      }
    }
    let top = 0;
    for (const row of rows) {
      row.top = top;
      top += row.height;
    }
    this.rows = rows;
    this.total = top;
    this.view.grow(...this.ends());
    this.resize();
  }

  /** @returns {[number, number]} the first and the last place of the axis */
  ends() {
    const { runs } = this.player;
    return [
      Math.min(...runs.map((run) => (this.steps ? run.model.first : run.model.start))),
      Math.max(...runs.map((run) => (this.steps ? run.last : run.model.end))),
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
    const { box, canvas, space } = this;
    const tallest = Math.max(Math.round(window.innerHeight * 0.5), 220);
    const height = Math.min(this.total + AXIS + 4, tallest);
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
      if (SOLID.has(segments[i].kind)) { found = i; break; }
      if (lane.from(i, steps) <= place && lane.to(i, steps) >= place) found = i;
    }
    return { lane, segment: found < 0 ? null : segments[found], index: found };
  }

  /** @param {Run} run @param {string} key @returns {Lane|undefined} */
  laneOf(run, key) {
    return this.rows.find((row) => row.run === run && row.key === key);
  }

  /** @param {Lane|undefined} lane scrolls to it */
  reveal(lane) {
    if (!lane) return;
    const { box } = this;
    const [top, bottom] = [box.scrollTop, box.scrollTop + box.clientHeight - AXIS - 4];
    if (lane.top < top) box.scrollTop = lane.top;
    else if (lane.top + lane.height > bottom) box.scrollTop += lane.top + lane.height - bottom;
  }

  /** Draws everything in view. */
  draw() {
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
    for (let i = first; i < this.rows.length && this.rows[i].top - scroll + AXIS < height; i += 1) shown.push(this.rows[i]);
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
    for (const lane of shown) {
      context.font = SMALL;
      drawSegments(context, palette, lane, view, this.steps, yOf(lane));
    }
    this.drawEvidence(shown, yOf, height);
    this.drawWakes(shown, yOf);
    this.drawSelected(shown, yOf);
    context.restore();
    for (const lane of shown) this.drawName(lane, yOf(lane));
    this.drawCursor(shown, yOf, height);
    context.restore();
    this.drawAxis(width);
  }

  /** The ground of a row. */
  drawBack(lane, y, width) {
    const { context, palette } = this;
    const selected = this.player.selectedLane;
    context.fillStyle = lane === selected ? palette.color("chosen")
      : lane.kind === "title" ? palette.color("title")
        : lane.kind === "loop" ? palette.color("loop-row") : palette.color("surface");
    context.fillRect(0, y, width, lane.height);
    context.fillStyle = palette.color("line");
    context.fillRect(0, y + lane.height - 1, width, 1);
  }

  /** The vertical lines of the axis. */
  drawGrid(height) {
    const { context, palette, view } = this;
    context.fillStyle = palette.color("line");
    for (const { place } of ticksOf(view, this.steps, 110)) {
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
    for (const { place, text } of ticksOf(view, this.steps, 110)) {
      const x = view.x(place);
      if (x < view.left - 1) continue;
      const half = context.measureText(text).width / 2;
      if (x + half > width) continue;
      context.fillStyle = palette.soft;
      context.fillText(text, Math.max(x - half, view.left), AXIS / 2);
    }
    context.fillStyle = palette.color("edge");
    context.fillRect(0, AXIS - 1, width, 1);
    context.fillRect(view.left - 1, 0, 1, this.canvas.height);
    this.drawHandle();
  }

  /** Who a row belongs to. */
  drawName(lane, y) {
    const { context, palette, view } = this;
    context.fillStyle = lane === this.player.selectedLane ? palette.color("chosen")
      : lane.kind === "title" ? palette.color("title") : lane.kind === "loop" ? palette.color("loop-row") : palette.color("surface");
    context.fillRect(0, y, view.left - 1, lane.height - 1);
    const middle = y + lane.height / 2;
    const font = lane.kind === "task" || lane.kind === "worker" ? FONT : BOLD;
    const title = fitted(context, lane.title, lane.kind === "title" ? 800 : view.left - 18, font);
    context.font = font;
    context.fillStyle = palette.text;
    context.fillText(title, 10, middle + 0.5);
    if (lane.kind !== "task" && lane.kind !== "worker") return;
    const used = context.measureText(title).width;
    const note = fittedEnd(context, harmless(lane.note).replace(/^.*[\\/]/, "").replace(/:\d+$/, ""), view.left - used - 28, SMALL);
    context.font = SMALL;
    context.fillStyle = palette.soft;
    if (note) context.fillText(note, view.left - 9 - context.measureText(note).width, middle + 0.5);
  }

  /** A frame around what is selected or pointed at. */
  drawSelected(shown, yOf) {
    const { context, palette, view, steps } = this;
    for (const [chosen, color, width] of [[this.hovered, "soft", 1.5], [this.player.selected, "cursor", 2]]) {
      if (!chosen?.segment || !shown.includes(chosen.lane)) continue;
      const x0 = view.x(chosen.lane.from(chosen.index, steps));
      const x1 = Math.max(view.x(chosen.lane.to(chosen.index, steps)), x0 + LEAST_WIDTH);
      context.strokeStyle = palette.color(color);
      context.lineWidth = width;
      context.strokeRect(x0 - 1, yOf(chosen.lane) + 3, x1 - x0 + 2, chosen.lane.height - 6);
    }
  }

  /** The part of the run that a finding speaks of. */
  drawEvidence(shown, yOf, height) {
    const { context, palette, view, evidence } = this;
    if (!evidence) return;
    const run = evidence.run;
    const place = (index, at) => (this.steps ? index : at);
    const x0 = view.x(place(evidence.first, evidence.from));
    const x1 = Math.max(view.x(place(evidence.last, evidence.to)), x0 + 3);
    context.fillStyle = palette.color("evidence");
    context.globalAlpha = 0.13;
    context.fillRect(x0, AXIS, x1 - x0, height);
    context.globalAlpha = 1;
    context.strokeStyle = palette.color("evidence");
    context.lineWidth = 2;
    for (const lane of shown) {
      if (lane.run === run && lane.kind === "task" && evidence.tasks.has(lane.task)) {
        context.strokeRect(x0 - 1, yOf(lane) + 1, x1 - x0 + 2, lane.height - 3);
      }
    }
  }

  /** Arrows from who wakes to who is woken. */
  drawWakes(shown, yOf) {
    const { context, palette, view, steps } = this;
    const chosen = this.player.selectedLane;
    const place = (wake) => (steps ? wake.event : wake.at);
    for (const run of this.player.runs) {
      const { wakes } = run.model;
      const first = firstPlace(wakes.length, (i) => place(wakes[i]) >= view.from);
      const last = firstPlace(wakes.length, (i) => place(wakes[i]) > view.to);
      const few = last - first <= MOST_ARROWS;
      if (!few && (chosen?.kind !== "task" || chosen.run !== run)) continue;
      const lanes = new Map(shown.filter((lane) => lane.run === run).map((lane) => [lane.key, lane]));
      let drawn = 0;
      for (let i = first; i < last && drawn < 400; i += 1) {
        const wake = wakes[i];
        if (!few && wake.task !== chosen.task) continue;
        const [from, to] = [lanes.get(wakerLane(wake)), lanes.get(`task/${wake.task}`)];
        if (!from || !to || from === to) continue;
        drawn += 1;
        const down = to.top > from.top;
        const x = view.x(place(wake));
        const y0 = yOf(from) + (down ? from.height - 4 : 4);
        drawArrow(context, palette.color("wake"), x, y0, yOf(to) + (down ? 4 : to.height - 4));
      }
    }
  }

  /** The line of the cursor, and a dot at whose event it is. */
  drawCursor(shown, yOf, height) {
    const { context, palette, view } = this;
    for (const run of this.player.runs) {
      const x = view.x(this.steps ? run.index : run.at);
      if (x < view.left - 1 || x > view.left + view.width) continue;
      const rows = this.rows.filter((row) => row.run === run);
      const top = Math.max(yOf(rows[0]), AXIS);
      const bottom = Math.min(yOf(rows.at(-1)) + rows.at(-1).height, height);
      context.fillStyle = palette.color("cursor");
      context.fillRect(Math.round(x) - 1, top, 2, bottom - top);
      const lane = shown.find((lane) => lane.run === run && lane.key === run.eventLane());
      if (!lane) continue;
      context.beginPath();
      context.arc(Math.round(x), yOf(lane) + lane.height / 2, 5, 0, 7);
      context.fill();
      context.strokeStyle = palette.color("surface");
      context.lineWidth = 2;
      context.stroke();
    }
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

/**
 * The key of the lane from which the arrow of a wake starts. What has no lane, as a thread or the
 * program, reaches the task through the loop.
 * @param {Object} wake
 * @returns {string}
 */
function wakerLane(wake) {
  return /^(task|worker)\//.test(wake.from_lane) ? wake.from_lane : "loop";
}

/**
 * An arrow straight up or down.
 * @param {CanvasRenderingContext2D} context
 * @param {string} color
 * @param {number} x
 * @param {number} y0
 * @param {number} y1
 */
function drawArrow(context, color, x, y0, y1) {
  const sign = Math.sign(y1 - y0) || 1;
  context.strokeStyle = context.fillStyle = color;
  context.lineWidth = 1.25;
  context.beginPath();
  context.moveTo(x + 0.5, y0);
  context.lineTo(x + 0.5, y1 - sign * 5);
  context.stroke();
  context.beginPath();
  context.moveTo(x + 0.5, y1);
  context.lineTo(x - 3, y1 - sign * 6);
  context.lineTo(x + 4, y1 - sign * 6);
  context.fill();
}
