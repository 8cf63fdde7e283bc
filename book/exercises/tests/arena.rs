//! Judge of `arena`, from outside: keys that know when their thing is gone. The engine's own tests
//! judge it too (`cargo test --lib arena::tests`).

use my_loop::arena::{Arena, Key};

#[test]
fn what_is_inserted_is_found_until_it_is_removed() {
    let mut arena = Arena::new();
    let key = arena.insert("here");
    assert_eq!(arena.get(key), Some(&"here"));
    assert_eq!(arena.remove(key), Some("here"));
    assert_eq!(arena.get(key), None);
    assert_eq!(arena.remove(key), None);
}

#[test]
fn a_token_that_comes_too_late_reaches_nobody_else() {
    let mut arena = Arena::new();
    // As an event of the operating system carries it: a number.
    let token = arena.insert("the first").to_u64();
    arena.remove(Key::from_u64(token).unwrap());
    let successor = arena.insert("the second");
    let stale = Key::from_u64(token).unwrap();
    assert_eq!(stale.index(), successor.index(), "the slot is used again");
    assert_eq!(arena.get(stale), None);
    assert_eq!(arena.remove(stale), None, "it cannot be thrown out by a stale key");
    assert_eq!(arena.get(successor), Some(&"the second"));
}
