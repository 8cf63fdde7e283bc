//! The ledger of experiments: `book/ledger.jsonl`, which `-p experiments --bin ledger` writes.
//!
//! The first line tells of the machine, each other of an experiment.

use serde::Deserialize;

use super::Markdown;
use super::listing::escaped;
use crate::house::House;

/// An experiment: theirs, ours, and whether the shapes agree.
#[derive(Debug, Deserialize)]
struct Row {
    id: String,
    what: String,
    theirs: String,
    ours: String,
    expected: String,
    ok: bool,
    command: String,
    #[serde(default)]
    details: Vec<String>,
}

const PATH: &str = "book/ledger.jsonl";

/// `{{#experiment X10}}`
pub(super) fn experiment(house: &House, id: &str) -> Markdown {
    let (_, rows) = read(house)?;
    let row = rows.iter().find(|row| row.id == id).ok_or_else(|| {
        let known: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        format!("{PATH} has no experiment `{id}`; it has {}", known.join(", "))
    })?;
    let Row { what, theirs, ours, expected, command, .. } = row;
    let verdict = verdict(row);
    let details = match row.details.as_slice() {
        [] => String::new(),
        details => format!("<pre class=\"details\">{}</pre>\n", escaped(&details.join("\n"))),
    };
    Ok(format!(
        "\n<div class=\"experiment\" id=\"{id}\">\n<table>\n<caption>{id}: {}</caption>\n\
         <tbody>\n\
         <tr><th scope=\"row\">theirs</th><td>{}</td></tr>\n\
         <tr><th scope=\"row\">ours</th><td>{}</td></tr>\n\
         <tr><th scope=\"row\">expected</th><td>{}</td></tr>\n\
         <tr><th scope=\"row\">the shape</th><td>{verdict}</td></tr>\n\
         </tbody>\n</table>\n{details}<p class=\"command\"><code>{}</code></p>\n</div>\n",
        escaped(what),
        escaped(theirs),
        escaped(ours),
        escaped(expected),
        escaped(command),
    ))
}

/// `{{#ledger}}`
pub(super) fn ledger(house: &House) -> Markdown {
    let (machine, rows) = read(house)?;
    let lines: String = rows
        .iter()
        .map(|row| {
            let Row { id, what, theirs, ours, expected, .. } = row;
            let cells = [id, what, theirs, ours, expected].map(|cell| escaped(cell));
            let cells: String = cells.iter().map(|cell| format!("<td>{cell}</td>")).collect();
            format!("<tr>{cells}<td>{}</td></tr>\n", verdict(row))
        })
        .collect();
    Ok(format!(
        "\n<div class=\"ledger\">\n<table>\n<thead><tr><th>id</th><th>what</th><th>theirs</th>\
         <th>ours</th><th>expected</th><th>the shape</th></tr></thead>\n<tbody>\n{lines}</tbody>\n\
         </table>\n<p>On this machine: {}.</p>\n</div>\n",
        escaped(&machine)
    ))
}

fn verdict(row: &Row) -> &'static str {
    if row.ok {
        "<span class=\"holds\">holds</span>"
    } else {
        "<span class=\"fails\">does not hold</span>"
    }
}

/// The machine in words, and the experiments.
fn read(house: &House) -> Result<(String, Vec<Row>), String> {
    let text = house.read(PATH)?;
    let mut machine = String::new();
    let mut rows = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let wrong = |error| format!("{PATH}:{number}: {error}");
        let value: serde_json::Value = serde_json::from_str(line).map_err(wrong)?;
        if value.get("id").is_some() {
            rows.push(serde_json::from_value(value).map_err(wrong)?);
        } else if let Some(facts) = value.as_object() {
            let fact = |(name, value): (&String, &serde_json::Value)| match value.as_str() {
                Some(value) => format!("{name} {value}"),
                None => format!("{name} {value}"),
            };
            machine = facts.iter().map(fact).collect::<Vec<_>>().join(", ");
        }
    }
    Ok((machine, rows))
}
