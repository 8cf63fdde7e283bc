//! How two files differ, as a unified diff without its line numbers.

use similar::{ChangeTag, TextDiff};

use super::Excerpt;
use crate::house::House;

/// Lines that stay around a change.
const CONTEXT: usize = 3;

/// `{{#diff OLD NEW}}`, or of one item of both: the lines, each with its sign.
pub(crate) fn diff(
    house: &House,
    old: &str,
    new: &str,
    item: Option<&str>,
) -> Result<String, String> {
    let excerpt = |path: &str| match item {
        Some(item) => Excerpt::item(house, path, item),
        None => Excerpt::file(house, path),
    };
    let (before, after) = (excerpt(old)?.text, excerpt(new)?.text);
    if before == after {
        return Err(format!("`{old}` and `{new}` do not differ here"));
    }
    // An item is shown whole: what stays is what the reader knows it by.
    let context = if item.is_some() { usize::MAX / 4 } else { CONTEXT };
    Ok(lines(&before, &after, context))
}

fn lines(before: &str, after: &str, context: usize) -> String {
    let (before, after) = (format!("{before}\n"), format!("{after}\n"));
    let diff = TextDiff::from_lines(&before, &after);
    let mut out = String::new();
    for (number, group) in diff.grouped_ops(context).iter().enumerate() {
        if number > 0 {
            out.push_str("@@\n");
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            out.push(match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            });
            out.push_str(change.value());
        }
    }
    out.trim_end_matches('\n').to_owned()
}
