//! The Rust code that stands in the chapters themselves, run as doctests: `cargo test --doc -p listings`.

#![allow(
    clippy::doc_markdown,
    reason = "the documentation here is prose of the book, not of an API"
)]

/// A module for each chapter, so that a failing block names it.
macro_rules! chapters {
    ($($module:ident: $file:literal,)*) => {
        $(
            #[doc = include_str!(concat!("../../src/", $file))]
            pub mod $module {}
        )*
    };
}

chapters! {
    preface: "preface.md",
    c00_where_are_my_tasks: "00-where-are-my-tasks.md",
    c01_one_waiter: "01-one-waiter.md",
    c02_threads: "02-threads.md",
    c03_busy_loop: "03-busy-loop.md",
    c04_ask_the_os: "04-ask-the-os.md",
    c05_callbacks: "05-callbacks.md",
    c06_the_bell: "06-the-bell.md",
    c07_state_machines: "07-state-machines.md",
    c08_block_on: "08-block-on.md",
    c09_executor: "09-executor.md",
    c10_sockets: "10-sockets.md",
    c11_sleep: "11-sleep.md",
    c12_timer_wheel: "12-timer-wheel.md",
    c13_virtual_time: "13-virtual-time.md",
    c14_joining: "14-joining.md",
    c15_first_of_several: "15-first-of-several.md",
    c16_back_pressure: "16-back-pressure.md",
    c17_fairness: "17-fairness.md",
    c18_pool: "18-pool.md",
    c19_files: "19-files.md",
    c20_when_threads_win: "20-when-threads-win.md",
    c21_observer: "21-observer.md",
    c22_why: "22-why.md",
    c23_museum: "23-museum.md",
    c24_measuring: "24-measuring.md",
    c25_others: "25-others.md",
    exercises: "exercises.md",
    how_it_is_made: "how-it-is-made.md",
}
