//! What a loop of callbacks does.

use std::cell::RefCell;
use std::io::{self, ErrorKind};
use std::net::Ipv4Addr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use boucle_watch::{Watch, assert_consistent};
use mio::net::TcpListener;
use step_03_callbacks::delay::{fetch, serve};
use step_03_callbacks::{call_later, run, stop};

/// A place where callbacks note what they do.
fn notes() -> (Rc<RefCell<Vec<u32>>>, impl Fn(u32) + Clone) {
    let notes = Rc::new(RefCell::new(Vec::new()));
    let shared = Rc::clone(&notes);
    (notes, move |note| shared.borrow_mut().push(note))
}

#[test]
fn callbacks_are_called_in_the_order_of_their_times() {
    let (watch, record) = Watch::simulated();
    let (notes, note) = notes();
    run(move || {
        for millis in [30, 10, 20] {
            let note = note.clone();
            call_later(Duration::from_millis(millis.into()), move || note(millis));
        }
        call_later(Duration::from_millis(40), stop);
    })
    .unwrap();
    drop(watch);
    assert_eq!(*notes.borrow(), [10, 20, 30]);
    assert_consistent(&record);
}

#[test]
fn of_two_callbacks_with_one_time_the_first_asked_for_is_called_first() {
    let (_watch, _) = Watch::simulated();
    let (notes, note) = notes();
    run(move || {
        for number in [1, 2, 3] {
            let note = note.clone();
            call_later(Duration::from_millis(5), move || note(number));
        }
        call_later(Duration::from_millis(5), stop);
    })
    .unwrap();
    assert_eq!(*notes.borrow(), [1, 2, 3]);
}

#[test]
fn a_callback_may_ask_for_another() {
    let (_watch, _) = Watch::simulated();
    let (notes, note) = notes();
    run(move || {
        call_later(Duration::from_millis(5), move || {
            note(1);
            call_later(Duration::from_millis(5), move || {
                note(2);
                stop();
            });
        });
    })
    .unwrap();
    assert_eq!(*notes.borrow(), [1, 2]);
}

#[test]
fn clients_wait_at_the_same_time() {
    let (watch, record) = Watch::recording();
    let (notes, note) = notes();
    let began = Instant::now();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let server = listener.local_addr().unwrap();
    run(move || {
        serve(listener).unwrap();
        for millis in [150, 50, 100] {
            let note = note.clone();
            let done = move |answer: io::Result<String>| {
                note(answer.unwrap().parse().unwrap());
                if millis == 150 {
                    stop();
                }
            };
            fetch(server, millis, done).unwrap();
        }
    })
    .unwrap();
    drop(watch);
    assert_eq!(*notes.borrow(), [50, 100, 150]);
    assert!(began.elapsed() < Duration::from_millis(290), "they waited one after the other");
    assert_consistent(&record);
}

#[test]
fn a_server_that_is_not_there_is_an_error_for_the_last_callback() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let nobody = listener.local_addr().unwrap();
    drop(listener);
    let error = Rc::new(RefCell::new(None));
    let shared = Rc::clone(&error);
    run(move || {
        let done = move |answer: io::Result<String>| {
            shared.replace(answer.err().map(|error| error.kind()));
            stop();
        };
        fetch(nobody, 1, done).unwrap();
    })
    .unwrap();
    assert_eq!(error.take(), Some(ErrorKind::ConnectionRefused));
}
