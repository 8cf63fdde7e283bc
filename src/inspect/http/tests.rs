//! What is taken for a request.

use super::{HEADERS, Refused, Request};

/// The path and the query of a head, or why it is none.
fn parse(head: &str) -> Result<(String, Option<String>), Refused> {
    Request::parse(head.as_bytes()).map(|request| (request.path, request.query))
}

#[test]
fn a_request_is_taken_apart() {
    let head = "GET /events?loop=2 HTTP/1.1\r\nHost: a\r\nX-Two: 1\r\nx-two: 2\r\nOld: é\r\n\r\n";
    let request = Request::parse(head.as_bytes()).unwrap();
    assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/events"));
    assert_eq!(request.query.as_deref(), Some("loop=2"));
    assert_eq!(request.only("host"), Ok(Some("a")));
    assert_eq!(request.only("origin"), Ok(None));
    assert_eq!(request.only("x-two"), Err(Refused::Malformed));
}

/// Case 162.
#[test]
fn a_path_is_never_decoded() {
    for path in ["/../etc/passwd", "/%2e%2e/", "/%252e", "/..%2f", "/\\..\\", "//etc", "/c:/"] {
        let parsed = parse(&format!("GET {path} HTTP/1.1\r\n\r\n"));
        assert_eq!(parsed, Ok((path.to_owned(), None)));
    }
}

/// Case 158.
#[test]
fn what_is_no_request_is_malformed() {
    for head in [
        "\r\n\r\n",
        "hello\r\n\r\n",
        "GET / HTTP/2.0\r\n\r\n",
        "GET /\r\n\r\n",
        "GET  / HTTP/1.1\r\n\r\n",
        "GET http://localhost/ HTTP/1.1\r\n\r\n",
        "GET * HTTP/1.1\r\n\r\n",
        "GET x HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\n\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n",
        "GET /\0 HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n",
    ] {
        assert_eq!(parse(head), Err(Refused::Malformed), "{head:?}");
    }
}

/// Case 156.
#[test]
fn there_may_be_so_many_headers_and_no_more() {
    let head = |headers| format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(headers));
    assert!(parse(&head(HEADERS)).is_ok());
    assert_eq!(parse(&head(HEADERS + 1)), Err(Refused::TooLarge));
}
