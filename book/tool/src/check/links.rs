//! Links: each of a page leads to a file of the book, and to a place that is there.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use regex::Regex;

use crate::book::Chapter;
use crate::faults::{Faults, Place};

/// Checks the pages of these chapters, in the folder of the finished book.
pub(crate) fn check(book: &Path, chapters: &[Chapter], faults: &Faults) -> anyhow::Result<()> {
    let link = Regex::new(r#"(?:href|src|data-replay)="([^"]*)""#).expect("a good pattern");
    let mut places = HashMap::new();
    for chapter in chapters {
        let name = chapter.file.trim_start_matches("book/src/").replace(".md", ".html");
        let page = fs::read_to_string(book.join(&name))?;
        let main = page.split_once("<main>").map_or("", |(_, rest)| rest);
        let main = main.split_once("</main>").map_or(main, |(main, _)| main);
        for found in link.captures_iter(main) {
            let to = found[1].replace("&amp;", "&");
            if let Err(why) = leads(book, &name, &to, &mut places) {
                faults
                    .add(&place(chapter, &to), format!("the link to `{to}` leads nowhere: {why}"));
            }
        }
    }
    Ok(())
}

/// The line of the chapter in which a link stands, if it stands there so.
fn place(chapter: &Chapter, to: &str) -> Place {
    let target = to.replace(".html", ".md");
    let line = chapter.text.lines().position(|line| line.contains(&target) || line.contains(to));
    Place { file: chapter.file.clone(), line: line.map_or(0, |line| line + 1) }
}

/// Whether a link from a page leads to something.
fn leads(
    book: &Path,
    from: &str,
    to: &str,
    places: &mut HashMap<PathBuf, HashSet<String>>,
) -> Result<(), String> {
    if ["https://", "http://", "mailto:", "data:"].iter().any(|scheme| to.starts_with(scheme)) {
        return Ok(());
    }
    let (path, fragment) = to.split_once('#').unwrap_or((to, ""));
    let path = if path.is_empty() { from } else { path };
    let mut file = PathBuf::new();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(part) => file.push(part),
            Component::CurDir => {}
            Component::ParentDir if file.pop() => {}
            _ => {
                return Err(
                    "it leaves the book; files of the project are linked as `../../PATH`".into()
                );
            }
        }
    }
    let file = book.join(file);
    if !file.is_file() {
        return Err("there is no such page or file".to_owned());
    }
    // What follows the `#` of a replay is for the replay.
    if fragment.is_empty() || path.starts_with("scenes/") {
        return Ok(());
    }
    let known = places.entry(file).or_insert_with_key(|file| {
        let id = Regex::new(r#"\bid="([^"]*)""#).expect("a good pattern");
        let text = fs::read_to_string(file).unwrap_or_default();
        id.captures_iter(&text).map(|found| found[1].to_owned()).collect()
    });
    match known.contains(fragment) {
        true => Ok(()),
        false => Err(format!("the page has no place `{fragment}`")),
    }
}
