//! The command line.

use std::collections::BTreeSet;

use lexopt::prelude::*;

use crate::experiment::{Experiment, Result};

pub(crate) const HELP: &str = "\
The tour: known experiments on asynchronous I/O, run again on this loop.

Usage: cargo run --release --example tour -- [OPTIONS]

  --scale <S>       times as a part of the original ones, 0.05 to 10 [default: 0.1]
  --only <X02,X03>  only these experiments
  --list            what there is, without running it
  --json            one JSON object a line instead of the table
  --help            this text

Colour appears on a terminal only, and never when NO_COLOR is set.
The exit status is 1 if a shape does not hold, 2 if the tour cannot start.
";

/// What the command line asks for.
pub(crate) enum Command {
    Run(Options),
    List,
    Help,
}

/// How to run.
pub(crate) struct Options {
    /// The length of our second, in their seconds.
    pub(crate) scale: f64,
    /// The ids to run; all of them when empty.
    pub(crate) only: BTreeSet<String>,
    /// Objects instead of the table.
    pub(crate) json: bool,
}

impl Options {
    /// The chosen ones among `all`, in the order of the tour.
    pub(crate) fn choose(&self, all: Vec<Experiment>) -> Result<Vec<Experiment>> {
        if let Some(unknown) = self.only.iter().find(|id| all.iter().all(|one| one.id != **id)) {
            return Err(format!("there is no experiment {unknown}; see --list").into());
        }
        let wanted = |one: &Experiment| self.only.is_empty() || self.only.contains(one.id);
        Ok(all.into_iter().filter(wanted).collect())
    }
}

/// Reads the arguments of this process.
pub(crate) fn parse() -> Result<Command, lexopt::Error> {
    let mut options = Options { scale: 0.1, only: BTreeSet::new(), json: false };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("scale") => options.scale = scale(arguments.value()?.parse()?)?,
            Long("only") => {
                let ids = arguments.value()?.string()?;
                options.only.extend(ids.split(',').map(|id| id.trim().to_uppercase()));
            }
            Long("json") => options.json = true,
            Long("list") => return Ok(Command::List),
            Long("help") | Short('h') => return Ok(Command::Help),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Command::Run(options))
}

/// Below 0.05 the waits drown in the milliseconds that a busy machine adds to each of them.
fn scale(value: f64) -> Result<f64, lexopt::Error> {
    if (0.05..=10.0).contains(&value) {
        Ok(value)
    } else {
        Err("--scale takes a number from 0.05 to 10".into())
    }
}
