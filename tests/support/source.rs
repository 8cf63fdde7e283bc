//! Reads the source files of the library: without a parser, so only as well as our own style needs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A source file of the library, without comments, literals and attributes of documentation.
pub struct File {
    /// Its path below `src/`.
    pub path: String,
    /// Its module, as `engine::arena`; the root is empty.
    pub module: String,
    /// Its lines, with everything blanked that is not code.
    pub lines: Vec<String>,
}

/// A place where one module names another.
#[derive(Debug, PartialEq, Eq)]
pub struct Import {
    pub line: usize,
    /// The full path, from the root.
    pub path: String,
    /// `pub use` of something below: a signpost for readers, not knowledge.
    pub is_signpost: bool,
}

/// All files of the library, without unit tests.
pub fn library() -> Vec<File> {
    fn walk(folder: &Path, below: &str, files: &mut Vec<File>) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{below}{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                walk(&entry.path(), &format!("{path}/"), files);
            } else if entry.path().extension().is_some_and(|it| it == "rs")
                && !path.ends_with("tests.rs")
            {
                let text = fs::read_to_string(entry.path()).unwrap();
                files.push(File { module: module_of(&path), path, lines: code_of(&text) });
            }
        }
    }
    let mut files = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut files);
    assert!(files.len() > 20, "the library was not found");
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// The module that a file is. What stands in for a module without an OS counts as that module.
pub fn module_of(path: &str) -> String {
    let path = path.trim_end_matches(".rs").replace("absent/", "");
    let path = path.trim_end_matches("/mod").replace('/', "::");
    if path == "lib" { String::new() } else { path }
}

/// Whether `module` is `outer` or below it.
pub fn is_within(module: &str, outer: &str) -> bool {
    outer.is_empty() || module == outer || module.starts_with(&format!("{outer}::"))
}

/// Where `what` stands in the code: file and line.
pub fn find(files: &[File], what: &str) -> Vec<(String, usize)> {
    let lines = files.iter().flat_map(|file| {
        file.lines.iter().enumerate().map(move |(at, line)| (&file.path, at + 1, line))
    });
    let found = lines.filter(|(_, _, line)| line.contains(what));
    found.map(|(path, number, _)| (path.clone(), number)).collect()
}

/// The lines of a file with comments and the contents of literals blanked out.
pub fn code_of(text: &str) -> Vec<String> {
    let (mut code, mut rest) = (String::new(), text);
    while let Some(first) = rest.chars().next() {
        // The length of what is skipped, and whether its two ends are kept.
        let (length, is_literal) = if rest.starts_with("//") {
            (rest.find('\n').unwrap_or(rest.len()), false)
        } else if rest.starts_with("/*") {
            (rest.find("*/").map_or(rest.len(), |end| end + 2), false)
        } else if first == '"' {
            let mut escaped = false;
            let end = rest[1..].find(|c| {
                let is_end = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                is_end
            });
            (end.map_or(rest.len(), |end| end + 2), true)
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
            // A quote as a character is no string.
            if first == '\'' && rest.starts_with("\"'") {
                rest = &rest[1..];
            }
            continue;
        };
        code.push_str(if is_literal { "\"" } else { "" });
        code.extend(rest[..length].chars().filter(|c| *c == '\n'));
        code.push_str(if is_literal { "\"" } else { "" });
        rest = &rest[length..];
    }
    code.lines().map(str::to_owned).collect()
}

/// Everything of the crate that a file names: by `use`, or by a path in the code.
pub fn imports(file: &File) -> Vec<Import> {
    let code = file.lines.join("\n");
    let children: Vec<&str> = code
        .match_indices("mod ")
        .filter_map(|(at, word)| code[at + word.len()..].split_once(';').map(|(name, _)| name))
        .collect();
    let mut found = Vec::new();
    let mut rest = code.as_str();
    while let Some(at) = next_path(rest) {
        let (before, path) = rest.split_at(at);
        let line = code[..code.len() - path.len()].matches('\n').count() + 1;
        let statement = before.rsplit(['\n', ';', '}']).next().unwrap_or("").trim();
        let is_use = path.starts_with("use ");
        let length = if is_use {
            path.find(';').unwrap_or(path.len())
        } else {
            path.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').unwrap_or(path.len())
        };
        let mut paths = Vec::new();
        expand("", path[..length].trim_start_matches("use "), &mut paths);
        for path in paths {
            let Some(path) = absolute(&path, &file.module, &children) else { continue };
            let is_below = is_within(&path, &file.module) && path != file.module;
            let is_signpost = is_use && statement == "pub" && is_below;
            found.push(Import { line, path, is_signpost });
        }
        rest = &rest[at + length..];
    }
    found
}

