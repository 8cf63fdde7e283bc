//! The ledger: every experiment at its original scale, theirs and ours, in `book/ledger.jsonl`.
//!
//! Run with: `cargo run --release -p experiments --bin ledger` in `book/`, on a machine that has
//! nothing else to do. It takes about three minutes.
//!
//! It runs the tour and the two experiments of this package, each as a reader would, and writes
//! their objects as they are, each with the `command` that repeats it. The first line tells the
//! machine. If an experiment is missing, nothing is written; if one does not hold, the ledger says
//! so, and the exit status is 1.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::thread;

use experiments::{EXPERIMENTS, Result};
use serde_json::{Value, json};

/// How a reader runs the tour, and a program of this package.
const TOUR: &str = "cargo run --release --example tour -- --scale 1";
const PROGRAM: &str = "cargo run --release --manifest-path book/Cargo.toml -p experiments --bin";

fn main() -> ExitCode {
    match write() {
        Ok(failed) if failed.is_empty() => ExitCode::SUCCESS,
        Ok(failed) => {
            let ids = failed.join(", ");
            eprintln!("ledger: does not hold: {ids}. Is the machine busy? Then run it once more");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("ledger: {error}");
            ExitCode::from(2)
        }
    }
}

/// Writes the ledger; gives the experiments that do not hold.
fn write() -> Result<Vec<&'static str>> {
    let mut rows = run(&format!("{PROGRAM} x01"), "--json")?;
    rows.extend(run(&format!("{PROGRAM} x19"), "--json")?);
    rows.extend(run(TOUR, "--json")?);

    let mut lines = vec![machine()?.to_string()];
    let mut failed = Vec::new();
    for id in EXPERIMENTS {
        let Some(row) = rows.iter_mut().find(|row| row["id"] == id) else {
            return Err(format!("{id} was not measured; the ledger stays as it was").into());
        };
        row["command"] = match id {
            "X01" | "X19" => format!("{PROGRAM} {}", id.to_lowercase()).into(),
            _ => format!("{TOUR} --only {id}").into(),
        };
        if row["ok"] != true {
            failed.push(id);
        }
        lines.push(row.to_string());
    }
    fs::write(project().join("book/ledger.jsonl"), lines.join("\n") + "\n")?;
    Ok(failed)
}

/// Runs a command in the project's root, and gives the objects that it prints.
fn run(command: &str, json: &str) -> Result<Vec<Value>> {
    eprintln!("$ {command} {json}");
    // The cargo that runs this program, if one does.
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut child = Command::new(cargo)
        .args(command.split_whitespace().skip(1))
        .args((!command.contains(" -- ")).then_some("--"))
        .arg(json)
        .current_dir(project())
        .stdout(Stdio::piped())
        .spawn()?;
    let out = child.stdout.take().expect("it is piped");
    let mut rows = Vec::new();
    for line in BufReader::new(out).lines() {
        let row: Value = serde_json::from_str(&line?)?;
        let verdict = if row["ok"] == true { "holds" } else { "FAILS" };
        eprintln!("{verdict}  {}  {}", row["id"].as_str().unwrap_or("?"), row["ours"]);
        rows.push(row);
    }
    // 1 is a shape that does not hold: the ledger says that, too.
    match child.wait()?.code() {
        Some(0 | 1) => Ok(rows),
        _ => Err(format!("`{command}` could not run").into()),
    }
}

/// Where it was measured, as far as it matters.
fn machine() -> Result<Value> {
    let rustc = Command::new("rustc").arg("--version").output()?;
    let rustc = String::from_utf8(rustc.stdout)?;
    // `rustc 1.88.0 (6b00bc388 2025-06-23)`, `6.8.0-45-generic`: the numbers will do.
    let rustc = rustc.split_whitespace().nth(1).unwrap_or("unknown").to_owned();
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let release = release.trim().split(['-', '+']).next().unwrap_or_default();
    let kernel = format!("{} {release}", env::consts::OS);
    Ok(json!({
        "cores": thread::available_parallelism()?.get(),
        "kernel": kernel.trim(),
        "rustc": rustc,
    }))
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
