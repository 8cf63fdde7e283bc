//! tokio in its current-thread flavour, with `tokio::spawn`, and every driver enabled.

use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{Runtime, Server};
use crate::http;

pub struct Tokio;

impl Runtime for Tokio {
    fn block_on<F: Future>(main: F) -> F::Output {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(main)
    }

    fn spawn<F>(future: F) -> impl Future<Output = F::Output> + Send
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let task = tokio::spawn(future);
        async move { task.await.expect("a task that does not panic") }
    }

    fn spawn_detached<F>(future: F)
    where
        F: Future<Output: Send> + Send + 'static,
    {
        drop(tokio::spawn(future));
    }

    fn yield_now() -> impl Future + Send {
        tokio::task::yield_now()
    }

    fn sleep(time: Duration) -> impl Future + Send {
        tokio::time::sleep(time)
    }

    fn timeout<F: Future + Send>(
        time: Duration,
        future: F,
    ) -> impl Future<Output = Result<F::Output, impl Error>> + Send {
        tokio::time::timeout(time, future)
    }

    fn channel(
        count: u64,
    ) -> (impl Future<Output = ()> + Send + 'static, impl Future<Output = u64> + Send + 'static)
    {
        let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
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
        let task = tokio::task::spawn_blocking(job);
        async move { task.await.expect("a job that does not panic") }
    }

    async fn hold(listener: std::net::TcpListener, count: usize) -> io::Result<()> {
        let listener = TcpListener::from_std(listener)?;
        for _ in 0..count {
            let (mut stream, _) = listener.accept().await?;
            tokio::spawn(async move {
                let mut buffer = [0; 512];
                stream.read(&mut buffer).await
            });
        }
        Ok(())
    }
}

impl Server for Tokio {
    fn echo(listener: std::net::TcpListener, size: usize, _spin: bool) -> io::Result<Infallible> {
        Self::block_on(async move {
            let listener = TcpListener::from_std(listener)?;
            loop {
                let (mut stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                tokio::spawn(async move {
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

    fn http(listener: std::net::TcpListener) -> io::Result<Infallible> {
        Self::block_on(async move {
            let listener = TcpListener::from_std(listener)?;
            loop {
                let (mut stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                tokio::spawn(async move {
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
