//! The golden traces: what the scenes should be, byte for byte.

use std::env;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use boucle::observe::{Record, Trace};

/// Where the trace of a scene should be found.
fn golden(scene: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/scenes/golden/{scene}.jsonl"))
}

/// Where the trace of a scene is written now.
fn present(scene: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{scene}.jsonl"))
}

/// Those who write what happens in a scene: its trace, and what else is wanted of it.
pub fn traces(scene: &str) -> Vec<Trace> {
    let mut paths = vec![present(scene)];
    if let Some(folder) = env::var_os("SCENES") {
        fs::create_dir_all(&folder).unwrap();
        let formats = ["html", "svg", "json", "txt"];
        paths.extend(formats.map(|format| Path::new(&folder).join(format!("{scene}.{format}"))));
    }
    let traces = paths.iter().map(|path| Trace::to_file(path).unwrap().program(scene));
    traces.collect()
}

/// Fails with the first difference, unless a scene has the trace that it should have.
#[track_caller]
pub fn compare(scene: &str, record: &Record) {
    if !cfg!(unix) {
        // The places of spawns are paths, which are written in another way there.
        return;
    }
    let present = fs::read_to_string(present(scene)).unwrap();
    if env::var_os("BLESS").is_some() {
        fs::write(golden(scene), &present).unwrap();
    }
    let golden = fs::read_to_string(golden(scene)).unwrap_or_default();
    let difference = difference(&golden, &present, record);
    assert!(difference.is_none(), "the trace of {scene} has changed: {}", difference.unwrap());
}

/// Where two traces differ first.
fn difference(golden: &str, present: &str, record: &Record) -> Option<String> {
    if golden == present {
        return None;
    }
    let (old, new): (Vec<_>, Vec<_>) = (golden.lines().collect(), present.lines().collect());
    let pair = |number: usize| (old.get(number - 1), new.get(number - 1));
    let differs = |number: &usize| pair(*number).0 != pair(*number).1;
    // The header counts the events, so look at the events first.
    let lines = (2..=old.len().max(new.len())).chain([1]);
    let Some(number) = lines.into_iter().find(differs) else {
        return Some("in how its lines end".into());
    };
    let (old, new) = pair(number);
    let events = record.events();
    let sentence = |line: usize| {
        let event = line.checked_sub(2).and_then(|index| events.get(index));
        event.map_or_else(String::new, ToString::to_string)
    };
    let mut text = format!("line {number} is the first that differs\n");
    let _ = writeln!(text, "  was:   {}", old.unwrap_or(&"(nothing: the trace ended)"));
    let _ = writeln!(text, "  is:    {}", new.unwrap_or(&"(nothing: the trace ends)"));
    let _ = writeln!(text, "  in words, what is there now:");
    for line in number.saturating_sub(1)..=number + 1 {
        let _ = writeln!(text, "  {line:>6}: {}", sentence(line));
    }
    text += "If that is meant: BLESS=1 cargo test --test scenes";
    Some(text)
}

#[test]
fn every_golden_trace_has_a_scene() {
    let scenes = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenes");
    let sources = fs::read_dir(&scenes).unwrap().map(|entry| entry.unwrap().path());
    let sources = sources.filter(|path| path.extension().is_some_and(|it| it == "rs"));
    let text: String = sources.map(|path| fs::read_to_string(path).unwrap()).collect();
    for entry in fs::read_dir(scenes.join("golden")).unwrap() {
        let path = entry.unwrap().path();
        let scene = path.file_stem().unwrap().to_str().unwrap();
        assert!(text.contains(&format!("Stage::new(\"{scene}\")")), "nobody plays {scene}");
    }
}

#[test]
fn the_first_line_that_differs_is_named() {
    let record = Record::new();
    let builder = boucle::EventLoop::builder().simulated_in_order().observer(record.clone());
    builder.build().unwrap().block_on(async {});
    let difference = |golden| difference(golden, "header\nsame\nnew\n", &record);
    assert_eq!(difference("header\nsame\nnew\n"), None);
    let text = difference("header\nsame\nold\n").unwrap();
    assert!(
        text.starts_with("line 3 is the first that differs\n  was:   old\n  is:    new\n"),
        "{text}"
    );
    assert!(text.contains("2:        0.000000 ms  the loop is built, simulated\n"), "{text}");
    assert!(text.contains("3:        0.000000 ms  task 1 `block_on` is spawned"), "{text}");
    assert!(difference("header\nsame\n").unwrap().contains("was:   (nothing"));
    assert!(difference("header\nsame\nnew\nold").unwrap().contains("is:    (nothing"));
    assert_eq!(difference("header\nsame\nnew").unwrap(), "in how its lines end");
}
