//! The programs of scenes, built: one call of cargo for each package.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::Program;
use crate::house::House;

/// The executables of those programs that compile. What cargo has to say goes to stderr.
pub(crate) fn build(
    house: &House,
    programs: &BTreeSet<Program>,
) -> anyhow::Result<HashMap<Program, PathBuf>> {
    let mut calls: BTreeMap<(&str, bool), Vec<&Program>> = BTreeMap::new();
    for program in programs {
        calls.entry((&program.package, program.release)).or_default().push(program);
    }
    let mut built = HashMap::new();
    for ((package, release), programs) in calls {
        let executables = call(house, package, release, &programs)?;
        for program in programs {
            let name = program.example.as_deref().unwrap_or(package);
            if let Some(executable) = executables.get(name) {
                built.insert(program.clone(), executable.clone());
            }
        }
    }
    Ok(built)
}

fn call(
    house: &House,
    package: &str,
    release: bool,
    programs: &[&Program],
) -> anyhow::Result<HashMap<String, PathBuf>> {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(house.book()).args([
        "build",
        "--quiet",
        "--keep-going",
        "--package",
        package,
    ]);
    cargo.arg("--message-format=json-render-diagnostics");
    if release {
        cargo.arg("--release");
    }
    for program in programs {
        match &program.example {
            Some(example) => cargo.args(["--example", example]),
            None => cargo.arg("--bins"),
        };
    }
    let output = cargo.stderr(Stdio::inherit()).stdin(Stdio::null()).output()?;
    let messages = output.stdout.split(|&byte| byte == b'\n');
    let messages = messages.filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    let executables = messages.filter_map(|message| {
        let executable = message.get("executable")?.as_str()?.to_owned();
        let name = message.get("target")?.get("name")?.as_str()?.to_owned();
        Some((name, PathBuf::from(executable)))
    });
    Ok(executables.collect())
}
