//! Step 10, the engine: the program of step 9 on boucle.
//!
//! **The idea.** Nothing new. Every part of the loop that has grown from step 1 to step 9 is in
//! boucle, most under the same name, and does there the same; what was left out is there too.
//!
//! | in step 9 | in boucle | what boucle does more |
//! |---|---|---|
//! | `lib.rs`: `turn`, `read_mail`, `timeout`, `wait` | `src/engine/mod.rs` | looks at the system after 61 polls, however many tasks are ready, and before it polls again who has yielded; does not look when there is nothing to be seen; steps that a program may take by itself (`EventLoop::turn`) |
//! | `lib.rs`: `EventLoop::ready` | `src/engine/ready.rs` | an order drawn from a seed, for tests |
//! | `lib.rs`: `CURRENT`, `current` | `src/engine/context.rs` | several loops on a thread, and things that find theirs from any thread |
//! | `lib.rs`: `block_on` | `src/event_loop.rs`, `src/builder.rs` | a first future that borrows; a loop that outlives it |
//! | `executor.rs` | `src/engine/executor.rs` | `abort`; names; destructors that panic; a budget, so that no task can keep the thread by sockets that are always ready |
//! | `executor.rs`: numbers that are never used twice, in a map | `src/engine/arena.rs` | slots that are used again, each look-up O(1) |
//! | `waker.rs` | `src/engine/waker.rs` | nodes that are lent to a poll and used again, without a locked operation |
//! | `inbox.rs` | `src/engine/inbox.rs` | rings only a loop that sleeps |
//! | `reactor.rs` | `src/engine/reactor.rs` | remembers what is ready, so that few operations are tried in vain; any number of waiters |
//! | `timers.rs` | `src/engine/wheel.rs` | linked lists in the slots: all of it O(1) |
//! | `time.rs` | `src/time.rs` | `interval`, deadlines, sleeps that can be sent to other threads |
//! | `net.rs` | `src/io/source.rs`, `src/net/` | UDP, Unix sockets, halves of a stream, any source |
//! | `pool.rs` | `src/blocking/pool.rs`, `src/blocking/mod.rs` | threads that leave when they are idle, pools of one's own, `abort`, an end that does not wait for ever |
//! | `task.rs`: `spawn`, `JoinHandle` | `src/task/mod.rs` | handles that can be sent to other threads; groups |
//! | `task.rs`: `Join`, the place that both share | `src/engine/body.rs` | the output takes the future's place: one allocation a task, and that used again |
//! | `boucle_watch`: `emit`, `cause` | `src/observe/probe.rs` | |
//! | `boucle_watch`: `now`, `pass_time` | `src/clock.rs` | one clock for each loop, and simulated threads |
//!
//! **Its defect** is for the reader to find.

pub mod program;
