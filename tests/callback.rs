//! The loop without `async`.

#[cfg(feature = "os")]
#[path = "support/net.rs"]
mod support;

#[cfg(feature = "os")]
use std::cell::Cell;
use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use boucle::EventLoop;
use boucle::callback::{self, Callback};
#[cfg(feature = "os")]
use boucle::task::yield_now;
use boucle::time::{Instant, sleep};

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Words in the order in which they were said.
#[derive(Clone, Default)]
struct Words(Rc<RefCell<Vec<&'static str>>>);

impl Words {
    /// A callback that says `word`.
    fn say(&self, word: &'static str) -> impl FnOnce() + use<> {
        let words = Rc::clone(&self.0);
        move || words.borrow_mut().push(word)
    }

    #[track_caller]
    fn expect(&self, words: &[&str]) {
        assert_eq!(*self.0.borrow(), words);
    }
}

/// Runs a test in virtual time, with ready tasks in any order.
fn simulate(test: impl Future<Output = ()>) {
    EventLoop::simulated(3).block_on(test);
}

#[cfg(feature = "os")]
#[test]
fn soon_is_after_what_is_ready_now_and_in_order() {
    let event_loop = EventLoop::new().unwrap();
    event_loop.block_on(async {
        let words = Words::default();
        callback::soon(words.say("one"));
        callback::soon(words.say("two"));
        words.expect(&[]);
        yield_now().await;
        words.expect(&["one", "two"]);
    });
}

#[test]
fn later_callbacks_come_at_their_time_whatever_the_order_of_asking() {
    simulate(async {
        let words = Words::default();
        let start = Instant::now();
        callback::later(ms(30), words.say("thirty"));
        callback::at(start + ms(10), words.say("ten"));
        callback::later(ms(20), words.say("twenty"));
        callback::at(start, words.say("now"));
        sleep(ms(15)).await;
        words.expect(&["now", "ten"]);
        sleep(ms(20)).await;
        words.expect(&["now", "ten", "twenty", "thirty"]);
    });
}

/// Case 30, 58.
#[cfg(feature = "os")]
#[test]
fn a_callback_that_asks_for_itself_again_and_again_starves_nobody() {
    fn again(count: Rc<Cell<u32>>) {
        count.set(count.get() + 1);
        callback::soon(|| again(count));
    }
    fn again_at_once(count: Rc<Cell<u32>>) {
        count.set(count.get() + 1);
        callback::later(Duration::ZERO, || again_at_once(count));
    }
    EventLoop::new().unwrap().block_on(async {
        let counts = [Rc::default(), Rc::default()];
        again(Rc::clone(&counts[0]));
        again_at_once(Rc::clone(&counts[1]));
        sleep(ms(5)).await;
        assert!(counts.iter().all(|count| count.get() > 2));
    });
}

#[test]
fn a_callback_may_ask_for_others() {
    simulate(async {
        let words = Words::default();
        let (second, third) = (words.say("second"), words.say("third"));
        callback::soon(move || {
            callback::later(ms(2), third);
            callback::soon(second);
        });
        sleep(ms(5)).await;
        words.expect(&["second", "third"]);
    });
}

#[test]
fn a_cancelled_callback_is_not_called_and_lets_go_of_what_it_captured() {
    simulate(async {
        let words = Words::default();
        let captured = Rc::new(());
        let hold = |captured: &Rc<()>, say: Box<dyn FnOnce()>| {
            let captured = Rc::clone(captured);
            move || {
                drop(captured);
                say();
            }
        };
        let soon = callback::soon(hold(&captured, Box::new(words.say("never"))));
        let later = callback::later(ms(5), hold(&captured, Box::new(words.say("never"))));
        soon.cancel();
        later.cancel();
        later.cancel();
        sleep(ms(1)).await;
        assert!(soon.is_over() && later.is_over());
        assert_eq!(Rc::strong_count(&captured), 1);
        sleep(ms(10)).await;
        words.expect(&[]);
    });
}

#[test]
fn a_dropped_callback_is_called_all_the_same() {
    simulate(async {
        let words = Words::default();
        drop(callback::later(ms(5), words.say("called")));
        sleep(ms(10)).await;
        words.expect(&["called"]);
    });
}

#[cfg(feature = "os")]
#[test]
fn one_callback_may_cancel_another_that_is_due_already() {
    EventLoop::new().unwrap().block_on(async {
        let words = Words::default();
        let other: Rc<OnceCell<Callback>> = Rc::default();
        callback::soon({
            let other = Rc::clone(&other);
            move || other.get().unwrap().cancel()
        });
        assert!(other.set(callback::soon(words.say("never"))).is_ok());
        sleep(ms(1)).await;
        words.expect(&[]);
    });
}

#[test]
fn a_callback_may_cancel_itself_while_it_runs() {
    simulate(async {
        let itself: Rc<OnceCell<Callback>> = Rc::default();
        let words = Words::default();
        let (to_cancel, say) = (Rc::clone(&itself), words.say("once"));
        let callback = callback::soon(move || {
            to_cancel.get().unwrap().cancel();
            say();
        });
        assert!(itself.set(callback).is_ok());
        sleep(ms(1)).await;
        words.expect(&["once"]);
        assert!(itself.get().unwrap().is_over());
    });
}

/// Case 19.
#[test]
fn a_callback_that_panics_harms_no_other() {
    simulate(async {
        let words = Words::default();
        let panics = callback::soon(|| panic!("in a callback, on purpose"));
        callback::soon(words.say("goes on"));
        sleep(ms(1)).await;
        assert!(panics.is_over());
        words.expect(&["goes on"]);
    });
}

/// Case 39.
#[test]
#[should_panic(expected = "there is no event loop on this thread")]
fn a_callback_outside_of_any_loop_panics_with_advice() {
    callback::soon(|| {});
}

/// Callbacks on sockets.
#[cfg(feature = "os")]
mod on_ready {
    use std::io;
    use std::net::SocketAddr;
    use std::ops::ControlFlow::{Break, Continue};

    use boucle::io::{Direction, Source};
    use mio::net::UdpSocket;

    use super::support::{counted, run, run_on, until};
    use super::*;

    /// A socket at the loopback address.
    fn socket() -> io::Result<(Rc<Source<UdpSocket>>, SocketAddr)> {
        let socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
        let address = socket.local_addr()?;
        Ok((Rc::new(Source::new(socket)?), address))
    }

    #[test]
    fn it_is_called_once_for_each_datagram_and_not_in_between() {
        let (event_loop, counts) = counted();
        run_on(&event_loop, async {
            let (source, address) = socket()?;
            let (sender, _) = socket()?;
            let received = Rc::new(Cell::new(0));
            let callback = callback::on_ready(source, Direction::Read, {
                let received = Rc::clone(&received);
                move |socket| {
                    socket.recv(&mut [0; 8])?;
                    received.set(received.get() + 1);
                    Ok(Continue(()))
                }
            });
            for count in 1..=5 {
                sender.get_ref().send_to(b"x", address)?;
                until(|| received.get() == count).await;
            }
            for _ in 0..5 {
                sender.get_ref().send_to(b"x", address)?;
            }
            until(|| received.get() == 10).await;
            let before = counts.polls.get();
            sleep(ms(20)).await;
            assert!(counts.polls.get() - before < 4, "{counts:?}");
            assert!(!callback.is_over());
            Ok(())
        });
    }

    /// Case 100.
    #[test]
    fn it_may_remove_itself_while_it_is_called() {
        run(async {
            let (receiver, address) = socket()?;
            let calls = Rc::new(Cell::new(0));
            let itself: Rc<OnceCell<Callback>> = Rc::default();
            let callback = callback::on_ready(Rc::clone(&receiver), Direction::Read, {
                let (calls, itself) = (Rc::clone(&calls), Rc::clone(&itself));
                move |socket| {
                    // It reads one datagram of three, so it would be called again.
                    socket.recv(&mut [0; 8])?;
                    calls.set(calls.get() + 1);
                    itself.get().unwrap().cancel();
                    Ok(Continue(()))
                }
            });
            assert!(itself.set(callback).is_ok());
            for _ in 0..3 {
                receiver.get_ref().send_to(b"x", address)?;
            }
            until(|| itself.get().unwrap().is_over()).await;
            sleep(ms(2)).await;
            assert_eq!(calls.get(), 1);
            // By breaking, it does the same; and another handler takes up where it left.
            let callback = callback::on_ready(Rc::clone(&receiver), Direction::Read, {
                let calls = Rc::clone(&calls);
                move |socket| {
                    socket.recv(&mut [0; 8])?;
                    calls.set(calls.get() + 1);
                    Ok(Break(()))
                }
            });
            until(|| callback.is_over()).await;
            assert_eq!(calls.get(), 2);
            assert_eq!(Rc::strong_count(&receiver), 1);
            Ok(())
        });
    }

    /// Case 77, 100.
    #[test]
    fn it_may_cancel_another_whose_socket_is_ready_by_the_same_wait() {
        run(async {
            let ((first, to_first), (second, to_second)) = (socket()?, socket()?);
            let calls = Rc::new(Cell::new(0));
            let handlers: Rc<OnceCell<[Callback; 2]>> = Rc::default();
            let handle = |other: usize| {
                let (calls, handlers) = (Rc::clone(&calls), Rc::clone(&handlers));
                move |socket: &UdpSocket| {
                    socket.recv(&mut [0; 8])?;
                    calls.set(calls.get() + 1);
                    handlers.get().unwrap()[other].cancel();
                    Ok(Continue(()))
                }
            };
            let first = callback::on_ready(first, Direction::Read, handle(1));
            let second = callback::on_ready(second, Direction::Read, handle(0));
            assert!(handlers.set([first, second]).is_ok());
            yield_now().await;
            let (sender, _) = socket()?;
            sender.get_ref().send_to(b"x", to_first)?;
            sender.get_ref().send_to(b"x", to_second)?;
            sleep(ms(5)).await;
            assert_eq!(calls.get(), 1, "whichever came first");
            Ok(())
        });
    }

    #[test]
    fn it_is_over_after_an_error_and_frees_the_source() {
        run(async {
            let (source, _) = socket()?;
            let fails = callback::on_ready(Rc::clone(&source), Direction::Write, |_| {
                Err(io::ErrorKind::Other.into())
            });
            until(|| fails.is_over()).await;
            assert_eq!(Rc::strong_count(&source), 1);
            Ok(())
        });
    }
}
