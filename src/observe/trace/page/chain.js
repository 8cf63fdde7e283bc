// A chain of causes that is being told, step by step. The sentences stand at the head of `why.js`.
//
// A cause is always an event before its effect, so a chain ends; but it may be as long as the trace,
// so it is told in loops and not by recursion, and no further than `LONGEST_CHAIN`.

"use strict";

/** Steps of a chain, at most. */
const LONGEST_CHAIN = 24;

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
        const sender = model.jobs.get(wake?.within);
        if (sender !== undefined) {
            return `job ${sender.id} sent a message from worker ${sender.worker}`;
        }
        const worker = model.workers.get(wake?.worker ?? model.threads.get(thread));
        return worker === undefined ? `${causeText(model, { thread })} sent a message`
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
        const { job = null, within = null } = wakeAt(this.model, cause) ?? {};
        if (job !== null) {
            this.job(job);
        } else if (within !== null) {
            this.sent(within, cause);
        } else {
            this.add(`${causeText(this.model, by)} is outside of the loop`, cause);
        }
    }

    /**
     * The life of a job until it sent a wake.
     * @param {number} id the job
     * @param {number} cause the wake
     */
    sent(id, cause) {
        const { started, started_at, worker } = this.model.jobs.get(id);
        const ran = spanText(Math.max(0, this.model.events[cause].at - started_at));
        this.add(`job ${id} had run for ${ran} on worker ${worker}${this.inTheQueue(id)}`, started);
        this.queued(id);
    }

    /**
     * How long a job was in the queue before it began, to follow its worker.
     * @param {number} id the job
     * @returns {string} as ", after 200µs in the queue"
     */
    inTheQueue(id) {
        const { unknown, started_at, queued_at } = this.model.jobs.get(id);
        return unknown ? "" : `, after ${spanText(Math.max(0, started_at - queued_at))} in the queue`;
    }

    /**
     * The life of a job.
     * @param {number} id the job
     */
    job(id) {
        const { started, started_at, finished_at, finished, worker } = this.model.jobs.get(id) ?? {};
        if (typeof started === "number") {
            const queued = this.inTheQueue(id);
            if (finished !== null) {
                this.add(`job ${id} ran for ${spanText(Math.max(0, finished_at - started_at))} on worker ${worker}${queued}`, finished);
            } else {
                this.add(`job ${id} began on worker ${worker}${queued}, and its end is not told`, started);
            }
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
