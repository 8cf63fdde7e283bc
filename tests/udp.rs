//! UDP on the loopback interface.

#![cfg(feature = "os")]

#[path = "support/net.rs"]
mod support;

use std::future::poll_fn;
use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::rc::Rc;

use boucle::net::UdpSocket;
use boucle::task::yield_now;
use boucle::time::sleep;
use boucle::{EventLoop, spawn};

use support::{ms, once, run, run_on};

/// Two sockets, connected with each other.
async fn pair() -> std::io::Result<(UdpSocket, UdpSocket)> {
    let a = UdpSocket::bind("127.0.0.1:0").await?;
    let b = UdpSocket::bind("127.0.0.1:0").await?;
    a.connect(b.local_addr()?).await?;
    b.connect(a.local_addr()?).await?;
    Ok((a, b))
}

#[test]
fn datagrams_arrive_with_their_sender() {
    run(async {
        let a = UdpSocket::bind("127.0.0.1:0").await?;
        let b = UdpSocket::from_std(std::net::UdpSocket::bind("127.0.0.1:0")?)?;
        let mut buffer = [0; 16];
        assert_eq!(a.send_to(b"hello", b.local_addr()?).await?, 5);
        let (read, from) = b.recv_from(&mut buffer).await?;
        assert_eq!((&buffer[..read], from), (&b"hello"[..], a.local_addr()?));
        poll_fn(|cx| b.poll_send_to(cx, b"answer", from)).await?;
        let (read, from) = poll_fn(|cx| a.poll_recv_from(cx, &mut buffer)).await?;
        assert_eq!((&buffer[..read], from), (&b"answer"[..], b.local_addr()?));
        Ok(())
    });
}

#[test]
fn connected_sockets_hear_only_each_other() {
    run(async {
        let (a, b) = pair().await?;
        assert_eq!(a.peer_addr()?, b.local_addr()?);
        let stranger = UdpSocket::bind("127.0.0.1:0").await?;
        stranger.send_to(b"stranger", b.local_addr()?).await?;
        a.send(b"friend").await?;
        let mut buffer = [0; 16];
        assert_eq!(b.recv(&mut buffer).await?, 6);
        assert_eq!(&buffer[..6], b"friend");
        poll_fn(|cx| b.poll_send(cx, b"back")).await?;
        assert_eq!(poll_fn(|cx| a.poll_recv(cx, &mut buffer)).await?, 4);
        Ok(())
    });
}

/// Case 86.
#[test]
fn all_datagrams_of_one_event_are_received() {
    run(async {
        let (a, b) = pair().await?;
        assert!(once(b.recv(&mut [0; 4])).await.is_pending());
        for n in 0..100_u8 {
            a.send(&[n]).await?;
        }
        let mut buffer = [0; 4];
        for n in 0..100_u8 {
            assert_eq!((b.recv(&mut buffer).await?, buffer[0]), (1, n));
        }
        assert!(once(b.recv(&mut buffer)).await.is_pending());
        a.send(&[100]).await?;
        assert_eq!(b.recv(&mut buffer).await?, 1);
        Ok(())
    });
}

/// Case 86.
#[test]
fn an_empty_datagram_is_received_and_is_not_the_end() {
    run(async {
        let (a, b) = pair().await?;
        a.send(b"").await?;
        a.send(b"after").await?;
        assert_eq!(b.recv_from(&mut [0; 8]).await?, (0, a.local_addr()?));
        assert_eq!(b.recv(&mut [0; 8]).await?, 5);
        Ok(())
    });
}

/// Case 84.
#[test]
fn a_datagram_shorter_than_the_buffer_does_not_hide_the_next() {
    run(async {
        let (a, b) = pair().await?;
        for n in 1..50 {
            a.send(&vec![1; n]).await?;
            a.send(&[2]).await?;
            yield_now().await;
            assert_eq!(b.recv(&mut [0; 64]).await?, n);
            assert_eq!(b.recv(&mut [0; 64]).await?, 1);
        }
        Ok(())
    });
}

/// Case 85.
#[test]
fn a_buffer_without_room_takes_a_datagram_all_the_same() {
    run(async {
        let (a, b) = pair().await?;
        // Unlike for a stream, there is something to be done: the datagram is taken, and lost.
        assert!(once(b.recv(&mut [])).await.is_pending());
        a.send(b"lost").await?;
        #[cfg(unix)]
        assert_eq!(b.recv(&mut []).await?, 0);
        #[cfg(windows)]
        assert!(b.recv(&mut []).await.is_err());
        a.send(b"kept").await?;
        assert_eq!(b.recv(&mut [0; 8]).await?, 4);
        Ok(())
    });
}

