//! What the reactor and its sockets do.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use boucle_watch::{Watch, assert_consistent};
use step_06_sockets::net::{TcpListener, TcpStream};
use step_06_sockets::{block_on, spawn, yield_now};

/// Any free port.
fn anywhere() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

/// Sends back what comes, until the client has finished.
async fn echo(stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 1024];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            length => stream.write_all(&buffer[..length]).await?,
        }
    }
}

/// Reads so many bytes.
async fn read_all(stream: &TcpStream, length: usize) -> io::Result<Vec<u8>> {
    let (mut all, mut buffer) = (Vec::new(), [0; 1024]);
    while all.len() < length {
        match stream.read(&mut buffer).await? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            length => all.extend(&buffer[..length]),
        }
    }
    Ok(all)
}

/// A server that sends back what comes; tells where.
fn serve() -> SocketAddr {
    let listener = TcpListener::bind(anywhere()).unwrap();
    let address = listener.local_addr().unwrap();
    spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            spawn(echo(stream));
        }
    });
    address
}

#[test]
fn every_client_gets_back_what_it_sent() {
    let (watch, record) = Watch::recording();
    block_on(async {
        let server = serve();
        let clients: Vec<_> = (0..20_u8)
            .map(|number| {
                spawn(async move {
                    let stream = TcpStream::connect(server).await.unwrap();
                    for _ in 0..10 {
                        stream.write_all(&[number; 3]).await.unwrap();
                        assert_eq!(read_all(&stream, 3).await.unwrap(), [number; 3]);
                    }
                })
            })
            .collect();
        for client in clients {
            client.await.unwrap();
        }
    });
    drop(watch);
    assert_consistent(&record);
}

#[test]
fn one_task_may_read_a_socket_while_another_writes_to_it() {
    block_on(async {
        let server = serve();
        let stream = Rc::new(TcpStream::connect(server).await.unwrap());
        let message = vec![7; 4 << 20];
        let (writer, sent) = (Rc::clone(&stream), message.clone());
        let write = spawn(async move { writer.write_all(&sent).await });
        let heard = read_all(&stream, message.len()).await.unwrap();
        assert!(heard == message, "{} bytes came back", heard.len());
        write.await.unwrap().unwrap();
    });
}

#[test]
fn a_task_that_never_waits_does_not_keep_sockets_from_others() {
    block_on(async {
        let server = serve();
        spawn(async {
            loop {
                yield_now().await;
            }
        });
        let stream = TcpStream::connect(server).await.unwrap();
        stream.write_all(b"hi").await.unwrap();
        assert_eq!(read_all(&stream, 2).await.unwrap(), b"hi");
    });
}

#[test]
fn another_thread_ends_the_sleep_in_the_operating_system() {
    let (watch, record) = Watch::recording();
    block_on(async {
        let _listener = TcpListener::bind(anywhere()).unwrap();
        let mut thread = None;
        poll_fn(|cx| {
            if thread.is_some() {
                return Poll::Ready(());
            }
            let waker = cx.waker().clone();
            thread = Some(thread::spawn(move || {
                thread::sleep(Duration::from_millis(30));
                waker.wake();
            }));
            Poll::Pending
        })
        .await;
    });
    drop(watch);
    assert_consistent(&record);
}

#[test]
fn a_server_that_is_not_there_is_an_error() {
    block_on(async {
        let listener = TcpListener::bind(anywhere()).unwrap();
        let nobody = listener.local_addr().unwrap();
        drop(listener);
        let error = TcpStream::connect(nobody).await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
fn the_end_of_a_conversation_wakes_who_reads() {
    let order = Rc::new(RefCell::new(Vec::new()));
    let noted = Rc::clone(&order);
    block_on(async move {
        let listener = TcpListener::bind(anywhere()).unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let closed = Rc::clone(&order);
        spawn(async move {
            yield_now().await;
            closed.borrow_mut().push("closed");
            drop(stream);
        });
        assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
        order.borrow_mut().push("read");
    });
    assert_eq!(*noted.borrow(), ["closed", "read"]);
}
