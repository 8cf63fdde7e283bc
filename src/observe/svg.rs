//! The picture: the lanes over time, for print and for documents.
//!
//! ```text
//!     title                                                       1.2 s
//!     the axis           0      200 ms    400 ms    600 ms
//!     the loop           |......sleeps......|......sleeps......|
//!     task 2 `fetch`     |#|  sleep 300 ms      |#|
//!     worker 0 of pool 0    |####  job 1 ####|
//!     the legend
//! ```
//!
//! Whatever color tells, a pattern or a word tells too; the colors suit light and dark. Its size is
//! bounded: the first tasks and workers have lanes and the others are counted, and what is narrower
//! than a pixel shares one.
//!
//! Names come from anybody: they are made of printing characters first, as everywhere, and then
//! every character that means something in XML is escaped. Nothing is written but through that.

use std::fmt::{self, Write as _};
use std::io::{self, Write};
use std::time::Duration;

use super::lanes::{End, Human, Kind, Lane, Lanes, On, Segment, TaskLane};
use super::record::Snapshot;
use super::schema::Title;
use super::tasks::{Place, Quoted};

/// Lanes of tasks, and of workers, that are drawn at most.
const TASKS: usize = 48;
const WORKERS: usize = 16;

/// Arrows that are drawn at most; more would hide what they explain.
const ARROWS: usize = 120;

/// The picture's measures, in pixels at its natural size.
const WIDTH: f64 = 1080.0;
const LEFT: f64 = 212.0;
const RIGHT: f64 = WIDTH - 20.0;
const TOP: f64 = 86.0;
const LANE: f64 = 27.0;
const BAR: f64 = 19.0;

/// What a polled task takes at least, to be seen.
const LEAST: f64 = 2.5;

/// What a character of a label takes, on average and rather more.
const LETTER: f64 = 6.7;

/// The classes of the style sheet, each in light and in dark.
const STYLE: &str = include_str!("picture.css");

/// What may be met in a picture: its class, and what it means.
const LEGEND: [(&str, &str); 12] = [
    ("running", "task runs"),
    ("queued", "is queued"),
    ("timer", "waits for a timer"),
    ("source", "waits for a source"),
    ("task", "waits for a task"),
    ("job", "waits for a job"),
    ("wakeup", "waits for a wake"),
    ("work", "thread works"),
    ("polling", "loop polls"),
    ("dispatching", "dispatches"),
    ("sleeping", "sleeps"),
    ("outside", "does not turn"),
];

/// Writes the picture.
pub(super) fn write(title: &Title, held: &Snapshot, to: &mut dyn Write) -> io::Result<()> {
    let lanes = Lanes::of(held);
    let mut picture = Picture::new(&lanes);
    picture.draw(title, held).expect("a string takes all");
    to.write_all(picture.text.as_bytes())
}

/// A picture that is being drawn.
struct Picture<'a> {
    /// What it shows.
    lanes: &'a Lanes,
    /// The text until now.
    text: String,
    /// How many tasks and workers are drawn.
    tasks: usize,
    workers: usize,
    /// The whole time, in nanoseconds.
    span: f64,
    /// Which entries of the legend were met.
    seen: [bool; LEGEND.len()],
    /// Whether there are arrows.
    has_arrows: bool,
}

