//! The small parts of the picture.

use std::time::Duration;

use super::bars::LETTER;
use super::text::{Plain, Xml, shortened};
use super::{Picture, WIDTH};
use crate::EventLoop;
use crate::observe::Record;
use crate::observe::trace::lanes::Lanes;
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
fn a_long_legend_goes_on_in_another_line() {
    let lanes = Lanes::default();
    let mut picture = Picture::new(&lanes);
    assert_eq!(picture.legend(100.0).unwrap(), 1, "nothing was met");
    picture.seen.fill(true);
    picture.has_arrows = true;
    assert_eq!(picture.legend(100.0).unwrap(), 2);
    for text in picture.text.split("<text").skip(1) {
        let (place, words) = text.split_once("</text>").unwrap().0.split_once('>').unwrap();
        let x: f64 =
            place.split("x=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
        assert!(x + words.len() as f64 * LETTER < WIDTH, "{words} at {x}");
    }
    assert!(picture.text.ends_with(">wakes</text>\n"));
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
