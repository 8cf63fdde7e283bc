//! Unix sockets: streams and datagrams, paths and names.

#![cfg(all(unix, feature = "os"))]

#[path = "support/net.rs"]
mod support;

use std::io::{self, ErrorKind, IoSlice};
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;

use boucle::net::{UnixDatagram, UnixListener, UnixStream};
use boucle::spawn;
use boucle::task::yield_now;
use boucle::time::{sleep, timeout};
use futures_lite::{AsyncReadExt, AsyncWriteExt, StreamExt, future};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};

use support::{ms, once, run};

/// Case 84.
#[test]
fn a_read_cut_short_by_a_passed_descriptor_does_not_hide_what_follows() {
    run(async {
        let (a, b) = UnixStream::pair()?;
        a.write_all(b"before").await?;
        // A read stops after the bytes that a descriptor came with, whether or not it takes it.
        let descriptors = [io::stderr().as_fd().try_clone_to_owned()?];
        let descriptors = [descriptors[0].as_fd()];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        assert!(ancillary.push(SendAncillaryMessage::ScmRights(&descriptors)));
        let bytes = [IoSlice::new(b"with")];
        rustix::net::sendmsg(a.get_ref(), &bytes, &mut ancillary, SendFlags::empty())?;
        a.write_all(b"after").await?;
        let mut text = Vec::new();
        while text.len() < b"beforewithafter".len() {
            let mut buffer = [0; 64];
            let reading = timeout(ms(1000), b.read(&mut buffer));
            let read = reading.await.expect("the rest is there, and nobody says so")?;
            text.extend_from_slice(&buffer[..read]);
        }
        assert_eq!(text, b"beforewithafter");
        Ok(())
    });
}
