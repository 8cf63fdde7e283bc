// Live: events as they come from a running loop, through one `EventSource`.
//
// Lines are gathered and taken in ten times a second. The page keeps a limited number of events: if
// there are more, the older half goes, and what is still of use of it (tasks alive, timers armed,
// ...) is put before the rest, as the record of the loop itself does.
//
// Silence says nothing: a loop may stand still, or events may be on their way. So while none comes
// the server is asked once a second for its table, `/tasks`, which says what the loop does now.
"use strict";

/** Events kept in the page. */
const MOST_LIVE = 200000;

/** How often events are taken in, in milliseconds. */
const EVERY = 100;

/** Of a loop of which nothing came for so long it is asked what it does, in milliseconds. */
const SILENT = 1000;

/** Events by which things begin, and those by which they end. */
const BEGINS = {
    spawned: "task",
    timer_armed: "timer",
    source_added: "source",
    job_queued: "job",
    worker_started: "worker",
};
const ENDS = {
    dropped: "task",
    timer_fired: "timer",
    timer_cancelled: "timer",
    source_removed: "source",
    job_finished: "job",
    worker_stopped: "worker",
};

/** The connection to a running loop. */
class Live {
    /**
     * @param {Player} player
     * @param {string} url
     */
    constructor(player, url) {
        this.player = player;
        /** Lines that came and were not taken in yet. */
        this.lines = [];
        this.follow = true;
        /** Events that the server left out because this page was too slow, and those that the page let go. */
        this.lost = 0;
        this.gone = 0;
        this.heard = performance.now();
        /** Where the table is, when it was asked for last, and what it said: {table, at}. */
        this.table = url.replace(/events(?=\?|$)/, "tasks");
        this.asked = 0;
        this.answer = null;
        this.ended = "";
        this.over = false;
        /** @type {Trace|null} */
        this.trace = null;
        this.source = new EventSource(url);
        this.source.onmessage = (message) => {
            this.lines.push(message.data);
            this.heard = performance.now();
        };
        this.source.addEventListener("lagged", (message) => {
            try {
                this.lost += Number(JSON.parse(message.data).lost) || 0;
            } catch {
                this.lost += 1;
            }
        });
        // The loop is gone: nobody is there to connect to again.
        this.source.addEventListener("end", () => {
            this.source.close();
            this.over = true;
        });
        this.source.onopen = () => {
            this.ended = "";
        };
        this.source.onerror = () => {
            this.ended = "The connection is lost; the loop has ended, or the page tries again.";
        };
        this.timer = setInterval(() => this.take(), EVERY);
        byId("follow").addEventListener("click", () => this.setFollow(!this.follow));
        this.setFollow(true);
    }

    /** @param {boolean} follow whether the cursor stays at the end */
    setFollow(follow) {
        this.follow = follow;
        byId("sentence").setAttribute("aria-live", follow ? "off" : "polite");
        byId("follow").textContent = follow ? "Pause" : "Follow";
        if (follow && this.player.runs[0]) this.player.go(this.player.runs[0], this.player.runs[0].last, true);
    }

    /** Takes in what has come. */
    take() {
        const lines = this.lines.splice(0);
        const fresh = [];
        for (const line of lines) {
            let object;
            try {
                object = JSON.parse(line);
                // A new header: the connection was made anew, and the loop tells its past again.
                if (object?.boucle === "trace") this.begin(object);
                else if (this.trace?.push(object)) fresh.push(object);
            } catch (error) {
                this.ended = `A line was not understood: ${harmless(error.message, 200)}`;
            }
        }
        if (this.trace && fresh.length > 0) this.grow();
        this.tell();
    }

    /** @param {Object} header */
    begin(header) {
        this.trace = new Trace(header);
    }

    /** The model and the page take in what was pushed. */
    grow() {
        const { player, trace } = this;
        if (player.runs[0]?.trace !== trace) {
            // The past and the first event at least, so that the model begins with all that is known.
            if (trace.events.length <= trace.header.past) return;
            player.replaceRuns([new Run(trace, harmless(trace.header.program, LONGEST_NAME) || "a program", [])]);
        } else if (trace.events.length > MOST_LIVE) {
            this.forget();
        } else {
            player.runs[0].model.extend();
            player.runs[0].silence = 0;
        }
        player.grown(this.follow);
    }

