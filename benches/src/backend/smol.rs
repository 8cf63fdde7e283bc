//! smol: async-executor's `LocalExecutor`, driven together with async-io's reactor on one thread;
//! blocking, async-channel and futures-lite for the rest.
//!
//! smol has no yield, timeout or join error of its own; the forms here are the ones its
//! documentation shows.

use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::time::Duration;

use async_executor::{LocalExecutor, StaticLocalExecutor};
use async_io::{Async, Timer};
use futures_lite::{AsyncReadExt, AsyncWriteExt, future};

use super::{Runtime, Server};
use crate::http;

pub struct Smol;

thread_local! {
    /// The executor of this thread, where tasks can reach it to spawn.
    static EXECUTOR: &'static StaticLocalExecutor = LocalExecutor::new().leak();
}

impl Runtime for Smol {
    fn block_on<F: Future>(main: F) -> F::Output {
        EXECUTOR.with(|executor| async_io::block_on(executor.run(main)))
    }

    fn spawn<F>(future: F) -> impl Future<Output = F::Output> + Send
    where
        F: Future<Output: Send> + Send + 'static,
    {
        EXECUTOR.with(|executor| executor.spawn(future))
    }

    fn spawn_detached<F>(future: F)
    where
        F: Future<Output: Send> + Send + 'static,
    {
        EXECUTOR.with(|executor| executor.spawn(future)).detach();
    }

    fn yield_now() -> impl Future + Send {
        future::yield_now()
    }

    fn sleep(time: Duration) -> impl Future + Send {
        Timer::after(time)
    }

    fn timeout<F: Future + Send>(
        time: Duration,
        future: F,
    ) -> impl Future<Output = Result<F::Output, impl Error>> + Send {
        future::or(async { Ok(future.await) }, async move {
            Timer::after(time).await;
            Err(io::Error::from(io::ErrorKind::TimedOut))
        })
    }

    fn channel(
        count: u64,
    ) -> (impl Future<Output = ()> + Send + 'static, impl Future<Output = u64> + Send + 'static)
    {
        let (sender, receiver) = async_channel::bounded(1);
        let send = async move {
            for number in 0..count {
                sender.send(number).await.expect("a receiver");
            }
        };
        let receive = async move {
            let mut sum = 0;
            while let Ok(number) = receiver.recv().await {
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
        blocking::unblock(job)
    }

    async fn hold(listener: TcpListener, count: usize) -> io::Result<()> {
        let listener = Async::new(listener)?;
        for _ in 0..count {
            let (mut stream, _) = listener.accept().await?;
            Self::spawn_detached(async move {
                let mut buffer = [0; 512];
                stream.read(&mut buffer).await
            });
        }
        Ok(())
    }
}

impl Server for Smol {
    fn echo(listener: TcpListener, size: usize, _spin: bool) -> io::Result<Infallible> {
        Self::block_on(async move {
            let listener = Async::new(listener)?;
            loop {
                let (mut stream, _) = listener.accept().await?;
                stream.get_ref().set_nodelay(true)?;
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
        })
    }

    fn http(listener: TcpListener) -> io::Result<Infallible> {
        Self::block_on(async move {
            let listener = Async::new(listener)?;
            loop {
                let (mut stream, _) = listener.accept().await?;
                stream.get_ref().set_nodelay(true)?;
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
