//! Chapters by their numbers: "chapter 9" in prose leads to it.
//!
//! A chapter's number is that of its file, `09-executor.md`: the first is 0.

use std::collections::BTreeMap;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use regex::Regex;

/// The files of the chapters that are made, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Numbered(BTreeMap<u32, String>);

/// The number of a chapter's file; a preface has none.
pub(crate) fn number_of(file: &str) -> Option<u32> {
    let name = file.rsplit('/').next()?;
    name.split_once('-')?.0.parse().ok()
}

impl Numbered {
    /// The chapters of these files, seen from the root.
    pub(crate) fn of<'a>(files: impl Iterator<Item = &'a str>) -> Numbered {
        let name = |file: &str| file.trim_start_matches("book/src/").to_owned();
        Numbered(files.filter_map(|file| Some((number_of(file)?, name(file)))).collect())
    }

    /// A line of the chapter in `file`, in which the names of others are links: `chapter 9`,
    /// `chapters 9 and 12`. Not in headings, code, HTML and links.
    pub(crate) fn linked(&self, file: &str, line: &str) -> String {
        let chapters = Regex::new(r"\b[Cc]hapters? (\d+(?:(?:, and |, | and | or | to )\d+)*)")
            .expect("a good pattern");
        let number = Regex::new(r"\d+").expect("a good pattern");
        let mut out = line.to_owned();
        for range in prose(line).into_iter().rev() {
            let text = &line[range.clone()];
            let found: Vec<_> = chapters.captures_iter(text).collect();
            for found in found.into_iter().rev() {
                let (all, list) =
                    (found.get(0).expect("it was found"), found.get(1).expect("it is no option"));
                // An invariant, as 9.1.
                let rest = text[all.end()..].strip_prefix('.').unwrap_or_default();
                if rest.starts_with(|sign: char| sign.is_ascii_digit()) {
                    continue;
                }
                let numbers: Vec<_> = number.find_iter(list.as_str()).collect();
                for at in numbers.iter().rev() {
                    let Ok(wanted) = at.as_str().parse() else { continue };
                    let Some(to) = self.0.get(&wanted) else { continue };
                    if number_of(file) == Some(wanted) {
                        continue;
                    }
                    // The word too, where there is one chapter.
                    let begin =
                        if numbers.len() == 1 { all.start() } else { list.start() + at.start() };
                    let span = begin..list.start() + at.end();
                    let link = format!("[{}]({to})", &text[span.clone()]);
                    out.replace_range(range.start + span.start..range.start + span.end, &link);
                }
            }
        }
        out
    }
}

/// Where the prose of a line stands.
fn prose(line: &str) -> Vec<std::ops::Range<usize>> {
    // What is indented belongs to a list here.
    let indent = line.len() - line.trim_start().len();
    let mut within = 0;
    let mut ranges: Vec<std::ops::Range<usize>> = Vec::new();
    for (event, range) in Parser::new(&line[indent..]).into_offset_iter() {
        match event {
            Event::Start(Tag::Link { .. } | Tag::Heading { .. } | Tag::HtmlBlock) => within += 1,
            Event::End(TagEnd::Link | TagEnd::Heading(_) | TagEnd::HtmlBlock) => within -= 1,
            Event::Text(_) if within == 0 => ranges.push(indent + range.start..indent + range.end),
            _ => {}
        }
    }
    ranges
}
