//! The bars: what a lane did, over time.

use std::fmt::{self, Write};
use std::time::Duration;

use super::text::{Xml, shortened};
use crate::observe::trace::lanes::{Kind, On, QueueLane, Segment};
use crate::observe::trace::length::Human;

/// Where the time begins and ends in the picture, and the lanes, in pixels.
pub(crate) const LEFT: f64 = 212.0;
pub(crate) const RIGHT: f64 = 1060.0;
pub(crate) const TOP: f64 = 86.0;

/// What a lane takes, and the bars in it.
pub(crate) const LANE: f64 = 27.0;
pub(crate) const BAR: f64 = 19.0;

/// The height of words with their ground: no bar with words is lower.
const WORDS: f64 = 13.0;

/// What a polled task takes at least, to be seen.
const LEAST: f64 = 2.5;

/// What a character of a label takes, on average and rather more.
pub(crate) const LETTER: f64 = 6.7;

/// What may be met in a picture: its class, and what it means.
pub(crate) const LEGEND: [(&str, &str); 13] = [
    ("running", "task runs"),
    ("queued", "is queued"),
    ("timer", "waits for a timer"),
    ("late", "timer is late"),
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

/// Which entries of the legend were met.
pub(crate) type Seen = [bool; LEGEND.len()];

/// Where moments are.
pub(crate) struct Scale {
    /// The first moment.
    pub(crate) from: Duration,
    /// The whole time, in nanoseconds.
    pub(crate) span: f64,
}

impl Scale {
    /// Where a moment is.
    pub(crate) fn x(&self, time: Duration) -> f64 {
        let after = time.saturating_sub(self.from).as_nanos() as f64;
        LEFT + after / self.span * (RIGHT - LEFT)
    }
}

/// What a lane did: a path for all segments that look the same, what is solid on top; and, apart,
/// the words of those that have room, since they stand above all that is drawn.
pub(crate) fn draw(
    (text, labels): (&mut String, &mut String),
    seen: &mut Seen,
    scale: &Scale,
    row: usize,
    segments: &[Segment],
) -> fmt::Result {
    let mut paths = [const { String::new() }; LEGEND.len()];
    let mut painted = f64::MIN;
    let place_of = |class| LEGEND.iter().position(|(known, _)| *known == class).unwrap_or_default();
    for segment in segments.iter().filter(|it| it.to.0 >= scale.from) {
        let (left, mut right) = (scale.x(segment.from.0), scale.x(segment.to.0));
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
        let (top, height) = extent(row, segment.kind);
        if let Some(due) = segment.late() {
            let due_at = scale.x(due.max(scale.from));
            let (width, span) = (right - due_at, Human(segment.to.0.saturating_sub(due)));
            write!(
                paths[place_of("late")],
                "M{due_at:.1} {top:.1}h{width:.1}v{height}H{due_at:.1}z"
            )?;
            let words = [format!("{span} late"), span.to_string()];
            label(labels, &words, "late", (due_at, width, top, height))?;
            right = due_at;
        }
        // A job that follows another at once is another one.
        let gap = if segment.kind == Kind::Job && right - left > 4.0 { 1.5 } else { 0.0 };
        let width = right - left - gap;
        write!(paths[place_of(class)], "M{left:.1} {top:.1}h{width:.1}v{height}H{left:.1}z")?;
        let cut = [shortened(words.last().map_or("", |it| it), room(width))];
        // A name can be cut, a number cannot.
        let is_cut = matches!(segment.kind, Kind::Waiting(on) if on != On::Timer)
            && cut[0].chars().count() > 3;
        let words =
            if is_cut && room(width) < words[1].chars().count() { &cut } else { &words[..] };
        label(labels, words, class, (left, width, top, height))?;
    }
    let (solid, other): (Vec<_>, Vec<_>) = LEGEND
        .iter()
        .zip(&paths)
        .enumerate()
        .filter(|(_, (_, path))| !path.is_empty())
        .partition(|(_, ((class, _), _))| ["running", "polling", "work"].contains(class));
    for (place, ((class, _), path)) in other.into_iter().chain(solid) {
        seen[place] = true;
        writeln!(text, "<path class=\"box {class}\" d=\"{path}\"/>")?;
    }
    Ok(())
}

/// How many jobs wait: steps, the higher the more, with the number in them.
pub(crate) fn draw_queue(
    (text, labels): (&mut String, &mut String),
    seen: &mut Seen,
    scale: &Scale,
    row: usize,
    queue: &QueueLane,
) -> fmt::Result {
    let most = queue.steps.iter().map(|(.., count)| *count).max().unwrap_or(1) as f64;
    let mut path = String::new();
    let mut painted = f64::MIN;
    for (from, to, count) in queue.steps.iter().filter(|(_, to, _)| *to >= scale.from) {
        let (left, right) = (scale.x(*from), scale.x(*to));
        if right - left < 1.0 && left < painted + 0.8 {
            continue;
        }
        painted = left;
        let height = WORDS + (BAR - WORDS) * *count as f64 / most;
        let top = y(row) + BAR - height;
        let width = (right - left - if right - left > 4.0 { 1.0 } else { 0.0 }).max(1.0);
        write!(path, "M{left:.1} {top:.1}h{width:.1}v{height:.1}H{left:.1}z")?;
        let words =
            [format!("{count} wait{}", if *count == 1 { "s" } else { "" }), count.to_string()];
        label(labels, &words, "queued", (left, width, top, height))?;
    }
    seen[1] = true;
    writeln!(text, "<path class=\"box queued\" d=\"{path}\"/>")
}

/// As many letters as there is room for in a bar; it is not wider than the picture.
fn room(width: f64) -> usize {
    (0..200).take_while(|&it| f64::from(it + 1) * LETTER <= width - 9.0).count()
}

/// Where the bars of a row begin.
pub(crate) fn y(row: usize) -> f64 {
    TOP + row as f64 * LANE + (LANE - BAR) / 2.0
}

/// Where the bar of a segment begins, and how high it is.
fn extent(row: usize, kind: Kind) -> (f64, f64) {
    if is_solid(kind) { (y(row) - 1.0, BAR + 2.0) } else { (y(row), BAR) }
}

/// Writes into a bar the first of some words for which there is room. They have a ground of their
/// own: words are not read well on a pattern, or where an arrow runs through them.
fn label(
    text: &mut String,
    words: &[String],
    class: &str,
    (left, width, top, height): (f64, f64, f64, f64),
) -> fmt::Result {
    let room = room(width);
    let Some(shown) = words.iter().find(|words| words.chars().count() <= room) else {
        return Ok(());
    };
    let (x, baseline) = (left + 5.0, top + height / 2.0 + 4.0);
    let (ground, end) = (x - 2.0, left + width - 1.0);
    let width = (shown.chars().count() as f64 * LETTER + 4.0).min(end - ground);
    let ground_height = (height - 5.0).max(WORDS);
    let top = top + (height - ground_height) / 2.0;
    write!(
        text,
        "<rect class=\"box {class} plain\" x=\"{ground:.1}\" y=\"{top:.1}\" \
         width=\"{width:.1}\" height=\"{ground_height:.1}\" rx=\"2\"/>"
    )?;
    writeln!(text, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{baseline:.1}\">{}</text>", Xml(shown))
}

/// What is drawn however short it is.
fn is_solid(kind: Kind) -> bool {
    matches!(kind, Kind::Running | Kind::Polling | Kind::Job)
}

/// How a segment looks, and what it says, in full and ever shorter.
fn words(segment: &Segment) -> (&'static str, Vec<String>) {
    let span = Human(segment.span());
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
    let number = match segment.kind {
        Kind::Job => short.strip_prefix("job ").map(str::to_owned),
        _ => None,
    };
    (class, [words, short].into_iter().chain(number).collect())
}
