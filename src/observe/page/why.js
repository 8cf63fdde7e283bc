// Why: the chain of causes of an event, in words, back to the program or the world outside.
//
// `why(model, index)` gives steps {text, event}: each a sentence, and the event it is about (null if
// it is about none). The first step tells what happened, each other one what led to it. `why.rs`
// answers the same from code: these are the sentences of both.
//
//     T        task 7 `fetch`                     S       source 3 (TcpStream)
//     SPAN     37.123ms (as in words.rs)          IN      " in turn 12"; nothing between turns
//     PLACE    src/main.rs:41:9                   READY   readable, writable, readable and writable
//     BY       the program, T, timer 3, source 3, thread 3
//
//     a poll   T was polled IN, because BECAUSE
//     a wake   T was woken IN, because BECAUSE
//              T was woken in vain IN, because BECAUSE     it was queued already; it was over
//     BECAUSE  it was new                         T had ended
//              timer 3 fired, SPAN after its tick T woke it
//              source 3 (TcpStream) became READY  it woke itself
//              job 5 was done on worker 1         job 5 panicked on worker 1
//              worker 1 of pool 0 sent a message  thread 3 sent a message
//              the program woke it                of something before this trace begins
//     before   it had woken itself N times in a row, since turn 3
//              timer 3 was armed IN by BY, for SPAN        timer 3 was armed before this trace begins
//              the operating system reported S READY IN
//              S was registered IN by BY                   S was registered before this trace begins
//              job 5 ran for SPAN on worker 1, after SPAN in the queue
//              job 5 was given to pool 0 IN by BY at PLACE job 5 was queued before this trace begins
//              T was spawned IN by BY at PLACE             T was spawned before this trace begins
//              thread 3 is outside of the loop             the program is outside of the loop
//              T was aborted IN: its future was dropped    BY asked for that IN
//              its loop was dropped
//              and so on: the chain goes on from there     (after 24 steps)
//     a sleep  the loop slept SPAN: no task was ready
//              the loop has slept for SPAN: no task is ready, and the trace ends here
//              the next deadline was timer 5, armed IN by BY for SPAN
//              before that, the timer wheel had timers to move nearer
//              no timer was armed                 the caller of `turn` allowed no more than SPAN
//              no source was registered           3 sources were registered, and none was awaited
//              2 sources were awaited: S, to be read by T; S, to be written by T; and 3 more
//              1 job was under way
//              it ended because timer 5 was due
//              it ended because S became READY    ... S became READY, and 2 more
//              it ended because a message came    it ended because 2 messages came
//              it ended because the timer wheel had timers to move nearer
//              it ended because its time was over
//              it ended, and the trace does not tell why: by a signal, perhaps
//     a look   the loop looked, without a sleep: REASON (as in words.rs)
//              the loop looked for work for SPAN before it was to park
//              no source was ready                2 sources were ready
//     others   timer 3 fired IN, SPAN after its tick       timer 3 was cancelled IN
//              timer 3 was moved IN to level 0, slot 36    S was taken out IN
//              S was awaited, to be read, IN by BY         timer 3 was awaited IN by BY
//              T was awaited IN by BY                      job 5 was awaited IN by BY
//              T was to be aborted, as BY asked IN
//              T was gone IN, and its output taken         T was gone IN; nobody took its output
//              turn 12 took SPAN: 3 polls                  it slept SPAN of that
//              all else: the sentence of words.rs
//
// Cost: of a sleep, the state before it; of all else, the length of the chain.

"use strict";

/** Steps of a chain, at most. */
const LONGEST_CHAIN = 24;

/** Sources that a sentence names. */
const SOURCES_NAMED = 4;

/** A tick of the wheel may be so late and the wait still have been for it. */
const ALMOST = 500000;

/**
 * Why an event happened.
 * @param {Model} model the trace
 * @param {number} index the event
 * @returns {{text: string, event: number|null}[]} the chain, from the event to its origin
 */
