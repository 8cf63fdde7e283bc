//! Text in a picture: how much of it, and nothing but text.

use std::fmt::{self, Write};

use crate::observe::story::tasks::Quoted;

/// As many characters of a text as there is room for.
pub(crate) fn shortened(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let short: String = text.chars().take(room.saturating_sub(1)).collect();
    format!("{}\u{2026}", short.trim_end())
}

/// The same, but what matters is the end.
pub(crate) fn shortened_in_front(text: &str, room: usize) -> String {
    let more = text.chars().count().saturating_sub(room);
    if more == 0 {
        return text.to_owned();
    }
    let end: String = text.chars().skip(more + 1).collect();
    format!("\u{2026}{end}")
}

/// Some things: "1 turn", "2 turns".
pub(crate) fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A name in characters that print, without quotes.
pub(crate) struct Plain<'a>(pub(crate) &'a str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = Quoted(self.0).to_string();
        f.write_str(&quoted[1..quoted.len() - 1])
    }
}

/// Text in XML.
pub(crate) struct Xml<'a>(pub(crate) &'a str);

impl fmt::Display for Xml<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '&' => f.write_str("&amp;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&apos;")?,
                // XML knows no control characters, not even escaped ones.
                _ if character.is_control() => f.write_char('\u{fffd}')?,
                _ => f.write_char(character)?,
            }
        }
        Ok(())
    }
}
