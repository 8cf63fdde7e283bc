//! The delay server: a database, an HTTP service, whatever lets one wait.
//!
//! It lives on a thread and a loop of its own, and is reached over TCP like any other service.
//! `wait 300` is answered with `done` 300 ms later; many may wait at the same time.

use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use boucle::block_on;
use boucle::net::TcpListener;
use boucle::sync::oneshot;
use boucle::time::sleep;
use futures_lite::future;

use crate::experiment::Result;
use crate::lines::{self, BlockingClient, Client};

/// Dropping it ends its thread.
pub(crate) struct DelayServer {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<io::Result<()>>>,
}

impl DelayServer {
    pub(crate) fn start() -> io::Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = thread::Builder::new().name("delay server".into()).spawn(move || {
            block_on(async {
                let server = lines::serve(TcpListener::from_std(listener)?, wait);
                let stopped = async {
                    let _ = stopped.await;
                    Ok(())
                };
                future::or(server, stopped).await
            })
        })?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for DelayServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The whole service.
async fn wait(line: String) -> Result<String> {
    let milliseconds = line.strip_prefix("wait ").and_then(|number| number.parse::<f64>().ok());
    let Some(milliseconds) = milliseconds else {
        return Ok("what?".to_owned());
    };
    if milliseconds > 0.0 {
        sleep(Duration::from_secs_f64(milliseconds / 1000.0)).await;
    }
    Ok("done".to_owned())
}

/// The question that is answered after `delay`.
pub(crate) fn question(delay: Duration) -> String {
    format!("wait {}", delay.as_secs_f64() * 1000.0)
}

/// Asks over a connection of its own, and awaits the answer.
pub(crate) async fn ask(server: SocketAddr, delay: Duration) -> io::Result<()> {
    let mut client = Client::connect(server).await?;
    client.ask(&question(delay)).await?;
    Ok(())
}

/// Asks over a connection of its own, and holds the thread until the answer is there.
pub(crate) fn ask_blocking(server: SocketAddr, delay: Duration) -> io::Result<()> {
    BlockingClient::connect(server)?.ask(&question(delay))?;
    Ok(())
}
