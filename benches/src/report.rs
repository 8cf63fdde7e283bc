//! The report: a table for people, or JSON lines for programs, row by row as they are measured.

use serde_json::json;

use crate::args::{Form, Options};
use crate::backend::Kind;
use crate::rows::{BARE_TOLERANCE, ROWS, Row, Target};
use crate::runner::Values;

/// Where the two sides of a row are this close, they are level: it is what two runs of the same
/// program differ by on a quiet machine.
const NOISE: f64 = 0.03;

/// Writes rows to standard output.
pub struct Report {
    form: Form,
}

impl Report {
    /// Begins a report: the table with its head.
    pub fn new(options: &Options) -> Report {
        let form = options.form;
        match form {
            Form::Json => {}
            Form::Markdown => {
                print!("| workload | unit |");
                Kind::ALL.iter().for_each(|kind| print!(" {} |", kind.name()));
                println!(" tokio : boucle |\n|---|---|{}--:|", "--:|".repeat(Kind::ALL.len()));
            }
            Form::Table => {
                if cfg!(feature = "mimalloc") {
                    println!("Allocator: mimalloc, so there are no verdicts.\n");
                }
                println!("Less is better; ratio is tokio : boucle, so above 1 boucle is better.\n");
                print!("{:<18}{:>6}", "workload", "unit");
                Kind::ALL.iter().for_each(|kind| print!("{:>10}", kind.name()));
                println!("{:>8}{:>7}{:>7}  verdict", "ratio", "must", "aim");
            }
        }
        Report { form }
    }

    /// Writes one row.
    pub fn row(&mut self, row: &Row, values: &Values) {
        match self.form {
            Form::Json => json_line(row, values),
            Form::Markdown => markdown_line(row, values),
            Form::Table => table_line(row, values),
        }
    }
}

/// A line of the table.
fn table_line(row: &Row, values: &Values) {
    print!("{:<18}{:>6}", row.name, row.unit);
    for kind in Kind::ALL {
        print!("{:>10}", values.median(kind).map_or_else(|| "-".into(), figure));
    }
    let (must, aim) = match row.target {
        Target::Ratio { must, aim } => (Some(must), aim),
        Target::Most(most) => (Some(most), None),
        Target::Zero | Target::None => (None, None),
    };
    for (ratio, width) in [(values.ratio(Kind::Boucle, Kind::Tokio), 8), (must, 7), (aim, 7)] {
        print!("{:>width$}", ratio.map_or_else(|| "-".into(), |ratio| format!("{ratio:.2}")));
    }
    println!("  {}", verdict(row, values).unwrap_or_default());
}

/// A line of the Markdown table.
fn markdown_line(row: &Row, values: &Values) {
    print!("| `{}`: {} | {} |", row.name, row.what, row.unit);
    for kind in Kind::ALL {
        print!(" {} |", values.median(kind).map_or_else(String::new, figure));
    }
    let ratio = values.ratio(Kind::Boucle, Kind::Tokio);
    println!(" {} |", ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}")));
}

/// An object a line, one for each backend.
fn json_line(row: &Row, values: &Values) {
    for kind in Kind::ALL {
        if let Some(value) = values.median(kind) {
            let line = json!({
                "workload": row.name,
                "backend": kind.name(),
                "value": value,
                "unit": row.unit,
                "ratio_to_tokio": values.ratio(kind, Kind::Tokio),
            });
            println!("{line}");
        }
    }
}

/// What boucle's figures in a row come to, if it has any and a target.
fn verdict(row: &Row, values: &Values) -> Option<String> {
    // The targets are for the system's allocator.
    if cfg!(feature = "mimalloc") {
        return None;
    }
    let value = values.median(Kind::Boucle)?;
    let word = match row.target {
        Target::None => return None,
        Target::Most(most) => if value <= most { "must" } else { "MISSED" }.to_owned(),
        Target::Zero => if value == 0.0 { "aim" } else { "MISSED" }.to_owned(),
        Target::Ratio { must, aim } => {
            let ratio = printed(values.ratio(Kind::Boucle, Kind::Tokio)?);
            if aim.is_some_and(|aim| ratio >= aim) {
                "aim".to_owned()
            } else if ratio >= must {
                "must".to_owned()
            } else if must <= 1.0 && printed(must - ratio) <= NOISE {
                "level".to_owned()
            } else {
                "MISSED".to_owned()
            }
        }
    };
    // Where a bare mio loop ran too, boucle may be only so much dearer.
    let Some(bare) = values.ratio(Kind::Mio, Kind::Boucle) else {
        return Some(word);
    };
    let bare = printed(bare);
    let sign = if bare <= BARE_TOLERANCE { "" } else { " MISSED" };
    Some(format!("{word}; mio {:+.0} %{sign}", (bare - 1.0) * 100.0))
}

/// A ratio as it is printed, which is how it is judged.
fn printed(ratio: f64) -> f64 {
    (ratio * 100.0).round() / 100.0
}

/// A figure to three places or so, whatever its size.
fn figure(value: f64) -> String {
    let places = match value {
        _ if value == 0.0 || value >= 100.0 => 0,
        _ if value >= 10.0 => 1,
        _ if value >= 1.0 => 2,
        _ => 3,
    };
    format!("{value:.places$}")
}

/// What `--list` prints.
pub fn list() {
    for row in ROWS {
        let target = match row.target {
            Target::None => "no target".to_owned(),
            Target::Zero => "must be 0".to_owned(),
            Target::Most(most) => format!("at most {most}"),
            Target::Ratio { must, aim: None } => format!("must {must} x"),
            Target::Ratio { must, aim: Some(aim) } => format!("must {must} x, aim {aim} x"),
        };
        println!("{:<18}{:<7}{target:<22}{}", row.name, row.unit, row.what);
    }
}
