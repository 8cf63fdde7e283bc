//! A chapter's text in pieces: prose, directives, fenced blocks.
//!
//! A directive stands alone on its line; `{{#value ...}}` stands within prose. Inside a fenced block
//! nothing is a directive, but a `predict` block holds Markdown and is read like a chapter.

use crate::faults::Place;

/// A piece of a chapter, with the line on which it begins.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) place: Place,
    pub(crate) what: What,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A line of prose, which may hold values.
    Prose(String),
    /// `{{#name words | note}}`.
    Directive(Directive),
    /// A fenced block: its info string, its lines, and its fence.
    Fenced { info: String, lines: Vec<String>, fence: String },
}

/// What a directive says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Directive {
    pub(crate) name: String,
    /// All words after the name, up to the `|`.
    pub(crate) words: Vec<String>,
    /// What stands after the `|`: the sentence that says what to notice.
    pub(crate) note: String,
}

impl Directive {
    /// Reads what stands between `{{#` and `}}`.
    pub(crate) fn parse(inside: &str) -> Directive {
        let (head, note) = inside.split_once('|').unwrap_or((inside, ""));
        // In the cell of a table the `|` must be escaped.
        let mut words = words(head.trim_end_matches('\\')).into_iter();
        let name = words.next().unwrap_or_default();
        Directive { name, words: words.collect(), note: note.trim().to_owned() }
    }
}

/// The words of a text; what stands in double quotes is one.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (number, part) in text.split('"').enumerate() {
        match number % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

/// Cuts a text that begins on this line of this file.
pub(crate) fn pieces(file: &str, first_line: usize, text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut lines = text.lines().enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        let place = Place { file: file.to_owned(), line: first_line + number };
        let what = if let Some(fence) = fence_of(line) {
            let info = line.trim_start()[fence.len()..].trim().to_owned();
            let mut inside = Vec::new();
            for (_, line) in lines.by_ref() {
                let end = line.trim();
                if end.len() >= fence.len() && end.chars().all(|mark| fence.starts_with(mark)) {
                    break;
                }
                inside.push(line.to_owned());
            }
            What::Fenced { info, lines: inside, fence: fence.to_owned() }
        } else {
            directive_of(line).map_or_else(|| What::Prose(line.to_owned()), What::Directive)
        };
        pieces.push(Piece { place, what });
    }
    pieces
}

/// The fence with which a line opens a block: three backticks or tildes at least.
fn fence_of(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let mark = line.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
    let length = line.len() - line.trim_start_matches(mark).len();
    let is_inline = mark == '`' && line[length..].contains('`');
    (length >= 3 && !is_inline).then(|| &line[..length])
}

/// The directive that a line is, if it is one and nothing else; a value is prose.
fn directive_of(line: &str) -> Option<Directive> {
    let inside = line.trim().strip_prefix("{{#")?.strip_suffix("}}")?;
    let is_one = !inside.contains("}}") && inside.split_whitespace().next() != Some("value");
    is_one.then(|| Directive::parse(inside))
}

/// The values in a line of prose: where each stands, and what it asks for.
pub(crate) fn values(line: &str) -> Vec<(std::ops::Range<usize>, Directive)> {
    let mut values = Vec::new();
    let mut from = 0;
    while let Some(begin) = line[from..].find("{{#").map(|at| from + at) {
        let Some(end) = line[begin..].find("}}").map(|at| begin + at) else { break };
        values.push((begin..end + 2, Directive::parse(&line[begin + 3..end])));
        from = end + 2;
    }
    values
}

/// All directives of a text: those on lines of their own, in prose, and in predictions.
pub(crate) fn directives(text: &str) -> Vec<Directive> {
    let mut all = Vec::new();
    for Piece { what, .. } in pieces("", 1, text) {
        match what {
            What::Prose(line) => all.extend(values(&line).into_iter().map(|(_, value)| value)),
            What::Directive(directive) => all.push(directive),
            What::Fenced { info, lines, .. } if info == "predict" => {
                all.extend(directives(&lines.join("\n")));
            }
            What::Fenced { .. } => {}
        }
    }
    all
}