function why(model, index) {
    const event = model.events[index];
    if (event === undefined) {
        return [];
    }
    const chain = new Chain(model);
    const begin = WHY_STEPS.get(event.event);
    if (begin === undefined) {
        chain.add(describeEvent(model, index), index);
    } else {
        begin(chain, event, index);
    }
    return chain.steps;
}

/** A chain that is being told. */
class Chain {
    /** @param {Model} model the trace */
    constructor(model) {
        this.model = model;
        /** @type {{text: string, event: number|null}[]} */
        this.steps = [];
    }

    /**
     * One more step.
     * @param {string} text the sentence
     * @param {number|null} event what it is about
     * @returns {boolean} whether the chain may go on
     */
    add(text, event) {
        if (this.steps.length === LONGEST_CHAIN) {
            this.steps.push({ text: "and so on: the chain goes on from there", event });
        } else if (this.steps.length < LONGEST_CHAIN) {
            this.steps.push({ text, event });
        }
        return this.steps.length <= LONGEST_CHAIN;
    }

    /**
     * When something happened, to follow a verb.
     * @param {number} index the event
     * @returns {string} as " in turn 12"
     */
    when(index) {
        const turn = this.model.turnAt(index);
        return turn === null ? "" : ` in turn ${turn.turn}`;
    }

    /**
     * By whom, with a place between if there is one.
     * @param {*} by the cause
     * @returns {string} as " by task 7 `fetch`"
     */
    by(by) {
        return ` by ${causeText(this.model, by)}`;
    }

    /**
     * Why a task was polled, and so on.
     * @param {Object} poll the poll
     */
    poll(poll) {
        // A loop, and no recursion: a chain may be as long as the trace.
        for (let next = poll; next !== null;) {
            const { task, first, cause } = next;
            const text = `${taskText(this.model, task)} was polled${this.when(first)}, because `;
            if (!this.add(text + this.because(task, cause), first)) {
                return;
            }
            next = this.before(task, cause);
        }
    }

    /**
     * The reason of a wake in a few words.
     * @param {number} task who was woken
     * @param {number|null} cause the event that queued it
     * @returns {string} as "timer 3 fired, 200µs after its tick"
     */
    because(task, cause) {
        const { model } = this;
        const event = model.events[cause];
        if (event === undefined) {
            return "of something before this trace begins";
        }
        if (event.event === "spawned") {
            return "it was new";
        }
        const { by } = event;
        if (by.timer !== undefined) {
            const fired = model.events[model.timers.get(by.timer)?.fired];
            const late = fired === undefined ? "" : `, ${spanText(fired.late)} after its tick`;
            return `timer ${by.timer} fired${late}`;
        }
        if (by.source !== undefined) {
            const ready = model.events[this.readiness(by.source, cause)];
            const how = ready === undefined ? "ready" : readyText(ready.readable, ready.writable);
            return `${sourceText(model, by.source)} became ${how}`;
        }
        if (by.task !== undefined) {
            const ended = model.tasks.get(by.task)?.finished ?? null;
            return by.task === task ? "it woke itself"
                : `${taskText(model, by.task)} ${ended !== null && ended < cause ? "had ended" : "woke it"}`;
        }
        return by.thread === undefined ? `${causeText(model, by)} woke it` : this.message(cause, by.thread);
    }

    /**
     * What a message from another thread told.
     * @param {number} cause the wake
     * @param {number} thread who sent it
     * @returns {string} as "job 5 was done on worker 1"
     */
    message(cause, thread) {
        const { model } = this;
        const wake = wakeAt(model, cause);
        const job = model.jobs.get(wake?.job);
        if (job !== undefined) {
            return `job ${job.id} ${job.panicked ? "panicked" : "was done"} on worker ${job.worker}`;
        }
        const worker = model.workers.get(wake?.worker ?? model.threads.get(thread));
        return worker === undefined ? `thread ${thread} sent a message`
            : `worker ${worker.worker} of pool ${worker.pool} sent a message`;
    }

