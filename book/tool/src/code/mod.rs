//! Excerpts of real files: an item, a marked part, the header, the whole, or how two differ.

mod diff;
mod item;
mod part;

use std::ops::RangeInclusive;

use crate::house::House;

pub(crate) use diff::diff;

/// Some lines of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Excerpt {
    /// From the project's root.
    pub(crate) path: String,
    /// Which lines, from 1; none for a whole file.
    pub(crate) lines: Option<RangeInclusive<usize>>,
    pub(crate) text: String,
}

impl Excerpt {
    /// `{{#item PATH ITEM}}`
    pub(crate) fn item(house: &House, path: &str, item: &str) -> Result<Excerpt, String> {
        let text = house.read(path)?;
        let lines = item::find(&text, path, item)?;
        Ok(Excerpt::of(path, &text, lines))
    }

    /// `{{#part PATH NAME}}`
    pub(crate) fn part(house: &House, path: &str, name: &str) -> Result<Excerpt, String> {
        if path.starts_with("src/") {
            return Err(format!(
                "`{path}` carries no marks: show an item of it by `{{{{#item}}}}`"
            ));
        }
        let text = house.read(path)?;
        let lines = part::find(&text, path, name)?;
        let mut excerpt = Excerpt::of(path, &text, lines);
        excerpt.text = part::without_marks(&excerpt.text);
        Ok(excerpt)
    }

    /// `{{#file PATH}}`
    pub(crate) fn file(house: &House, path: &str) -> Result<Excerpt, String> {
        let text = part::without_marks(house.read(path)?.trim_end());
        Ok(Excerpt { path: path.to_owned(), lines: None, text })
    }

    /// `{{#header PATH}}`
    pub(crate) fn header(house: &House, path: &str) -> Result<Excerpt, String> {
        let text = house.read(path)?;
        let lines = part::header(&text, path)?;
        Ok(Excerpt::of(path, &text, lines))
    }

    fn of(path: &str, text: &str, lines: RangeInclusive<usize>) -> Excerpt {
        let text: Vec<&str> =
            text.lines().skip(lines.start() - 1).take(lines.end() + 1 - lines.start()).collect();
        Excerpt { path: path.to_owned(), lines: Some(lines), text: dedented(&text) }
    }

    /// The language, for its colors.
    pub(crate) fn language(&self) -> &'static str {
        match self.path.rsplit('.').next() {
            Some("rs") => "rust",
            Some("toml") => "toml",
            Some("py") => "python",
            Some("js" | "mjs") => "javascript",
            Some("c" | "h") => "c",
            Some("sh") => "bash",
            Some("json" | "jsonl") => "json",
            _ => "text",
        }
    }
}

/// The lines without the indentation that all of them have.
fn dedented(lines: &[&str]) -> String {
    let inked = lines.iter().filter(|line| !line.trim().is_empty());
    let indent = inked.map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
    let lines: Vec<&str> = lines.iter().map(|line| line.get(indent..).unwrap_or("")).collect();
    lines.join("\n")
}
