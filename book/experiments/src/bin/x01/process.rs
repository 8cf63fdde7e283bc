//! A server as a process: started, asked for what it used, ended.

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The four.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Boucle,
    Tokio,
    Asyncio,
    Tornado,
}

impl Kind {
    /// In the order of the table, which is also the one that is expected.
    pub const ALL: [Kind; 4] = [Kind::Boucle, Kind::Tokio, Kind::Asyncio, Kind::Tornado];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Boucle => "boucle",
            Kind::Tokio => "tokio",
            Kind::Asyncio => "asyncio",
            Kind::Tornado => "Tornado",
        }
    }

    pub fn is_python(self) -> bool {
        matches!(self, Kind::Asyncio | Kind::Tornado)
    }

    fn command(self) -> io::Result<Command> {
        if self.is_python() {
            let script = format!("servers/hello_{}.py", self.name().to_lowercase());
            let mut command = Command::new(python());
            command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(script));
            Ok(command)
        } else {
            let mut command = Command::new(env::current_exe()?);
            command.args(["serve", self.name()]);
            Ok(command)
        }
    }
}

/// The Python of the virtual environment in `book/target/python`, if there is one; see the README.
fn python() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/python/bin/python");
    if own.exists() { own } else { PathBuf::from("python3") }
}

/// A server that runs. Dropping it ends it.
pub struct Server {
    pub address: SocketAddr,
    /// What it says it is.
    pub about: String,
    child: Child,
}

impl Server {
    /// Starts one, and waits until it listens.
    pub fn start(kind: Kind) -> io::Result<Self> {
        let mut command = kind.command()?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn()?;
        let mut server = Self { address: ([127, 0, 0, 1], 0).into(), about: String::new(), child };
        pin_server(&server.child);

        // The first line is its port, then what it is.
        let mut line = String::new();
        let out = server.child.stdout.take().expect("it is piped");
        BufReader::new(out).read_line(&mut line)?;
        let (port, about) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        let Ok(port) = port.parse() else {
            return Err(io::Error::other(server.last_words()));
        };
        server.address.set_port(port);
        about.clone_into(&mut server.about);
        Ok(server)
    }

    /// What it complained of, in its last line.
    fn last_words(&mut self) -> String {
        let err = self.child.stderr.take().expect("it is piped");
        let last = BufReader::new(err).lines().map_while(Result::ok).last();
        last.unwrap_or_else(|| "it ended without a word".to_owned())
    }

    /// How long its one thread has been on a processor, where the system tells it in a file.
    pub fn processor_time(&self) -> Option<Duration> {
        let file = fs::read_to_string(format!("/proc/{}/schedstat", self.child.id())).ok()?;
        let nanoseconds = file.split_whitespace().next()?.parse().ok()?;
        Some(Duration::from_nanos(nanoseconds))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Puts this thread, and so the clients, on the first processor; says whether that was possible.
pub fn pin_clients() -> bool {
    pin(None, |processors| processors.first().copied())
}

/// Puts a server on the last processor, away from its clients.
fn pin_server(child: &Child) {
    pin(Some(child), |processors| processors.last().copied());
}

#[cfg(target_os = "linux")]
fn pin(child: Option<&Child>, choose: impl FnOnce(&[usize]) -> Option<usize>) -> bool {
    use rustix::process::Pid;
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
    use std::sync::OnceLock;

    // Those this program may use, before it gave any of them up.
    static ALLOWED: OnceLock<Vec<usize>> = OnceLock::new();
    let allowed = ALLOWED.get_or_init(|| {
        let set = sched_getaffinity(None).unwrap_or_default();
        (0..CpuSet::MAX_CPU).filter(|processor| set.is_set(*processor)).collect()
    });
    let Some(processor) = choose(allowed).filter(|_| allowed.len() > 1) else {
        return false;
    };
    let mut set = CpuSet::new();
    set.set(processor);
    sched_setaffinity(child.map(Pid::from_child), &set).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn pin(_child: Option<&Child>, _choose: impl FnOnce(&[usize]) -> Option<usize>) -> bool {
    false
}
