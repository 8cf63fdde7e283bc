//! The line of waiting futures.

use super::Waiters;
use std::task::Waker;

#[test]
fn those_who_come_and_leave_behind_one_who_stays_take_no_memory() {
    let mut line = Waiters::new();
    let (stays, _) = line.stand(None, 1, Waker::noop());
    let (mut overlaps, _) = line.stand(None, 1, Waker::noop());
    for _ in 0..1000 {
        let (next, _) = line.stand(None, 1, Waker::noop());
        assert!(line.leave(overlaps).is_some());
        overlaps = next;
        assert!(line.line.len() <= 5, "{}", line.line.len());
        assert_eq!(line.first().map(|(ticket, _)| ticket), Some(stays));
    }
}

#[test]
fn the_gaps_are_closed_when_those_before_them_go() {
    let mut line = Waiters::new();
    let tickets: Vec<_> = (0..8).map(|_| line.stand(None, 1, Waker::noop()).0).collect();
    for gap in [1, 2, 6] {
        assert!(line.leave(tickets[gap]).is_some());
        assert!(line.leave(tickets[gap]).is_none());
    }
    assert!(line.call_first().is_some());
    assert_eq!(line.first().map(|(ticket, _)| ticket), Some(tickets[3]));
    assert_eq!((line.line.len(), line.gaps), (5, 1));
    for _ in 0..4 {
        assert!(line.call_first().is_some());
    }
    assert!(line.is_empty() && line.call_first().is_none());
    assert_eq!(line.gaps, 0);
}

#[test]
fn one_who_comes_back_stands_where_its_ticket_says() {
    let mut line = Waiters::new();
    let (first, _) = line.stand(None, 1, Waker::noop());
    let (second, _) = line.stand(None, 1, Waker::noop());
    let (third, _) = line.stand(None, 1, Waker::noop());
    for _ in 0..2 {
        assert!(line.call_first().is_some());
    }
    line.stand(Some(second), 1, Waker::noop());
    line.stand(Some(first), 1, Waker::noop());
    for ticket in [first, second, third] {
        assert_eq!(line.first().map(|(ticket, _)| ticket), Some(ticket));
        assert!(line.call_first().is_some());
    }
}
