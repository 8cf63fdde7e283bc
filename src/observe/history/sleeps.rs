//! Why the loop slept: what kept it from going on, what could have ended that, and what did.
//!
//! ```text
//!     the loop slept 37.123ms: no task was ready
//!     the next deadline was timer 5, armed in turn 3 by task 2 `fetch` for 50ms
//!     1 source was awaited: source 1 (TcpStream), to be read by task 3
//!     it ended because timer 5 was due
//! ```
//!
//! The sentences are in the table at the head of `page/why.js`.

use std::collections::HashSet;
use std::time::Duration;

use crate::observe::event::{Awaited, Event, JobId, WaitReason};
use crate::observe::history::causes::Wait;
use crate::observe::history::chain::Chain;
use crate::observe::history::moment::Moment;
use crate::observe::story::words::{Count, Span, readiness, rounded};

/// Sources that a sentence names.
const SOURCES_NAMED: usize = 4;

/// A tick of the wheel may be so much later than the wait's end, and the wait have been for it.
const ALMOST: Duration = Duration::from_micros(500);

/// A tick of the wheel, in nanoseconds.
const TICK: u128 = 1_000_000;

impl Chain<'_> {
    /// Tells of a wait: why it began, what could end it, and what did.
    pub(crate) fn wait(&mut self, index: usize) {
        let wait = self.causes.wait_before(index);
        let Some(wait) = wait.filter(|wait| wait.last.is_none_or(|last| index <= last)) else {
            self.tell(index);
            return;
        };
        let span = self.span(wait.first, wait.last.unwrap_or(self.history.len() - 1));
        if !wait.is_sleep() {
            self.add(
                match wait.reason {
                    WaitReason::Spin => {
                        format!("the loop looked for work for {span} before it was to park")
                    }
                    reason => format!("the loop looked, without a sleep: {reason}"),
                },
                wait.first,
            );
            if let Some(last) = wait.last {
                let text = match wait.ready.len() {
                    0 => "no source was ready".to_owned(),
                    ready => format!("{} ready", were(ready, "source")),
                };
                self.add(text, last);
            }
            return;
        }
        let text = if wait.last.is_some() {
            format!("the loop slept {span}: no task was ready")
        } else {
            format!("the loop has slept for {span}: no task is ready, and the trace ends here")
        };
        self.add(text, wait.first);
        let moment = Moment::after(self.history, wait.first);
        self.deadline(wait, &moment);
        self.sources(&moment);
        self.jobs(wait, &moment);
        if let Some(last) = wait.last {
            self.end(wait, last);
        }
    }

    /// Tells why a sleep was not to be longer.
    fn deadline(&mut self, wait: &Wait, moment: &Moment) {
        if wait.reason == WaitReason::CallerLimit {
            let limit = Span(rounded(wait.timeout.unwrap_or_default()));
            self.add(format!("the caller of `turn` allowed no more than {limit}"), None);
        }
        let next = moment.next_timer();
        let timers = &self.causes.timers;
        let known = next.and_then(|(timer, ..)| Some((timer, timers.get(&timer)?)));
        let (Some((_, deadline, _)), Some((timer, known))) = (next, known) else {
            self.add("no timer was armed".into(), None);
            return;
        };
        let (when, by, span) =
            (self.when(known.armed), self.by(known.by), Span(rounded(known.span)));
        let text = format!("the next deadline was {timer}, armed{when}{by} for {span}");
        self.add(text, known.armed);
        let tick = deadline.as_nanos().div_ceil(TICK) * TICK;
        if wait.reason == WaitReason::TimerDue
            && let Some(timeout) = wait.timeout
            && (self.history.told[wait.first].at + timeout + ALMOST).as_nanos() < tick
        {
            self.add("before that, the timer wheel had timers to move nearer".into(), None);
        }
    }

    /// Tells which sources could have ended a sleep.
    fn sources(&mut self, moment: &Moment) {
        if moment.sources.is_empty() {
            self.add("no source was registered".into(), None);
            return;
        }
        let awaited = moment.awaited_sources();
        let mut sources = HashSet::new();
        let mut sides = Vec::new();
        for (what, task) in awaited {
            let (source, how) = match what {
                Awaited::Read(source) => (source, "read"),
                Awaited::Write(source) => (source, "written"),
                _ => continue,
            };
            sources.insert(source);
            sides.push(format!("{}, to be {how} by {}", self.source(source), self.task(task)));
        }
        let text = if sides.is_empty() {
            format!("{} registered, and none was awaited", were(moment.sources.len(), "source"))
        } else {
            let more = match sides.len().saturating_sub(SOURCES_NAMED) {
                0 => String::new(),
                more => format!("; and {more} more"),
            };
            sides.truncate(SOURCES_NAMED);
            format!("{} awaited: {}{more}", were(sources.len(), "source"), sides.join("; "))
        };
        self.add(text, None);
    }

    /// Tells how many jobs ran for most of a sleep, and how many waited for a thread. Those that were
    /// queued just before have begun when it had hardly begun.
    fn jobs(&mut self, wait: &Wait, moment: &Moment) {
        let at = |index: usize| self.history.told[index].at;
        let (from, to) = (at(wait.first), at(wait.last.unwrap_or(self.history.len() - 1)));
        let middle = from + to.saturating_sub(from) / 2;
        let ran = |job: &&JobId| {
            let began = self.causes.jobs.get(job).and_then(|job| job.began);
            let began = began.map(|began| self.history.told[began].event);
            matches!(began, Some(Event::JobStarted { at, .. }) if at <= middle)
        };
        let ran = moment.jobs.iter().filter(ran).count();
        let waited = moment.jobs.len() - ran;
        let ran = (ran > 0).then(|| format!("{} ran", Count(ran as u32, "job")));
        let waited = (waited > 0).then(|| match ran {
            Some(_) => format!("{waited} waited for a thread"),
            None => format!("{} waited for a thread", Count(waited as u32, "job")),
        });
        let told: Vec<String> = ran.into_iter().chain(waited).collect();
        if !told.is_empty() {
            self.add(told.join(", and "), None);
        }
    }

    /// Tells what ended a sleep: what the operating system reported, else mail, else the time.
    fn end(&mut self, wait: &Wait, last: usize) {
        if let Some(&ready) = wait.ready.first()
            && let Event::SourceReady { source, readable, writable } =
                self.history.told[ready].event
        {
            let more = match wait.ready.len() {
                1 => String::new(),
                ready => format!(", and {} more", ready - 1),
            };
            let (name, how) = (self.source(source), readiness(readable, writable));
            self.add(format!("it ended because {name} became {how}{more}"), ready);
            return;
        }
        let (mut fired, mut mail, mut cascaded) = (None, None, None);
        for (index, told) in self.history.told.iter().enumerate().skip(last + 1) {
            match told.event {
                Event::TimerFired { timer, .. } => fired = fired.or(Some((timer, index))),
                Event::TimerCascaded { .. } => cascaded = cascaded.or(Some(index)),
                Event::MailTaken { messages } => mail = mail.or(Some((messages, index))),
                Event::PollBegan { .. } | Event::WaitBegan { .. } => break,
                _ => {}
            }
        }
        let slept = self.history.told[last].at.saturating_sub(self.history.told[wait.first].at);
        let (why, event) = if let Some((timer, index)) = fired {
            (format!("because {timer} was due"), index)
        } else if let Some((messages, index)) = mail {
            let some = match messages {
                1 => "a message".to_owned(),
                _ => format!("{messages} messages"),
            };
            (format!("because {some} came"), index)
        } else if let Some(index) = cascaded {
            ("because the timer wheel had timers to move nearer".to_owned(), index)
        } else if wait.timeout.is_some_and(|timeout| slept + ALMOST >= timeout) {
            ("because its time was over".to_owned(), last)
        } else {
            self.add(
                "it ended, and the trace does not tell why: by a signal, perhaps".into(),
                last,
            );
            return;
        };
        self.add(format!("it ended {why}"), event);
    }
}

/// "1 source was", "2 sources were".
fn were(count: usize, what: &'static str) -> String {
    format!("{} {}", Count(count as u32, what), if count == 1 { "was" } else { "were" })
}
