//! Figures that are computed from traces.

use super::scenes;
use crate::trace::{Trace, queries};

/// The answers of a scene to these queries.
fn answers(scene: &str, asked: &[&str]) -> Vec<Result<String, String>> {
    let scenes = scenes(&[scene]);
    let made = scenes.get(scene).unwrap();
    let trace = Trace::read(&made.text("jsonl").unwrap(), made.text("console").unwrap()).unwrap();
    let ask = |query: &&str| queries::answer(&trace, &query.split_whitespace().collect::<Vec<_>>());
    asked.iter().map(ask).collect()
}

fn right(scene: &str, expected: &[(&str, &str)]) {
    let asked: Vec<&str> = expected.iter().map(|(query, _)| *query).collect();
    for ((query, expected), answer) in expected.iter().zip(answers(scene, &asked)) {
        assert_eq!(answer.as_deref(), Ok(*expected), "{scene} {query}");
    }
}

#[test]
fn one_waiter_has_one_timer_at_a_time_and_sleeps_for_the_sum() {
    right(
        "one_waiter",
        &[
            ("end", "2010"),
            ("turns", "6"),
            ("polls", "6"),
            ("polls block_on", "6"),
            ("tasks", "1"),
            ("spawned", "0"),
            ("sleeps", "5"),
            ("slept", "2010"),
            ("slept 2", "420"),
            ("timers", "5"),
            ("timers-at-once", "1"),
            ("max-ready", "1"),
            ("longest-poll", "0 ns"),
            ("latest", "0 ns"),
            ("done block_on", "2010"),
            ("events timer_fired", "5"),
            ("poll block_on 2", "570"),
            ("turn-of-poll block_on 2", "2"),
            ("jobs", "0"),
            ("aborted", "0"),
            ("wakes block_on", "5"),
            ("line 1", "news after 570 ms"),
        ],
    );
}

#[test]
fn orders_first_has_five_at_once_and_the_quickest_comes_first() {
    right(
        "orders_first",
        &[
            ("end", "570"),
            ("timers-at-once", "5"),
            ("spawned", "5"),
            ("first-done", "maps"),
            ("order-of-done", "maps, music, mail, photos, news"),
            ("polls m*", "6"),
        ],
    );
}

#[test]
fn a_job_runs_on_a_worker() {
    right(
        "breakfast",
        &[
            ("jobs", "1"),
            ("jobs-at-once", "1"),
            ("workers", "1"),
            ("tasks", "4"),
            ("done tea", "300"),
        ],
    );
}

#[test]
fn a_poll_that_keeps_the_loop_is_the_longest_and_makes_timers_late() {
    right("only_cpu", &[("end", "2010"), ("longest-poll", "570 ms"), ("longest-poll-of", "news")]);
}

#[test]
fn what_cannot_be_answered_is_an_error_with_a_remedy() {
    let asked =
        ["nothing", "end 3", "polls nobody", "line 99", "events nothing", "done", "slept 9"];
    let parts = [
        "`cargo book queries` lists them",
        "`end` is asked as `end`",
        "there is no task `nobody`",
        "there are 6 lines of output, and no number 99",
        "there are no events `nothing`",
        "which task?",
        "there are 5 sleeps",
    ];
    for (answer, part) in answers("one_waiter", &asked).into_iter().zip(parts) {
        let error = answer.unwrap_err();
        assert!(error.contains(part), "{error}");
    }
}
