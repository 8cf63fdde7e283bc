//! The rows of the table: what is measured, in which unit, and what boucle must reach.
//!
//! A *job* is one measured process. Most jobs give one row; `timers_fire` gives three. In every
//! row less is better, and a ratio above 1 means better than tokio in the same round.

/// A row of the table.
pub struct Row {
    /// Its name, also in JSON.
    pub name: &'static str,
    /// The job that measures it; jobs are in [`measure`](crate::measure).
    pub job: &'static str,
    /// The unit of its figure.
    pub unit: &'static str,
    /// Whether a bare mio loop can do it too.
    pub bare: bool,
    /// What boucle has to reach.
    pub target: Target,
    /// The work, in half a line.
    pub what: &'static str,
}

/// What boucle has to reach in a row.
#[derive(Clone, Copy)]
pub enum Target {
    /// Reported, judged by nobody.
    None,
    /// The figure itself must be 0.
    Zero,
    /// The figure itself, at most.
    Most(f64),
    /// The median ratio to tokio.
    Ratio {
        /// At least this.
        must: f64,
        /// Better this.
        aim: Option<f64>,
    },
}

/// How much dearer than a bare mio loop boucle may be, where the two can be compared.
pub const BARE_TOLERANCE: f64 = 1.05;

/// Every row, in the order of the table.
pub const ROWS: &[Row] = &[
    row("yield", "ns", ratio(2.2, 4.0), "1,000 tasks, 1,000 yields each"),
    part("seam_none", "seam", "ns", Target::None, "`yield` on a loop that cannot be watched"),
    part("seam_off", "seam", "ns", Target::Most(1.0), "what the seam adds while nobody watches"),
    part("seam_record", "seam", "ns", Target::Most(25.0), "what a `Record` adds, per event"),
    part("seam_record_full", "seam", "ns", Target::None, "the same once it has to forget"),
    row("spawn", "ns", ratio(2.5, 4.5), "trivial tasks in batches of 10,000, all awaited"),
    row("spawn_kept", "ns", Target::None, "the same, and glibc keeps what is freed"),
    row("channel", "ns", ratio(1.3, 2.0), "two tasks, a bounded(1) channel, per message"),
    row("timeout_pending", "ns", ratio(2.0, 2.5), "30 s around a future pending once"),
    row("timeout_ready", "ns", ratio(4.0, 10.0), "30 s around a ready future"),
    row("timers_fire", "s CPU", ratio(1.4, 2.0), "200,000 sleeps due within one second"),
    part("timers_fire_p99", "timers_fire", "ms", level(None), "their lateness, 99th percentile"),
    part("timers_fire_early", "timers_fire", "early", Target::Zero, "how many ended too soon"),
    row("timer_sparse", "us", Target::None, "one sleep of 3-15 ms at a time: median lateness"),
    row("wake_storm", "ns", ratio(1.3, 2.5), "8 threads wake 1,000 tasks, two million wakes"),
    row("foreign", "us", level(None), "round trip with a parked thread"),
    row("foreign_spin", "us", Target::None, "the same; boucle spins 50 us before it parks"),
    row("blocking_4", "us", ratio(2.5, 4.0), "100,000 trivial closures, 4 in flight"),
    row("blocking_1000", "us", ratio(2.5, 4.0), "the same, 1,000 in flight"),
    row("idle_task", "bytes", ratio(1.5, 2.5), "a million sleeping tasks, memory each"),
    row("idle_conn", "bytes", ratio(1.25, 1.6), "8,000 idle connections, task and 512 B buffer"),
    bare("echo_1", level(Some(1.05)), "64 B, 1 connection: server CPU per message"),
    row("echo_1_spin", "us", Target::None, "the same, round trip; boucle spins 50 us first"),
    part(
        "echo_1_spin_cpu",
        "echo_1_spin",
        "us CPU",
        Target::None,
        "and its server CPU per message",
    ),
    bare("echo_100", level(Some(1.05)), "64 B, 100 connections"),
    bare("echo_1000", level(Some(1.05)), "64 B, 1,000 connections"),
    bare("echo_16k", level(Some(1.05)), "16 KiB, 16 connections"),
    bare("http", level(Some(1.05)), "keep-alive hello, 64 connections, per request"),
];

/// The rows that `only` selects: by name, or by family (`echo` is every `echo_...`).
pub fn selected(only: &[String]) -> Result<Vec<&'static Row>, String> {
    for word in only {
        if !ROWS.iter().any(|row| row.is_in(word)) {
            return Err(format!("no workload is called `{word}`; --list names them"));
        }
    }
    let wanted = |row: &&Row| only.is_empty() || only.iter().any(|word| row.is_in(word));
    Ok(ROWS.iter().filter(wanted).collect())
}

impl Row {
    /// Whether `word` is the name of this row or of its family.
    fn is_in(&self, word: &str) -> bool {
        self.name.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    }
}

const fn row(name: &'static str, unit: &'static str, target: Target, what: &'static str) -> Row {
    Row { name, job: name, unit, bare: false, target, what }
}

/// A row whose figure comes out of another row's job.
const fn part(
    name: &'static str,
    job: &'static str,
    unit: &'static str,
    target: Target,
    what: &'static str,
) -> Row {
    Row { name, job, unit, bare: false, target, what }
}

/// A row that a bare mio loop can do too.
const fn bare(name: &'static str, target: Target, what: &'static str) -> Row {
    Row { name, job: name, unit: "us CPU", bare: true, target, what }
}

const fn ratio(must: f64, aim: f64) -> Target {
    Target::Ratio { must, aim: Some(aim) }
}

/// No worse than tokio.
const fn level(aim: Option<f64>) -> Target {
    Target::Ratio { must: 1.0, aim }
}
