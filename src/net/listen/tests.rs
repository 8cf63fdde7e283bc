//! Failures of accept that cannot be provoked on demand.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{Error, ErrorKind, Result};

use super::{REST, poll_accept};
use crate::io::Source;
use crate::time::{Instant, timeout};

/// What is accepted when `accept` gives these, the last first.
fn accept(answers: Vec<Result<u32>>) -> Result<u32> {
    crate::block_on(async {
        // A socket that stays ready to be read, as its datagram is never taken.
        let socket = mio::net::UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
        socket.send_to(b"x", socket.local_addr()?)?;
        let source = Source::new(socket)?;
        let answers = RefCell::new(answers);
        let answer = |_: &_| answers.borrow_mut().pop().expect("it was enough");
        let mut rest = None;
        let accepting = poll_fn(|cx| poll_accept(&source, cx, &mut rest, answer));
        timeout(REST * 20, accepting).await.expect("it hangs")
    })
}

/// Case 91.
#[test]
fn a_connection_that_its_peer_gave_up_is_passed_over() {
    let start = Instant::now();
    let aborted = || Err(ErrorKind::ConnectionAborted.into());
    let unreachable = Err(ErrorKind::HostUnreachable.into());
    assert_eq!(accept(vec![Ok(1), aborted(), unreachable, aborted()]).unwrap(), 1);
    assert!(start.elapsed() < REST, "nothing is waited for");
}

/// Case 93.
#[cfg(target_os = "linux")]
#[test]
fn a_shortage_of_any_kind_is_waited_out() {
    let start = Instant::now();
    // EMFILE, ENFILE, ENOBUFS and ENOMEM.
    let shortages = [24, 23, 105, 12].map(|code| Err(Error::from_raw_os_error(code)));
    let answers = std::iter::once(Ok(2)).chain(shortages).collect();
    assert_eq!(accept(answers).unwrap(), 2);
    assert!(start.elapsed() >= REST * 4);
}

#[test]
fn a_broken_listener_is_an_error_at_once() {
    let start = Instant::now();
    let error = accept(vec![Ok(3), Err(ErrorKind::InvalidInput.into())]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(start.elapsed() < REST);
}
