//! The stream: events as they come, for a page that is open.
//!
//! A viewer is a reader of the watched loop's record (`observe/record/tail.rs`) and nothing more:
//! there is no queue that could grow, and the loop does not know how many look on. Some 25 times a
//! second the viewer's task takes what is new, writes it out, and waits for the viewer to take it.
//! If the record drops events meanwhile, the viewer is told how many it has lost, and begins anew
//! with what there is: the state that a page computes from the events is right again.
//!
//! The form is that of server-sent events. Each message is a line of a trace as
//! `observe/trace/schema.rs` has it, and so is the header; `events` counts those that are there already.
//!
//! ```text
//!   event: lagged                                  only after a gap: how many are lost
//!   data: {"lost":1170}
//!   data: {"boucle":"trace","version":1,...}       where the viewer begins, or begins anew
//!   data: {"at":0,"event":"loop_built",...}        each event
//!   event: end                                     the loop is gone, and so is the connection
//!   data: {}
//!   :                                              nothing new for a second
//! ```

use std::io::{self, Write};
use std::time::Duration;

use super::Watched;
use super::http;
use crate::net::TcpStream;
use crate::observe::record::tail::Begin;
use crate::observe::trace::executable;
use crate::observe::trace::schema::{self, Line, Title};
use crate::observe::{Event, Observer};
use crate::task::yield_now;
use crate::time::timeout;

/// How often the record is looked at: the eye takes 25 pictures a second for a film.
const LOOK: Duration = Duration::from_millis(40);

/// So many looks without an event are a second; then the viewer is told that we are still there,
/// and we learn whether the viewer is.
const HEARTBEAT: u32 = 25;

/// So many bytes are written at once, and some more.
const BATCH: usize = 64 << 10;

/// Sends the events of a loop until it is gone, or the viewer is.
pub(super) async fn events(stream: &TcpStream, watched: &Watched) -> io::Result<()> {
    let mut text = http::stream_head();
    // Who is cut off comes back after a second, and begins anew.
    text.extend_from_slice(b"retry: 1000\n\n");
    let title = Title { program: executable(), number: watched.number };
    let mut tail = watched.record.follow();
    let mut quiet = 0;
    loop {
        // In this order: what came before the end is in the record by now.
        let changed = watched.changed.notified();
        let is_over = watched.is_over();
        if let Some(begin) = tail.look() {
            write_begin(&mut text, &title, &begin)?;
        }
        while let Some(piece) = tail.next() {
            piece.replay(&mut Messages(&mut text));
            if text.len() > BATCH {
                send(stream, &mut text).await?;
                quiet = 0;
            }
        }
        if is_over {
            text.extend_from_slice(b"event: end\ndata: {}\n\n");
            return send(stream, &mut text).await;
        }
        quiet = if text.is_empty() { quiet + 1 } else { 0 };
        if quiet == HEARTBEAT {
            text.extend_from_slice(b":\n\n");
            quiet = 0;
        }
        if !text.is_empty() {
            send(stream, &mut text).await?;
        }
        let _ = timeout(LOOK, changed).await;
        // A viewer has nothing more to say, but to hang up.
        if let Ok(Ok(0) | Err(_)) = timeout(Duration::ZERO, stream.read(&mut [0; 64])).await {
            return Ok(());
        }
    }
}

/// Writes where a viewer begins, or goes on after a gap.
fn write_begin(text: &mut Vec<u8>, title: &Title, begin: &Begin) -> io::Result<()> {
    if begin.lost > 0 {
        write!(text, "event: lagged\ndata: {{\"lost\":{}}}\n\n", begin.lost)?;
    }
    text.extend_from_slice(b"data: ");
    let past = begin.past.len();
    schema::write_header(title, (past + begin.held, begin.dropped, past), text)?;
    text.push(b'\n');
    begin.past.replay(&mut Messages(text));
    Ok(())
}

/// Sends what was written, and lets others have their turn.
async fn send(stream: &TcpStream, text: &mut Vec<u8>) -> io::Result<()> {
    http::send(stream, text).await?;
    text.clear();
    yield_now().await;
    Ok(())
}

/// Writes events as messages.
struct Messages<'a>(&'a mut Vec<u8>);

impl Observer for Messages<'_> {
    fn event(&mut self, at: Duration, event: &Event<'_>) {
        self.0.extend_from_slice(b"data: ");
        serde_json::to_writer(&mut *self.0, &Line { at, event }).expect("memory takes all");
        self.0.extend_from_slice(b"\n\n");
    }
}
