//! Names of tasks that mean harm, in every form of a trace.

#![cfg(feature = "trace")]

use boucle::EventLoop;
use boucle::observe::{Format, Record};
use boucle::task::spawn_named;
use serde_json::Value;

/// What an attacker may call a task.
fn names() -> Vec<String> {
    let mut names: Vec<String> = [
        "</script><script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "</title></svg><script>alert(1)</script>",
        "]]> --> <!-- <![CDATA[ </style> &lt;b&gt; &amp; &#60;",
        "\" onload=\"alert(1)\" ' onload='alert(1)' `${alert(1)}`",
        "\\\"},{\"ph\":\"B\"}\n{\"boucle\":\"trace\"}\r\n\u{0}",
        "\u{2028}\u{2029}\u{85}\u{b}\u{feff}",
        "\u{202e}gnp.exe\u{202c}\u{2066}\u{200f}\u{e0041}",
        "\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m\u{8}\u{7f}",
        "\u{fffe}\u{ffff}\u{1f980}\u{301}\u{301}\u{301}",
        "/*STYLE*/ /*SCRIPTS*/ /*TRACE*/ /*TRACE-B*/",
        "__proto__",
    ]
    .map(String::from)
    .into();
    names.push("<".repeat(1 << 20));
    names.push("\u{1f980}".repeat(1 << 18));
    names
}

/// What happened while tasks of these names ran, in some form.
fn written(names: &[String], form: Format) -> String {
    let record = Record::new();
    let event_loop = EventLoop::builder().simulated(3).observer(record.clone()).build().unwrap();
    event_loop.block_on(async {
        for name in names {
            spawn_named(&**name, async { boucle::task::yield_now().await }).await.unwrap();
            // So that the name is that of something awaited, too.
            spawn_named("waiter", spawn_named(&**name, boucle::task::yield_now()))
                .await
                .unwrap()
                .unwrap();
        }
    });
    drop(event_loop);
    let mut text = Vec::new();
    record.write(form, &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

/// The same with harmless names.
fn harmless(form: Format) -> String {
    written(&names().iter().map(|_| "name".to_owned()).collect::<Vec<_>>(), form)
}

/// As much of a name as a record keeps.
fn kept(name: &str) -> &str {
    let end = (0..=name.len().min(1024)).rev().find(|&end| name.is_char_boundary(end)).unwrap();
    &name[..end]
}

/// The names that a text of JSON lines tells.
fn names_in(jsonl: &str) -> Vec<String> {
    let lines = jsonl.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let spawned = lines.filter(|line| line["event"] == "spawned");
    let named = spawned.map(|line| line["name"].as_str().unwrap().to_owned());
    named.filter(|name| !["block_on", "waiter"].contains(&&**name)).collect()
}

fn expected() -> Vec<String> {
    names().iter().flat_map(|name| [kept(name).to_owned(), kept(name).to_owned()]).collect()
}

/// Whether a character may steer a terminal, or hide or reorder the text around it.
fn is_odd(character: char) -> bool {
    let is_mark = |it: char| {
        matches!(it, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    };
    (character.is_control() && character != '\n') || is_mark(character)
}

/// Case 168.
#[test]
fn every_name_comes_back_from_the_lines_of_json() {
    let text = written(&names(), Format::Jsonl);
    assert_eq!(names_in(&text), expected());
    assert!(text.len() < 200_000, "{}", text.len());
    // A name adds no line.
    assert_eq!(text.lines().count(), harmless(Format::Jsonl).lines().count());
}

/// Case 168.
#[test]
fn no_name_becomes_markup_in_the_page() {
    let page = written(&names(), Format::Html);
    // The same tags, whatever the names: not one `<` comes from them.
    assert_eq!(page.matches('<').count(), harmless(Format::Html).matches('<').count());
    assert!(!page.contains("<img src=x") && !page.contains("<script>alert"));
    let (_, trace) = page.split_once("id=\"trace\">").unwrap();
    let (trace, _) = trace.split_once("</script>").unwrap();
    assert!(!trace.contains('<'));
    assert_eq!(names_in(trace), expected());
}

/// Case 168.
#[test]
fn no_name_becomes_markup_in_the_picture() {
    let picture = written(&names(), Format::Svg);
    let tags = |text: &str| text.matches('<').count();
    // Short names and long ones have as many elements, but for the width of their labels.
    assert!(tags(&picture).abs_diff(tags(&harmless(Format::Svg))) <= 4);
    let inside: String = picture.chars().filter(|it| *it != '\n').collect();
    assert!(!inside.contains(is_odd) && !inside.contains(['\u{fffe}', '\u{ffff}']));
    assert!(
        !inside.contains("<img") && !inside.contains("<script") && !inside.contains(" onload=\"")
    );
    assert!(inside.contains("&lt;img src=x onerror=alert(1)&gt;"));
    assert!(picture.len() < 100_000);
    let document = roxmltree::Document::parse(&picture).unwrap();
    let known = [
        "svg", "title", "desc", "defs", "pattern", "marker", "style", "rect", "circle", "path",
        "g", "text", "tspan",
    ];
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        assert!(known.contains(&node.tag_name().name()), "{:?}", node.tag_name());
        assert!(node.attributes().all(|it| !it.name().starts_with("on")));
    }
    let title = "task 2 `</script><script>alert(1)</script>`, spawned at tests/hostile.rs:";
    assert!(document.descendants().any(|it| it.text().is_some_and(|it| it.starts_with(title))));
}

/// Case 168.
#[test]
fn no_name_breaks_out_of_chrome_s_format() {
    let text = written(&names(), Format::Json);
    let trace: Value = serde_json::from_str(&text).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let plain: Value = serde_json::from_str(&harmless(Format::Json)).unwrap();
    assert_eq!(events.len(), plain["traceEvents"].as_array().unwrap().len());
    assert!(!text.contains(is_odd));
}

/// Case 171.
#[test]
fn no_name_steers_a_terminal() {
    for text in [written(&names(), Format::Txt), harmless(Format::Txt)] {
        assert!(!text.contains(is_odd));
    }
    let lines = |text: &str| text.lines().count();
    assert_eq!(lines(&written(&names(), Format::Txt)), lines(&harmless(Format::Txt)));
}
