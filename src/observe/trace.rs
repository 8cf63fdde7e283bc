//! The trace: what happened in a loop, written to a file when the loop is gone.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::time::Duration;

use serde_json::json;

use super::event::{Event, Observer};
use super::record::Record;
use super::schema::{self, Line};

/// Records a loop and writes the record to a file when the loop is dropped.
#[derive(Debug)]
pub struct Trace {
    /// What happened.
    record: Record,
    /// Where it goes.
    file: File,
}

impl Trace {
    /// A trace that will be written to `file`.
    pub(super) fn to(file: File) -> Trace {
        Trace { record: Record::new(), file }
    }

    /// Writes the record.
    fn write(&mut self) -> io::Result<()> {
        let events = self.record.events();
        let mut to = BufWriter::new(&self.file);
        let header = json!({
            "boucle": "trace",
            "version": schema::VERSION,
            "events": events.len(),
            "dropped": self.record.dropped(),
            "past": 0,
        });
        writeln!(to, "{header}")?;
        for happened in &events {
            serde_json::to_writer(&mut to, &Line { at: happened.at, event: &happened.event() })?;
            to.write_all(b"\n")?;
        }
        to.flush()
    }
}

impl Observer for Trace {
    #[inline]
    fn event(&mut self, at: Duration, event: &Event<'_>) {
        self.record.event(at, event);
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        let _ = self.write();
    }
}
