//! The replay page.

/// The page that is served on a running loop.
pub(crate) fn live_html() -> String {
    "<!doctype html><meta charset=\"utf-8\"><title>boucle</title><p>The page is not here yet."
        .to_owned()
}

/// Its style sheet.
pub(crate) fn style() -> String {
    String::new()
}

/// Its scripts.
pub(crate) fn script() -> String {
    String::new()
}
