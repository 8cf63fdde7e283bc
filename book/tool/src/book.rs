//! The book, put together by mdBook.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use mdbook_driver::MDBook;
use mdbook_driver::book::Book;
use mdbook_driver::config::Config;
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};
use mdbook_summary::{Link, Summary, SummaryItem, parse_summary};

use crate::chapter::{Directive, directives};
use crate::faults::{Faults, Place};
use crate::house::House;
use crate::page::{Needs, Numbered, Pages, number_of, source};
use crate::scene::Scenes;

/// A chapter of the book: its file, seen from the root, and its text.
#[derive(Debug)]
pub(crate) struct Chapter {
    pub(crate) file: String,
    pub(crate) text: String,
}

impl Chapter {
    /// All directives of it, those of predictions and prose included.
    pub(crate) fn directives(&self) -> Vec<Directive> {
        directives(&self.text)
    }
}

/// Makes the whole book, or some chapters of it.
pub(crate) fn build(house: &House, wanted: &[String], faults: &Faults) -> anyhow::Result<()> {
    let assembled = assemble(house, wanted, faults, Missing::Warns)?;
    let work = work_folder(house);
    assembled.render(house, &work)?;
    let to =
        if wanted.is_empty() { house.book().join("build") } else { house.target().join("draft") };
    // Whoever reads the book meanwhile sees the old one, then the new one.
    if to.exists() {
        fs::remove_dir_all(&to)?;
    }
    fs::rename(&work, &to)?;
    println!("{}", to.join("index.html").display());
    Ok(())
}

/// A folder of this process, to make the book in.
pub(crate) fn work_folder(house: &House) -> PathBuf {
    house.target().join(format!("book-{}", std::process::id()))
}

/// The book before it becomes pages.
pub(crate) struct Assembled {
    summary: Summary,
    pub(crate) chapters: Vec<Chapter>,
    pub(crate) scenes: Scenes,
    /// Files of the project that it points at.
    pub(crate) cited: BTreeSet<String>,
    /// Each chapter's file, and its text as mdBook gets it.
    texts: Vec<(String, String)>,
}

/// Puts the chapters together, with all they show.
pub(crate) fn assemble(
    house: &House,
    wanted: &[String],
    faults: &Faults,
    missing: Missing,
) -> anyhow::Result<Assembled> {
    let (summary, chapters) = load(house, wanted, faults, missing)?;
    let scenes = scenes_of(house, &chapters)?;
    let numbered = Numbered::of(chapters.iter().map(|chapter| chapter.file.as_str()));
    let pages = Pages::new(house, &scenes, faults, numbered);
    let text = |it: &Chapter| (it.file.clone(), pages.chapter(&it.file, &it.text));
    let texts = chapters.iter().map(text).collect();
    let cited = pages.cited.take();
    Ok(Assembled { summary, chapters, scenes, cited, texts })
}

impl Assembled {
    /// Makes the pages.
    pub(crate) fn render(&self, house: &House, to: &Path) -> anyhow::Result<()> {
        let mut config = Config::from_disk(house.book().join("book.toml"))?;
        to.clone_into(&mut config.build.build_dir);
        let mut book =
            MDBook::load_with_config_and_summary(house.book(), config, self.summary.clone())?;
        book.with_preprocessor(Directives { texts: self.texts.clone() });
        book.build().context("mdBook could not make the book")?;
        add_scenes(&self.scenes, to)?;
        for path in &self.cited {
            source::write(house, path, to)?;
        }
        Ok(())
    }
}

/// Whether a word names a chapter that is written.
pub(crate) fn names_a_chapter(house: &House, word: &str) -> bool {
    load(house, &[word.to_owned()], &Faults::default(), Missing::Warns).is_ok()
}

/// What a chapter of SUMMARY.md that is not there means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Warns,
    IsAFault,
}

/// The chapters, and the summary without those that are not there or not wanted.
fn load(
    house: &House,
    wanted: &[String],
    faults: &Faults,
    missing: Missing,
) -> anyhow::Result<(Summary, Vec<Chapter>)> {
    let mut summary =
        parse_summary(&house.read("book/src/SUMMARY.md").map_err(anyhow::Error::msg)?)?;
    let mut chapters = Vec::new();
    let parts = [
        &mut summary.prefix_chapters,
        &mut summary.numbered_chapters,
        &mut summary.suffix_chapters,
    ];
    for item in parts.into_iter().flatten() {
        let SummaryItem::Link(Link { name: title, location, .. }) = item else { continue };
        let Some(path) = location.clone() else { continue };
        let name = path.to_string_lossy().into_owned();
        // mdBook would count from 1.
        if let Some(number) = number_of(&name) {
            *title = format!("{number}. {title}");
        }
        if !wanted.is_empty() && !wanted.iter().any(|wanted| is_called(&name, wanted)) {
            *location = None;
            continue;
        }
        let file = format!("book/src/{name}");
        if let Ok(text) = house.read(&file) {
            chapters.push(Chapter { file, text });
        } else {
            *location = None;
            let told = format!("{file} is not written yet");
            match missing {
                Missing::Warns => faults.warn(told),
                Missing::IsAFault => {
                    faults.add(&Place { file: "book/src/SUMMARY.md".into(), line: 0 }, told);
                }
            }
        }
    }
    for wanted in wanted {
        let is_there =
            |chapter: &Chapter| is_called(chapter.file.trim_start_matches("book/src/"), wanted);
        if !chapters.iter().any(is_there) {
            anyhow::bail!("SUMMARY.md names no chapter `{wanted}` that is written");
        }
    }
    Ok((summary, chapters))
}

/// Whether `09-executor.md` is meant by `09`, `09-executor`, `09-executor.md` or its path.
fn is_called(name: &str, wanted: &str) -> bool {
    let wanted = wanted.rsplit('/').next().unwrap_or(wanted);
    let stem = name.trim_end_matches(".md");
    stem == wanted.trim_end_matches(".md") || stem.split('-').next() == Some(wanted)
}

/// The scenes that these chapters name, made.
fn scenes_of(house: &House, chapters: &[Chapter]) -> anyhow::Result<Scenes> {
    let mut needs = Needs::default();
    for directive in chapters.iter().flat_map(Chapter::directives) {
        needs.directive(&directive);
    }
    Scenes::make(house, &needs.scenes, &needs.pairs)
}

/// Gives mdBook the chapters as they were put together.
struct Directives {
    texts: Vec<(String, String)>,
}

impl Preprocessor for Directives {
    fn name(&self) -> &'static str {
        "directives"
    }

    fn run(&self, _: &PreprocessorContext, mut book: Book) -> anyhow::Result<Book> {
        book.for_each_chapter_mut(|chapter| {
            let path = chapter.source_path.clone().unwrap_or_default();
            let file = Path::new("book/src").join(path);
            let text = self.texts.iter().find(|(name, _)| Path::new(name) == file);
            if let Some((_, text)) = text {
                chapter.content.clone_from(text);
            }
        });
        Ok(book)
    }
}

/// Puts the files of scenes into the book.
fn add_scenes(scenes: &Scenes, to: &Path) -> anyhow::Result<()> {
    let to = to.join("scenes");
    fs::create_dir_all(&to)?;
    let copy = |file: PathBuf| -> anyhow::Result<()> {
        if let (true, Some(name)) = (file.exists(), file.file_name()) {
            fs::copy(&file, to.join(name))?;
        }
        Ok(())
    };
    for made in scenes.all() {
        for form in ["html", "svg", "jsonl"] {
            copy(made.file(form))?;
        }
    }
    for page in scenes.compared_pages() {
        copy(page)?;
    }
    Ok(())
}
