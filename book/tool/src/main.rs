//! `cargo book`: makes the book, and checks that nothing in it has rotted.
//!
//! A chapter is read into pieces (`chapter.rs`): prose, directives, fenced blocks. What the
//! directives name is fetched from real files (`code/`) and real runs (`scene/`), put in their
//! places (`page/`), and handed to mdBook (`book.rs`). Nothing stops at the first fault: each is
//! noted with its chapter, its line and a remedy, and all are told at the end.

mod book;
mod chapter;
mod check;
mod code;
mod exercise;
mod faults;
mod house;
mod options;
mod page;
mod scene;
#[cfg(test)]
mod tests;
mod trace;

use std::process::ExitCode;

use faults::Faults;
use house::House;
use options::{Command, Options};

const HELP: &str = "\
cargo book                     makes the book: book/build/index.html
cargo book build CHAPTER...    these chapters alone, as 09 or 09-executor: book/target/draft/
cargo book check [CHAPTER...]  whether all that the book shows is still so
cargo book bless [SCENE|CHAPTER...]  keeps traces and consoles as they are now
cargo book exercise            the exercises: which are solved, and which is next
cargo book exercise NAME...    judges one; with --solution, the kept solution of it
cargo book exercise --ci       unsolved each must fail, solved each must pass
cargo book queries             what {{#value SCENE QUERY}} may ask
cargo book help                this

It is an alias of cargo for the project's root and works there only; the program itself,
book/target/debug/boucle-book, works anywhere. What may stand in a chapter is told in book/README.md.";

fn main() -> ExitCode {
    match Options::from_args().and_then(|options| run(&options)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("cargo book: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let house = House::find()?;
    let faults = Faults::default();
    match &options.command {
        Command::Help => println!("{HELP}"),
        Command::Check(chapters) => check::check(&house, chapters, &faults)?,
        Command::Bless(names) => check::bless(&house, names, &faults)?,
        Command::Exercise(whose, names) => {
            exercise::exercise(&house, *whose, names, &faults)?;
        }
        Command::ExerciseCi => exercise::ci(&house, &faults)?,
        Command::Queries => queries(),
        Command::Build(chapters) => book::build(&house, chapters, &faults)?,
    }
    Ok(faults.tell())
}

/// Lists what a value may ask.
fn queries() {
    for query in trace::queries::QUERIES {
        let asked = format!("{} {}", query.name, query.words);
        println!("{asked:<24} {}", query.says);
    }
    println!(
        "\nTASK is a task's name, its number, or with a `*` at its end all names that begin so."
    );
}
