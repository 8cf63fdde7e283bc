//! `item`, `part`, `file`, `header`, `diff`.

use super::house;
use crate::code::{Excerpt, diff};

const WHEEL: &str = "src/engine/wheel.rs";
const WAITER: &str = "book/listings/examples/one_waiter.rs";
const FIRST: &str = "book/listings/examples/orders_first.rs";

#[test]
fn an_item_stands_with_its_comments_and_the_lines_it_is_on() {
    let item = Excerpt::item(&house(), WHEEL, "Wheel").unwrap();
    assert!(item.text.starts_with("///"), "{}", item.text);
    assert!(item.text.contains("struct Wheel"));
    let lines = item.lines.clone().unwrap();
    assert_eq!(item.text.lines().count(), lines.end() - lines.start() + 1);
    let file = house().read(WHEEL).unwrap();
    assert_eq!(file.lines().nth(lines.start() - 1), item.text.lines().next());
}

#[test]
fn a_method_is_found_by_its_type_and_loses_the_indentation_of_its_impl() {
    let item = Excerpt::item(&house(), WHEEL, "Wheel::insert").unwrap();
    assert!(item.text.contains("\npub(") || item.text.contains("\nfn insert"), "{}", item.text);
    assert!(item.text.ends_with("\n}"), "{}", item.text);
}

#[test]
fn an_impl_of_a_trait_is_found_by_its_title() {
    let path = "src/observe/history/compare.rs";
    let item = Excerpt::item(&house(), path, "impl Display for Difference").unwrap();
    assert!(item.text.starts_with("impl fmt::Display for Difference"));
}

#[test]
fn an_item_that_is_not_there_is_an_error_that_tells_those_like_it() {
    let error = Excerpt::item(&house(), WHEEL, "Hub::insert").unwrap_err();
    assert!(error.contains("`src/engine/wheel.rs` has no item `Hub::insert`"), "{error}");
    assert!(error.contains("Wheel::insert"), "{error}");
}

#[test]
fn a_name_that_several_items_have_is_an_error_that_tells_how_to_choose() {
    let path = "src/observe/event.rs";
    let error = Excerpt::item(&house(), path, "Cause::fmt").map(|it| it.text);
    assert!(error.is_ok(), "one of its name is no question: {error:?}");
    let error = Excerpt::item(&house(), path, "id").unwrap_err();
    assert!(error.contains("write `id@1` for the first"), "{error}");
    assert!(Excerpt::item(&house(), path, "id@2").is_ok());
}

#[test]
fn a_header_is_the_comment_with_which_a_file_begins() {
    let header = Excerpt::header(&house(), WHEEL).unwrap();
    assert!(header.text.lines().all(|line| line.starts_with("//!")));
    assert_eq!(header.lines.unwrap().start(), &1);
}

#[test]
fn a_whole_file_has_no_line_numbers() {
    let file = Excerpt::file(&house(), WAITER).unwrap();
    assert_eq!(file.lines, None);
    assert!(file.text.contains("fn main()"));
    assert_eq!(file.language(), "rust");
}

#[test]
fn the_librarys_own_source_carries_no_marks() {
    let error = Excerpt::part(&house(), WHEEL, "insert").unwrap_err();
    assert!(error.contains("`{{#item}}`"), "{error}");
}

#[test]
fn a_part_that_is_not_marked_is_an_error_that_tells_which_are() {
    let error = Excerpt::part(&house(), WAITER, "nothing").unwrap_err();
    assert!(error.contains("has no `// ANCHOR: nothing`"), "{error}");
}

#[test]
fn a_part_is_what_stands_between_its_marks() {
    let path = "book/listings/examples/joining.rs";
    let part = Excerpt::part(&house(), path, "ways").unwrap();
    assert!(!part.text.is_empty() && !part.text.contains("ANCHOR"), "{}", part.text);
}

#[test]
fn a_difference_has_a_sign_for_each_line() {
    let text = diff(&house(), WAITER, FIRST, None).unwrap();
    assert!(text.lines().all(|line| line.is_empty() || " +-@".contains(&line[..1])), "{text}");
    assert!(text.contains("\n+") && text.contains("\n-"));
}

#[test]
fn a_difference_of_one_item_leaves_the_rest_out() {
    let whole = diff(&house(), WAITER, FIRST, None).unwrap();
    let main = diff(&house(), WAITER, FIRST, Some("main")).unwrap();
    assert!(main.contains("fn main()") && main.len() < whole.len() + 400);
    assert!(!main.contains("//!"));
}

#[test]
fn files_that_do_not_differ_are_an_error() {
    let error = diff(&house(), WAITER, WAITER, None).unwrap_err();
    assert!(error.contains("do not differ"), "{error}");
}

#[test]
fn a_path_out_of_the_project_is_an_error() {
    let error = Excerpt::file(&house(), "../other/file.rs").unwrap_err();
    assert!(error.contains("from the project's root"), "{error}");
}
