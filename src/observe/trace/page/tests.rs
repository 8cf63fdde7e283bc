//! The page's own parts; what is put into it is tested in `tests/hostile.rs`.

use std::io::Write;

use super::{Harmless, PAGE, fill, script, style};

#[test]
fn every_part_of_the_page_has_one_place() {
    let mut parts = Vec::new();
    let mut page = Vec::new();
    fill(&mut page, &mut |part, to| {
        parts.push(part.to_owned());
        write!(to, "[{part}]")
    })
    .unwrap();
    parts.sort();
    assert_eq!(parts, ["SCRIPTS", "STYLE", "TRACE", "TRACE-B"]);
    let page = String::from_utf8(page).unwrap();
    assert!(page.ends_with("</html>\n") && page.len() < PAGE.len() + 4);
}

#[test]
fn the_scripts_and_the_style_end_where_they_are_to() {
    let script = script();
    assert!(!script.contains("</script") && !script.contains("<!--"));
    assert!(!style().contains("</style"));
    assert!(script.matches("\"use strict\";").count() >= 1);
}

#[test]
fn a_less_than_sign_is_written_as_an_escape() {
    let mut page = Vec::new();
    Harmless(&mut page).write_all(b"<a<<\"").unwrap();
    assert_eq!(page, br#"\u003ca\u003c\u003c""#);
}

#[cfg(feature = "inspect")]
#[test]
fn the_page_of_a_running_loop_has_nothing_in_it_that_could_run() {
    let page = super::live_html("events?loop=2");
    assert_eq!(page.matches("<meta name=\"boucle-live\" content=\"events?loop=2\">").count(), 1);
    assert_eq!(page.matches("<link rel=\"stylesheet\" href=\"style.css\">").count(), 1);
    assert_eq!(page.matches("<script src=\"script.js\" defer></script>").count(), 1);
    assert_eq!(page.matches("<script>").count(), 0, "a script of its own");
    for unwanted in ["<style", " style=", " onclick=", "http-equiv", "/*", "http://", "https://"] {
        assert!(!page.contains(unwanted), "{unwanted}");
    }
}
