//! One item of a Rust file, found by its name.
//!
//! `syn` knows where an item begins and ends, its documentation and attributes included; ordinary
//! comments right above belong to it as well. Names are written as one would call them:
//!
//! ```text
//!     Wheel            a struct, enum, trait, function, constant, type, module, macro
//!     Wheel::insert    a method of any `impl` of the type, or of the trait
//!     impl Wheel       the `impl` itself; all of them, if there are several
//!     impl Drop for Wheel
//!     tests::name      an item of a module within the file
//!     insert@2         the second, where there are several of that name
//! ```

use std::ops::RangeInclusive;

use syn::spanned::Spanned;
use syn::{ImplItem, Item, ItemImpl, TraitItem};

type Lines = RangeInclusive<usize>;

/// The lines of an item.
pub(crate) fn find(text: &str, path: &str, wanted: &str) -> Result<Lines, String> {
    let file = syn::parse_file(text).map_err(|error| format!("`{path}` is no Rust: {error}"))?;
    let (name, which) = match wanted.rsplit_once('@') {
        Some((name, which)) => (name, which.parse::<usize>().ok()),
        None => (wanted, None),
    };
    let mut search = Search::default();
    search.items(&file.items, &[]);
    let squeezed = squeeze(name);
    let found: Vec<&Lines> =
        search.found.iter().filter(|(name, _)| *name == squeezed).map(|(_, lines)| lines).collect();
    let lines = match (found.as_slice(), which) {
        ([], _) => return Err(unknown(path, name, &search)),
        (found, Some(which)) => found
            .get(which.wrapping_sub(1))
            .ok_or_else(|| format!("`{path}` has only {} times `{name}`", found.len()))?,
        ([one], None) => one,
        (several, None) => {
            let at: Vec<String> = several.iter().map(|lines| lines.start().to_string()).collect();
            let at = at.join(", ");
            return Err(format!(
                "`{path}` has several `{name}`, at lines {at}: write `{name}@1` for the first"
            ));
        }
    };
    Ok(with_comments(text, lines))
}

/// What to say if there is no such item: those that have its last name, or all.
fn unknown(path: &str, name: &str, search: &Search) -> String {
    let last = name.rsplit("::").next().unwrap_or(name);
    let names = search.found.iter().map(|(name, _)| name.as_str());
    let mut like: Vec<&str> = names.clone().filter(|known| known.contains(last)).collect();
    if like.is_empty() {
        like = names.collect();
    }
    like.dedup();
    format!("`{path}` has no item `{name}`; it has {}", like.join(", "))
}

/// Every item with the names by which it may be asked for.
#[derive(Default)]
struct Search {
    found: Vec<(String, Lines)>,
}

impl Search {
    fn add(&mut self, module: &[String], name: &str, spanned: &impl Spanned) {
        let mut path = module.to_vec();
        path.push(name.to_owned());
        let span = spanned.span();
        self.found.push((path.join("::"), span.start().line..=span.end().line));
    }

    fn items(&mut self, items: &[Item], module: &[String]) {
        for item in items {
            match item {
                Item::Const(it) => self.add(module, &it.ident.to_string(), it),
                Item::Enum(it) => self.add(module, &it.ident.to_string(), it),
                Item::Fn(it) => self.add(module, &it.sig.ident.to_string(), it),
                Item::Static(it) => self.add(module, &it.ident.to_string(), it),
                Item::Struct(it) => self.add(module, &it.ident.to_string(), it),
                Item::Type(it) => self.add(module, &it.ident.to_string(), it),
                Item::Union(it) => self.add(module, &it.ident.to_string(), it),
                Item::Macro(it) => {
                    let name = it.ident.as_ref().or_else(|| it.mac.path.get_ident());
                    if let Some(name) = name {
                        self.add(module, &name.to_string(), it);
                    }
                }
                Item::Mod(it) => {
                    self.add(module, &it.ident.to_string(), it);
                    let mut inner = module.to_vec();
                    inner.push(it.ident.to_string());
                    self.items(it.content.as_ref().map_or(&[], |(_, items)| items), &inner);
                }
                Item::Trait(it) => {
                    self.add(module, &it.ident.to_string(), it);
                    for inner in &it.items {
                        if let TraitItem::Fn(method) = inner {
                            self.add(
                                module,
                                &format!("{}::{}", it.ident, method.sig.ident),
                                method,
                            );
                        }
                    }
                }
                Item::Impl(it) => self.implementation(it, module),
                _ => {}
            }
        }
    }

    fn implementation(&mut self, it: &ItemImpl, module: &[String]) {
        let Some(of) = type_name(&it.self_ty) else { return };
        let title = match &it.trait_ {
            Some((_, path, _)) => {
                let name = path.segments.last().map(|it| it.ident.to_string()).unwrap_or_default();
                format!("impl {name} for {of}")
            }
            None => format!("impl {of}"),
        };
        self.add(module, &title, it);
        for inner in &it.items {
            match inner {
                ImplItem::Fn(it) => self.add(module, &format!("{of}::{}", it.sig.ident), it),
                ImplItem::Const(it) => self.add(module, &format!("{of}::{}", it.ident), it),
                _ => {}
            }
        }
    }
}

/// The last name of a type's path: `Wheel` of `super::Wheel<T>`.
fn type_name(of: &syn::Type) -> Option<String> {
    match of {
        syn::Type::Path(path) => path.path.segments.last().map(|it| it.ident.to_string()),
        syn::Type::Reference(it) => type_name(&it.elem),
        _ => None,
    }
}

/// A name with single spaces and without what stands in angle brackets.
fn squeeze(name: &str) -> String {
    let mut depth = 0_usize;
    let mut out = String::new();
    for sign in name.chars() {
        match sign {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            sign if depth == 0 => out.push(sign),
            _ => {}
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The lines with the ordinary comments right above them.
fn with_comments(text: &str, lines: &Lines) -> Lines {
    let all: Vec<&str> = text.lines().collect();
    let is_comment = |line: usize| {
        let line = all[line - 1].trim_start();
        line.starts_with("//") && !line.starts_with("//!") && !line.starts_with("// ANCHOR")
    };
    let mut begin = *lines.start();
    while begin > 1 && is_comment(begin - 1) {
        begin -= 1;
    }
    begin..=*lines.end()
}
