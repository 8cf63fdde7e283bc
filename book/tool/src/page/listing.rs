//! Code, under a line that says which file it is from.

use regex::Regex;

use super::{Markdown, Pages, fenced};
use crate::code::{Excerpt, diff};

impl Pages<'_> {
    /// An excerpt of a file, as code.
    pub(super) fn listing(&self, excerpt: &Excerpt) -> String {
        format!("\n{}\n\n{}\n", self.caption(excerpt), fenced(excerpt.language(), &excerpt.text))
    }

    /// The comment with which a file of Rust begins: it is Markdown, so it is shown as that. (What
    /// rustdoc would make links of is the name alone here.) Other files' comments are code.
    pub(super) fn header(&self, excerpt: &Excerpt) -> String {
        let lines: Option<Vec<_>> =
            excerpt.text.lines().map(|line| line.strip_prefix("//!")).collect();
        let Some(lines) = lines else { return self.listing(excerpt) };
        let lines = lines.iter().map(|line| line.strip_prefix(' ').unwrap_or(line));
        let text = lines.collect::<Vec<_>>().join("\n");
        let link = Regex::new(r"\[(`[^`\]]+`)\](?:\([^)]*\))?").expect("a valid pattern");
        let text = link.replace_all(&text, "$1");
        let caption = self.caption(excerpt);
        format!("\n{caption}\n\n<div class=\"file-header\">\n\n{text}\n\n</div>\n")
    }

    /// Which file an excerpt is from, and where it stands there.
    fn caption(&self, excerpt: &Excerpt) -> String {
        let Excerpt { path, lines, .. } = excerpt;
        let link = self.source(path, lines.as_ref().map(|lines| *lines.start()));
        let which = match lines {
            Some(lines) if lines.start() == lines.end() => format!(", line {}", lines.start()),
            Some(lines) => format!(", lines {} to {}", lines.start(), lines.end()),
            None => String::new(),
        };
        format!("<div class=\"listing-path\"><a href=\"{link}\">{path}</a>{which}</div>")
    }

    /// How two files differ.
    pub(super) fn diff(&self, old: &str, new: &str, item: Option<&str>) -> Markdown {
        let text = diff(self.house, old, new, item)?;
        let links =
            [old, new].map(|path| format!("<a href=\"{}\">{path}</a>", self.source(path, None)));
        let of = item.map(|item| format!(", <code>{}</code>", escaped(item))).unwrap_or_default();
        let caption =
            format!("<div class=\"listing-path\">from {} to {}{of}</div>", links[0], links[1]);
        Ok(format!("\n{caption}\n\n{}\n", fenced("diff", &text)))
    }
}

/// Text for HTML.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
