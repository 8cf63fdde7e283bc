// The sleeps of the loop: why it slept, what could have ended that, and what did. The sentences stand
// at the head of `why.js`.
//
// Cost: O(the state when the sleep began).

"use strict";

/** Sources that a sentence names. */
const SOURCES_NAMED = 4;

/** A tick of the wheel may be so late and the wait still have been for it. */
const ALMOST = 500000;

/**
 * Whether the thread slept in a wait.
 * @param {Object} wait the wait
 * @returns {boolean} whether it did
 */
function isSleep(wait) {
    return wait.timeout !== 0 && wait.reason !== "spin";
}

/**
 * Tells of a wait: why it began, what could end it, and what did.
 * @param {Chain} chain the chain
 * @param {number} index an event of it
 */
function tellWait(chain, index) {
    const { model } = chain;
    const wait = model.waits[lastWhere(model.waits, (one) => one.first <= index)];
    if (wait === undefined || (wait.last !== null && wait.last < index)) {
        chain.add(describeEvent(model, index), index);
        return;
    }
    const span = spanText((wait.last === null ? model.end : wait.to) - wait.from);
    if (!isSleep(wait)) {
        chain.add(wait.reason === "spin" ? `the loop looked for work for ${span} before it was to park`
            : `the loop looked, without a sleep: ${reasonText(wait.reason)}`, wait.first);
        if (wait.last !== null) {
            const ready = wait.ready.length;
            chain.add(`${ready === 0 ? "no" : ready} source${ready > 1 ? "s were" : " was"} ready`, wait.last);
        }
        return;
    }
    chain.add(wait.last === null ? `the loop has slept for ${span}: no task is ready, and the trace ends here`
        : `the loop slept ${span}: no task was ready`, wait.first);
    const machine = model.machineAt(wait.first);
    tellDeadline(chain, wait, machine);
    tellSources(chain, machine);
    tellJobs(chain, wait, machine);
    if (wait.last !== null) {
        tellEnd(chain, wait);
    }
}

/**
 * Tells why a sleep was not to be longer.
 * @param {Chain} chain the chain
 * @param {Object} wait the sleep
 * @param {Machine} machine the state when it began
 */
function tellDeadline(chain, wait, machine) {
    if (wait.reason === "caller_limit") {
        chain.add(`the caller of \`turn\` allowed no more than ${spanText(wait.timeout ?? 0)}`, null);
    }
    let first = null;
    for (const [id, { deadline }] of machine.timers) {
        if (first === null || deadline < machine.timers.get(first).deadline) {
            first = id;
        }
    }
    if (first === null) {
        chain.add("no timer was armed", null);
        return;
    }
    const { deadline } = machine.timers.get(first);
    const { by, at, armed } = chain.model.timers.get(first);
    const span = spanText(Math.max(0, deadline - at));
    chain.add(`the next deadline was timer ${first}, armed${chain.when(armed)}${chain.by(by)} for ${span}`, armed);
    const tick = Math.ceil(deadline / TICK) * TICK;
    if (wait.reason === "timer_due" && wait.timeout !== null && wait.from + wait.timeout + ALMOST < tick) {
        chain.add("before that, the timer wheel had timers to move nearer", null);
    }
}

/**
 * Tells which sources could have ended a sleep.
 * @param {Chain} chain the chain
 * @param {Machine} machine the state when it began
 */
function tellSources(chain, machine) {
    if (machine.sources.size === 0) {
        chain.add("no source was registered", null);
        return;
    }
    const sides = [];
    const sources = new Set();
    for (const [id, { state, awaited }] of machine.tasks) {
        for (const what of state === "waiting" ? stillAwaited(machine, id, awaited) : []) {
            const source = what.read ?? what.write;
            if (source !== undefined) {
                sources.add(source);
                sides.push(`${sourceText(chain.model, source)}, to be ${what.read !== undefined ? "read" : "written"} by ${taskText(chain.model, id)}`);
            }
        }
    }
    if (sides.length === 0) {
        const verb = machine.sources.size === 1 ? "was" : "were";
        chain.add(`${counted(machine.sources.size, "source")} ${verb} registered, and none was awaited`, null);
        return;
    }
    const more = sides.length - SOURCES_NAMED;
    const named = sides.slice(0, SOURCES_NAMED).join("; ") + (more > 0 ? `; and ${more} more` : "");
    chain.add(`${counted(sources.size, "source")} ${sources.size === 1 ? "was" : "were"} awaited: ${named}`, null);
}

/**
 * Tells how many jobs ran for most of a sleep, and how many waited for a thread. Those that were
 * queued just before have begun when it had hardly begun.
 * @param {Chain} chain the chain
 * @param {Object} wait the sleep
 * @param {Machine} machine the state when it began
 */
function tellJobs(chain, wait, machine) {
    const { model } = chain;
    const middle = wait.from + (Math.max(wait.last === null ? model.end : wait.to, wait.from) - wait.from) / 2;
    const jobs = [...machine.jobs.keys()].map((id) => model.jobs.get(id));
    const ran = jobs.filter(({ started, started_at }) => started !== null && started_at <= middle).length;
    const waited = jobs.length - ran;
    const told = ran > 0 ? [`${counted(ran, "job")} ran`] : [];
    if (waited > 0) {
        told.push(`${ran > 0 ? waited : counted(waited, "job")} waited for a thread`);
    }
    if (told.length > 0) {
        chain.add(told.join(", and "), null);
    }
}

/**
 * Tells what ended a sleep: what the operating system reported, else mail, else the time.
 * @param {Chain} chain the chain
 * @param {Object} wait the sleep
 */
function tellEnd(chain, wait) {
    const { model } = chain;
    if (wait.ready.length > 0) {
        const { source, readable, writable } = model.events[wait.ready[0]];
        const more = wait.ready.length > 1 ? `, and ${wait.ready.length - 1} more` : "";
        chain.add(`it ended because ${sourceText(model, source)} became ${readyText(readable, writable)}${more}`, wait.ready[0]);
        return;
    }
    const after = afterWait(model, wait.last);
    if (after.fired !== null) {
        chain.add(`it ended because timer ${model.events[after.fired].timer} was due`, after.fired);
    } else if (after.mail !== null) {
        const { messages } = model.events[after.mail];
        chain.add(`it ended because ${messages === 1 ? "a message" : `${messages} messages`} came`, after.mail);
    } else if (after.cascaded !== null) {
        chain.add("it ended because the timer wheel had timers to move nearer", after.cascaded);
    } else if (wait.timeout !== null && wait.to - wait.from + ALMOST >= wait.timeout) {
        chain.add("it ended because its time was over", wait.last);
    } else {
        chain.add("it ended, and the trace does not tell why: by a signal, perhaps", wait.last);
    }
}

/**
 * The first timers and the mail that followed a wait, up to the polls of the next turn.
 * @param {Model} model the trace
 * @param {number} last the end of the wait
 * @returns {{fired: number|null, cascaded: number|null, mail: number|null}} the events
 */
function afterWait(model, last) {
    const after = { fired: null, cascaded: null, mail: null };
    const kinds = { timer_fired: "fired", timer_cascaded: "cascaded", mail_taken: "mail" };
    for (let index = last + 1; index < model.events.length; index += 1) {
        const { event } = model.events[index];
        if (event === "poll_began" || event === "wait_began") {
            break;
        }
        const kind = kinds[event];
        if (kind !== undefined) {
            after[kind] ??= index;
        }
    }
    return after;
}
