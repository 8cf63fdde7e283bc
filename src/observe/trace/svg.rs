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

mod bars;
mod text;

use std::fmt::{self, Write as _};
use std::io::{self, Write};
use std::time::Duration;

use crate::observe::record::Snapshot;
use crate::observe::story::tasks::Place;
use crate::observe::trace::lanes::{End, Kind, Lane, Lanes, Segment, TaskLane};
use crate::observe::trace::length::{Human, mark, round_step};
use crate::observe::trace::schema::Title;
use bars::{BAR, LANE, LEGEND, LETTER, RIGHT, Scale, Seen, TOP, y};
use text::{Plain, Xml, counted, shortened, shortened_in_front};

/// Lanes of tasks, of queues, and of workers, that are drawn at most.
const TASKS: usize = 48;
const QUEUES: usize = 4;
const WORKERS: usize = 16;

/// Arrows that are drawn at most; more would hide what they explain. So many are drawn thinner.
const ARROWS: usize = 120;
const DENSE: usize = 20;

/// The width, in pixels at its natural size.
const WIDTH: f64 = RIGHT + 20.0;

/// Where the lines of the legend begin, and what each takes.
const LEGEND_LEFT: f64 = 20.0;
const LEGEND_LINE: f64 = 20.0;

/// The classes of the style sheet, each in light and in dark.
const STYLE: &str = include_str!("svg/picture.css");

/// Writes the picture.
pub(crate) fn write(title: &Title, held: &Snapshot, to: &mut dyn Write) -> io::Result<()> {
    let lanes = Lanes::of(held);
    let mut picture = Picture::new(&lanes);
    let text = picture.draw(title, held).expect("a string takes all");
    to.write_all(text.as_bytes())
}

/// A picture that is being drawn.
struct Picture<'a> {
    /// What it shows.
    lanes: &'a Lanes,
    /// The text until now.
    text: String,
    /// The words in the bars, which come after the arrows.
    labels: String,
    /// How many tasks, queues and workers are drawn.
    tasks: usize,
    queues: usize,
    workers: usize,
    /// Where moments are.
    scale: Scale,
    /// Which entries of the legend were met.
    seen: Seen,
    /// Whether there are arrows.
    has_arrows: bool,
}

impl<'a> Picture<'a> {
    /// An empty picture.
    fn new(lanes: &'a Lanes) -> Picture<'a> {
        let span = lanes.span().as_nanos() as f64;
        Picture {
            lanes,
            text: String::new(),
            labels: String::new(),
            tasks: lanes.tasks.len().min(TASKS),
            queues: lanes.queues.len().min(QUEUES),
            workers: lanes.workers.len().min(WORKERS),
            scale: Scale { from: lanes.from, span: span.max(1.0) },
            seen: [false; LEGEND.len()],
            has_arrows: false,
        }
    }

    /// Draws everything: first what is in it, since the legend tells what was met.
    fn draw(&mut self, title: &Title, held: &Snapshot) -> Result<String, fmt::Error> {
        let rows = 1 + self.tasks + usize::from(self.lanes.tasks.len() > self.tasks);
        let rows = rows
            + self.queues
            + self.workers
            + usize::from(self.lanes.workers.len() > self.workers);
        let bottom = TOP + rows as f64 * LANE;
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
        for queue in &self.lanes.queues[..self.queues] {
            row += 1;
            self.row(row, &format!("queue of {}", queue.pool), "", None)?;
            let (text, labels) = (&mut self.text, &mut self.labels);
            bars::draw_queue((text, labels), &mut self.seen, &self.scale, row, queue)?;
        }
        for worker in &self.lanes.workers[..self.workers] {
            row += 1;
            let label = format!("{} of {}", worker.worker, worker.pool);
            self.row(row, &label, "", None)?;
            self.bars(row, &worker.segments)?;
        }
        self.and_more(row, self.lanes.workers.len() - self.workers, "worker")?;
        self.arrows()?;
        self.text.push_str(&self.labels);
        let height = bottom + 38.0 + self.legend(bottom + 20.0)? as f64 * LEGEND_LINE;
        let drawn = std::mem::take(&mut self.text);
        self.frame(title, held, height)?;
        Ok(format!("{}{drawn}</svg>\n", self.text))
    }

    /// What stands before all that is drawn: the size, the words, the style and the ground.
    fn frame(&mut self, title: &Title, held: &Snapshot, height: f64) -> fmt::Result {
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
        )
    }

