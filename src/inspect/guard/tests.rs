//! Who may ask: each line is a request as somebody could send it.

use super::super::http::{Refused, Request};
use super::Guard;

/// Whether a request with these headers, after its first line, is admitted on port 4141.
fn asked(port: u16, secret: &str, first: &str, headers: &[&str]) -> Result<String, Refused> {
    let guard = Guard { port, secret: secret.into() };
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let request = Request::parse(format!("{first} HTTP/1.1\r\n{headers}\r\n").as_bytes())?;
    guard.admit(&request).map(str::to_owned)
}

/// The same for a plain request of the page.
fn with(headers: &[&str]) -> Result<String, Refused> {
    asked(4141, "", "GET /", headers)
}

#[test]
fn a_host_that_is_this_machine_is_admitted() {
    for host in ["localhost:4141", "127.0.0.1:4141", "127.8.15.254:4141", "[::1]:4141"] {
        assert_eq!(with(&[&format!("Host: {host}")]), Ok("/".to_owned()), "{host}");
    }
    // Where a browser leaves the port out.
    assert_eq!(asked(80, "", "GET /", &["Host: [::1]"]), Ok("/".to_owned()));
    assert_eq!(asked(80, "", "GET /", &["host: localhost"]), Ok("/".to_owned()));
}

/// Case 164.
#[test]
fn any_other_host_is_forbidden() {
    let others = [
        // Another site, which was made to point here; and names that look like ours.
        "evil.com:4141",
        "localhost.evil.com:4141",
        "127.0.0.1.evil.com:4141",
        "evil-localhost:4141",
        "localhost6:4141",
        "localhost4:4141",
        "ip6-localhost:4141",
        // Another port, none, or more than a port.
        "localhost:80",
        "localhost",
        "localhost:",
        "localhost:04141",
        "localhost:+4141",
        "localhost:4141:4141",
        "localhost:4141/",
        "[::1]",
        "[::1]4141",
        // A dot at the end, a user, upper case, spaces.
        "localhost.:4141",
        "127.0.0.1.:4141",
        "localhost:4141.",
        "user@localhost:4141",
        "localhost:4141@evil.com",
        "LOCALHOST:4141",
        "Localhost:4141",
        "localhost :4141",
        "localhost:4141, evil.com",
        // Numbers in forms that no browser sends.
        "127.1:4141",
        "2130706433:4141",
        "0x7f.0.0.1:4141",
        "127.0.0.01:4141",
        "0177.0.0.1:4141",
        "0.0.0.0:4141",
        "128.0.0.1:4141",
        "192.168.1.2:4141",
        "::1:4141",
        "[0:0:0:0:0:0:0:1]:4141",
        "[::]:4141",
        "[::ffff:127.0.0.1]:4141",
        "[::1%lo]:4141",
        "[::1].evil.com:4141",
        "",
        ":4141",
    ];
    for host in others {
        assert_eq!(with(&[&format!("Host: {host}")]), Err(Refused::Forbidden), "{host}");
    }
}

/// Case 164.
#[test]
fn a_host_that_is_missing_or_there_twice_is_malformed() {
    assert_eq!(with(&[]), Err(Refused::Malformed));
    let ours = "Host: localhost:4141";
    assert_eq!(with(&[ours, ours]), Err(Refused::Malformed));
    assert_eq!(with(&[ours, "HOST: evil.com"]), Err(Refused::Malformed));
    assert_eq!(with(&["X-Forwarded-Host: localhost:4141"]), Err(Refused::Malformed));
}

/// Case 165.
#[test]
fn an_origin_must_be_our_own() {
    let host = "Host: 127.0.0.1:4141";
    assert_eq!(with(&[host, "Origin: http://127.0.0.1:4141"]), Ok("/".to_owned()));
    for origin in [
        "null",
        "http://evil.com",
        "http://localhost:4141",
        "http://127.0.0.1:3000",
        "https://127.0.0.1:4141",
        "http://127.0.0.1:4141/",
        "http://127.0.0.1:4141 http://evil.com",
        "HTTP://127.0.0.1:4141",
        "",
    ] {
        let origin = format!("Origin: {origin}");
        assert_eq!(with(&[host, &origin]), Err(Refused::Forbidden), "{origin}");
    }
    let twice = [host, "Origin: http://127.0.0.1:4141", "Origin: http://127.0.0.1:4141"];
    assert_eq!(with(&twice), Err(Refused::Malformed));
}

/// Case 165.
#[test]
fn a_request_of_another_site_is_forbidden() {
    let host = "Host: 127.0.0.1:4141";
    for site in ["same-origin", "none"] {
        assert_eq!(with(&[host, &format!("Sec-Fetch-Site: {site}")]), Ok("/".to_owned()));
    }
    for site in ["cross-site", "same-site", "", "Same-Origin", "none, none"] {
        let site = format!("Sec-Fetch-Site: {site}");
        assert_eq!(with(&[host, &site]), Err(Refused::Forbidden), "{site}");
    }
}

#[test]
fn only_looking_is_allowed() {
    let host = "Host: 127.0.0.1:4141";
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get", "GETX"] {
        let answer = asked(4141, "", &format!("{method} /"), &[host]);
        assert_eq!(answer, Err(Refused::Method), "{method}");
    }
    assert_eq!(asked(4141, "", "HEAD /", &[host]), Ok("/".to_owned()));
    // Who has no business here need not know what would be allowed.
    assert_eq!(asked(4141, "", "POST /", &["Host: evil.com"]), Err(Refused::Forbidden));
}

/// Case 158.
#[test]
fn a_body_is_refused() {
    let host = "Host: 127.0.0.1:4141";
    for header in [
        "Content-Length: 5",
        "Content-Length: +0",
        "Content-Length: 00",
        "Content-Length: 99999999999999999999",
        "Transfer-Encoding: chunked",
        "Transfer-Encoding: identity",
    ] {
        assert_eq!(with(&[host, header]), Err(Refused::Malformed), "{header}");
    }
    let both = [host, "Content-Length: 0", "Content-Length: 0"];
    assert_eq!(with(&both), Err(Refused::Malformed));
    assert_eq!(with(&[host, "Content-Length: 0"]), Ok("/".to_owned()));
}

/// Case 167.
#[test]
fn a_secret_is_part_of_every_path() {
    let host = "Host: 127.0.0.1:4141";
    let ask = |path: &str| asked(4141, "k7Wq2x", &format!("GET {path}"), &[host]);
    assert_eq!(ask("/k7Wq2x/"), Ok("/".to_owned()));
    assert_eq!(ask("/k7Wq2x/events?loop=2"), Ok("/events".to_owned()));
    assert_eq!(ask("/k7Wq2x"), Ok(String::new()));
    for path in [
        "/",
        "/events",
        "/k7Wq2y/",
        "/k7Wq2",
        "/k7Wq2xx/",
        "//k7Wq2x/",
        "/K7WQ2X/",
        "/x/k7Wq2x/",
        "/%6b7Wq2x/",
        "/ééé/",
        "/?k7Wq2x",
    ] {
        assert!(ask(path).is_err(), "{path}");
    }
}
