//! `echo` and `http`: what a message costs the server, in CPU time.
//!
//! The server's process counts its own CPU time, user and system, all threads, between the marks of
//! its [clients](crate::load), a process on the other core. Wall time would mostly tell how the
//! two take turns.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{self, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use cpu_time::ProcessTime;

use crate::backend::Server;
use crate::load::{Load, Talk};
use crate::machine;

/// A socket workload.
pub struct Exchange {
    /// What the clients say.
    pub talk: Talk,
    /// On how many connections.
    pub connections: usize,
    /// For how long.
    pub milliseconds: u64,
    /// Whether the loop may look for work for 50 us before its thread sleeps.
    pub spin: bool,
}

/// At a mark the clients are silent; after so long the server has answered all they had sent.
const DRAIN: Duration = Duration::from_millis(20);

/// Serves until the clients are done, and gives `done` the CPU time and the number of messages.
/// `done` ends the process; no server ends by itself.
pub fn serve<S: Server>(
    exchange: &Exchange,
    done: impl FnOnce(Duration, u64) + Send + 'static,
) -> io::Result<()> {
    machine::raise_file_limit();
    let listener = loopback()?;
    let &Exchange { talk, connections, milliseconds, spin } = exchange;
    let mut clients = Clients::start(&listener, talk, connections, milliseconds)?;
    // This thread sleeps all the time between the marks.
    thread::spawn(move || match clients.marks() {
        Ok((cpu, replies)) => done(cpu, replies),
        // The server would wait for ever for clients that are gone.
        Err(error) => {
            eprintln!("{error}");
            process::exit(1);
        }
    });
    machine::pin(machine::LOOP_CORE);
    let ended = match talk {
        Talk::Http => S::http(listener)?,
        // Room for more than a message, or no read could be seen to be short.
        Talk::Echo(size) => S::echo(listener, (2 * size).max(1024), spin)?,
        Talk::Idle => return Err(io::ErrorKind::Unsupported.into()),
    };
    match ended {}
}

/// A listener of this machine, non-blocking, for any backend to take over.
pub fn loopback() -> io::Result<TcpListener> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    machine::deepen_backlog(&listener);
    Ok(listener)
}

/// The process of the clients. It ends by itself, at the latest when this one does.
pub struct Clients {
    /// Its standard input: the word to go on, and its end.
    input: ChildStdin,
    /// Its standard output: the marks.
    output: BufReader<ChildStdout>,
}

impl Clients {
    /// Starts this program again in the clients' role.
    pub fn start(
        listener: &TcpListener,
        talk: Talk,
        connections: usize,
        milliseconds: u64,
    ) -> io::Result<Clients> {
        let load = Load { address: listener.local_addr()?, talk, connections, milliseconds };
        let mut process = Command::new(std::env::current_exe()?)
            .args(["load", &serde_json::to_string(&load)?])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = process.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let output = process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Clients { input, output: BufReader::new(output) })
    }

    /// Waits for both marks; returns the server's CPU time between them and the replies.
    fn marks(&mut self) -> io::Result<(Duration, u64)> {
        self.wait_for("start")?;
        thread::sleep(DRAIN);
        let cpu = ProcessTime::now();
        self.input.write_all(b"go on\n")?;
        let replies = self.wait_for("stop ")?.parse().map_err(io::Error::other)?;
        thread::sleep(DRAIN);
        Ok((cpu.elapsed(), replies))
    }

    /// Waits for a mark; returns what follows it on its line.
    pub fn wait_for(&mut self, mark: &str) -> io::Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let rest = line.trim_end().strip_prefix(mark);
        rest.map(str::to_owned).ok_or_else(|| io::Error::other("the clients ended too soon"))
    }
}
