//! Reading who handles a signal; all else is tested with child processes in `tests/trace.rs`.

use super::{SIGINT, SIGTERM, is_free};

#[test]
fn a_signal_is_free_if_nobody_catches_or_ignores_it() {
    let status = |ignored: &str, caught: &str| {
        format!("Name:\tapp\nSigQ:\t0/1\nSigIgn:\t{ignored}\nSigCgt:\t{caught}\nThreads:\t1\n")
    };
    let nobody = status("0000000000001000", "0000000180000440");
    assert!(is_free(&nobody, SIGINT) && is_free(&nobody, SIGTERM));
    let caught = status("0000000000001000", "0000000180000442");
    assert!(!is_free(&caught, SIGINT) && is_free(&caught, SIGTERM));
    let ignored = status("0000000000005000", "0000000180000440");
    assert!(is_free(&ignored, SIGINT) && !is_free(&ignored, SIGTERM));
    // Who is not sure leaves it alone.
    assert!(!is_free("", SIGINT) && !is_free("SigCgt:\tx\nSigIgn:\t0\n", SIGINT));
}
