//! Code, under a line that says which file it is from.

use super::{Markdown, Pages, fenced};
use crate::code::{Excerpt, diff};

impl Pages<'_> {
    /// An excerpt of a file.
    pub(super) fn listing(&self, excerpt: &Excerpt) -> String {
        let Excerpt { path, lines, text } = excerpt;
        let link = self.source(path, lines.as_ref().map(|lines| *lines.start()));
        let which = match lines {
            Some(lines) if lines.start() == lines.end() => format!(", line {}", lines.start()),
            Some(lines) => format!(", lines {} to {}", lines.start(), lines.end()),
            None => String::new(),
        };
        let caption =
            format!("<div class=\"listing-path\"><a href=\"{link}\">{path}</a>{which}</div>");
        format!("\n{caption}\n\n{}\n", fenced(excerpt.language(), text))
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
