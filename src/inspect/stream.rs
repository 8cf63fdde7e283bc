//! The stream: events as they come, for a page that is open.
//!
//! A viewer is a cursor into the watched loop's record (see `observe/record/tail.rs`) and nothing
//! more: there is no queue that could grow, and the loop does not know how many look on. Some 25
//! times a second the viewer's task reads what is new, writes it out, and waits for the viewer to
//! take it. If the ring drops events meanwhile, the viewer is told how many it has lost, and goes
//! on with the oldest there is.
//!
//! The form is that of server-sent events. Each message is a line of the trace as `observe/schema.rs`
//! has it, the header first, and so is whatever the browser reads after it has connected again:
//!
//! ```text
//!   data: {"boucle":"trace","version":1,...}       once
//!   data: {"at":0,"event":"loop_built",...}        each event
//!   event: lagged                                  events that the viewer was too slow for
//!   data: {"lost":1170}
//!   event: end                                     the loop is gone, and so is the connection
//!   data: {}
//!   :                                              nothing new for a second
//! ```

use std::io::{self, Write};
use std::time::Duration;

use serde_json::json;

use super::Watched;
use super::http;
use crate::net::TcpStream;
use crate::observe::schema::{self, Line};
use crate::observe::{Event, Observer};
use crate::time::timeout;

/// How often the record is looked at: the eye takes 25 pictures a second for a film.
const LOOK: Duration = Duration::from_millis(40);

/// So many looks without an event are a second; then the viewer is told that we are still there,
/// and we learn whether the viewer is.
const HEARTBEAT: u32 = 25;

/// Sends the events of a loop until it is gone, or the viewer is.
pub(super) async fn events(stream: &TcpStream, watched: &Watched) -> io::Result<()> {
    let mut text = http::stream_head();
    let past = watched.record.begin();
    let header = json!({
        "boucle": "trace",
        "version": schema::VERSION,
        "loop": watched.number,
        "events": null,
        "dropped": past.next,
        "past": past.len(),
    });
    // Who is cut off comes back after a second, and begins anew.
    write!(text, "retry: 1000\ndata: {header}\n\n")?;
    past.replay(&mut Messages(&mut text));
    let mut cursor = past.next;
    let mut quiet = 0;
    loop {
        // In this order: what came before the end is in the record by now.
        let changed = watched.changed.notified();
        let is_over = watched.is_over();
        loop {
            let piece = watched.record.read_from(cursor);
            if piece.lost > 0 {
                write!(text, "event: lagged\ndata: {{\"lost\":{}}}\n\n", piece.lost)?;
            }
            piece.replay(&mut Messages(&mut text));
            cursor = piece.next;
            let is_last = piece.len() == 0;
            // What it holds of the record is given back before we wait for the viewer.
            drop(piece);
            if !text.is_empty() {
                quiet = 0;
                http::send(stream, &text).await?;
                text.clear();
            }
            if is_last {
                break;
            }
        }
        if is_over {
            return http::send(stream, b"event: end\ndata: {}\n\n").await;
        }
        quiet += 1;
        if quiet > HEARTBEAT {
            text.extend_from_slice(b":\n\n");
            continue;
        }
        let _ = timeout(LOOK, changed).await;
    }
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