    /**
     * The last report of a source before a wake.
     * @param {number} source the source
     * @param {number} before the wake
     * @returns {number|null} the event
     */
    readiness(source, before) {
        const wait = this.model.waits[lastWhere(this.model.waits, (one) => one.first < before)];
        return wait?.ready.findLast((index) => index < before && this.model.events[index].source === source) ?? null;
    }

    /**
     * Tells the steps before a wake.
     * @param {number} task who was woken
     * @param {number|null} cause the event that queued it
     * @returns {Object|null} the poll whose causes are next; null if this is the origin
     */
    before(task, cause) {
        const event = this.model.events[cause];
        if (event === undefined) {
            return null;
        }
        if (event.event === "spawned") {
            this.births(event.task);
            return null;
        }
        const { by } = event;
        if (by.timer !== undefined) {
            this.armed(by.timer);
        } else if (by.source !== undefined) {
            this.reported(by.source, cause);
        } else if (by.task !== undefined) {
            return this.waker(task, by.task, cause);
        } else {
            this.outside(by, cause);
        }
        return null;
    }

    /**
     * The poll in which a task woke another, or itself.
     * @param {number} task who was woken
     * @param {number} waker who woke it
     * @param {number} cause the wake
     * @returns {Object|null} the poll whose causes are next
     */
    waker(task, waker, cause) {
        const { model } = this;
        const known = model.tasks.get(waker);
        const list = known?.poll_list ?? [];
        let place = lastWhere(list, (poll) => model.polls[poll].first < cause);
        if (known?.aborted && known.finished < cause && known.finished > (model.polls[list[place]]?.first ?? -1)) {
            this.aborted(known);
            return null;
        }
        if (waker !== task) {
            return model.polls[list[place]] ?? null;
        }
        // Of those that it began by waking itself, only the first has another cause.
        const polls = place;
        while (place > 0 && model.events[model.polls[list[place]].cause]?.by?.task === task) {
            place -= 1;
        }
        const first = model.polls[list[place]];
        if (first !== undefined && polls > place) {
            const times = counted(polls - place + 1, "time");
            this.add(`it had woken itself ${times} in a row, since turn ${model.turnAt(first.first)?.turn ?? 0}`, first.first);
        }
        return first ?? null;
    }

    /**
     * Who armed a timer.
     * @param {number} id the timer
     */
    armed(id) {
        const timer = this.model.timers.get(id);
        if (timer === undefined) {
            this.add(`timer ${id} was armed before this trace begins`, null);
            return;
        }
        const span = spanText(Math.max(0, timer.deadline - timer.at));
        this.add(`timer ${id} was armed${this.when(timer.armed)}${this.by(timer.by)}, for ${span}`, timer.armed);
        this.birthsOf(timer.by);
    }

    /**
     * What the operating system said of a source.
     * @param {number} id the source
     * @param {number} before the wake
     */
    reported(id, before) {
        const index = this.readiness(id, before);
        const event = this.model.events[index];
        if (event !== undefined) {
            const how = readyText(event.readable, event.writable);
            this.add(`the operating system reported ${sourceText(this.model, id)} ${how}${this.when(index)}`, index);
        }
        this.registered(id);
    }

    /**
     * Who registered a source.
     * @param {number} id the source
     */
    registered(id) {
        const source = this.model.sources.get(id);
        const name = sourceText(this.model, id);
        if (source === undefined) {
            this.add(`${name} was registered before this trace begins`, null);
        } else {
            this.add(`${name} was registered${this.when(source.added)}${this.by(source.by)}`, source.added);
        }
    }

    /**
     * A cause that is not of this loop, unless it was a job of it.
     * @param {*} by the cause
     * @param {number} cause the wake
     */
    outside(by, cause) {
        const job = wakeAt(this.model, cause)?.job ?? null;
        if (job !== null) {
            this.job(job);
        } else {
            this.add(`${causeText(this.model, by)} is outside of the loop`, cause);
        }
    }