    /**
     * Lets go of the older events.
     * @param {number} kept how many stay, beside what is still of use
     */
    forget(kept = MOST_LIVE / 2) {
        const { events, header } = this.trace;
        const cut = events.length - kept;
        const past = stillOfUse(events, cut);
        this.gone += cut - past.length;
        const trace = new Trace({ ...header, past: past.length });
        trace.events.push(...past);
        for (let i = cut; i < events.length; i += 1) trace.events.push(events[i]);
        const index = Math.max(this.player.runs[0].index - cut + past.length, past.length);
        this.trace = trace;
        const run = new Run(trace, this.player.runs[0].title, []);
        run.index = index;
        this.player.replaceRuns([run]);
    }

    /** Asks what the loop does, if it is time to. */
    async ask() {
        const now = performance.now();
        if (now - this.heard < SILENT || now - this.asked < SILENT || this.over) return;
        this.asked = now;
        try {
            const reply = await fetch(this.table, { cache: "no-store", signal: AbortSignal.timeout(5000) });
            const table = await reply.json();
            if (table?.boucle === "tasks" && this.heard <= now) this.answer = { table, at: performance.now() };
        } catch {
            // Nobody answers: the stream of events will say so, or the next answer comes.
            this.answer = null;
        }
    }

    /**
     * What the loop does now, as the server says; of what the page has not heard of it says nothing.
     * @param {Run} run
     * @returns {{doing: Object, since: number, silence: number}|null} what it does, for how long, and
     *     how long ago its last event was, in nanoseconds; null if that is not known
     */
    present(run) {
        const { answer } = this;
        if (answer === null || answer.at < this.heard) return null;
        const { now, last_event: last, doing } = answer.table;
        if (![now, last, doing?.since].every(Number.isFinite) || last !== run.trace.events.at(-1)?.at) return null;
        const passed = (performance.now() - answer.at) * 1e6;
        return { doing, since: now - doing.since + passed, silence: now - last + passed };
    }

    /** Says how it goes. */
    tell() {
        const { player } = this;
        const run = player.runs[0];
        byId("live").hidden = false;
        const told = [];
        if (this.ended && !this.over) told.push(this.ended);
        else if (!run) told.push("Connected; nothing has happened yet.");
        if (run) {
            const over = this.over || run.trace.events.at(-1)?.event === "loop_dropped";
            if (!over) this.ask();
            // What lasts goes on lasting; but the time of a simulated loop stands still, and it tells none.
            const present = over ? null : this.present(run);
            run.silence = Math.max(present?.silence ?? 0, 0);
            if (run.silence > 0) player.grown(this.follow);
            const stuck = present?.doing.kind === "polling" && present.since > SILENT * 1e6;
            byId("live").classList.toggle("stuck", stuck);
            if (over) told.push("The loop has ended.");
            else if (stuck)
                told.push(
                    `${taskText(run.model, present.doing.task)} has been running for ${humanSpan(present.since)}: nothing else can run.`,
                );
            else if (present?.doing.kind === "sleeping")
                told.push(`The loop has been asleep for ${humanSpan(present.since)}.`);
            else if (present?.doing.kind === "outside")
                told.push(`The loop has not turned for ${humanSpan(present.since)}: the program has the thread.`);
            else told.push("The loop turns.");
        }
        if (this.lost > 0)
            told.push(`${counted(this.lost, "event")} did not get here: the page was too slow for the loop.`);
        if (this.gone > 0) told.push(`${counted(this.gone, "older event")} were let go.`);
        const text = told.join(" ");
        if (byId("live-state").textContent !== text) byId("live-state").textContent = text;
    }
}

/**
 * The events before `cut` that speak of what is still there.
 * @param {Object[]} events
 * @param {number} cut
 * @returns {Object[]}
 */
function stillOfUse(events, cut) {
    const kept = new Map();
    const key = (what, event) =>
        what === "worker" ? `worker ${event.pool} ${event.worker}` : `${what} ${event[what]}`;
    for (let i = 0; i < cut; i += 1) {
        const event = events[i];
        const begins = BEGINS[event.event];
        const ends = ENDS[event.event];
        if (begins) kept.set(key(begins, event), event);
        if (ends) kept.delete(key(ends, event));
        // A job that runs was queued, too.
        if (event.event === "job_started") kept.set(`begun ${event.job}`, event);
        if (event.event === "job_finished") kept.delete(`begun ${event.job}`);
        // A timer's place is the last that was told.
        if (event.event === "timer_cascaded") {
            const armed = kept.get(`timer ${event.timer}`);
            if (armed) kept.set(`timer ${event.timer}`, { ...armed, level: event.level, slot: event.slot });
        }
    }
    return [...kept.values()];
}
