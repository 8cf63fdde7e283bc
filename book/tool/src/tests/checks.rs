//! Names of scenes, golden traces, and the command line.

use super::{house, scenes};
use crate::check::Golden;
use crate::faults::Faults;
use crate::options::{Command, Options};
use crate::scene::Scene;

#[test]
fn a_scene_is_a_listing_a_step_or_a_listing_with_an_argument() {
    let house = house();
    let waiter = Scene::find(&house, "one_waiter").unwrap();
    assert_eq!(waiter.command(), "BOUCLE_SIMULATE=in-order cargo run --example one_waiter");
    let joining = Scene::find(&house, "joining:in-turn").unwrap();
    assert!(joining.command().ends_with("--example joining -- in-turn"));
    assert_eq!(joining.stem(), "joining-in-turn");
    let step = Scene::find(&house, "03-callbacks").unwrap();
    assert_eq!(step.command(), "cargo run -p step-03-callbacks");
    assert!(step.program.recorded);
}

#[test]
fn a_name_that_would_leave_the_folder_is_no_scene() {
    for name in ["../one_waiter", "one waiter", "", "joining:../x"] {
        assert!(Scene::find(&house(), name).is_err(), "{name}");
    }
}

#[test]
fn a_golden_that_was_changed_is_told_with_the_turn_that_differs() {
    let scenes = scenes(&["one_waiter"]);
    let made = scenes.get("one_waiter").unwrap();
    let mut other = house();
    let root = std::env::temp_dir().join(format!("boucle-book-{}", std::process::id()));
    other.root.clone_from(&root);
    let told = |house| {
        let faults = Faults::default();
        Golden::of(house, made).check(&faults);
        faults.texts()
    };
    assert!(told(&other)[0].contains("has no golden"));
    Golden::of(&other, made).bless().unwrap();
    assert_eq!(told(&other), [""; 0]);
    let file = root.join("book/traces/one_waiter.jsonl");
    let kept = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, kept.replace("570000000", "571000000")).unwrap();
    let [fault] = &told(&other)[..] else { panic!("one file was changed") };
    assert!(
        fault.contains("turn 1 differs") && fault.contains("cargo book bless one_waiter"),
        "{fault}"
    );
    std::fs::remove_dir_all(root).unwrap();
}

#[test]
fn the_command_line_is_read() {
    let parse = |words: &[&str]| {
        let words = words.iter().map(|&word| word.into());
        Options::parse(lexopt::Parser::from_args(words.collect::<Vec<std::ffi::OsString>>()))
            .map(|options| options.command)
    };
    assert_eq!(parse(&[]).unwrap(), Command::Build(vec![]));
    assert_eq!(parse(&["check", "09"]).unwrap(), Command::Check(vec!["09".into()]));
    assert_eq!(parse(&["exercise", "--ci"]).unwrap(), Command::ExerciseCi);
    assert_eq!(parse(&["--help"]).unwrap(), Command::Help);
    assert!(parse(&["blass"]).unwrap_err().to_string().contains("`cargo book help` lists them"));
}
