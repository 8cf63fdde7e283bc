// Traces that nobody ran: very long ones, and those of somebody who means harm.

/** A trace from a program's name and events [microseconds, name, fields]. */
function written(program, events) {
    const header = { boucle: "trace", version: 1, program, loop: 1, events: events.length, dropped: 0, past: 0 };
    const lines = events.map(([at, event, fields]) => ({ at: at * 1000, event, ...fields }));
    return [header, ...lines].map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** A server in some `count` events: connections come and go, timers are armed and fire. */
export function long(count) {
    // A small generator of numbers, so that each run of the tests sees the same trace.
    let seed = 1;
    const random = () => {
        seed = (seed * 48271) % 2147483647;
        return seed / 2147483647;
    };
    const events = [];
    let at = 0;
    const tell = (event, fields) => {
        at += Math.floor(random() * 3);
        events.push([at, event, fields]);
    };
    let [task, timer, turn] = [1, 0, 0];
    tell("loop_built", { seed: null, simulated: false, polls_per_turn: 61, max_blocking_threads: 512 });
    tell("spawned", { task, by: "program", place: "src/main.rs:5:5", name: "block_on" });
    let ready = [1];
    while (events.length < count) {
        turn += 1;
        tell("turn_began", { turn });
        const asleep = [];
        const polled = ready.slice(0, 61);
        ready = ready.slice(61);
        for (const id of polled) {
            tell("poll_began", { task: id });
            if (random() < 0.5 && ready.length < 200) {
                task += 1;
                tell("spawned", { task, by: { task: id }, place: "src/server.rs:41:9", name: `connection ${task}` });
                ready.push(task);
            }
            if (id === 1 || random() < 0.95) {
                timer += 1;
                tell("timer_armed", { timer, by: { task: id }, deadline: at * 1000 + 1e6, level: 0, slot: timer % 64 });
                tell("poll_ended", { task: id, outcome: "pending" });
                asleep.push([id, timer]);
            } else {
                tell("poll_ended", { task: id, outcome: "ready" });
                tell("dropped", { task: id, joined: false });
            }
        }
        tell("wait_began", { timeout: 1e6, reason: "timer_due" });
        at += 900;
        tell("wait_ended", { sources: 0 });
        for (const [id, fired] of asleep) {
            tell("timer_fired", { timer: fired, late: 1000 });
            tell("woken", { task: id, by: { timer: fired } });
            ready.push(id);
        }
        tell("turn_ended", { turn, polls: polled.length });
    }
    return written("server", events);
}

/** Names that try to become something else than names (Cases 168 and 171). */
export const NAMES = [
    "</script><script>window.harmed = 1; alert(1)</script>",
    "<img src=x onerror=\"window.harmed = 1; alert(2)\">",
    "\"><svg/onload=alert(3)>",
    "&lt;b&gt; & ' \" `",
    "line\u2028separator\u2029and\nnewline\u0000\u001b[31mred",
    "\u202etxt.exe\u202c and \u2066isolated",
    "مهمة القراءة",
    "{{constructor.constructor('alert(4)')()}}",
    "__proto__", "constructor", "toString",
    "<!--<script>",
    "e\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301 and \ud800 half a pair",
    "x".repeat(1 << 20),
];

/** A run of tasks with those names, in files, sources and a program with such names. */
export function hostile() {
    const events = [[0, "loop_built", { seed: null, simulated: false, polls_per_turn: 61, max_blocking_threads: 4 }], [1, "turn_began", { turn: 1 }]];
    NAMES.forEach((name, i) => {
        const [task, at] = [i + 1, 10 + i * 10];
        events.push(
            [at, "spawned", { task, by: "program", place: `${name.slice(0, 1000)}:1:1`, name }],
            [at + 1, "poll_began", { task }],
            [at + 2, "source_added", { source: task, by: { task }, kind: name.slice(0, 1000) }],
            [at + 3, "awaits", { what: { read: task }, by: { task } }],
            [at + 5, "poll_ended", { task, outcome: "pending" }]);
    });
    events.push([500, "wait_began", { timeout: null, reason: "nothing" }], [900, "wait_ended", { sources: 0 }], [901, "turn_ended", { turn: 1, polls: NAMES.length }]);
    return written(NAMES[0], events);
}
