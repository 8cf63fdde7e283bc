//! A chapter as mdBook gets it.

use std::collections::BTreeSet;

use super::{expanded, house, scenes};
use crate::scene::Scenes;

#[test]
fn prose_stays_as_it_is() {
    let text = "# Title\n\nSome *words*, `{{braces}}`.\n";
    assert_eq!(expanded(text), (text.to_owned(), vec![]));
}

#[test]
fn the_name_of_another_chapter_is_a_link_to_it() {
    let linked = |text: &str| expanded(text).0.trim_end().to_owned();
    let nine = "[chapter 9](09-executor.md)";
    assert_eq!(linked("As chapter 9 says (chapter 9)."), format!("As {nine} says ({nine})."));
    assert_eq!(
        linked("  Chapters 9 and 12, *chapter 0*"),
        "  Chapters [9](09-executor.md) and [12](12-timer-wheel.md), *[chapter 0](00-where.md)*"
    );
    // No such chapter, an invariant, code, a link, a heading, a fenced block.
    for text in [
        "chapter 31",
        "chapter 9.1",
        "`chapter 9`",
        "[see chapter 9](x.md)",
        "## Of chapter 9",
        "<p>chapter 9</p>",
        "```text\nchapter 9\n```",
    ] {
        assert_eq!(linked(text), text);
    }
    let (out, _) = expanded("{{#lanes one_waiter | As in chapter 9.}}");
    assert!(out.contains(&format!("As in {nine}.")), "{out}");
}

#[test]
fn a_console_is_text_for_the_highlighter() {
    let (out, _) = expanded("```console,like\n$ true\n```");
    assert_eq!(out, "```text,console\n$ true\n```\n");
}

#[test]
fn nothing_in_a_fenced_block_is_a_directive() {
    let text = "```text\n{{#nothing at all}}\n```\n";
    assert_eq!(expanded(text), (text.to_owned(), vec![]));
}

#[test]
fn a_listing_says_which_file_and_lines_it_is_from() {
    let (out, faults) = expanded("{{#item src/engine/wheel.rs Wheel::insert}}");
    assert_eq!(faults, [""; 0]);
    assert!(out.contains("<a href=\"source/src/engine/wheel.rs.html#L"), "{out}");
    assert!(out.contains("```rust\n"));
}

#[test]
fn all_faults_are_told_with_their_lines_and_not_the_first_only() {
    let (_, faults) =
        expanded("{{#file no/file.rs}}\n\n{{#nonsense}}\n\nA {{#value}}.\n{{#item src/lib.rs}}");
    let begins = [
        "test.md:1: cannot read",
        "test.md:3: there is no directive `nonsense`",
        "test.md:5: ",
        "test.md:6: this directive is written",
    ];
    assert_eq!(faults.len(), begins.len(), "{faults:?}");
    for (fault, begin) in faults.iter().zip(begins) {
        assert!(fault.contains(begin), "{fault}");
    }
}

#[test]
fn a_replay_has_a_picture_a_page_and_a_sentence() {
    let (out, faults) = expanded("{{#replay one_waiter | Look at `block_on`.}}");
    assert_eq!(faults, [""; 0]);
    for part in [
        "data-replay=\"scenes/one_waiter.html\"",
        "<img src=\"scenes/one_waiter.svg\"",
        "Look at `block_on`.",
    ] {
        assert!(out.contains(part), "{part} in {out}");
    }
}

#[test]
fn a_picture_without_a_sentence_is_an_error() {
    let (_, faults) = expanded("{{#lanes one_waiter}}");
    assert!(faults[0].contains("what to notice"), "{faults:?}");
}

#[test]
fn two_runs_are_compared_on_one_page_with_both_pictures() {
    let (out, faults) = expanded("{{#compare one_waiter orders_first | The same waits.}}");
    assert_eq!(faults, [""; 0]);
    assert!(out.contains("scenes/one_waiter--orders_first.html"));
    assert_eq!(out.matches("<img ").count(), 2);
}

#[test]
fn the_page_of_two_runs_is_what_the_program_itself_would_have_written() {
    let (house, names) = (house(), ["one_waiter", "orders_first"].map(str::to_owned));
    let pair = BTreeSet::from([(names[0].clone(), names[1].clone())]);
    let scenes = Scenes::make(&house, &names.iter().cloned().collect(), &pair).unwrap();
    let made = |form: &str| scenes.get("orders_first").unwrap().file(form);
    let page = made("html").with_file_name(format!("compared-{}.html", std::process::id()));
    let cargo = std::process::Command::new("cargo")
        .current_dir(house.book())
        .args(["run", "--quiet", "--package", "listings", "--example", "one_waiter"])
        .env("BOUCLE_SIMULATE", "in-order")
        .env("BOUCLE_TRACE", &page)
        .env("BOUCLE_COMPARE", made("jsonl"))
        .output()
        .unwrap();
    assert!(cargo.status.success(), "{cargo:?}");
    let theirs = std::fs::read_to_string(&page).unwrap();
    std::fs::remove_file(page).unwrap();
    let ours = scenes.compared_pages().next().unwrap();
    assert!(theirs == std::fs::read_to_string(ours).unwrap(), "the page is made another way now");
}

