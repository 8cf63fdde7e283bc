//! How results are shown: a table for people, or one JSON object a line for programs.

use std::env;
use std::error::Error;
use std::io::{self, IsTerminal, Stdout, Write};
use std::time::Duration;

use serde_json::json;

use crate::experiment::{Experiment, Outcome, Stopwatch, Theirs, Theme};
use crate::options::Options;

/// The width of prose.
const PROSE: usize = 96;

pub(crate) struct Report {
    out: Stdout,
    json: bool,
    scale: f64,
    paint: Paint,
    /// The heading that was printed last.
    theme: Option<Theme>,
    ran: usize,
    failed: Vec<&'static str>,
    clock: Stopwatch,
}

impl Report {
    pub(crate) fn new(options: &Options) -> io::Result<Self> {
        let mut report = Self {
            out: io::stdout(),
            json: options.json,
            scale: options.scale,
            paint: Paint::detect(),
            theme: None,
            ran: 0,
            failed: Vec::new(),
            clock: Stopwatch::start(),
        };
        if !report.json {
            report.title()?;
        }
        Ok(report)
    }

    fn title(&mut self) -> io::Result<()> {
        let Self { paint, scale, .. } = *self;
        writeln!(self.out, "{}", paint.bold("boucle: a tour of what waiting costs"))?;
        if self.scaled() {
            let hint = "--scale 1 takes the original times.";
            writeln!(self.out, "One second of theirs lasts {scale} s here; {hint}")?;
        }
        let names = columns("", "what", "theirs", "ours", "expected");
        writeln!(self.out, "\n{}  {}", paint.dim(&names), paint.dim("shape"))
    }

    /// Heading and explanation, before the work begins.
    pub(crate) fn announce(&mut self, experiment: &Experiment) -> io::Result<()> {
        if self.json {
            return Ok(());
        }
        let paint = self.paint;
        if self.theme != Some(experiment.theme) {
            self.theme = Some(experiment.theme);
            let (title, subtitle) = experiment.theme.title();
            let title = paint.heading(&title.to_uppercase());
            writeln!(self.out, "\n{title}  {}", paint.dim(subtitle))?;
        }
        writeln!(self.out)?;
        for line in wrapped(experiment.why) {
            writeln!(self.out, "  {}", paint.dim(&line))?;
        }
        Ok(())
    }

    /// The result.
    pub(crate) fn row(
        &mut self,
        experiment: &Experiment,
        outcome: &Outcome,
        took: Duration,
    ) -> io::Result<()> {
        self.ran += 1;
        if !outcome.ok {
            self.failed.push(experiment.id);
        }
        if self.json {
            let object = self.object(experiment, outcome, took);
            return writeln!(self.out, "{object}");
        }
        let theirs = match experiment.theirs {
            Theirs::Seconds([one]) if self.scaled() => format!("{one} → {:.3} s", one * self.scale),
            theirs => theirs.to_string(),
        };
        let (ours, expected) = (&outcome.ours, &outcome.expected);
        let row = columns(experiment.id, experiment.what, &theirs, ours, expected);
        let verdict = if outcome.ok { self.paint.green("holds") } else { self.paint.red("FAILS") };
        writeln!(self.out, "{row}  {verdict}")?;
        for line in &outcome.details {
            writeln!(self.out, "       {}", self.paint.dim(line))?;
        }
        Ok(())
    }

    /// The last lines; says whether everything held.
    pub(crate) fn summary(&mut self) -> io::Result<bool> {
        let held = self.failed.is_empty();
        if !self.json {
            let took = self.clock.elapsed().as_secs_f64();
            let noun = if self.ran == 1 { "experiment" } else { "experiments" };
            let verdict = if held {
                self.paint.green("every shape holds")
            } else {
                self.paint.red(&format!("does not hold: {}", self.failed.join(", ")))
            };
            writeln!(self.out, "\n{} {noun} in {took:.1} s: {verdict}", self.ran)?;
        }
        Ok(held)
    }

    fn object(&self, experiment: &Experiment, outcome: &Outcome, took: Duration) -> String {
        json!({
            "id": experiment.id,
            "what": experiment.what,
            "theirs": experiment.theirs.to_string(),
            "ours": outcome.ours,
            "expected": outcome.expected,
            "ok": outcome.ok,
            "scale": self.scale,
            "took": took.as_secs_f64(),
            "details": outcome.details,
        })
        .to_string()
    }

    fn scaled(&self) -> bool {
        (self.scale - 1.0).abs() > f64::EPSILON
    }
}

/// What there is to run.
pub(crate) fn list(experiments: &[Experiment]) -> io::Result<()> {
    let mut out = io::stdout();
    for Experiment { id, what, theme, .. } in experiments {
        writeln!(out, "{id}  {what:38}  {}", theme.title().0)?;
    }
    Ok(())
}

/// Whether nobody reads our output any more.
pub(crate) fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// One line of the table, up to the verdict.
fn columns(id: &str, what: &str, theirs: &str, ours: &str, expected: &str) -> String {
    format!("  {id:3}  {what:36}  {theirs:>16}  {ours:>19}  {expected:29}")
}

/// Breaks prose into lines.
fn wrapped(prose: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in prose.split_whitespace() {
        let line = lines.last_mut().expect("there is always a line");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= PROSE {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// Colours, where they are welcome.
#[derive(Clone, Copy)]
struct Paint {
    on: bool,
}

impl Paint {
    fn detect() -> Self {
        let refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { on: io::stdout().is_terminal() && !refused }
    }

    fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    fn heading(self, text: &str) -> String {
        self.with("1;36", text)
    }

    fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    fn green(self, text: &str) -> String {
        self.with("32", text)
    }

    fn red(self, text: &str) -> String {
        self.with("1;31", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.on { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
