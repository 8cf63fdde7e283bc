//! What the command line asks for.

use crate::exercise::Whose;
use anyhow::bail;
use lexopt::{Arg, Parser, ValueExt};

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Queries,
    /// Everything, or these chapters.
    Check(Vec<String>),
    /// Everything, or these scenes and chapters.
    Bless(Vec<String>),
    /// All exercises, or these.
    Exercise(Whose, Vec<String>),
    ExerciseCi,
    /// The whole book, or only these chapters.
    Build(Vec<String>),
}

#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) command: Command,
}

impl Options {
    pub(crate) fn from_args() -> anyhow::Result<Options> {
        Options::parse(Parser::from_env())
    }

    pub(crate) fn parse(mut parser: Parser) -> anyhow::Result<Options> {
        let mut words = Vec::new();
        let (mut whose, mut ci) = (Whose::Yours, false);
        while let Some(arg) = parser.next()? {
            match arg {
                Arg::Short('h') | Arg::Long("help") => words.insert(0, "help".to_owned()),
                Arg::Long("solution") => whose = Whose::Solution,
                Arg::Long("ci") => ci = true,
                Arg::Value(value) => words.push(value.string()?),
                other => return Err(other.unexpected().into()),
            }
        }
        let mut words = words.into_iter();
        let command = match words.next().as_deref() {
            None | Some("build") => Command::Build(words.collect()),
            Some("check") => Command::Check(words.collect()),
            Some("bless") => Command::Bless(words.collect()),
            Some("exercise") if ci => Command::ExerciseCi,
            Some("exercise") => Command::Exercise(whose, words.collect()),
            Some("queries") => Command::Queries,
            Some("help") => Command::Help,
            Some(other) => bail!("there is no command `{other}`; `cargo book help` lists them"),
        };
        Ok(Options { command })
    }
}