/// Where the next `use` or path from `crate` or `super` begins.
fn next_path(code: &str) -> Option<usize> {
    let begins = |word: &str| {
        code.match_indices(word).map(|(at, _)| at).find(|&at| {
            !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
        })
    };
    [begins("use "), begins("crate::"), begins("super::")].into_iter().flatten().min()
}

/// Takes the braces of a `use` apart.
fn expand(prefix: &str, tree: &str, paths: &mut Vec<String>) {
    let tree = tree.trim();
    let Some((stem, group)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or(tree).trim();
        let path = path.trim_end_matches("::").trim_end_matches("self").trim_end_matches("::");
        if !tree.is_empty() {
            paths.push(format!("{prefix}{path}").trim_end_matches("::").to_owned());
        }
        return;
    };
    let (mut depth, mut start) = (0, 0);
    let group = group.rsplit_once('}').map_or(group, |(group, _)| group);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                expand(&format!("{prefix}{}", stem.trim()), &group[start..at], paths);
                start = at + 1;
            }
            _ => {}
        }
    }
    expand(&format!("{prefix}{}", stem.trim()), &group[start..], paths);
}

/// A path from the root of the crate; `None` if it leads out of the crate.
fn absolute(path: &str, module: &str, children: &[&str]) -> Option<String> {
    let mut here: Vec<&str> = module.split("::").filter(|part| !part.is_empty()).collect();
    let mut parts = path.split("::").peekable();
    match *parts.peek()? {
        "crate" => here.clear(),
        "self" | "super" => {}
        child if children.contains(&child) => {}
        _ => return None,
    }
    for part in parts {
        match part {
            "crate" | "self" => {}
            "super" => drop(here.pop()),
            part => here.push(part),
        }
    }
    Some(here.join("::"))
}

/// From which module to which, and where.
pub fn edges(files: &[File]) -> Vec<(String, String, String)> {
    let modules: BTreeSet<&str> = files.iter().map(|file| file.module.as_str()).collect();
    // What the root shows to the world is where the signpost points to.
    let signs: BTreeMap<String, String> = (files.iter().filter(|file| file.module.is_empty()))
        .flat_map(imports)
        .filter_map(|import| Some((import.path.rsplit("::").next()?.to_owned(), import.path)))
        .collect();
    let mut edges = Vec::new();
    for file in files {
        for import in imports(file).iter().filter(|import| !import.is_signpost) {
            let path = signs.get(&import.path).unwrap_or(&import.path);
            // The longest beginning of the path that is a module.
            let ends = path.match_indices("::").map(|(at, _)| at).chain([path.len()]);
            let to = ends.map(|end| &path[..end]).filter(|path| modules.contains(path)).last();
            let to = to.unwrap_or("");
            if to != file.module {
                let place = format!("src/{}:{}", file.path, import.line);
                edges.push((file.module.clone(), to.to_owned(), place));
            }
        }
    }
    edges
}

/// A way along the edges that comes back to where it began, if there is one.
pub fn circle(edges: &[(String, String, String)]) -> Option<Vec<String>> {
    fn walk<'a>(
        at: &'a str,
        edges: &'a [(String, String, String)],
        way: &mut Vec<&'a (String, String, String)>,
        done: &mut BTreeSet<&'a str>,
    ) -> Option<Vec<String>> {
        if let Some(start) = way.iter().position(|(from, _, _)| from == at) {
            let told = way[start..].iter();
            return Some(told.map(|(from, to, at)| format!("{at}: {from} imports {to}")).collect());
        }
        if !done.insert(at) {
            return None;
        }
        for edge in edges.iter().filter(|(from, _, _)| from == at) {
            way.push(edge);
            let found = walk(&edge.1, edges, way, done);
            way.pop();
            if found.is_some() {
                return found;
            }
        }
        None
    }
    let mut done = BTreeSet::new();
    edges.iter().find_map(|(from, _, _)| walk(from, edges, &mut Vec::new(), &mut done))
}
