//! The small parts of the picture.

use std::time::Duration;

use super::text::{Plain, Xml, nice_step, shortened};
use crate::EventLoop;
use crate::observe::Record;
use crate::observe::trace::lanes::Human;
use crate::observe::trace::schema::Title;
use crate::time::{block_for, sleep};

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

#[test]
fn what_is_late_is_hatched_and_a_full_pool_has_its_queue() {
    let record = Record::new();
    let builder = EventLoop::builder().simulated_in_order().observer(record.clone());
    let event_loop = builder.max_blocking_threads(1).build().unwrap();
    event_loop.block_on(async {
        let ms = Duration::from_millis;
        let jobs = [300, 200].map(|it| crate::spawn_blocking(move || block_for(ms(it))));
        let request = crate::spawn(sleep(ms(300)));
        sleep(ms(100)).await;
        block_for(ms(1000));
        request.await.unwrap();
        for job in jobs {
            job.await.unwrap();
        }
    });
    drop(event_loop);
    let mut picture = Vec::new();
    let title = Title { program: "late".into(), number: 1 };
    super::write(&title, &record.snapshot(), &mut picture).unwrap();
    let picture = String::from_utf8(picture).unwrap();
    for part in
        [">sleep 300 ms</text>", ">800 ms late</text>", "<path class=\"box late\"", "timer is late"]
    {
        assert!(picture.contains(part), "{part}\n{picture}");
    }
    assert!(
        picture.contains("its longest wait: sleep 300 ms, 800 ms late"),
        "for those who listen"
    );
    for part in ["queue of pool 0", ">1 waits</text>", ">job 1, 300 ms</text>"] {
        assert!(picture.contains(part), "{part}\n{picture}");
    }
    // Words stand above the arrows, on the ground of their bar.
    let arrow = picture.find("marker-end").unwrap();
    assert!(arrow < picture.find(">800 ms late</text>").unwrap());
    assert!(picture.contains("<rect class=\"box late plain\""));
}
