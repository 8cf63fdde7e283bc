//! Pieces of a chapter put in their places: from what stands in a chapter to what mdBook gets.

mod exercise;
mod figure;
mod ledger;
mod listing;
mod needs;
mod numbered;
mod predict;
pub(crate) mod source;

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use regex::{Captures, Regex};

use crate::chapter::{Directive, Piece, What, pieces, values};
use crate::code::Excerpt;
use crate::faults::{Faults, Place};
use crate::house::House;
use crate::scene::{Made, Scenes};
use crate::trace::{Trace, queries, turns};

pub(crate) use needs::Needs;
pub(crate) use numbered::{Numbered, number_of};

/// The info string of a console: text, so that no word of it is taken for one of a language.
const CONSOLE: &str = "text,console";

/// What a directive becomes: Markdown, or what is wrong with it.
type Markdown = Result<String, String>;

/// Puts pieces in their places.
pub(crate) struct Pages<'a> {
    pub(crate) house: &'a House,
    pub(crate) scenes: &'a Scenes,
    pub(crate) faults: &'a Faults,
    chapters: Numbered,
    /// Files of the project that pages point at.
    pub(crate) cited: RefCell<BTreeSet<String>>,
    /// Traces that were read.
    traces: RefCell<HashMap<String, Rc<Trace>>>,
}

impl<'a> Pages<'a> {
    pub(crate) fn new(
        house: &'a House,
        scenes: &'a Scenes,
        faults: &'a Faults,
        chapters: Numbered,
    ) -> Pages<'a> {
        let (cited, traces) = (RefCell::default(), RefCell::default());
        Pages { house, scenes, faults, chapters, cited, traces }
    }

    /// A chapter's text as mdBook gets it.
    pub(crate) fn chapter(&self, file: &str, text: &str) -> String {
        let text = self.expand(pieces(file, 1, text));
        match (number_of(file), text.strip_prefix("# ")) {
            (Some(number), Some(rest)) => format!("# {number}. {rest}"),
            _ => text,
        }
    }

    fn expand(&self, pieces: Vec<Piece>) -> String {
        let mut out = String::new();
        for Piece { place, what } in pieces {
            let text = match what {
                What::Prose(line) => self.prose(&place, line),
                What::Directive(directive) => {
                    self.or_fault(&place, self.directive(&place, &directive))
                }
                What::Fenced { info, lines, .. } if info == "predict" => {
                    self.or_fault(&place, self.predict(&place, &lines))
                }
                What::Fenced { info, lines, fence } => {
                    let info = if info.starts_with("console") { CONSOLE } else { &info };
                    format!("{fence}{info}\n{}\n{fence}", lines.join("\n"))
                }
            };
            out.push_str(&text);
            out.push('\n');
        }
        out
    }

    /// The text, or a box that says what is wrong; which is noted.
    fn or_fault(&self, place: &Place, text: Markdown) -> String {
        text.unwrap_or_else(|error| {
            self.faults.add(place, error.clone());
            format!("\n<div class=\"fault\">\n\n{place}: {error}\n\n</div>\n")
        })
    }

    /// A line with its values.
    fn prose(&self, place: &Place, mut line: String) -> String {
        for (range, directive) in values(&line).into_iter().rev() {
            let value = match directive.name.as_str() {
                "value" => self.value(&directive),
                name => Err(format!("`{{{{#{name}}}}}` must stand alone on its line")),
            };
            let value = value.unwrap_or_else(|error| {
                self.faults.add(place, error);
                "**(?)**".to_owned()
            });
            line.replace_range(range, &value);
        }
        self.chapters.linked(&place.file, &self.with_sources(line))
    }

    /// A line whose links to files of the project lead to their pages in the book.
    fn with_sources(&self, line: String) -> String {
        if !line.contains("](../../") {
            return line;
        }
        let link = Regex::new(r"\]\(\.\./\.\./([^)#]+)(#[^)]*)?\)").expect("a good pattern");
        let lead = |found: &Captures<'_>| match self.house.read(&found[1]) {
            Ok(_) => {
                let at = found.get(2).map_or("", |at| at.as_str());
                format!("]({}{at})", self.source(&found[1], None))
            }
            // Left as it is: `cargo book check` says that it leads nowhere.
            Err(_) => found[0].to_owned(),
        };
        link.replace_all(&line, lead).into_owned()
    }

    fn directive(&self, place: &Place, directive: &Directive) -> Markdown {
        let words: Vec<&str> = directive.words.iter().map(String::as_str).collect();
        let note = &self.chapters.linked(&place.file, &directive.note);
        match (directive.name.as_str(), words.as_slice()) {
            ("item", [path, item @ ..]) if !item.is_empty() => {
                Excerpt::item(self.house, path, &item.join(" ")).map(|it| self.listing(&it))
            }
            ("part", [path, name]) => {
                Excerpt::part(self.house, path, name).map(|it| self.listing(&it))
            }
            ("file", [path]) => Excerpt::file(self.house, path).map(|it| self.listing(&it)),
            ("header", [path]) => Excerpt::header(self.house, path).map(|it| self.header(&it)),
            ("diff", [old, new]) => self.diff(old, new, None),
            ("diff", [old, new, item @ ..]) => self.diff(old, new, Some(&item.join(" "))),
            ("replay", [scene]) if !note.is_empty() => self.replay(scene, note),
            ("lanes", [scene]) if !note.is_empty() => self.lanes(scene, note),
            ("compare", [one, other]) if !note.is_empty() => self.compare(one, other, note),
            ("replay" | "lanes" | "compare", [_, ..]) => {
                Err("a picture needs a sentence that says what to notice: `SCENE | sentence`"
                    .into())
            }
            ("story", [scene, range]) => {
                let story = turns(&self.scenes.get(scene)?.text("story")?, range)?;
                Ok(fenced("text", &story))
            }
            ("output", [scene]) => {
                let made = self.scenes.get(scene)?;
                let output = made.text("console")?;
                Ok(fenced(CONSOLE, &format!("$ {}\n{}", made.scene.command(), output.trim_end())))
            }
            ("why", [scene, words @ ..]) => {
                Ok(fenced("text,why", &self.trace(scene)?.why(words)?.join("\n")))
            }
            ("experiment", [id]) => ledger::experiment(self.house, id),
            ("ledger", []) => ledger::ledger(self.house),
            ("exercise", [name]) => self.exercise(name),
            (name, _) => Err(usage(name)),
        }
    }

    /// `{{#value SCENE QUERY}}`
    fn value(&self, directive: &Directive) -> Markdown {
        let words: Vec<&str> = directive.words.iter().map(String::as_str).collect();
        let Some((scene, query)) = words.split_first() else { return Err(usage("value")) };
        queries::answer(&*self.trace(scene)?, query)
            .map_err(|error| format!("scene `{scene}`: {error}"))
    }

    /// The trace of a scene.
    fn trace(&self, scene: &str) -> Result<Rc<Trace>, String> {
        if let Some(trace) = self.traces.borrow().get(scene) {
            return Ok(Rc::clone(trace));
        }
        let made: &Made = self.scenes.get(scene)?;
        let trace = Rc::new(Trace::read(&made.text("jsonl")?, made.text("console")?)?);
        self.traces.borrow_mut().insert(scene.to_owned(), Rc::clone(&trace));
        Ok(trace)
    }

    /// A link to a file of the project.
    fn source(&self, path: &str, line: Option<usize>) -> String {
        self.cited.borrow_mut().insert(path.to_owned());
        let at = line.map(|line| format!("#L{line}")).unwrap_or_default();
        format!("{}{at}", source::address(path))
    }
}