    /**
     * The life of a job.
     * @param {number} id the job
     */
    job(id) {
        const { started_at, finished_at, finished, queued_at, worker, unknown } = this.model.jobs.get(id) ?? {};
        if (finished !== null && finished !== undefined) {
            const queued = unknown ? "" : `, after ${spanText(Math.max(0, started_at - queued_at))} in the queue`;
            this.add(`job ${id} ran for ${spanText(Math.max(0, finished_at - started_at))} on worker ${worker}${queued}`, finished);
        }
        this.queued(id);
    }

    /**
     * Who gave a job to a pool.
     * @param {number} id the job
     */
    queued(id) {
        const job = this.model.jobs.get(id);
        if (job === undefined || job.unknown) {
            this.add(`job ${id} was queued before this trace begins`, null);
            return;
        }
        const place = placeText(job.place);
        this.add(`job ${id} was given to pool ${job.pool}${this.when(job.queued)}${this.by(job.by)} at ${place}`, job.queued);
        this.birthsOf(job.by);
    }

    /**
     * The births that led to whoever did something.
     * @param {*} by the cause
     */
    birthsOf(by) {
        if (by?.task !== undefined) {
            this.births(by.task);
        }
    }

    /**
     * The birth of a task, of the one that spawned it, and so on.
     * @param {number} id the task
     */
    births(id) {
        for (let next = id; next !== undefined;) {
            const task = this.model.tasks.get(next);
            const name = taskText(this.model, next);
            if (task === undefined || task.unknown) {
                this.add(`${name} was spawned before this trace begins`, null);
                return;
            }
            const place = placeText(task.place);
            if (!this.add(`${name} was spawned${this.when(task.born)}${this.by(task.by)} at ${place}`, task.born)) {
                return;
            }
            // A trace made by hand may tell of a task that spawned its own parent.
            const parent = this.model.tasks.get(task.by?.task);
            next = parent === undefined || (parent.born ?? -1) < task.born ? task.by?.task : undefined;
        }
    }

    /**
     * The end of a task before it was done.
     * @param {Object} task its record
     */
    aborted(task) {
        this.add(`${taskText(this.model, task.id)} was aborted${this.when(task.finished)}: its future was dropped`, task.finished);
        if (task.abort === null) {
            this.add("its loop was dropped", null);
            return;
        }
        const { by } = this.model.events[task.abort];
        this.add(`${causeText(this.model, by)} asked for that${this.when(task.abort)}`, task.abort);
        this.doer(by, task.abort);
    }

    /**
     * Why a task did what it did: the poll in which it did it.
     * @param {*} by the cause
     * @param {number} index what it did
     */
    doer(by, index) {
        const poll = by?.task === undefined ? null : this.model.pollAt(index);
        if (poll !== null && poll.task === by.task) {
            this.poll(poll);
        }
    }
}

