//! The page: one file with the replay in it, which needs nothing and nobody else.
//!
//! Its parts stand in `src/observe/trace/page/` as a person would write them, without a build step. Here
//! they are put into their places, and a trace beside them:
//!
//! ```text
//!     page.html     /*STYLE*/ <- style.css   /*SCRIPTS*/ <- the scripts, in order
//!                   /*TRACE*/ <- a trace     /*TRACE-B*/ <- another one, if two are compared
//! ```
//!
//! A trace holds text that anybody may have chosen, and a browser ends a script at the first
//! `</script>`, wherever that stands. In JSON a `<` can only be part of a string, where `\u003c` is
//! the same: so each is written that way, and no markup can arise.

use std::io::{self, Write};

use crate::observe::record::Snapshot;
use crate::observe::trace::schema::{self, Title};

/// The page without its parts.
const PAGE: &str = include_str!("page/page.html");

/// How it looks.
const STYLE: &str = include_str!("page/style.css");

/// What it does: classic scripts that share one scope, in this order.
const SCRIPTS: &[&str] = &[
    include_str!("page/trace.js"),
    include_str!("page/state.js"),
    include_str!("page/words.js"),
    include_str!("page/records.js"),
    include_str!("page/history.js"),
    include_str!("page/queue.js"),
    include_str!("page/model.js"),
    include_str!("page/chain.js"),
    include_str!("page/sleep.js"),
    include_str!("page/why.js"),
    include_str!("page/series.js"),
    include_str!("page/notice.js"),
    include_str!("page/compare.js"),
    include_str!("page/dom.js"),
    include_str!("page/axis.js"),
    include_str!("page/paint.js"),
    include_str!("page/marks.js"),
    include_str!("page/lanes.js"),
    include_str!("page/minimap.js"),
    include_str!("page/pointer.js"),
    include_str!("page/wheel.js"),
    include_str!("page/machine.js"),
    include_str!("page/run.js"),
    include_str!("page/reading.js"),
    include_str!("page/comparing.js"),
    include_str!("page/live.js"),
    include_str!("page/help.js"),
    include_str!("page/embed.js"),
    include_str!("page/player.js"),
    include_str!("page/controls.js"),
];

/// Writes the page with a trace in it, and with that of another run if there is one.
pub(crate) fn write(
    title: &Title,
    held: &Snapshot,
    other: Option<&str>,
    to: &mut dyn Write,
) -> io::Result<()> {
    fill(to, &mut |part, to| match part {
        "STYLE" => to.write_all(STYLE.as_bytes()),
        "SCRIPTS" => to.write_all(script().as_bytes()),
        "TRACE" => schema::write(title, held, &mut Harmless(to)),
        "TRACE-B" => Harmless(to).write_all(other.unwrap_or_default().as_bytes()),
        // A comment.
        other => write!(to, "/*{other}*/"),
    })
}

/// Writes the page, each of its parts by `part`.
fn fill(
    to: &mut dyn Write,
    part: &mut dyn FnMut(&str, &mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut rest = PAGE;
    while let Some((before, after)) = rest.split_once("/*") {
        to.write_all(before.as_bytes())?;
        let (name, after) = after.split_once("*/").unwrap_or((after, ""));
        part(name, to)?;
        rest = after;
    }
    to.write_all(rest.as_bytes())
}

/// The page of a running loop: its parts come as files of their own, and the events as a stream,
/// from the address `events`. So its policy, which whoever serves it states, need not allow anything
/// inside the page.
#[cfg(feature = "inspect")]
pub(crate) fn live_html(events: &str) -> String {
    let live = format!("<meta name=\"boucle-live\" content=\"{events}\">");
    PAGE.replace(POLICY, &live)
        .replace("<style>/*STYLE*/</style>", "<link rel=\"stylesheet\" href=\"style.css\">")
        .replace("<script>/*SCRIPTS*/</script>", "<script src=\"script.js\" defer></script>")
        .replace("/*TRACE*/", "")
        .replace("/*TRACE-B*/", "")
}

/// The policy of a page that is a file: what is in it may run, and nothing may be asked for.
#[cfg(feature = "inspect")]
const POLICY: &str = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
                      script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:\">";

/// How the page looks.
#[cfg(any(test, feature = "inspect"))]
pub(crate) fn style() -> &'static str {
    STYLE
}

/// What the page does, as one script.
pub(crate) fn script() -> String {
    SCRIPTS.join("\n")
}

/// Writes text that holds no `<`.
struct Harmless<'a>(&'a mut dyn Write);

impl Write for Harmless<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for (index, part) in bytes.split(|&byte| byte == b'<').enumerate() {
            if index > 0 {
                self.0.write_all(b"\\u003c")?;
            }
            self.0.write_all(part)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests;
