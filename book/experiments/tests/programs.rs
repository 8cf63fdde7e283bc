//! The programs of this package run, on a small scale: whether the shape of their results holds is
//! a question for an optimised build on a quiet machine, whether they work is one for every build.

use std::process::{Command, Output};

use serde_json::Value;

#[test]
fn hello_is_served_by_both_rust_servers_and_every_response_is_right() {
    let row = row(env!("CARGO_BIN_EXE_x01"), "X01");
    let ours = row["ours"].as_str().unwrap();
    for server in ["boucle ", "tokio "] {
        let (_, rest) = ours.split_once(server).expect(ours);
        let rate: f64 = rest.split([',', ' ']).next().unwrap().parse().expect(ours);
        assert!(rate > 0.0, "{ours}");
    }
}

#[test]
fn thumbnails_are_the_same_one_by_one_and_at_once() {
    let row = row(env!("CARGO_BIN_EXE_x19"), "X19");
    let ours = row["ours"].as_str().unwrap();
    let times: Vec<f64> =
        ours.split_whitespace().filter_map(|figure| figure.parse().ok()).collect();
    assert_eq!(times.len(), 2, "{ours}");
    assert!(times[1] < times[0], "what overlaps is not slower: {ours}");
}

#[test]
fn an_option_that_is_not_known_is_answered_with_those_that_are() {
    let output = run(env!("CARGO_BIN_EXE_x19"), &["--size", "1"]);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("--size") && told.contains("--scale"), "{told}");
}

/// The object that a program prints.
fn row(program: &str, id: &str) -> Value {
    let output = run(program, &["--scale", "0.05", "--json"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{told}");
    let row: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(row["id"], id);
    assert_eq!(row["scale"], 0.05);
    row
}

fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).output().unwrap()
}
