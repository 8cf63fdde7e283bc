//! Failures of accept that cannot be provoked on demand.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{Error, ErrorKind, Result};

use super::{REST, poll_accept};
use crate::EventLoop;
use crate::io::Source;
use crate::observe::{Event, Record, Recorded};
use crate::time::timeout;

/// What is accepted when `accept` gives these, the last first; and how often it rested.
fn accept(answers: Vec<Result<u32>>) -> (Result<u32>, usize) {
    let record = Record::new();
    let event_loop = EventLoop::builder().observer(record.clone()).build().unwrap();
    let accepted = event_loop.block_on(async {
        // A socket that stays ready to be read, as its datagram is never taken.
        let socket = mio::net::UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
        socket.send_to(b"x", socket.local_addr()?)?;
        let source = Source::new(socket)?;
        let answers = RefCell::new(answers);
        let answer = |_: &_| answers.borrow_mut().pop().expect("it was enough");
        let mut rest = None;
        let accepting = poll_fn(|cx| poll_accept(&source, cx, &mut rest, answer));
        timeout(REST * 600, accepting).await.expect("it hangs")
    });
    let fired = |it: &&Recorded| matches!(it.event(), Event::TimerFired { .. });
    (accepted, record.events().iter().filter(fired).count())
}

/// Case 91.
#[test]
fn a_connection_that_its_peer_gave_up_is_passed_over() {
    let aborted = || Err(ErrorKind::ConnectionAborted.into());
    let unreachable = Err(ErrorKind::HostUnreachable.into());
    let (accepted, rests) = accept(vec![Ok(1), aborted(), unreachable, aborted()]);
    assert_eq!((accepted.unwrap(), rests), (1, 0));
}

/// Case 93.
#[cfg(target_os = "linux")]
#[test]
fn a_shortage_of_any_kind_is_waited_out() {
    let start = crate::time::Instant::now();
    // EMFILE, ENFILE, ENOBUFS and ENOMEM.
    let shortages = [24, 23, 105, 12].map(|code| Err(Error::from_raw_os_error(code)));
    let answers = std::iter::once(Ok(2)).chain(shortages).collect();
    let (accepted, rests) = accept(answers);
    assert_eq!((accepted.unwrap(), rests), (2, 4));
    assert!(start.elapsed() >= REST * 4);
}

#[test]
fn a_broken_listener_is_an_error_at_once() {
    let (accepted, rests) = accept(vec![Ok(3), Err(ErrorKind::InvalidInput.into())]);
    assert_eq!((accepted.unwrap_err().kind(), rests), (ErrorKind::InvalidInput, 0));
}
