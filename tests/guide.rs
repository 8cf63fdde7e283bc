//! The guides, README and the first page of the documentation, against the files they speak of.

#[path = "support/source.rs"]
#[allow(dead_code, reason = "shared with the test of the architecture")]
mod source;

use std::fs;
use std::path::Path;

/// A file of the project.
fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The first page of the documentation.
fn page() -> String {
    let text = read("src/lib.rs");
    let lines = text.lines().map_while(|line| line.strip_prefix("//!"));
    lines.map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line))).collect()
}

/// The first program of a text.
fn program(text: &str) -> &str {
    let (_, rest) = text.split_once("```").unwrap();
    let (program, _) = rest.split_once("```").unwrap();
    program.trim_start_matches("rust")
}

#[test]
fn the_readme_and_the_documentation_begin_with_the_same_program() {
    assert_eq!(program(&read("README.md")), program(&page()));
}

#[test]
fn the_reading_order_has_every_file_once_and_no_other() {
    let page = page();
    let (_, order) = page.split_once("# How to read the source").unwrap();
    let (order, _) = order.split_once("# Features").unwrap();
    let (_, table) = order.split_once("|---|---|").unwrap();
    let mut named: Vec<_> = table.split('`').filter(|word| word.ends_with(".rs")).collect();
    named.sort_unstable();
    let files = source::library();
    let files: Vec<_> = files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(named, files);
}

#[test]
fn every_file_that_the_readme_names_exists() {
    let readme = read("README.md");
    for (_, link) in
        readme.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|it| (0, it.0)))
    {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(link);
        assert!(link.starts_with('#') || path.exists(), "README.md links to {link}");
    }
    let (_, order) = readme.split_once("## How to read the source").unwrap();
    let (order, _) = order.split_once("## Features").unwrap();
    // In a list such as "`engine/arena.rs`, `ready.rs`" the folder is named once.
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for name in order.split('`').filter(|word| word.ends_with(".rs") || word.ends_with('/')) {
        let exists =
            ["", "engine/", "../"].iter().any(|folder| source.join(folder).join(name).exists());
        assert!(exists, "README.md names {name}");
    }
}

#[test]
fn the_feature_tables_have_the_features_of_the_manifest() {
    let manifest = read("Cargo.toml");
    let (_, features) = manifest.split_once("[features]").unwrap();
    let (features, _) = features.split_once("\n[").unwrap();
    let features = features.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name);
    let expected: Vec<_> = features.filter(|name| *name != "default").collect();
    for text in [read("README.md"), page()] {
        let (_, table) = text.split_once("| feature |").unwrap();
        let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
        let named: Vec<_> = rows.map(|row| row.split('`').nth(1).unwrap()).collect();
        assert_eq!(named, expected);
    }
}
