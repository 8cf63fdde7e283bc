//! TCP: an echo, many at a time, and beside busy tasks.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::thread;

use my_loop::net::{TcpListener, TcpStream};
use my_loop::task::yield_now;
use my_loop::time::{sleep, timeout};
use my_loop::{block_on, spawn};

use super::{Count, ms, within_limit};

/// Sends back what it is sent, until the other side is done.
async fn echo(stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 1024];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            length => stream.write_all(&buffer[..length]).await?,
        }
    }
}

/// A server that echoes, in the loop.
async fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            drop(spawn(echo(stream)));
        }
    }));
    address
}

/// Sends this, and reads as much back.
async fn ask(stream: &TcpStream, bytes: &[u8]) -> Vec<u8> {
    stream.write_all(bytes).await.unwrap();
    let (mut back, mut buffer) = (Vec::new(), [0; 512]);
    while back.len() < bytes.len() {
        let length = stream.read(&mut buffer).await.unwrap();
        assert_ne!(length, 0, "the end came too soon");
        back.extend_from_slice(&buffer[..length]);
    }
    back
}

#[test]
fn what_is_sent_comes_back() {
    within_limit(|| {
        block_on(async {
            let stream = TcpStream::connect(server().await).await.unwrap();
            for n in 0..200_u32 {
                let bytes = n.to_string().repeat(1 + n as usize % 300);
                assert_eq!(ask(&stream, bytes.as_bytes()).await, bytes.as_bytes());
            }
        });
    });
}

#[test]
fn many_connections_are_served_at_a_time() {
    within_limit(|| {
        block_on(async {
            let address = server().await;
            let clients: Vec<_> = (0..50_u8)
                .map(|n| {
                    spawn(async move {
                        let stream = TcpStream::connect(address).await.unwrap();
                        for _ in 0..20 {
                            assert_eq!(ask(&stream, &[n; 700]).await, [n; 700]);
                        }
                    })
                })
                .collect();
            for client in clients {
                client.await.unwrap();
            }
        });
    });
}

#[test]
fn a_message_larger_than_every_buffer_arrives_whole() {
    within_limit(|| {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let reader = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            // The writer has to wait for us.
            thread::sleep(ms(30));
            let mut all = Vec::new();
            stream.read_to_end(&mut all).unwrap();
            all
        });
        let sent: Vec<u8> = (0..8_000_000_u32).map(|n| (n % 251) as u8).collect();
        block_on(async {
            let stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(&sent).await.unwrap();
        });
        assert!(reader.join().unwrap() == sent);
    });
}

#[test]
fn a_message_from_another_thread_ends_the_sleep() {
    within_limit(|| {
        block_on(async {
            let address = server().await;
            let client = thread::spawn(move || {
                let mut stream = std::net::TcpStream::connect(address).unwrap();
                let mut buffer = [0; 5];
                for _ in 0..20 {
                    stream.write_all(b"hello").unwrap();
                    stream.read_exact(&mut buffer).unwrap();
                    assert_eq!(&buffer, b"hello");
                }
            });
            while !client.is_finished() {
                sleep(ms(2)).await;
            }
            client.join().unwrap();
        });
    });
}

#[test]
fn a_read_that_was_given_up_loses_nothing() {
    within_limit(|| {
        block_on(async {
            let stream = TcpStream::connect(server().await).await.unwrap();
            let mut buffer = [0; 16];
            assert!(timeout(ms(5), stream.read(&mut buffer)).await.is_err());
            assert_eq!(ask(&stream, b"still there").await, b"still there");
        });
    });
}

#[test]
fn a_connection_that_is_refused_is_an_error() {
    within_limit(|| {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        block_on(async move {
            let Err(error) = TcpStream::connect(free).await else { panic!("connected") };
            assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        });
    });
}

#[test]
fn sockets_are_served_beside_tasks_that_never_rest() {
    within_limit(|| {
        block_on(async {
            for _ in 0..100 {
                drop(spawn(async {
                    loop {
                        yield_now().await;
                    }
                }));
            }
            let stream = TcpStream::connect(server().await).await.unwrap();
            for _ in 0..20 {
                assert_eq!(ask(&stream, b"hello").await, b"hello");
            }
        });
    });
}

#[test]
fn a_socket_that_is_always_ready_lets_others_run() {
    within_limit(|| {
        block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            // A thread that keeps the buffer full; it ends with the connection.
            thread::spawn(move || {
                let mut stream = std::net::TcpStream::connect(address).unwrap();
                while stream.write_all(&[0; 8_192]).is_ok() {}
            });
            let (stream, _) = listener.accept().await.unwrap();
            let bytes = Count::default();
            let counted = bytes.clone();
            let reader = spawn(async move {
                let mut byte = [0];
                while stream.read(&mut byte).await.unwrap() == 1 {
                    counted.add();
                }
            });
            for _ in 0..10 {
                sleep(ms(1)).await;
            }
            assert!(bytes.get() > 0);
            reader.abort();
        });
    });
}