#[test]
fn two_scenes_of_one_program_have_titles_of_their_own() {
    let scenes = scenes(&["joining:in-turn", "ready_order:oldest-first"]);
    for (name, title) in [
        ("joining:in-turn", "joining in-turn"),
        ("ready_order:oldest-first", "ready_order oldest-first"),
    ] {
        let made = scenes.get(name).unwrap();
        let program = format!("\"program\":\"{title}\"");
        assert!(made.text("jsonl").unwrap().contains(&program), "{name}");
        assert!(made.text("html").unwrap().contains(&program), "{name}");
        assert!(made.text("svg").unwrap().contains(title), "{name}");
    }
}

#[test]
fn output_is_the_command_and_what_the_program_printed() {
    let (out, faults) = expanded("{{#output one_waiter}}");
    assert_eq!(faults, [""; 0]);
    assert!(out.contains("$ BOUCLE_SIMULATE=in-order cargo run --example one_waiter\n"), "{out}");
    assert!(out.contains("all five after 2010 ms"), "{out}");
}

#[test]
fn a_story_has_the_turns_that_were_asked_for() {
    let (out, faults) = expanded("{{#story one_waiter 2..3}}");
    assert_eq!(faults, [""; 0]);
    assert!(out.contains("\nturn 2\n") && out.contains("\nturn 3\n"), "{out}");
    assert!(!out.contains("turn 1\n") && !out.contains("turn 4"), "{out}");
    let (_, faults) = expanded("{{#story one_waiter 2..99}}");
    assert!(faults[0].contains("the story has 6 turns, and not 99"), "{faults:?}");
}

#[test]
fn why_is_a_chain_of_causes() {
    let (out, faults) =
        expanded("{{#why one_waiter poll block_on 2}}\n\n{{#why one_waiter sleep 1}}");
    assert_eq!(faults, [""; 0]);
    assert!(out.contains("because timer 1 fired"), "{out}");
    assert!(out.contains("the loop slept 570ms"), "{out}");
    let (_, faults) = expanded("{{#why one_waiter poll nobody 2}}");
    assert!(faults[0].contains("there is no task `nobody`; there are `block_on`"), "{faults:?}");
}

#[test]
fn a_prediction_folds_its_answer_away_and_computes_it() {
    let text = "```predict\nHow long?\n\n---\n\n{{#value one_waiter end}} ms.\n```";
    let (out, faults) = expanded(text);
    assert_eq!(faults, [""; 0]);
    let (question, answer) = out.split_once("<details>").unwrap();
    assert!(question.contains("How long?") && answer.contains("2010 ms."), "{out}");
}

#[test]
fn a_prediction_without_an_answer_is_an_error() {
    let (_, faults) = expanded("```predict\nHow long?\n```");
    assert!(faults[0].contains("a line `---`"), "{faults:?}");
}

#[test]
fn a_fault_in_an_answer_is_told_with_its_line() {
    let (_, faults) =
        expanded("\n```predict\nHow long?\n\n---\n\n{{#value one_waiter nothing}}\n```");
    assert_eq!(faults.len(), 1);
    assert!(faults[0].contains("test.md:7: scene `one_waiter`: there is no query"), "{faults:?}");
}

#[test]
fn an_experiment_stands_with_theirs_ours_and_its_command() {
    let (out, faults) = expanded("{{#experiment X10}}\n\n{{#ledger}}");
    assert_eq!(faults, [""; 0]);
    for part in ["theirs", "ours", "expected", "cargo run --release --example tour", "holds"] {
        assert!(out.contains(part), "{part}");
    }
    let (_, faults) = expanded("{{#experiment X99}}");
    assert!(faults[0].contains("has no experiment `X99`; it has X01"), "{faults:?}");
}

#[test]
fn an_exercise_stands_with_its_task_its_file_and_its_command() {
    let (out, faults) = expanded("{{#exercise wheel}}");
    assert_eq!(faults, [""; 0]);
    assert!(
        out.contains("cargo book exercise wheel") && out.contains("yours/src/wheel.rs"),
        "{out}"
    );
    let (_, faults) = expanded("{{#exercise nothing}}");
    assert!(faults[0].contains("there is no exercise `nothing`; there are"), "{faults:?}");
}

#[test]
fn a_scene_that_is_not_there_is_told_wherever_it_is_named() {
    let (_, faults) = expanded("{{#replay nowhere | Look.}}\n{{#output nowhere}}");
    assert_eq!(faults.len(), 2);
    assert!(faults[1].contains("book/listings/examples/nowhere.rs"), "{faults:?}");
}
