//! The command line: which of the three roles this process plays.

use std::error::Error;

use lexopt::prelude::*;

use crate::backend::Kind;
use crate::load::Load;

/// What `--help` prints.
pub const HELP: &str = "\
boucle measured beside tokio (current-thread), smol and a bare mio loop

    cargo run --release -p boucle-benches -- [OPTIONS]

    --quick             less work and fewer rounds: about two minutes instead of ten
    --json              an object a line: workload, backend, value, unit, ratio_to_tokio
    --markdown          the table as Markdown, without verdicts
    --only A,B          these rows; a family's name selects all of it (echo, blocking, timeout)
    --backend A,B       these backends: boucle, tokio, smol, mio
    --rounds N          runs of each backend per row (3 with --quick, else 7)
    --list              the rows and what boucle must reach, then exit
    --help              this text
";

/// The role of this process.
pub enum Role {
    /// Print [`HELP`].
    Help,
    /// Print the rows.
    List,
    /// Measure and report.
    Run(Options),
    /// One measurement (hidden: the runner starts this).
    Measure { job: String, backend: Kind, quick: bool },
    /// The clients of a server (hidden: a measurement starts this).
    Load(Load),
}

/// How rows are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Aligned columns, with targets and verdicts.
    Table,
    /// An object a line.
    Json,
    /// A table for a page of text.
    Markdown,
}

/// What the runner was asked to do.
pub struct Options {
    /// Less work, fewer rounds.
    pub quick: bool,
    /// How rows are written.
    pub form: Form,
    /// Names of rows or families; empty means all.
    pub only: Vec<String>,
    /// The backends to run, in the order of the table's columns.
    pub backends: Vec<Kind>,
    /// Runs of each backend per row.
    pub rounds: usize,
}

/// Reads the command line.
pub fn parse() -> Result<Role, Box<dyn Error>> {
    let mut parser = lexopt::Parser::from_env();
    let mut options = Options {
        quick: false,
        form: Form::Table,
        only: Vec::new(),
        backends: Kind::ALL.to_vec(),
        rounds: 0,
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Long("quick") => options.quick = true,
            Long("json") => options.form = Form::Json,
            Long("markdown") => options.form = Form::Markdown,
            Long("only") => options.only = words(&parser.value()?.string()?),
            Long("backend") => {
                let names = words(&parser.value()?.string()?);
                options.backends =
                    names.iter().map(|name| Kind::named(name)).collect::<Result<_, _>>()?;
            }
            Long("rounds") => options.rounds = parser.value()?.parse()?,
            Long("list") => return Ok(Role::List),
            Long("help") | Short('h') => return Ok(Role::Help),
            Value(role) if role == "measure" => return measurement(&mut parser),
            Value(role) if role == "load" => {
                return Ok(Role::Load(serde_json::from_str(&parser.value()?.string()?)?));
            }
            other => return Err(other.unexpected().into()),
        }
    }
    if options.rounds == 0 {
        options.rounds = if options.quick { 3 } else { 7 };
    }
    Ok(Role::Run(options))
}

/// `measure JOB BACKEND quick|full`, as [`runner`](crate::runner) writes it.
fn measurement(parser: &mut lexopt::Parser) -> Result<Role, Box<dyn Error>> {
    let job = parser.value()?.string()?;
    let backend = Kind::named(&parser.value()?.string()?)?;
    let quick = parser.value()? == "quick";
    Ok(Role::Measure { job, backend, quick })
}

/// Splits `a,b` into its words.
fn words(list: &str) -> Vec<String> {
    list.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}
