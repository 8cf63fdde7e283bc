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

use support::{counted, ms, once, run, run_on};

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

/// A path for a socket, which is removed with this.
struct TempPath(PathBuf);

impl TempPath {
    fn new(name: &str) -> TempPath {
        TempPath(std::env::temp_dir().join(format!("boucle-{}-{name}", std::process::id())))
    }
}

impl Drop for TempPath {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl AsRef<std::path::Path> for TempPath {
    fn as_ref(&self) -> &std::path::Path {
        &self.0
    }
}

/// A path of exactly this many bytes.
fn path_of_length(length: usize) -> TempPath {
    let short = TempPath::new("");
    let missing = length.checked_sub(short.0.as_os_str().len()).expect("a short temporary path");
    TempPath::new(&"x".repeat(missing))
}

#[test]
fn a_listener_at_a_path_accepts_connections() {
    run(async {
        let path = TempPath::new("accepts");
        let listener = UnixListener::bind(&path)?;
        let client = UnixStream::connect(&path).await?;
        let (server, peer) = listener.accept().await?;
        assert!(peer.is_unnamed());
        assert_eq!(client.peer_addr()?.as_pathname(), Some(&*path.0));
        client.write_all(b"question").await?;
        let mut buffer = [0; 16];
        assert_eq!(server.read(&mut buffer).await?, 8);
        drop(server);
        assert_eq!(client.read(&mut buffer).await?, 0);
        // The stream of connections goes on where `accept` was.
        let _second = UnixStream::connect(&path).await?;
        assert!(listener.incoming().next().await.unwrap().is_ok());
        Ok(())
    });
}

#[test]
fn streams_and_halves_have_the_traits_of_futures_io() {
    run(async {
        let (mut a, b) = UnixStream::pair()?;
        AsyncWriteExt::write_all(&mut a, b"by value").await?;
        let (mut reader, mut writer) = b.into_split();
        let mut buffer = [0; 8];
        reader.read_exact(&mut buffer).await?;
        assert_eq!(&buffer, b"by value");
        AsyncWriteExt::write_all(&mut writer, b"by half").await?;
        let b = reader.reunite(writer).unwrap();
        let (_reader, writer) = b.into_split();
        drop(writer);
        let mut text = String::new();
        (&a).read_to_string(&mut text).await?;
        assert_eq!(text, "by half");
        Ok(())
    });
}

#[test]
fn a_writer_waits_for_its_reader() {
    run(async {
        let (a, b) = UnixStream::pair()?;
        let writing = spawn(async move { a.write_all(&vec![7; 4 << 20]).await });
        sleep(ms(2)).await;
        assert!(!writing.is_finished());
        let mut sum = 0;
        loop {
            match b.read(&mut vec![0; 1 << 16]).await? {
                0 => break,
                read => sum += read,
            }
        }
        assert_eq!(sum, 4 << 20);
        writing.await.unwrap()
    });
}

/// Case 85.
#[test]
fn a_read_or_write_of_nothing_is_done_at_once() {
    run(async {
        let (a, b) = UnixStream::pair()?;
        assert_eq!((a.read(&mut []).await?, a.write(&[]).await?), (0, 0));
        b.write_all(b"more").await?;
        assert_eq!(a.read(&mut [0; 8]).await?, 4);
        Ok(())
    });
}

/// Case 91.
#[test]
fn a_peer_that_is_closed_with_unread_bytes_is_told_of() {
    run(async {
        let (a, b) = UnixStream::pair()?;
        a.write_all(b"never read").await?;
        drop(b);
        let error = a.read(&mut [0; 8]).await;
        #[cfg(target_os = "linux")]
        assert_eq!(error.unwrap_err().kind(), ErrorKind::ConnectionReset);
        #[cfg(not(target_os = "linux"))]
        drop(error);
        assert_eq!(a.write(b"x").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
        a.shutdown(Shutdown::Both)
    });
}

/// Case 92, 103.
#[test]
fn a_path_where_nobody_listens_is_an_error() {
    run(async {
        let path = TempPath::new("nobody");
        assert_eq!(UnixStream::connect(&path).await.unwrap_err().kind(), ErrorKind::NotFound);
        let listener = UnixListener::bind(&path)?;
        assert_eq!(UnixListener::bind(&path).unwrap_err().kind(), ErrorKind::AddrInUse);
        drop(listener);
        // What the listener left refuses connections, and stands in the way of the next.
        let refused = UnixStream::connect(&path).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        assert_eq!(UnixListener::bind(&path).unwrap_err().kind(), ErrorKind::AddrInUse);
        std::fs::remove_file(&path)?;
        UnixListener::bind(&path).map(drop)
    });
}

/// Case 103.
#[test]
fn a_listener_outlives_its_path() {
    run(async {
        let path = TempPath::new("outlives");
        let listener = UnixListener::bind(&path)?;
        let early = UnixStream::connect(&path).await?;
        std::fs::remove_file(&path)?;
        listener.accept().await?;
        assert_eq!(UnixStream::connect(&path).await.unwrap_err().kind(), ErrorKind::NotFound);
        drop(early);
        Ok(())
    });
}

/// Case 103.
#[cfg(target_os = "linux")]
#[test]
fn a_path_of_107_bytes_is_the_longest() {
    run(async {
        let longest = path_of_length(107);
        let listener = UnixListener::bind(&longest)?;
        UnixStream::connect(&longest).await?;
        assert_eq!(listener.local_addr()?.as_pathname(), Some(&*longest.0));
        let too_long = path_of_length(108);
        let invalid = ErrorKind::InvalidInput;
        assert_eq!(UnixListener::bind(&too_long).unwrap_err().kind(), invalid);
        assert_eq!(UnixStream::connect(&too_long).await.unwrap_err().kind(), invalid);
        assert_eq!(UnixDatagram::bind(&too_long).unwrap_err().kind(), invalid);
        assert_eq!(UnixStream::connect("nul\0inside").await.unwrap_err().kind(), invalid);
        Ok(())
    });
}

/// Case 103.
#[cfg(target_os = "linux")]
#[test]
fn abstract_names_need_no_path() {
    use std::os::linux::net::SocketAddrExt;

    run(async {
        let name = format!("boucle-abstract-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name)?;
        let listener = UnixListener::bind_addr(&address)?;
        let client = UnixStream::connect_addr(&address).await?;
        listener.accept().await?;
        assert_eq!(client.peer_addr()?.as_abstract_name(), Some(name.as_bytes()));
        drop(listener);
        let refused = UnixStream::connect_addr(&address).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        // The name is free again at once, for another kind of socket too.
        UnixDatagram::bind_addr(&address).map(drop)
    });
}

/// Case 92.
#[cfg(target_os = "linux")]
#[test]
fn whoever_connects_to_a_listener_with_a_full_queue_waits() {
    run(async {
        let path = TempPath::new("full");
        let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None)?;
        socket.bind(&socket2::SockAddr::unix(&path)?)?;
        socket.listen(0)?;
        let listener = UnixListener::from_std(socket.into())?;
        let mut clients = vec![UnixStream::connect(&path).await?];
        assert!(timeout(ms(20), UnixStream::connect(&path)).await.is_err());
        let waiting = UnixStream::connect(&path);
        let accepting = async {
            sleep(ms(10)).await;
            listener.accept().await
        };
        clients.push(future::try_zip(waiting, accepting).await?.0);
        listener.accept().await?;
        Ok(())
    });
}

#[test]
fn datagrams_arrive_whole_and_in_order_and_wait_for_room() {
    let (event_loop, counts) = counted();
    run_on(&event_loop, async {
        let (a, b) = UnixDatagram::pair()?;
        let sending = spawn(async move {
            for n in 0..2000_u32 {
                a.send(&n.to_be_bytes()).await.unwrap();
            }
        });
        sleep(ms(2)).await;
        assert!(!sending.is_finished(), "there is no room for that many");
        let before = counts.polls.get();
        sleep(ms(10)).await;
        assert!(counts.polls.get() - before < 4, "the sender spins: {counts:?}");
        let mut buffer = [0; 8];
        for n in 0..2000_u32 {
            assert_eq!(b.recv(&mut buffer).await?, 4);
            assert_eq!(buffer[..4], n.to_be_bytes());
        }
        sending.await.unwrap();
        Ok(())
    });
}

/// Case 86, 103.
#[test]
fn datagrams_go_to_paths_and_their_senders_may_have_no_name() {
    run(async {
        let (path, other) = (TempPath::new("to-path"), TempPath::new("from-path"));
        let receiver = UnixDatagram::bind(&path)?;
        let nameless = UnixDatagram::unbound()?;
        let mut buffer = [0; 8];
        assert_eq!(nameless.send_to(b"hello", &path).await?, 5);
        let (read, from) = receiver.recv_from(&mut buffer).await?;
        assert!(read == 5 && from.is_unnamed());
        let named = UnixDatagram::bind(&other)?;
        named.connect(&path)?;
        assert_eq!(named.peer_addr()?.as_pathname(), Some(&*path.0));
        named.send(b"").await?;
        let (read, from) = receiver.recv_from(&mut buffer).await?;
        assert_eq!((read, from.as_pathname()), (0, Some(&*other.0)));
        // A receiver that is gone is an error, for those who are connected and those who are not.
        drop(receiver);
        let refused = ErrorKind::ConnectionRefused;
        assert_eq!(named.send(b"x").await.unwrap_err().kind(), refused);
        assert_eq!(nameless.send_to(b"x", &path).await.unwrap_err().kind(), refused);
        assert_eq!(nameless.send(b"x").await.unwrap_err().kind(), ErrorKind::NotConnected);
        Ok(())
    });
}

#[test]
fn a_receiver_full_of_others_datagrams_makes_a_stranger_wait() {
    let (event_loop, counts) = counted();
    run_on(&event_loop, async {
        let path = TempPath::new("others");
        let receiver = UnixDatagram::bind(&path)?;
        let (busy, patient) = (UnixDatagram::unbound()?, UnixDatagram::unbound()?);
        while once(busy.send_to(b"busy", &path)).await.is_ready() {}
        // The patient one has sent nothing, so its own buffer is empty and always writable.
        let sending = {
            let path = path.0.clone();
            spawn(async move { patient.send_to(b"patient", path).await })
        };
        let before = counts.polls.get();
        sleep(ms(12)).await;
        assert!(!sending.is_finished());
        assert!(counts.polls.get() - before < 20, "the sender spins: {counts:?}");
        let mut buffer = [0; 16];
        while receiver.recv(&mut buffer).await? == 4 {}
        assert_eq!(&buffer[..7], b"patient");
        assert_eq!(sending.await.unwrap()?, 7);
        Ok(())
    });
}

/// Case 82.
#[test]
fn several_tasks_receive_from_one_socket() {
    run(async {
        let (a, b) = UnixDatagram::pair()?;
        let b = Rc::new(b);
        let receivers = [0; 20].map(|_| {
            let b = Rc::clone(&b);
            spawn(async move { b.recv(&mut [0; 8]).await })
        });
        yield_now().await;
        for _ in 0..20 {
            a.send(b"x").await?;
        }
        for receiver in receivers {
            assert_eq!(receiver.await.unwrap()?, 1);
        }
        Ok(())
    });
}
