//! boucle, as its documentation shows it.

use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::io;
use std::time::Duration;

use boucle::EventLoop;
use boucle::net::TcpListener;

use super::{Runtime, Server};
use crate::http;

pub struct Boucle;

/// How long a spinning loop looks for work before its thread sleeps.
const SPIN: Duration = Duration::from_micros(50);

impl Runtime for Boucle {
    fn block_on<F: Future>(main: F) -> F::Output {
        boucle::block_on(main)
    }

    fn block_on_spinning<F: Future>(main: F) -> F::Output {
        let event_loop = EventLoop::builder().spin_before_park(SPIN).build();
        event_loop.expect("a loop").block_on(main)
    }

    fn spawn<F>(future: F) -> impl Future<Output = F::Output> + Send
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let task = boucle::spawn(future);
        async move { task.await.expect("a task that does not panic") }
    }

    fn spawn_detached<F>(future: F)
    where
        F: Future<Output: Send> + Send + 'static,
    {
        drop(boucle::spawn(future));
    }

    fn yield_now() -> impl Future + Send {
        boucle::task::yield_now()
    }

    fn sleep(time: Duration) -> impl Future + Send {
        boucle::time::sleep(time)
    }

    fn timeout<F: Future + Send>(
        time: Duration,
        future: F,
    ) -> impl Future<Output = Result<F::Output, impl Error>> + Send {
        boucle::time::timeout(time, future)
    }

    fn channel(
        count: u64,
    ) -> (impl Future<Output = ()> + Send + 'static, impl Future<Output = u64> + Send + 'static)
    {
        let (sender, mut receiver) = boucle::sync::mpsc::channel(1);
        let send = async move {
            for number in 0..count {
                sender.send(number).await.expect("a receiver");
            }
        };
        let receive = async move {
            let mut sum = 0;
            while let Some(number) = receiver.recv().await {
                sum += number;
            }
            sum
        };
        (send, receive)
    }

    fn blocking<T, F>(job: F) -> impl Future<Output = T> + Send
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let task = boucle::spawn_blocking(job);
        async move { task.await.expect("a job that does not panic") }
    }

    async fn hold(listener: std::net::TcpListener, count: usize) -> io::Result<()> {
        let listener = TcpListener::from_std(listener)?;
        for _ in 0..count {
            let (stream, _) = listener.accept().await?;
            Self::spawn_detached(async move {
                let mut buffer = [0; 512];
                stream.read(&mut buffer).await
            });
        }
        Ok(())
    }
}

impl Server for Boucle {
    fn echo(listener: std::net::TcpListener, size: usize, spin: bool) -> io::Result<Infallible> {
        let serve = async move {
            let listener = TcpListener::from_std(listener)?;
            loop {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Self::spawn_detached(async move {
                    let mut buffer = vec![0; size];
                    loop {
                        match stream.read(&mut buffer).await? {
                            0 => return io::Result::Ok(()),
                            count => stream.write_all(&buffer[..count]).await?,
                        }
                    }
                });
            }
        };
        if spin { Self::block_on_spinning(serve) } else { Self::block_on(serve) }
    }

    fn http(listener: std::net::TcpListener) -> io::Result<Infallible> {
        Self::block_on(async move {
            let listener = TcpListener::from_std(listener)?;
            loop {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Self::spawn_detached(async move {
                    let mut requests = http::Requests::new();
                    loop {
                        let count = stream.read(requests.space()).await?;
                        if count == 0 {
                            return io::Result::Ok(());
                        }
                        for _ in 0..requests.received(count)? {
                            stream.write_all(http::RESPONSE).await?;
                        }
                    }
                });
            }
        })
    }
}
