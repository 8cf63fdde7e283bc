//! Files: may a loop wait for one?
//!
//! `epoll` answers which sockets, pipes and terminals are ready. A regular file is "ready" at any
//! time, and reading it blocks all the same until the disk has answered, so `epoll` does not
//! take one. (kqueue does, and tells nothing useful; that is why this experiment is Linux's.)

use std::env;
use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;

use boucle::io::Source;
use boucle::io::mio::Interest;
use boucle::io::mio::unix::{SourceFd, pipe};
use boucle::{block_on, spawn_blocking};
use rustix::io::Errno;

use crate::experiment::{Experiment, Outcome, Result, Theirs, Theme, Tour};

pub(crate) const EXPERIMENT: Experiment = Experiment {
    id: "C2",
    theme: Theme::Contradictions,
    what: "a regular file is no event source",
    why: "\"An event loop helps with files\", says one, \"it does not\", another. A pipe can be \
          watched, a regular file is refused: for epoll it is always ready, and blocks all \
          the same. What helps is a thread of the pool.",
    theirs: Theirs::Words("it helps / not"),
    run: watching_a_file,
};

fn watching_a_file(_tour: &Tour) -> Result<Outcome> {
    // The one regular file that every program has is the program.
    let path = env::current_exe()?;
    let length = fs::metadata(&path)?.len();
    block_on(async {
        let (_writer, reader) = pipe::new()?;
        let piped = Source::with_interest(reader, Interest::READABLE).is_ok();

        let file = File::open(&path)?;
        let refused = Source::with_interest(SourceFd(&file.as_raw_fd()), Interest::READABLE).err();

        let read = spawn_blocking(move || fs::read(path)).await??.len() as u64;

        let is_refused = refused.as_ref().is_some_and(is_eperm);
        let refused = refused.map_or("accepted".to_owned(), |error| error.to_string());
        let ours = format!("{}, then read", if is_refused { "EPERM" } else { "watched" });
        let ok = piped && is_refused && read == length;
        Ok(Outcome::new(ours, "EPERM, then read by a thread", ok)
            .exact()
            .detail(format!("a pipe: {}", if piped { "accepted" } else { "refused" }))
            .detail(format!("a regular file: {refused}"))
            .detail(format!("the same file by spawn_blocking: {read} of {length} bytes")))
    })
}

/// `EPERM`: "the target file does not support epoll".
fn is_eperm(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::PERM.raw_os_error())
}