/// A block of code, with a fence that is longer than any in the text.
fn fenced(info: &str, text: &str) -> String {
    let longest = text.split(|sign| sign != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{info}\n{text}\n{fence}")
}

/// How a directive is written.
fn usage(name: &str) -> String {
    let usage = match name {
        "item" => "{{#item PATH ITEM}}",
        "part" => "{{#part PATH NAME}}",
        "file" => "{{#file PATH}}",
        "header" => "{{#header PATH}}",
        "diff" => "{{#diff OLD NEW}} or {{#diff OLD NEW ITEM}}",
        "replay" => "{{#replay SCENE | what to notice}}",
        "lanes" => "{{#lanes SCENE | what to notice}}",
        "compare" => "{{#compare SCENE OTHER | what to notice}}",
        "story" => "{{#story SCENE FROM..TO}}",
        "output" => "{{#output SCENE}}",
        "why" => "{{#why SCENE poll TASK N}} or {{#why SCENE sleep N}}",
        "value" => "{{#value SCENE QUERY}}",
        "experiment" => "{{#experiment X10}}",
        "ledger" => "{{#ledger}}",
        "exercise" => "{{#exercise NAME}}",
        _ => return format!("there is no directive `{name}`: book/README.md lists them"),
    };
    format!("this directive is written `{usage}`")
}