/** The first steps for each event. */
const WHY_STEPS = new Map(Object.entries({
    poll_began(chain, event, index) {
        chain.poll(chain.model.pollAt(index));
    },
    poll_ended(chain, event, index) {
        const poll = chain.model.pollAt(index);
        if (poll !== null && poll.task === event.task) {
            chain.poll(poll);
        } else {
            chain.add(describeEvent(chain.model, index), index);
        }
    },
    woken(chain, { task }, index) {
        const text = `${taskText(chain.model, task)} was woken${chain.when(index)}, because `;
        chain.add(text + chain.because(task, index), index);
        const next = chain.before(task, index);
        if (next !== null) {
            chain.poll(next);
        }
    },
    wake_ignored(chain, { task }, index) {
        const text = `${taskText(chain.model, task)} was woken in vain${chain.when(index)}, because `;
        chain.add(text + chain.because(task, index), index);
        const state = chain.model.machineAt(index).tasks.get(task)?.state ?? "finished";
        chain.add(state === "finished" ? "it was over" : "it was queued already", null);
        const next = chain.before(task, index);
        if (next !== null) {
            chain.poll(next);
        }
    },
    spawned(chain, { task }) {
        chain.births(task);
    },
    abort_requested(chain, { task, by }, index) {
        const { model } = chain;
        chain.add(`${taskText(model, task)} was to be aborted, as ${causeText(model, by)} asked${chain.when(index)}`, index);
        chain.doer(by, index);
    },
    aborted(chain, { task }) {
        chain.aborted(chain.model.tasks.get(task));
    },
    dropped(chain, { task, joined }, index) {
        const output = joined ? ", and its output taken" : "; nobody took its output";
        chain.add(`${taskText(chain.model, task)} was gone${chain.when(index)}${output}`, index);
        chain.births(task);
    },
    turn_began(chain, event, index) {
        tellTurn(chain, chain.model.turnAt(index));
    },
    turn_ended(chain, event, index) {
        tellTurn(chain, chain.model.turnAt(index));
    },
    wait_began(chain, event, index) {
        tellWait(chain, index);
    },
    wait_ended(chain, event, index) {
        tellWait(chain, index);
    },
    source_added(chain, { source, by }) {
        chain.registered(source);
        chain.birthsOf(by);
    },
    source_ready(chain, { source }, index) {
        chain.reported(source, index + 1);
    },
    source_removed(chain, { source }, index) {
        chain.add(`${sourceText(chain.model, source)} was taken out${chain.when(index)}`, index);
        chain.registered(source);
    },
    timer_armed(chain, { timer }) {
        chain.armed(timer);
    },
    timer_cascaded(chain, { timer, level, slot }, index) {
        chain.add(`timer ${timer} was moved${chain.when(index)} to level ${level}, slot ${slot}`, index);
        chain.armed(timer);
    },
    timer_fired(chain, { timer, late }, index) {
        chain.add(`timer ${timer} fired${chain.when(index)}, ${spanText(late)} after its tick`, index);
        chain.armed(timer);
    },
    timer_cancelled(chain, { timer }, index) {
        chain.add(`timer ${timer} was cancelled${chain.when(index)}`, index);
        chain.armed(timer);
    },
    job_queued(chain, { job }) {
        chain.queued(job);
    },
    job_started(chain, { job }) {
        chain.job(job);
    },
    job_finished(chain, { job }) {
        chain.job(job);
    },
    awaits(chain, { what, by }, index) {
        const { model } = chain;
        const source = what.read ?? what.write;
        const name = source === undefined ? awaitedText(model, what) : sourceText(model, source);
        const how = source === undefined ? "" : `, to be ${what.read !== undefined ? "read" : "written"},`;
        chain.add(`${name} was awaited${how}${chain.when(index)}${chain.by(by)}`, index);
        if (source !== undefined) {
            chain.registered(source);
        } else if (what.timer !== undefined) {
            chain.armed(what.timer);
        } else if (what.task !== undefined) {
            chain.births(what.task);
        } else {
            chain.job(what.job);
        }
    },
}));

/**
 * The record of a wake.
 * @param {Model} model the trace
 * @param {number} index its event
 * @returns {Object|null} the record
 */
function wakeAt(model, index) {
    const wake = model.wakes[lastWhere(model.wakes, (one) => one.event <= index)];
    return wake?.event === index ? wake : null;
}

/**
 * Tells of a turn.
 * @param {Chain} chain the chain
 * @param {Object} turn the turn
 */
function tellTurn(chain, turn) {
    const { model } = chain;
    chain.add(`turn ${turn.turn} took ${spanText(turn.to - turn.from)}: ${counted(turn.polls, "poll")}`, turn.first);
    const wait = model.waits[lastWhere(model.waits, (one) => one.first <= turn.last)];
    if (wait !== undefined && wait.first >= turn.first && isSleep(wait)) {
        chain.add(`it slept ${spanText(wait.to - wait.from)} of that`, wait.first);
    }
}

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
    if (machine.jobs.size > 0) {
        chain.add(`${counted(machine.jobs.size, "job")} ${machine.jobs.size === 1 ? "was" : "were"} under way`, null);
    }
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
        for (const what of state === "waiting" ? stillAwaited(machine, awaited) : []) {
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