impl<'a> Picture<'a> {
    /// An empty picture.
    fn new(lanes: &'a Lanes) -> Picture<'a> {
        let span = (lanes.to - lanes.from).as_nanos() as f64;
        Picture {
            lanes,
            text: String::new(),
            tasks: lanes.tasks.len().min(TASKS),
            workers: lanes.workers.len().min(WORKERS),
            span: span.max(1.0),
            seen: [false; LEGEND.len()],
            has_arrows: false,
        }
    }

    /// Draws everything.
    fn draw(&mut self, title: &Title, held: &Snapshot) -> fmt::Result {
        let rows = 1 + self.tasks + usize::from(self.lanes.tasks.len() > self.tasks);
        let rows = rows + self.workers + usize::from(self.lanes.workers.len() > self.workers);
        let bottom = TOP + rows as f64 * LANE;
        let height = bottom + 58.0;
        writeln!(
            self.text,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
             width=\"{WIDTH}\" height=\"{height}\" role=\"img\" aria-labelledby=\"title desc\">",
        )?;
        self.describe(title, held)?;
        self.text.push_str(DEFINITIONS);
        write!(self.text, "<style>\n{STYLE}</style>\n")?;
        writeln!(
            self.text,
            "<rect class=\"paper\" x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"8\"/>",
            WIDTH - 1.0,
            height - 1.0
        )?;
        self.head(title, held)?;
        self.axis(bottom)?;
        let mut row = 0;
        self.row(row, "the loop", "", None)?;
        self.bars(row, &self.lanes.the_loop)?;
        for task in &self.lanes.tasks[..self.tasks] {
            row += 1;
            self.task(row, task)?;
        }
        row = self.and_more(row, self.lanes.tasks.len() - self.tasks, "task")?;
        for worker in &self.lanes.workers[..self.workers] {
            row += 1;
            let label = format!("{} of {}", worker.worker, worker.pool);
            self.row(row, &label, "", None)?;
            self.bars(row, &worker.segments)?;
        }
        self.and_more(row, self.lanes.workers.len() - self.workers, "worker")?;
        self.arrows()?;
        self.legend(bottom + 20.0)?;
        self.text.push_str("</svg>\n");
        Ok(())
    }

    /// What the picture is, in words, for those who cannot see it.
    fn describe(&mut self, title: &Title, held: &Snapshot) -> fmt::Result {
        let Lanes { turns, polls, tasks, seed, .. } = self.lanes;
        let program = Xml(&Plain(&title.program).to_string()).to_string();
        let of = if program.is_empty() { String::new() } else { format!(" of {program}") };
        writeln!(
            self.text,
            "<title id=\"title\">An event loop{of}: what it did, over time</title>"
        )?;
        write!(
            self.text,
            "<desc id=\"desc\">{} of loop {}: {turns} turns, {polls} polls, {} tasks.",
            Human(self.lanes.to - self.lanes.from),
            title.number,
            tasks.len(),
        )?;
        if let Some(seed) = seed {
            write!(self.text, " The loop was simulated, with seed {seed}: time is virtual.")?;
        }
        if held.dropped > 0 {
            write!(self.text, " {} events before that were dropped.", held.dropped)?;
        }
        write!(self.text, " A lane each: the loop")?;
        for task in &tasks[..self.tasks] {
            let name = task.title();
            write!(self.text, "; {}", Xml(&name))?;
            let mut waits = task.segments.iter().filter(|it| matches!(it.kind, Kind::Waiting(_)));
            if let Some(longest) = waits.by_ref().max_by_key(|it| it.to.0.saturating_sub(it.from.0))
            {
                write!(self.text, ", its longest wait: {}", Xml(&longest.label))?;
            }
        }
        self.text.push_str(".</desc>\n");
        Ok(())
    }

    /// The title above the lanes.
    fn head(&mut self, title: &Title, held: &Snapshot) -> fmt::Result {
        let program = shortened(&Plain(&title.program).to_string(), 60);
        let name = if program.is_empty() { "An event loop" } else { &program };
        let number =
            if title.number > 1 { format!(", loop {}", title.number) } else { String::new() };
        writeln!(
            self.text,
            "<text class=\"title\" x=\"20\" y=\"32\">{}{number}</text>",
            Xml(name)
        )?;
        let Lanes { turns, polls, tasks, .. } = self.lanes;
        let mut facts = vec![
            Human(self.lanes.to - self.lanes.from).to_string(),
            counted(*turns, "turn"),
            counted(tasks.len() as u64, "task"),
            counted(*polls, "poll"),
        ];
        if let Some(seed) = self.lanes.seed {
            facts.push(format!("simulated, seed {seed}"));
        }
        if held.dropped > 0 {
            facts.push(format!("{} events before were dropped", held.dropped));
        }
        let facts = facts.join(" \u{b7} ");
        writeln!(self.text, "<text class=\"soft end\" x=\"{RIGHT}\" y=\"32\">{facts}</text>")
    }

    /// The time, as lines through all lanes.
    fn axis(&mut self, bottom: f64) -> fmt::Result {
        let step = nice_step(self.span);
        let from = self.lanes.from.as_nanos() as f64;
        let mut tick = (from / step).ceil();
        while tick * step <= from + self.span {
            let time = Duration::from_nanos((tick * step) as u64);
            let x = self.x(time);
            let class = if tick == 0.0 { "zero" } else { "tick" };
            let end = bottom + 4.0;
            writeln!(
                self.text,
                "<path class=\"{class}\" d=\"M{x:.1} {:.1}V{end:.1}\"/>",
                TOP - 14.0
            )?;
            let label = if time.is_zero() { "0".to_owned() } else { Human(time).to_string() };
            writeln!(
                self.text,
                "<text class=\"soft middle\" x=\"{x:.1}\" y=\"{:.1}\">{label}</text>",
                TOP - 20.0
            )?;
            tick += 1.0;
        }
        Ok(())
    }

    /// The lane of a task.
    fn task(&mut self, row: usize, task: &TaskLane) -> fmt::Result {
        let place = Place(task.place).to_string();
        let file = place.rsplit(['/', '\\']).next().unwrap_or_default();
        let line = file.rsplit_once(':').map_or(file, |(line, _)| line);
        let number = task.id.to_string();
        let label = if task.name.is_empty() {
            (number, line.to_owned())
        } else {
            (Plain(&task.name).to_string(), number)
        };
        let tooltip = format!("{}, spawned at {place}", task.title());
        self.row(row, &label.0, &label.1, Some(&tooltip))?;
        self.bars(row, &task.segments)?;
        let Some(last) = task.segments.last() else { return Ok(()) };
        let (x, middle) = (self.x(last.to.0), y(row) + BAR / 2.0);
        match task.end {
            Some(End::Done) => {
                writeln!(self.text, "<path class=\"done\" d=\"M{x:.1} {:.1}v{BAR}\"/>", y(row))
            }
            Some(end) => {
                let words = if end == End::Panicked { "panicked" } else { "aborted" };
                let (top, bottom, right) = (middle - 4.0, middle + 4.0, x + 8.0);
                writeln!(
                    self.text,
                    "<path class=\"{words}\" d=\"M{x:.1} {top:.1}L{right:.1} {bottom:.1}M{x:.1} \
                     {bottom:.1}L{right:.1} {top:.1}\"/>"
                )?;
                let room = RIGHT - right - 4.0;
                if room > words.len() as f64 * LETTER {
                    let (x, y) = (right + 4.0, middle + 4.0);
                    writeln!(
                        self.text,
                        "<text class=\"{words}\" x=\"{x:.1}\" y=\"{y:.1}\">{words}</text>"
                    )?;
                }
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// The head of a lane: what it is, and something more about it, and all that there is to say.
    fn row(&mut self, row: usize, label: &str, more: &str, tooltip: Option<&str>) -> fmt::Result {
        let y = y(row);
        if row % 2 == 0 {
            let (top, width) = (y - 4.0, WIDTH - 16.0);
            writeln!(
                self.text,
                "<rect class=\"band\" x=\"8\" y=\"{top:.1}\" width=\"{width}\" height=\"{LANE}\"/>"
            )?;
        }
        let label = shortened(label, 27usize.saturating_sub(more.chars().count().min(14)).max(10));
        let more = shortened_in_front(more, 26usize.saturating_sub(label.chars().count()));
        let baseline = y + BAR / 2.0 + 4.0;
        write!(self.text, "<g>")?;
        if let Some(tooltip) = tooltip {
            write!(self.text, "<title>{}</title>", Xml(&shortened(tooltip, 300)))?;
        }
        write!(self.text, "<text class=\"name\" x=\"20\" y=\"{baseline:.1}\">{}", Xml(&label))?;
        if !more.is_empty() {
            write!(self.text, " <tspan class=\"soft\">{}</tspan>", Xml(&more))?;
        }
        self.text.push_str("</text></g>\n");
        Ok(())
    }

    /// A line for those that have no lane; returns the last row.
    fn and_more(&mut self, row: usize, more: usize, what: &str) -> Result<usize, fmt::Error> {
        if more == 0 {
            return Ok(row);
        }
        let words = format!("and {}", counted(more as u64, &format!("more {what}")));
        self.row(row + 1, &words, "", None)?;
        Ok(row + 1)
    }

    /// What a lane did: a path for all segments that look the same, what is solid on top, and the
    /// words of those that have room.
    fn bars(&mut self, row: usize, segments: &[Segment]) -> fmt::Result {
        let mut paths = [const { String::new() }; LEGEND.len()];
        let (mut labels, mut painted) = (String::new(), f64::MIN);
        for segment in segments.iter().filter(|it| it.to.0 >= self.lanes.from) {
            let (left, mut right) = (self.x(segment.from.0), self.x(segment.to.0));
            if is_solid(segment.kind) {
                // Of those that would cover one another, the first is drawn.
                if right - left < LEAST && left < painted + 0.8 {
                    continue;
                }
                right = right.max(left + LEAST);
                painted = right;
            } else if right - left < 1.0 {
                continue;
            }
            let (class, words) = words(segment);
            let place = LEGEND.iter().position(|(known, _)| *known == class).unwrap_or_default();
            let (top, height) = extent(row, segment.kind);
            let width = right - left;
            write!(paths[place], "M{left:.1} {top:.1}h{width:.1}v{height}H{left:.1}z")?;
            label(&mut labels, segment.kind, (class, words), (left, width, top, height))?;
        }
        let (solid, other): (Vec<_>, Vec<_>) = LEGEND
            .iter()
            .zip(&paths)
            .enumerate()
            .filter(|(_, (_, path))| !path.is_empty())
            .partition(|(_, ((class, _), _))| ["running", "polling", "work"].contains(class));
        for (place, ((class, _), path)) in other.into_iter().chain(solid) {
            self.seen[place] = true;
            writeln!(self.text, "<path class=\"box {class}\" d=\"{path}\"/>")?;
        }
        self.text.push_str(&labels);
        Ok(())
    }

    /// The wakes, from whoever called to the task, if they are few enough to be followed.
    fn arrows(&mut self) -> fmt::Result {
        let row_of = |lane: Lane| match lane {
            Lane::TheLoop => Some(0),
            Lane::Task(task) => (task < self.tasks).then_some(1 + task),
            Lane::Worker(worker) => {
                let above = usize::from(self.lanes.tasks.len() > self.tasks);
                (worker < self.workers).then_some(1 + self.tasks + above + worker)
            }
        };
        let arrows: Vec<_> = self
            .lanes
            .wakes
            .iter()
            .filter(|wake| wake.at.0 >= self.lanes.from)
            .filter_map(|wake| {
                Some((self.x(wake.at.0), row_of(wake.from)?, row_of(Lane::Task(wake.task))?))
            })
            .filter(|(_, from, to)| from != to)
            .collect();
        if arrows.len() > ARROWS {
            return Ok(());
        }
        self.has_arrows = !arrows.is_empty();
        for (x, from, to) in arrows {
            let (from, to) = if from < to {
                (y(from) + BAR + 1.0, y(to) - 1.5)
            } else {
                (y(from) - 1.0, y(to) + BAR + 1.5)
            };
            writeln!(
                self.text,
                "<path class=\"wake\" d=\"M{x:.1} {from:.1}V{to:.1}\" marker-end=\"url(#head)\"/>"
            )?;
        }
        Ok(())
    }

    /// What the colors and patterns mean.
    fn legend(&mut self, top: f64) -> fmt::Result {
        let mut x = 20.0;
        let seen = self.seen;
        for ((class, words), _) in LEGEND.iter().zip(seen).filter(|(_, seen)| *seen) {
            let baseline = top + 17.0;
            write!(
                self.text,
                "<rect class=\"box {class}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"16\" height=\"12\"/>",
                top + 7.0
            )?;
            x += 21.0;
            writeln!(
                self.text,
                "<text class=\"soft\" x=\"{x:.1}\" y=\"{baseline:.1}\">{words}</text>"
            )?;
            x += words.len() as f64 * 5.9 + 13.0;
        }
        if !self.has_arrows {
            return Ok(());
        }
        let (from, to) = (top + 5.0, top + 17.0);
        write!(
            self.text,
            "<path class=\"wake\" d=\"M{:.1} {from:.1}V{to:.1}\" marker-end=\"url(#head)\"/>",
            x + 5.0
        )?;
        writeln!(
            self.text,
            "<text class=\"soft\" x=\"{:.1}\" y=\"{:.1}\">wakes</text>",
            x + 14.0,
            top + 17.0
        )
    }

    /// Where a moment is.
    fn x(&self, time: Duration) -> f64 {
        let after = time.saturating_sub(self.lanes.from).as_nanos() as f64;
        LEFT + after / self.span * (RIGHT - LEFT)
    }
}

/// Where the bars of a row begin.
fn y(row: usize) -> f64 {
    TOP + row as f64 * LANE + (LANE - BAR) / 2.0
}

/// Where the bar of a segment begins, and how high it is.
fn extent(row: usize, kind: Kind) -> (f64, f64) {
    if is_solid(kind) { (y(row) - 1.0, BAR + 2.0) } else { (y(row), BAR) }
}

/// Writes into a bar what it says, if there is room.
fn label(
    text: &mut String,
    kind: Kind,
    (class, words): (&str, [String; 2]),
    (left, width, top, height): (f64, f64, f64, f64),
) -> fmt::Result {
    let room = ((width - 9.0) / LETTER).max(0.0) as usize;
    let fitting = words.iter().find(|words| words.chars().count() <= room);
    // A name can be cut, a number cannot.
    let cut = matches!(kind, Kind::Waiting(_)).then(|| &words[1]);
    let shown = fitting.or(cut).map(|words| shortened(words, room)).unwrap_or_default();
    if shown.chars().count() <= 3 {
        return Ok(());
    }
    let (x, y) = (left + 5.0, top + height / 2.0 + 4.0);
    if !is_solid(kind) && !matches!(kind, Kind::Waiting(On::Timer) | Kind::Outside) {
        // Words are not read well on a pattern.
        let (x, end) = (x - 2.0, left + width - 1.0);
        let width = (shown.chars().count() as f64 * LETTER + 4.0).min(end - x);
        let (top, height) = (top + 2.5, height - 5.0);
        write!(
            text,
            "<rect class=\"box {class} plain\" x=\"{x:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" \
             height=\"{height}\" rx=\"2\"/>"
        )?;
    }
    writeln!(text, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", Xml(&shown))
}

/// What is drawn however short it is.
fn is_solid(kind: Kind) -> bool {
    matches!(kind, Kind::Running | Kind::Polling | Kind::Job)
}

/// How a segment looks, and what it says, in full and in short.
fn words(segment: &Segment) -> (&'static str, [String; 2]) {
    let span = Human(segment.to.0.saturating_sub(segment.from.0));
    let class = match segment.kind {
        Kind::Polling => "polling",
        Kind::Sleeping => "sleeping",
        Kind::Dispatching => "dispatching",
        Kind::Outside => "outside",
        Kind::Queued => "queued",
        Kind::Running => "running",
        Kind::Waiting(On::Timer) => "timer",
        Kind::Waiting(On::Source) => "source",
        Kind::Waiting(On::Task) => "task",
        Kind::Waiting(On::Job) => "job",
        Kind::Waiting(On::Wake) => "wakeup",
        Kind::Job => "work",
    };
    let words = match segment.kind {
        Kind::Polling => format!("polls {span}"),
        Kind::Sleeping => format!("sleeps {span}"),
        Kind::Dispatching => "dispatches".to_owned(),
        Kind::Outside => "outside the loop".to_owned(),
        Kind::Queued => format!("queued {span}"),
        Kind::Running => format!("runs {span}"),
        Kind::Waiting(_) => segment.label.to_string(),
        Kind::Job => format!("{}, {span}", segment.label),
    };
    let short = match segment.kind {
        Kind::Waiting(On::Timer) => words.strip_prefix("sleep ").unwrap_or(&words).to_owned(),
        Kind::Waiting(On::Source) => words.split(" (").next().unwrap_or_default().to_owned(),
        Kind::Waiting(On::Task | On::Job | On::Wake) => words.clone(),
        Kind::Job => segment.label.to_string(),
        Kind::Outside => "outside".to_owned(),
        _ => span.to_string(),
    };
    (class, [words, short])
}

/// As many characters of a text as there is room for.
fn shortened(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let short: String = text.chars().take(room.saturating_sub(1)).collect();
    format!("{}\u{2026}", short.trim_end())
}

/// The same, but what matters is the end.
fn shortened_in_front(text: &str, room: usize) -> String {
    let more = text.chars().count().saturating_sub(room);
    if more == 0 {
        return text.to_owned();
    }
    let end: String = text.chars().skip(more + 1).collect();
    format!("\u{2026}{end}")
}

/// Some things: "1 turn", "2 turns".
fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A step of the axis that is easy to read, so that some eight fit into the time.
fn nice_step(span: f64) -> f64 {
    let power = 10f64.powf((span / 8.0).log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|it| it * power);
    step.into_iter().find(|step| span / step <= 9.0).unwrap_or(span).max(1.0)
}

/// A name in characters that print, without quotes.
struct Plain<'a>(&'a str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = Quoted(self.0).to_string();
        f.write_str(&quoted[1..quoted.len() - 1])
    }
}

/// Text in XML.
struct Xml<'a>(&'a str);

impl fmt::Display for Xml<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '&' => f.write_str("&amp;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&apos;")?,
                // XML knows no control characters, not even escaped ones.
                _ if character.is_control() => f.write_char('\u{fffd}')?,
                _ => f.write_char(character)?,
            }
        }
        Ok(())
    }
}

