//! What the loop over mio does, and what it no longer costs.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use boucle_watch::{Watch, assert_consistent};
use step_02_mio_poll::Server;

#[test]
fn every_client_gets_back_what_it_sent() {
    let mut server = Server::bind().unwrap();
    let address = server.local_addr().unwrap();
    let clients: Vec<_> = (0..20_u8)
        .map(|number| {
            thread::spawn(move || {
                let mut stream = TcpStream::connect(address).unwrap();
                let mut heard = [0; 3];
                for _ in 0..10 {
                    stream.write_all(&[number; 3]).unwrap();
                    stream.read_exact(&mut heard).unwrap();
                    assert_eq!(heard, [number; 3]);
                }
            })
        })
        .collect();
    server.serve(20).unwrap();
    for client in clients {
        client.join().unwrap();
    }
}

#[test]
fn a_client_that_does_not_listen_holds_up_nobody_else() {
    let mut server = Server::bind().unwrap();
    let address = server.local_addr().unwrap();
    let deaf = thread::spawn(move || {
        let message: Vec<u8> = (0..32 << 20).map(|index: u32| (index / 1000) as u8).collect();
        let mut stream = TcpStream::connect(address).unwrap();
        let (mut writer, expected) = (stream.try_clone().unwrap(), message.clone());
        let sent = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&sent);
        let write = thread::spawn(move || {
            for part in message.chunks(64 << 10) {
                writer.write_all(part).unwrap();
                count.fetch_add(part.len(), Ordering::Relaxed);
            }
            writer.shutdown(Shutdown::Write).unwrap();
        });
        // It listens only when nothing moves any more: every buffer on the way is full, and what the
        // server has read it cannot send. (One that throws that away reads the message to its end.)
        let mut before = usize::MAX;
        while before != sent.load(Ordering::Relaxed) {
            before = sent.load(Ordering::Relaxed);
            thread::sleep(Duration::from_millis(100));
        }
        // And the other client has its answer all the same.
        let mut other = TcpStream::connect(address).unwrap();
        let mut heard = [0; 2];
        other.write_all(b"hi").unwrap();
        other.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"hi");
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        write.join().unwrap();
        assert!(all == expected, "{} bytes came back", all.len());
    });
    server.serve(2).unwrap();
    deaf.join().unwrap();
}

#[test]
fn a_client_that_thinks_costs_nothing() {
    let mut server = Server::bind().unwrap();
    let address = server.local_addr().unwrap();
    let client = thread::spawn(move || {
        let stream = TcpStream::connect(address).unwrap();
        thread::sleep(Duration::from_millis(200));
        drop(stream);
    });
    server.serve(1).unwrap();
    client.join().unwrap();
    assert!(server.rounds < 10, "{} rounds", server.rounds);
}

#[test]
fn what_comes_in_one_edge_is_read_to_its_end() {
    let mut server = Server::bind().unwrap();
    let address = server.local_addr().unwrap();
    let client = thread::spawn(move || {
        // Many times what one read takes, and then silence until all has come back.
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(&vec![5; 50_000]).unwrap();
        // What was left behind never comes: this client would wait for ever.
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut heard = vec![0; 50_000];
        stream.read_exact(&mut heard).unwrap();
        assert!(heard.iter().all(|&byte| byte == 5));
    });
    server.serve(1).unwrap();
    client.join().unwrap();
}

#[test]
fn what_it_tells_is_free_of_contradictions() {
    let (watch, record) = Watch::recording();
    let mut server = Server::bind().unwrap();
    let address = server.local_addr().unwrap();
    let client = thread::spawn(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"hello").unwrap();
        stream.read_exact(&mut [0; 5]).unwrap();
    });
    server.serve(1).unwrap();
    client.join().unwrap();
    drop(watch);
    assert_consistent(&record);
}
