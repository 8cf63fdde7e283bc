//! Where the page may be served.

use std::io;

use super::Target;

#[test]
fn a_loopback_address_is_taken() {
    for (text, address) in [
        ("127.0.0.1:4141", "127.0.0.1:4141"),
        ("127.3.2.1:0", "127.3.2.1:0"),
        ("[::1]:4141", "[::1]:4141"),
    ] {
        let target = Target::parse(text).unwrap();
        assert_eq!(target.addresses, [address.parse().unwrap()]);
        assert_eq!(&*target.secret, "");
    }
    let target = Target::parse("localhost:4141/k7_W-2").unwrap();
    assert!(target.addresses.iter().all(|it| it.ip().is_loopback() && it.port() == 4141));
    assert_eq!(&*target.secret, "k7_W-2");
}

/// Case 163.
#[test]
fn an_address_that_others_can_reach_is_an_error() {
    for text in [
        "0.0.0.0:4141",
        "[::]:4141",
        "192.168.1.2:4141",
        "8.8.8.8:4141",
        "[::ffff:127.0.0.1]:4141",
        "[fe80::1]:4141",
    ] {
        let error = Target::parse(text).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        let told = error.to_string();
        assert!(
            told.contains("not a loopback address") && told.contains("127.0.0.1:4141"),
            "{told}"
        );
    }
}

#[test]
fn what_is_not_understood_is_an_error_that_says_what_would_be() {
    for text in
        ["", "1", "4141", "127.0.0.1", "example.org:80", "localhost.:80", "localhost6:80", "x:y"]
    {
        let told = Target::parse(text).unwrap_err().to_string();
        assert!(told.contains("`127.0.0.1:4141`"), "{told}");
    }
    assert!(Target::parse("localhost:99999").is_err());
    for text in
        ["127.0.0.1:1/a/b", "127.0.0.1:1/a b", "127.0.0.1:1/\r\nX: y", "127.0.0.1:1/\u{1b}[2J"]
    {
        let told = Target::parse(text).unwrap_err().to_string();
        assert!(told.contains("letters") && !told.contains(char::is_control), "{told:?}");
    }
}

#[test]
fn a_port_of_ones_own_is_not_shared() {
    assert!(Target::parse("127.0.0.1:4141").unwrap().is_shared());
    assert!(!Target::parse("127.0.0.1:0").unwrap().is_shared());
}
