//! What may travel to other threads and what may not: settled when this file compiles.

use boucle::blocking::BlockingPool;
use boucle::observe::Event;
use boucle::sync::{Notify, Semaphore, mpsc, oneshot};
use boucle::task::YieldNow;
use boucle::time::{Instant, Interval, Sleep, Timeout};
use boucle::{EventLoop, Handle, JoinError, JoinHandle, Stalled, TaskGroup};
use std::cell::Cell;
use std::future::Ready;
use std::rc::Rc;

const fn is_send<T: Send>() {}
const fn is_sync<T: Sync>() {}
const fn is_send_and_sync<T: Send + Sync>() {}
const fn is_unpin<T: Unpin>() {}

/// A type that is `Send` but not `Sync`, as an output may be.
type SendOnly = Cell<u8>;

const _: () = {
    // hyper wants its timers like this.
    is_send_and_sync::<Sleep>();
    is_send_and_sync::<Interval>();
    is_send_and_sync::<Timeout<Ready<()>>>();
    is_send_and_sync::<Instant>();
    is_send_and_sync::<YieldNow>();
    is_unpin::<Sleep>();
    // Whatever the output may be, as long as it may be sent.
    is_send_and_sync::<Handle>();
    is_send::<JoinHandle<SendOnly>>();
    is_sync::<JoinHandle<SendOnly>>();
    is_unpin::<JoinHandle<SendOnly>>();
    is_send_and_sync::<TaskGroup<u8>>();
    is_send::<TaskGroup<SendOnly>>();
    is_send::<JoinError>();
    is_send_and_sync::<BlockingPool>();
    is_send_and_sync::<Stalled>();
    is_send_and_sync::<Event<'static>>();
    is_send_and_sync::<Notify>();
    is_send_and_sync::<Semaphore>();
    is_send_and_sync::<mpsc::Sender<SendOnly>>();
    is_send::<mpsc::Receiver<SendOnly>>();
    is_send_and_sync::<oneshot::Sender<SendOnly>>();
    is_send::<oneshot::Receiver<SendOnly>>();
    is_send::<boucle::io::DuplexStream>();
};

#[cfg(feature = "os")]
const _: () = {
    use boucle::io::Source;
    use boucle::net::{OwnedReadHalf, OwnedWriteHalf, TcpListener, TcpStream, UdpSocket};
    // Servers for HTTP and clients of databases send streams to wherever they like.
    is_send_and_sync::<TcpListener>();
    is_send_and_sync::<TcpStream>();
    is_send_and_sync::<OwnedReadHalf<TcpStream>>();
    is_send_and_sync::<OwnedWriteHalf<TcpStream>>();
    is_send_and_sync::<UdpSocket>();
    is_send_and_sync::<Source<mio::net::TcpStream>>();
};

#[cfg(unix)]
#[cfg(feature = "os")]
const _: () = {
    use boucle::net::{UnixDatagram, UnixListener, UnixStream};
    is_send_and_sync::<UnixListener>();
    is_send_and_sync::<UnixStream>();
    is_send_and_sync::<UnixDatagram>();
};

/// Ambiguous, and so an error, where `T` is `Send` (the idea is that of `static_assertions`).
trait AmbiguousIfSend<A> {
    const OK: () = ();
}
impl<T: ?Sized> AmbiguousIfSend<()> for T {}
impl<T: ?Sized + Send> AmbiguousIfSend<u8> for T {}

/// The same for `Sync`.
trait AmbiguousIfSync<A> {
    const OK: () = ();
}
impl<T: ?Sized> AmbiguousIfSync<()> for T {}
impl<T: ?Sized + Sync> AmbiguousIfSync<u8> for T {}

// A loop belongs to its thread, and so does a handle of a task whose output does.
const _: () = <EventLoop as AmbiguousIfSend<_>>::OK;
const _: () = <EventLoop as AmbiguousIfSync<_>>::OK;
const _: () = <JoinHandle<Rc<u8>> as AmbiguousIfSend<_>>::OK;
const _: () = <TaskGroup<Rc<u8>> as AmbiguousIfSend<_>>::OK;

/// The futures too: what a server's handler awaits has to be `Send`.
#[test]
fn the_futures_of_the_public_operations_are_send() {
    fn future_is_send<F: Future + Send>(_: F) {}
    let semaphore = Semaphore::new(1);
    let notify = Notify::new();
    let (send, mut receive) = mpsc::channel::<u8>(1);
    future_is_send(semaphore.acquire());
    future_is_send(semaphore.acquire_many(1));
    future_is_send(notify.notified());
    future_is_send(send.send(1));
    future_is_send(receive.recv());
    future_is_send(boucle::time::timeout(std::time::Duration::ZERO, std::future::ready(1)));
    future_is_send(boucle::task::yield_now());
    future_is_send(boucle::budget::spend());
    future_is_send(async { boucle::time::interval(std::time::Duration::MAX).tick().await });
    future_is_send(async {
        let mut group = TaskGroup::<u8>::new();
        group.join_next().await;
        group.join_all().await;
    });
    future_is_send(async { boucle::spawn(async { 1 }).await });
}

#[cfg(feature = "os")]
#[test]
fn the_futures_of_sockets_are_send() {
    use boucle::net::{TcpListener, TcpStream, lookup};
    fn future_is_send<F: Future + Send>(_: F) {}
    future_is_send(TcpListener::bind("127.0.0.1:0"));
    future_is_send(TcpStream::connect("127.0.0.1:1"));
    future_is_send(lookup("127.0.0.1:1"));
    future_is_send(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (stream, _) = listener.accept().await?;
        stream.write_all(b"hello").await?;
        stream.read(&mut [0; 8]).await
    });
}
