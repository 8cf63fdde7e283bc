//! Parts of a file that are found by their lines: between marks, or the header.

use std::ops::RangeInclusive;

/// The lines between `// ANCHOR: NAME` and `// ANCHOR_END: NAME`.
pub(crate) fn find(text: &str, path: &str, name: &str) -> Result<RangeInclusive<usize>, String> {
    let line_of = |mark: &str| text.lines().position(|line| mark_of(line) == Some((mark, name)));
    match (line_of("ANCHOR"), line_of("ANCHOR_END")) {
        (Some(begin), Some(end)) if begin + 1 < end => Ok(begin + 2..=end),
        (Some(_), Some(_)) => Err(format!("the part `{name}` of `{path}` is empty")),
        (Some(_), None) => Err(format!("`{path}` has no `// ANCHOR_END: {name}`")),
        (None, _) => {
            let known: Vec<_> = text
                .lines()
                .filter_map(mark_of)
                .filter_map(|(mark, name)| (mark == "ANCHOR").then_some(name))
                .collect();
            let known = match known.len() {
                0 => "it has no marks at all".to_owned(),
                _ => format!("it has {}", known.join(", ")),
            };
            Err(format!("`{path}` has no `// ANCHOR: {name}`; {known}"))
        }
    }
}

/// The text without lines that are marks.
pub(crate) fn without_marks(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| mark_of(line).is_none()).collect();
    lines.join("\n")
}

fn mark_of(line: &str) -> Option<(&str, &str)> {
    let (mark, name) = line.trim().strip_prefix("//")?.trim_start().split_once(": ")?;
    matches!(mark, "ANCHOR" | "ANCHOR_END").then_some((mark, name.trim()))
}

/// The comment with which a file begins.
pub(crate) fn header(text: &str, path: &str) -> Result<RangeInclusive<usize>, String> {
    let comment = ["//!", "//", "#"].into_iter().find(|comment| text.starts_with(comment));
    let none = || format!("`{path}` does not begin with a comment");
    let comment = comment.ok_or_else(none)?;
    let lines = text.lines().take_while(|line| line.starts_with(comment)).count();
    Ok(1..=lines)
}