    /// What the picture is, in words, for those who cannot see it.
    fn describe(&mut self, title: &Title, held: &Snapshot) -> fmt::Result {
        let Lanes { turns, polls, tasks, .. } = self.lanes;
        let program = Xml(&Plain(&title.program).to_string()).to_string();
        let of = if program.is_empty() { String::new() } else { format!(" of {program}") };
        writeln!(
            self.text,
            "<title id=\"title\">An event loop{of}: what it did, over time</title>"
        )?;
        write!(
            self.text,
            "<desc id=\"desc\">{} of loop {}: {turns} turns, {polls} polls, {} tasks.",
            Human(self.lanes.span()),
            title.number,
            tasks.len(),
        )?;
        if self.lanes.simulated {
            let seed =
                self.lanes.seed.map_or_else(String::new, |seed| format!(", with seed {seed}"));
            write!(self.text, " The loop was simulated{seed}: time is virtual.")?;
        }
        if held.dropped > 0 {
            write!(self.text, " {} events before that were dropped.", held.dropped)?;
        }
        write!(self.text, " A lane each: the loop")?;
        for task in &tasks[..self.tasks] {
            let name = task.title();
            write!(self.text, "; {}", Xml(&name))?;
            let mut waits = task.segments.iter().filter(|it| matches!(it.kind, Kind::Waiting(_)));
            if let Some(longest) = waits.by_ref().max_by_key(|it| it.span()) {
                write!(self.text, ", its longest wait: {}", Xml(&longest.told()))?;
            }
        }
        for queue in &self.lanes.queues[..self.queues] {
            let most = queue.steps.iter().map(|(.., count)| *count).max().unwrap_or_default();
            write!(self.text, "; the queue of {}, with {most} jobs at most", queue.pool)?;
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
            Human(self.lanes.span()).to_string(),
            counted(*turns, "turn"),
            counted(tasks.len() as u64, "task"),
            counted(*polls, "poll"),
        ];
        match self.lanes.seed {
            Some(seed) => facts.push(format!("simulated, seed {seed}")),
            None if self.lanes.simulated => facts.push("simulated".into()),
            None => {}
        }
        if held.dropped > 0 {
            facts.push(format!("{} events before were dropped", held.dropped));
        }
        let facts = facts.join(" \u{b7} ");
        writeln!(self.text, "<text class=\"soft end\" x=\"{RIGHT}\" y=\"32\">{facts}</text>")
    }

