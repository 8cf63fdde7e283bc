//! The small parts of the picture.

use std::time::Duration;

use super::text::{Plain, Xml, nice_step, shortened};
use crate::observe::trace::lanes::Human;

#[test]
fn text_in_xml_holds_no_markup_and_no_control_characters() {
    let text = "</text><script>\u{1b}[2J & \"quotes\" 'and' \u{202e}\u{2028}\u{0}";
    let plain = Plain(text).to_string();
    assert!(plain.chars().all(|it| !it.is_control() && it != '\u{202e}' && it != '\u{2028}'));
    let xml = Xml(&plain).to_string();
    assert!(!xml.contains(['<', '>', '"', '\'']), "{xml}");
    assert!(xml.starts_with("&lt;/text&gt;&lt;script&gt;\\u{1b}[2J &amp; &quot;quotes&quot;"));
    assert_eq!(Xml("a\u{7}b").to_string(), "a\u{fffd}b");
}

#[test]
fn the_axis_has_steps_that_are_easy_to_read() {
    let expected = [(0, 1), (1_000, 200), (520, 100), (8_000, 1_000), (1_300, 200), (99, 10)];
    for (span, step) in expected {
        assert_eq!(nice_step(span), step, "{span}");
    }
    assert!(u64::MAX / nice_step(u64::MAX) <= 9);
}

#[test]
fn times_are_said_with_three_digits() {
    let told = |nanos| Human(Duration::from_nanos(nanos)).to_string();
    let expected = [
        (0, "0 ns"),
        (999, "999 ns"),
        (1_000, "1 \u{b5}s"),
        (12_345, "12.3 \u{b5}s"),
        (300_000_000, "300 ms"),
        (299_998_211, "300 ms"),
        (999_960_000, "1 s"),
        (1_234_000_000, "1.23 s"),
        (90_000_000_000, "1.5 min"),
        (7_200_000_000_000, "2 h"),
    ];
    for (nanos, text) in expected {
        assert_eq!(told(nanos), text);
    }
}

#[test]
fn what_is_too_long_ends_with_an_ellipsis() {
    assert_eq!(shortened("fetch", 5), "fetch");
    assert_eq!(shortened("fetch all", 7), "fetch\u{2026}");
    assert_eq!(shortened("\u{e9}t\u{e9}s", 3), "\u{e9}t\u{2026}");
}
