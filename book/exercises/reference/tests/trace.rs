//! The kept trace of the last exercise is boucle's own: whoever matches it has a loop that does, event
//! for event, what boucle does.

#[path = "../../scenes/turn.rs"]
mod turn;

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use boucle::observe::History;

#[test]
fn boucle_does_what_the_kept_trace_of_the_whole_loop_says() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../traces/turn.jsonl");
    let kept = History::read(BufReader::new(File::open(kept).unwrap())).unwrap();
    let difference = History::of(&turn::the_whole_loop()).first_difference(&kept);
    assert_eq!(difference.map(|difference| difference.to_string()), None);
}
