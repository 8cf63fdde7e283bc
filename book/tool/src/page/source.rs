//! Pages for the files that chapters point at, with numbered lines: `source/src/clock.rs.html#L12`.

use std::fs;
use std::path::Path;

use super::listing::escaped;
use crate::house::House;

/// Where the page of a file stands in the book. mdBook would take a `.md` within for a chapter.
pub(crate) fn address(path: &str) -> String {
    format!("source/{}.html", path.replace(".md", "-md"))
}

/// Writes the page of a file into the book.
pub(crate) fn write(house: &House, path: &str, book: &Path) -> anyhow::Result<()> {
    let text = house.read(path).map_err(anyhow::Error::msg)?;
    let to = book.join(address(path));
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(to, page(path, &text))?;
    Ok(())
}

fn page(path: &str, text: &str) -> String {
    // From `source/src/clock.rs.html` up to the book.
    let up = "../".repeat(path.split('/').count());
    let lines: String = (1..)
        .zip(text.lines())
        .map(|(number, line)| {
            format!(
                "<span id=\"L{number}\"><a href=\"#L{number}\">{number}</a>{}</span>\n",
                escaped(line)
            )
        })
        .collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{path}</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>{STYLE}</style>\n\
         </head>\n<body>\n<h1>{path}</h1>\n\
         <p><a href=\"{up}index.html\">The book</a></p>\n<pre tabindex=\"0\">\n{lines}</pre>\n</body>\n</html>\n"
    )
}

const STYLE: &str = "\
:root { color-scheme: light dark; font-family: system-ui, sans-serif; }
body { margin: 1rem; } h1 { font-size: 1.1rem; font-family: monospace; overflow-wrap: anywhere; }
pre { overflow-x: auto; line-height: 1.4; font-size: 0.85rem; }
pre span { display: block; min-height: 1.4em; scroll-margin-top: 30vh; }
pre a { display: inline-block; width: 4ch; margin-right: 2ch; text-align: right; color: gray;
  text-decoration: none; user-select: none; }
:target { background: color-mix(in srgb, gold 25%, transparent); }";
