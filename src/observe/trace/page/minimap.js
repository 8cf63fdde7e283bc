// The minimap: the whole run in a strip, with a frame around what is in view. Drag it to move.
//
// The strip is drawn once for each width, run and theme; only the frame moves.
"use strict";

/** A picture of the whole run. */
class Minimap {
    /**
     * @param {HTMLCanvasElement} canvas
     * @param {Player} player
     */
    constructor(canvas, player) {
        Object.assign(this, { canvas, player });
        /** The strip without the frame, and what it was drawn from. */
        this.strip = null;
        this.drawnFrom = "";
        const move = (event) => {
            if (!event.buttons) return;
            const { view } = player.lanes;
            const half = (view.to - view.from) / 2;
            const place = this.place(event.offsetX);
            view.show(place - half, place + half);
            player.lanes.paint();
        };
        canvas.addEventListener("pointerdown", (event) => {
            canvas.setPointerCapture(event.pointerId);
            move(event);
        });
        canvas.addEventListener("pointermove", move);
        canvas.addEventListener(
            "wheel",
            (event) => {
                event.preventDefault();
                const { view } = player.lanes;
                view.zoom(Math.exp(event.deltaY * 0.002), view.x(this.place(event.offsetX)));
                player.lanes.paint();
            },
            { passive: false },
        );
    }

    /** @param {number} x @returns {number} the place of a pixel */
    place(x) {
        const { view } = this.player.lanes;
        return view.begin + ((x - view.left) / view.width) * (view.end - view.begin);
    }

    /** Draws the strip and the frame; hides both where everything is in view anyway. */
    draw() {
        const { canvas, player } = this;
        const { lanes } = player;
        const { view } = lanes;
        canvas.hidden = lanes.rows.length === 0 || view.whole;
        if (canvas.hidden) return;
        const ratio = window.devicePixelRatio || 1;
        const [width, height] = [Math.max(lanes.box.clientWidth, 1), 30];
        if (canvas.width !== Math.round(width * ratio)) {
            canvas.width = Math.round(width * ratio);
            canvas.height = Math.round(height * ratio);
        }
        const palette = lanes.palette ?? new Palette(canvas.getContext("2d"));
        const from = [width, ratio, lanes.steps, palette.text, ...player.runs.map((run) => run.last)].join();
        if (this.drawnFrom !== from) {
            this.drawnFrom = from;
            this.strip = this.drawStrip(palette, width, height, ratio);
        }
        const context = canvas.getContext("2d");
        context.setTransform(1, 0, 0, 1, 0, 0);
        context.clearRect(0, 0, canvas.width, canvas.height);
        context.drawImage(this.strip, 0, 0);
        context.setTransform(ratio, 0, 0, ratio, 0, 0);
        const x = (place) => view.left + ((place - view.begin) / (view.end - view.begin)) * view.width;
        const [x0, x1] = [Math.max(x(view.from), view.left), Math.min(x(view.to), width)];
        context.fillStyle = palette.color("surface");
        context.globalAlpha = 0.65;
        context.fillRect(view.left, 0, x0 - view.left, height);
        context.fillRect(x1, 0, width - x1, height);
        context.globalAlpha = 1;
        context.strokeStyle = palette.color("cursor");
        context.lineWidth = 1.5;
        context.strokeRect(x0 + 0.75, 0.75, Math.max(x1 - x0 - 1.5, 3), height - 1.5);
        context.fillStyle = palette.color("cursor");
        context.fillRect(x(lanes.steps ? player.run.index : player.run.at) - 0.75, 0, 1.5, height);
    }

    /** The whole run: the loop above, then as many tasks as there is room for, thinned out evenly. */
    drawStrip(palette, width, height, ratio) {
        const strip = document.createElement("canvas");
        // A strip without a pixel cannot be drawn.
        strip.width = Math.max(Math.round(width * ratio), 1);
        strip.height = Math.max(Math.round(height * ratio), 1);
        const context = strip.getContext("2d");
        context.scale(ratio, ratio);
        const { lanes } = this.player;
        const rows = lanes.all.filter((row) => row.kind !== "title");
        const most = height - 2;
        const each = Math.max(1, Math.ceil(rows.length / most));
        const shown = rows.filter((row, i) => row.kind === "loop" || i % each === 0).slice(0, most);
        const tall = Math.min(8, (height - 2) / shown.length);
        const view = new View(lanes.view.begin, lanes.view.end);
        Object.assign(view, { left: lanes.view.left, width: lanes.view.width, from: view.begin, to: view.end });
        shown.forEach((lane, i) => {
            const flat = Object.create(lane, { height: { value: tall + 8 } });
            context.save();
            context.beginPath();
            context.rect(view.left, 1 + i * tall, view.width, Math.max(tall - (tall > 3 ? 1 : 0), 1));
            context.clip();
            drawSegments(context, palette, flat, view, lanes.steps, 1 + i * tall - 4);
            context.restore();
        });
        return strip;
    }
}