    /// The time, as lines through all lanes.
    fn axis(&mut self, bottom: f64) -> fmt::Result {
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let (from, to) = (nanos(self.lanes.from), nanos(self.lanes.to));
        // So that at most nine fit into the time.
        let step = round_step((to - from) / 10 + 1);
        for tick in from.div_ceil(step)..=to / step {
            let time = Duration::from_nanos(tick * step);
            let x = self.scale.x(time);
            let class = if tick == 0 { "zero" } else { "tick" };
            let end = bottom + 4.0;
            writeln!(
                self.text,
                "<path class=\"{class}\" d=\"M{x:.1} {:.1}V{end:.1}\"/>",
                TOP - 14.0
            )?;
            let label = mark(tick * step, step);
            // The last one may not reach over the edge.
            let has_room = x + label.chars().count() as f64 * LETTER / 2.0 < RIGHT + 8.0;
            let (class, x) = if has_room { ("middle", x) } else { ("end", RIGHT) };
            writeln!(
                self.text,
                "<text class=\"soft {class}\" x=\"{x:.1}\" y=\"{:.1}\">{label}</text>",
                TOP - 20.0
            )?;
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
        let (x, middle) = (self.scale.x(last.to.0), y(row) + BAR / 2.0);
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
        if row.is_multiple_of(2) {
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

    /// What a lane did.
    fn bars(&mut self, row: usize, segments: &[Segment]) -> fmt::Result {
        let texts = (&mut self.text, &mut self.labels);
        bars::draw(texts, &mut self.seen, &self.scale, row, segments)
    }

    /// The wakes, from whoever called to the task, if they are few enough to be followed.
    fn arrows(&mut self) -> fmt::Result {
        let row_of = |lane: Lane| match lane {
            Lane::TheLoop => Some(0),
            Lane::Task(task) => (task < self.tasks).then_some(1 + task),
            Lane::Worker(worker) => {
                let above = usize::from(self.lanes.tasks.len() > self.tasks);
                (worker < self.workers).then_some(1 + self.tasks + above + self.queues + worker)
            }
        };
        let arrows: Vec<_> = self
            .lanes
            .wakes
            .iter()
            .filter(|wake| wake.at.0 >= self.lanes.from)
            .filter_map(|wake| {
                Some((self.scale.x(wake.at.0), row_of(wake.from)?, row_of(Lane::Task(wake.task))?))
            })
            .filter(|(_, from, to)| from != to)
            .collect();
        if arrows.len() > ARROWS {
            return Ok(());
        }
        self.has_arrows = !arrows.is_empty();
        let class = if arrows.len() > DENSE { "wake dense" } else { "wake" };
        for (x, from, to) in arrows {
            let (from, to) = if from < to {
                (y(from) + BAR + 1.0, y(to) - 1.5)
            } else {
                (y(from) - 1.0, y(to) + BAR + 1.5)
            };
            writeln!(
                self.text,
                "<path class=\"{class}\" d=\"M{x:.1} {from:.1}V{to:.1}\" marker-end=\"url(#head)\"/>"
            )?;
        }
        Ok(())
    }

    /// What the colors and patterns mean, in as many lines as it takes; returns how many.
    fn legend(&mut self, mut top: f64) -> Result<usize, fmt::Error> {
        let (mut x, mut lines) = (LEGEND_LEFT, 1);
        let met = LEGEND.iter().zip(self.seen).filter(|(_, seen)| *seen);
        let entries =
            met.map(|(entry, _)| *entry).chain(self.has_arrows.then_some(("wake", "wakes")));
        for (class, words) in entries {
            let width = words.len() as f64 * 5.9;
            if x + 21.0 + width > RIGHT {
                (x, top, lines) = (LEGEND_LEFT, top + LEGEND_LINE, lines + 1);
            }
            if class == "wake" {
                let (x, from, to) = (x + 8.0, top + 5.0, top + 17.0);
                write!(
                    self.text,
                    "<path class=\"wake\" d=\"M{x:.1} {from:.1}V{to:.1}\" marker-end=\"url(#head)\"/>"
                )?;
            } else {
                write!(
                    self.text,
                    "<rect class=\"box {class}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"16\" height=\"12\"/>",
                    top + 7.0
                )?;
            }
            let (left, baseline) = (x + 21.0, top + 17.0);
            writeln!(
                self.text,
                "<text class=\"soft\" x=\"{left:.1}\" y=\"{baseline:.1}\">{words}</text>"
            )?;
            x = left + width + 13.0;
        }
        Ok(lines)
    }
}

/// Patterns, for those who do not see the colors, and the head of an arrow.
const DEFINITIONS: &str = r#"<defs>
<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="box queued plain" width="6" height="6"/><rect class="ink-queued" width="2.2" height="6"/></pattern>
<pattern id="late" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><rect class="box late plain" width="6" height="6"/><rect class="ink-late" width="1.2" height="6"/></pattern>
<pattern id="dots" width="7" height="7" patternUnits="userSpaceOnUse"><rect class="box sleeping plain" width="7" height="7"/><circle class="ink-sleeping" cx="2" cy="2" r="0.9"/><circle class="ink-sleeping" cx="5.5" cy="5.5" r="0.9"/></pattern>
<pattern id="lines" width="5" height="5" patternUnits="userSpaceOnUse"><rect class="box source plain" width="5" height="5"/><rect class="ink-source" y="2" width="5" height="0.9"/></pattern>
<pattern id="slants" width="9" height="9" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><rect class="box task plain" width="9" height="9"/><rect class="ink-task" width="0.9" height="9"/></pattern>
<pattern id="grid" width="6" height="6" patternUnits="userSpaceOnUse"><rect class="box job plain" width="6" height="6"/><rect class="ink-job" width="1.4" height="1.4"/></pattern>
<pattern id="bars" width="8" height="8" patternUnits="userSpaceOnUse"><rect class="box wakeup plain" width="8" height="8"/><rect class="ink-wakeup" width="0.9" height="8"/></pattern>
<marker id="head" viewBox="0 0 6 6" refX="4.5" refY="3" markerUnits="userSpaceOnUse" markerWidth="6" markerHeight="6" orient="auto"><path class="head" d="M0 0L6 3L0 6z"/></marker>
</defs>
"#;

#[cfg(test)]
mod tests;