/// Patterns, for those who do not see the colors, and the head of an arrow.
const DEFINITIONS: &str = r#"<defs>
<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="box queued plain" width="6" height="6"/><rect class="ink-queued" width="2.2" height="6"/></pattern>
<pattern id="dots" width="7" height="7" patternUnits="userSpaceOnUse"><rect class="box sleeping plain" width="7" height="7"/><circle class="ink-sleeping" cx="2" cy="2" r="0.9"/><circle class="ink-sleeping" cx="5.5" cy="5.5" r="0.9"/></pattern>
<pattern id="lines" width="5" height="5" patternUnits="userSpaceOnUse"><rect class="box source plain" width="5" height="5"/><rect class="ink-source" y="2" width="5" height="0.9"/></pattern>
<pattern id="slants" width="9" height="9" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><rect class="box task plain" width="9" height="9"/><rect class="ink-task" width="0.9" height="9"/></pattern>
<pattern id="grid" width="6" height="6" patternUnits="userSpaceOnUse"><rect class="box job plain" width="6" height="6"/><rect class="ink-job" width="1.4" height="1.4"/></pattern>
<pattern id="bars" width="8" height="8" patternUnits="userSpaceOnUse"><rect class="box wakeup plain" width="8" height="8"/><rect class="ink-wakeup" width="0.9" height="8"/></pattern>
<marker id="head" viewBox="0 0 6 6" refX="4.5" refY="3" markerWidth="5.5" markerHeight="5.5" orient="auto"><path class="head" d="M0 0L6 3L0 6z"/></marker>
</defs>
"#;

#[cfg(test)]
mod tests;