/// Case 85.
#[test]
fn a_peek_leaves_the_datagram_where_it_is() {
    run(async {
        let (a, b) = pair().await?;
        assert!(once(b.peek_from(&mut [0; 8])).await.is_pending());
        a.send(b"hello").await?;
        for _ in 0..2 {
            assert_eq!(b.peek_from(&mut [0; 8]).await?, (5, a.local_addr()?));
        }
        assert_eq!(b.recv(&mut [0; 8]).await?, 5);
        Ok(())
    });
}

/// Case 82.
#[test]
fn each_datagram_goes_to_one_of_the_tasks_that_wait() {
    run(async {
        let (a, b) = pair().await?;
        let b = Rc::new(b);
        let receivers: Vec<_> = (0..40)
            .map(|_| {
                let b = Rc::clone(&b);
                spawn(async move {
                    let mut buffer = [0; 1];
                    b.recv(&mut buffer).await.map(|_| buffer[0])
                })
            })
            .collect();
        sleep(ms(1)).await;
        for n in 0..40 {
            a.send(&[n]).await?;
            if n % 7 == 0 {
                sleep(ms(1)).await;
            }
        }
        let mut received = Vec::new();
        for receiver in receivers {
            received.push(receiver.await.unwrap()?);
        }
        received.sort_unstable();
        assert!(received.into_iter().eq(0..40));
        Ok(())
    });
}

/// Case 27.
#[test]
fn a_flood_of_datagrams_lets_other_tasks_run() {
    let event_loop = EventLoop::builder().budget(8).build().unwrap();
    run_on(&event_loop, async {
        let (a, b) = pair().await?;
        let flood = spawn(async move {
            for _ in 0..500 {
                a.send(b"x").await.unwrap();
                b.recv(&mut [0; 1]).await.unwrap();
            }
        });
        let mut beats = 0;
        while !flood.is_finished() {
            beats += 1;
            yield_now().await;
        }
        assert!(beats >= 1000 / 8, "{beats} beats");
        Ok(())
    });
}

/// Case 89.
#[cfg(unix)]
#[test]
fn a_refused_datagram_is_told_once_and_the_socket_lives_on() {
    run(async {
        let (a, b) = pair().await?;
        let port = b.local_addr()?;
        drop(b);
        a.send(b"to nobody").await?;
        // The answer of the peer's host comes as an error of whatever is tried next.
        let error = a.recv(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        assert!(once(a.recv(&mut [0; 8])).await.is_pending());
        let b = UdpSocket::bind(port).await?;
        a.send(b"hello").await?;
        assert_eq!(b.recv(&mut [0; 8]).await?, 5);
        b.send_to(b"answer", a.local_addr()?).await?;
        assert_eq!(a.recv(&mut [0; 8]).await?, 6);
        Ok(())
    });
}

#[test]
fn what_is_sent_to_a_group_reaches_those_who_have_joined() {
    run(async {
        let group = Ipv4Addr::new(239, 255, 86, 1);
        let receiver = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
        let port = receiver.local_addr()?.port();
        let sender = UdpSocket::bind("127.0.0.1:0").await?;
        let options = socket2::SockRef::from(sender.get_ref());
        options.set_multicast_if_v4(&Ipv4Addr::LOCALHOST)?;
        receiver.join_multicast_v4(group, Ipv4Addr::LOCALHOST)?;
        sender.send_to(b"group", (group, port).into()).await?;
        assert_eq!(receiver.recv(&mut [0; 8]).await?, 5);
        receiver.leave_multicast_v4(group, Ipv4Addr::LOCALHOST)?;
        sender.send_to(b"group", (group, port).into()).await?;
        sender.send_to(b"direct!", (Ipv4Addr::LOCALHOST, port).into()).await?;
        assert_eq!(receiver.recv(&mut [0; 8]).await?, 7);
        assert!(receiver.leave_multicast_v4(group, Ipv4Addr::LOCALHOST).is_err());
        Ok(())
    });
}

#[test]
fn options_are_kept() {
    run(async {
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        let to_all = (Ipv4Addr::BROADCAST, 9).into();
        let error = socket.send_to(b"x", to_all).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        socket.set_broadcast(true)?;
        socket.set_ttl(7)?;
        assert_eq!((socket.broadcast()?, socket.ttl()?), (true, 7));
        let too_long = socket.send_to(&vec![0; 70_000], socket.local_addr()?).await;
        assert!(too_long.is_err());
        Ok(())
    });
}
