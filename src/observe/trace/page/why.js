// Why: the chain of causes of an event, in words, back to the program or the world outside.
//
// `why(model, index)` gives steps {text, event}: each a sentence, and the event it is about (null if
// it is about none). The first step tells what happened, each other one what led to it. `why.rs`
// answers the same from code: these are the sentences of both.
//
//     T        task 7 `fetch`                     S       source 3 (TcpStream)
//     SPAN     37.123ms (as in words.rs)          IN      " in turn 12"; nothing between turns
//     PLACE    src/main.rs:41:9                   READY   readable, writable, readable and writable
//     BY       the program, T, timer 3, source 3, thread 3, the loop's own thread
//
//     a poll   T was polled IN, because BECAUSE
//     a wake   T was woken IN, because BECAUSE
//              T was woken in vain IN, because BECAUSE     it was queued already; it was over
//     BECAUSE  it was new                         T had ended
//              timer 3 fired, SPAN after its tick T woke it
//              source 3 (TcpStream) became READY  it woke itself
//              job 5 was done on worker 1         job 5 panicked on worker 1
//              job 5 sent a message from worker 1 thread 3 sent a message
//              worker 1 of pool 0 sent a message
//              the program woke it                of something before this trace begins
//     before   it had woken itself N times in a row, since turn 3
//              timer 3 was armed IN by BY, for SPAN        timer 3 was armed before this trace begins
//              the operating system reported S READY IN
//              S was registered IN by BY                   S was registered before this trace begins
//              job 5 ran for SPAN on worker 1, after SPAN in the queue
//              job 5 began on worker 1, after SPAN in the queue, and its end is not told
//              job 5 had run for SPAN on worker 1, after SPAN in the queue
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
//              2 jobs ran, and 3 waited for a thread      2 jobs ran      3 jobs waited for a thread
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
        tellTurn(chain, index);
    },
    turn_ended(chain, event, index) {
        tellTurn(chain, index);
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
 * Tells of a turn.
 * @param {Chain} chain the chain
 * @param {number} index an event of it
 */
function tellTurn(chain, index) {
    const { model } = chain;
    const turn = model.turnAt(index);
    if (turn === null) {
        chain.add(describeEvent(model, index), index);
        return;
    }
    chain.add(`turn ${turn.turn} took ${spanText(turn.to - turn.from)}: ${counted(turn.polls, "poll")}`, turn.first);
    const wait = model.waits[lastWhere(model.waits, (one) => one.first <= turn.last)];
    if (wait !== undefined && wait.first >= turn.first && isSleep(wait)) {
        chain.add(`it slept ${spanText(wait.to - wait.from)} of that`, wait.first);
    }
}
