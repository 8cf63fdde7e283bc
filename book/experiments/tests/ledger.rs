//! The ledger as it is kept: complete, at the original scale, repeatable.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use experiments::EXPERIMENTS;
use serde_json::Value;

#[test]
fn every_experiment_stands_in_the_ledger_once_and_in_order() {
    let rows = ledger().split_off(1);
    let ids: Vec<_> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids, EXPERIMENTS);
}

#[test]
fn each_has_theirs_and_ours_at_the_original_scale_and_its_command() {
    for row in &ledger()[1..] {
        let id = row["id"].as_str().unwrap();
        for field in ["what", "theirs", "ours", "expected"] {
            assert!(row[field].as_str().is_some_and(|text| !text.is_empty()), "{id}: {field}");
        }
        assert!(row["ok"].is_boolean() && row["details"].is_array(), "{id}");
        assert_eq!(row["scale"], 1.0, "{id}");
        let command = row["command"].as_str().unwrap();
        let named = [format!("--only {id}"), format!("--bin {}", id.to_lowercase())];
        assert!(named.iter().any(|name| command.ends_with(name)), "{id}: {command}");
    }
}

#[test]
fn the_first_line_tells_the_machine_and_nothing_tells_a_path() {
    let ledger = ledger();
    for fact in ["cores", "kernel", "rustc"] {
        assert!(!ledger[0][fact].is_null(), "{fact}");
    }
    let text = fs::read_to_string(book().join("ledger.jsonl")).unwrap();
    let project = fs::canonicalize(book().join("..")).unwrap();
    for path in [project.to_str().unwrap(), "/home/", "/root/", "/tmp/"] {
        assert!(!text.contains(path), "{path}");
    }
}

#[test]
fn every_experiment_of_the_tour_is_one_of_the_ledgers() {
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--example", "tour", "--", "--list"])
        .current_dir(book().join(".."))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let list = String::from_utf8(output.stdout).unwrap();
    let tour = list.lines().filter_map(|line| line.split_whitespace().next());
    let all: BTreeSet<_> = tour.chain(["X01", "X19"]).collect();
    assert_eq!(all, EXPERIMENTS.into_iter().collect());
}

/// The objects of the ledger.
fn ledger() -> Vec<Value> {
    let text = fs::read_to_string(book().join("ledger.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn book() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
