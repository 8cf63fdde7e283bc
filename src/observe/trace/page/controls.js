// Buttons, keys and files: what a person does becomes a call of the player. The last line of this
// file starts the page.
"use strict";

/**
 * Listens to everything but the canvas.
 * @param {Player} player
 */
function listenToControls(player) {
    const { lanes } = player;
    const click = (id, f) => byId(id).addEventListener("click", f);
    const middle = () => (player.run ? lanes.view.x(lanes.steps ? player.run.index : player.run.at) : 0);
    const zoom = (factor) => {
        const x = middle();
        const { left, width } = lanes.view;
        lanes.view.zoom(factor, x >= left && x <= left + width ? x : left + width / 2);
        lanes.paint();
    };
    const fit = () => {
        lanes.view.fit();
        lanes.paint();
    };
    const axis = () => {
        lanes.setAxis(!lanes.steps);
        setPressed("axis", lanes.steps);
    };
    const only = () => {
        setPressed("only", !lanes.onlyInView);
        lanes.setOnly(!lanes.onlyInView);
    };
    const toEnd = (last) => player.run && player.go(player.run, last ? player.run.last : player.run.model.first);
    const askWhy = () => {
        player.pause();
        player.reading.drawWhy();
        byId("why-title").focus();
        byId("why-title").scrollIntoView({ block: "nearest" });
    };
    const help = () => byId("help-dialog").showModal();
    const deselect = () => {
        player.selected = lanes.evidence = null;
        byId("findings")
            .querySelectorAll("button")
            .forEach((button) => button.setAttribute("aria-pressed", "false"));
        player.refresh();
    };

    click("start", () => toEnd(false));
    click("end", () => toEnd(true));
    for (const unit of ["event", "poll", "turn"]) {
        click(`${unit}-back`, () => player.step(unit, -1));
        click(`${unit}-on`, () => player.step(unit, 1));
    }
    click("play", () => player.toggle());
    click("zoom-in", () => zoom(0.6));
    click("zoom-out", () => zoom(1 / 0.6));
    click("fit", fit);
    click("axis", axis);
    click("only", only);
    click("why", askWhy);
    click("help", help);
    byId("help-dialog").addEventListener("click", (event) => {
        if (event.target === byId("help-dialog")) byId("help-dialog").close();
    });
    byId("scrub").addEventListener("input", (event) => player.go(player.run, Number(event.target.value)));
    byId("threshold").addEventListener("change", (event) => {
        player.threshold = Number(event.target.value);
        if (player.run) player.reading.drawFindings();
    });
    byId("search").addEventListener("keydown", (event) => {
        if (event.key === "Enter") player.search(event.target.value);
        if (event.key === "Escape") event.target.blur();
    });
    byId("grid").addEventListener("pointerdown", () => {
        player.held = true;
    });
    for (const end of ["pointerup", "pointercancel"]) {
        window.addEventListener(end, () => {
            // The click comes after this.
            setTimeout(() => {
                if (player.held) player.refresh();
                player.held = false;
            });
        });
    }
    listenToFiles(player);

    const keys = {
        ArrowLeft: () => player.step("event", -1),
        ArrowRight: () => player.step("event", 1),
        "[": () => player.step("poll", -1),
        "]": () => player.step("poll", 1),
        ",": () => player.step("turn", -1),
        ".": () => player.step("turn", 1),
        PageUp: () => player.step("turn", -1),
        PageDown: () => player.step("turn", 1),
        Home: () => toEnd(false),
        End: () => toEnd(true),
        " ": () => player.toggle(),
        ArrowUp: () => player.selectNext(-1),
        ArrowDown: () => player.selectNext(1),
        Enter: () => player.selectHere(),
        "+": () => zoom(0.6),
        "=": () => zoom(0.6),
        "-": () => zoom(1 / 0.6),
        0: fit,
        s: axis,
        o: only,
        w: askWhy,
        "/": () => byId("search").focus(),
        "?": help,
        Escape: deselect,
    };
    // These belong to the element that has the focus, unless that is the lanes.
    const onLanes = new Set(["ArrowUp", "ArrowDown", "Enter"]);
    document.addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey || byId("help-dialog").open || !player.run) return;
        const { target } = event;
        const typing = target.matches("input, select, textarea");
        const pressing = target.matches("button, a") && (event.key === " " || event.key === "Enter");
        if (typing || pressing || (onLanes.has(event.key) && target !== byId("lanes"))) return;
        if (event.shiftKey && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
            lanes.view.pan((event.key === "ArrowLeft" ? -0.2 : 0.2) * lanes.view.width);
            lanes.paint();
        } else if (Object.hasOwn(keys, event.key)) {
            keys[event.key]();
        } else {
            return;
        }
        event.preventDefault();
    });
}

/**
 * Files: chosen, or dropped anywhere on the page.
 * @param {Player} player
 */
function listenToFiles(player) {
    const input = byId("file");
    let beside = false;
    const choose = (asSecond) => {
        beside = asSecond;
        input.value = "";
        input.click();
    };
    const take = async (files, asSecond) => {
        let second = asSecond;
        for (const file of [...files].slice(0, 2)) {
            // A text of which only the end will be shown need not be read from its beginning; but the
            // header is there.
            const long = file.size > MOST_TEXT;
            const text = long
                ? `${(await file.slice(0, 4096).text()).split("\n", 1)[0]}\n${(await file.slice(-MOST_TEXT).text()).replace(/^[^\n]*\n/, "")}`
                : await file.text();
            player.load(text, file.name, second);
            if (long)
                player.say(
                    `Only the last ${MOST_TEXT / 1e6} MB of ${harmless(file.name, 60)} are shown: it is ${(file.size / 1e6).toFixed(0)} MB long.`,
                );
            second = true;
        }
    };
    byId("open").addEventListener("click", () => choose(false));
    byId("drop-open").addEventListener("click", () => choose(false));
    byId("compare").addEventListener("click", () => choose(true));
    byId("uncompare").addEventListener("click", () => player.replaceRuns(player.runs.slice(0, 1)));
    input.addEventListener("change", () => take(input.files, beside));
    document.addEventListener("dragover", (event) => {
        event.preventDefault();
        document.body.classList.add("dropping");
    });
    document.addEventListener("dragleave", (event) => {
        if (event.relatedTarget === null) document.body.classList.remove("dropping");
    });
    document.addEventListener("drop", (event) => {
        event.preventDefault();
        document.body.classList.remove("dropping");
        // A file that is dropped on the comparison, or with shift held, stands beside what is here.
        take(event.dataTransfer.files, event.shiftKey && player.runs.length > 0);
    });
}

const player = new Player();
player.start();
