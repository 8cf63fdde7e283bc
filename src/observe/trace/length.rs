//! Lengths of time and marks of an axis as one says them: "300 ms", "1 min 40 s", "2.5 h".
//!
//! Below a minute a length has three digits, and an axis has steps of 1, 2 or 5 times a power of
//! ten. From there on both count as clocks do: 1, 2, 5, 10, 15 and 30 seconds or minutes, 1, 2, 3, 6
//! and 12 hours, days. The replay page has the same rules (`words.js`, `axis.js`), and
//! `length/table.txt` is what the tests hold both to.

use std::fmt;
use std::time::Duration;

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The units of a clock.
const CLOCK: [(&str, u64); 4] = [("s", SECOND), ("min", MINUTE), ("h", HOUR), ("d", DAY)];

/// Those of what is shorter.
const DECIMAL: [(&str, u64); 4] = [("s", SECOND), ("ms", 1_000_000), ("\u{b5}s", 1_000), ("ns", 1)];

/// A length of time.
pub(crate) struct Human(pub(crate) Duration);

impl fmt::Display for Human {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos() as f64;
        // 999.96 ms are a second: rounding decides the unit.
        let reaches = |size: u64| nanos >= size as f64 * 0.9995;
        if let Some(upper) = (1..CLOCK.len()).rev().find(|&unit| reaches(CLOCK[unit].1)) {
            let lower = upper - 1;
            let size = CLOCK[lower].1;
            let count =
                self.0.saturating_add(Duration::from_nanos(size / 2)).as_secs() / (size / SECOND);
            return f.write_str(&on_the_clock(count, lower, true));
        }
        let Some((unit, size)) = DECIMAL[..3].iter().find(|(_, size)| reaches(*size)) else {
            return write!(f, "{} ns", self.0.as_nanos());
        };
        let value = nanos / *size as f64;
        let digits = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
        write!(f, "{} {unit}", trimmed(&format!("{value:.digits$}")))
    }
}

/// The least step of an axis that is easy to read and not shorter than this, in nanoseconds.
pub(crate) fn round_step(least: u64) -> u64 {
    let decimal = |unit: u64| {
        let powers = (0..19).filter_map(move |power| 10u64.pow(power).checked_mul(unit));
        powers.flat_map(|power| [1, 2, 5].map(|it: u64| power.saturating_mul(it)))
    };
    let sixtieths = |unit| [1, 2, 5, 10, 15, 30].map(|it: u64| it * unit);
    let mut steps = decimal(1)
        .take_while(|step| *step < SECOND)
        .chain(sixtieths(SECOND))
        .chain(sixtieths(MINUTE))
        .chain([1, 2, 3, 6, 12].map(|it| it * HOUR))
        .chain(decimal(DAY));
    steps.find(|step| *step >= least).unwrap_or(u64::MAX)
}

/// A mark of an axis with such steps: in the unit of its step and the next one, or with as many
/// digits as tell it from its neighbours.
pub(crate) fn mark(at: u64, step: u64) -> String {
    if at == 0 {
        return "0".to_owned();
    }
    if let Some(lower) = CLOCK.iter().rposition(|(_, size)| step >= *size) {
        let has_halves =
            CLOCK.get(lower + 1).is_some_and(|(_, upper)| step.saturating_mul(2) == *upper);
        return on_the_clock(at / CLOCK[lower].1, lower, has_halves);
    }
    let fits = |size: u64| at >= size && step.saturating_mul(1000) >= size;
    let &(unit, size) = DECIMAL.iter().find(|(_, size)| fits(*size)).unwrap_or(&DECIMAL[3]);
    let digits = size.to_string().len() - 1;
    let text = format!("{}.{:0digits$}", at / size, at % size);
    format!("{} {unit}", trimmed(&text))
}

/// Some of a unit of the clock: "59 s", "1 min", "1 min 40 s"; of one unit and a half "1.5 min", if
/// `halves` may be said so.
fn on_the_clock(count: u64, lower: usize, halves: bool) -> String {
    let (unit, size) = CLOCK[lower];
    let Some((upper, upper_size)) = CLOCK.get(lower + 1) else {
        return format!("{count} {unit}");
    };
    let ratio = upper_size / size;
    match (count / ratio, count % ratio) {
        (0, rest) => format!("{rest} {unit}"),
        (whole, 0) => format!("{whole} {upper}"),
        (whole, rest) if halves && 2 * rest == ratio => format!("{whole}.5 {upper}"),
        (whole, rest) => format!("{whole} {upper} {rest} {unit}"),
    }
}

/// A decimal number without zeros at its end.
fn trimmed(number: &str) -> &str {
    match number.contains('.') {
        true => number.trim_end_matches('0').trim_end_matches('.'),
        false => number,
    }
}

#[cfg(test)]
mod tests;
