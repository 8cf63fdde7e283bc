//! Judging a loop: the tests of each exercise, then its trace beside the kept one.
//!
//! What is compiled is run here and not by cargo, so that what never ends can be stopped.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::ensure;
use serde_json::Value;

use super::Exercise;
use crate::house::House;
use crate::scene::within;

/// How long the tests of an exercise may take: a loop with a fault may turn for ever.
const LIMIT: Duration = Duration::from_secs(120);

/// Whose loop is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    Yours,
    Solution,
}

impl Whose {
    fn package(self) -> &'static str {
        match self {
            Whose::Yours => "exercises-yours",
            Whose::Solution => "exercises-solution",
        }
    }

    fn scenes(self) -> &'static str {
        match self {
            Whose::Yours => "scene_of_yours",
            Whose::Solution => "scene_of_solution",
        }
    }
}

/// The judges of a loop, compiled.
pub(crate) struct Judges<'a> {
    house: &'a House,
    whose: Whose,
    executables: HashMap<String, PathBuf>,
}

/// How an exercise was judged: nothing, or what failed and what it said.
pub(crate) type Verdict = Result<(), Failure>;

/// What failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) said: String,
}

/// At which of the steps it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Test,
    Trace,
    TooLong,
}

impl<'a> Judges<'a> {
    /// Compiles the judges of these exercises.
    pub(crate) fn of(
        house: &'a House,
        whose: Whose,
        exercises: &[Exercise],
    ) -> anyhow::Result<Judges<'a>> {
        let mut judges = Judges { house, whose, executables: HashMap::new() };
        let tests = exercises.iter().flat_map(|it| ["--test", it.test.as_str()]);
        judges
            .compile(&[&["test", "--no-run", "--lib"][..], &tests.collect::<Vec<_>>()].concat())?;
        judges.compile(&["build", "--example", whose.scenes()])?;
        Ok(judges)
    }

    fn compile(&mut self, words: &[&str]) -> anyhow::Result<()> {
        let mut cargo = Command::new("cargo");
        cargo.current_dir(self.house.book()).args(words).args(["--quiet", "--package"]);
        cargo.args([self.whose.package(), "--message-format=json-render-diagnostics"]);
        let output = cargo.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
        ensure!(
            output.status.success(),
            "{} does not compile: see above. The rest is judged when it does",
            self.whose.package()
        );
        let messages = output.stdout.split(|&byte| byte == b'\n');
        for message in messages.filter_map(|line| serde_json::from_slice::<Value>(line).ok()) {
            let executable = message["executable"].as_str();
            if let (Some(path), Some(name)) = (executable, message["target"]["name"].as_str()) {
                self.executables.insert(name.to_owned(), PathBuf::from(path));
            }
        }
        Ok(())
    }

    /// Judges one exercise, with all that it has.
    pub(crate) fn judge(&self, exercise: &Exercise) -> anyhow::Result<Verdict> {
        let own = format!("{}::tests", exercise.name);
        let steps = [
            (Kind::Test, exercise.test.as_str(), vec![]),
            // The tests beside the engine's own file: of some organs only.
            (Kind::Test, "my_loop", vec![own.as_str()]),
        ];
        let scene = exercise.scene.as_deref();
        let scene = scene.map(|scene| (Kind::Trace, self.whose.scenes(), vec![scene]));
        for (kind, name, words) in steps.into_iter().chain(scene) {
            let executable = self.executables.get(name);
            ensure!(executable.is_some(), "cargo made no program `{name}`");
            let mut command = Command::new(executable.expect("it is there"));
            command.current_dir(self.house.book()).args(words).env("RUST_BACKTRACE", "0");
            let ended = within(LIMIT, &mut command)?;
            let said = format!("{}{}", ended.stdout, ended.stderr);
            match ended.status {
                Some(status) if status.success() => {}
                Some(_) => return Ok(Err(Failure { kind, said })),
                None => return Ok(Err(Failure { kind: Kind::TooLong, said })),
            }
        }
        Ok(Ok(()))
    }
}
