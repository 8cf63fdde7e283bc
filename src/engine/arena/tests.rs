use super::*;

fn assert_nothing<T: std::fmt::Debug + PartialEq>(arena: &mut Arena<T>, key: Key) {
    assert_eq!(arena.get(key), None);
    assert_eq!(arena.get_mut(key), None);
    assert_eq!(arena.remove(key), None);
}

#[test]
fn an_entry_is_found_by_its_key_until_it_is_removed() {
    let mut arena = Arena::new();
    let (a, b) = (arena.insert("a"), arena.insert("b"));
    assert_eq!((arena.get(a), arena.get(b)), (Some(&"a"), Some(&"b")));
    *arena.get_mut(a).unwrap() = "A";
    assert_eq!(arena.remove(a), Some("A"));
    assert_nothing(&mut arena, a);
    assert_eq!((arena.get(b), arena.is_empty()), (Some(&"b"), false));
}

#[test]
fn a_stale_key_does_not_find_the_next_entry_in_its_slot() {
    let mut arena = Arena::new();
    let old = arena.insert(1);
    arena.remove(old);
    let new = arena.insert(2);
    assert_eq!(old.index(), new.index(), "the slot is used again");
    assert_ne!(old, new);
    assert_nothing(&mut arena, old);
    assert_eq!(arena.get(new), Some(&2));
}

#[test]
fn a_key_from_beyond_the_slots_finds_nothing() {
    let mut large = Arena::new();
    let far = (0..10).map(|i| large.insert(i)).last().unwrap();
    let mut small = Arena::new();
    small.insert(0);
    assert_nothing(&mut small, far);
}

#[test]
fn the_generation_wraps_and_skips_zero() {
    let mut arena = Arena { slots: Slab::new(), next_generation: NonZeroU32::MAX };
    let last = arena.insert(1);
    arena.remove(last);
    let first = arena.insert(2);
    assert_eq!((last.generation, first.generation), (NonZeroU32::MAX, NonZeroU32::MIN));
    assert_eq!((arena.get(last), arena.get(first)), (None, Some(&2)));
}

#[test]
fn a_key_survives_as_a_number() {
    let mut arena = Arena::new();
    for _ in 0..3 {
        let key = arena.insert(());
        assert_eq!(Key::from_u64(key.to_u64()), Some(key));
    }
    let largest = Key { index: u32::MAX - 1, generation: NonZeroU32::MAX };
    assert_eq!(Key::from_u64(largest.to_u64()), Some(largest));
    assert_eq!(Key::from_u64(0), None);
    assert_eq!(Key::from_u64(u64::from(u32::MAX)), None);
}

#[test]
fn iteration_meets_every_entry_in_the_order_of_slots() {
    let mut arena = Arena::new();
    let keys: Vec<Key> = (0..5).map(|i| arena.insert(i * 10)).collect();
    arena.remove(keys[1]);
    let met: Vec<(Key, i32)> = arena.iter().map(|(key, &value)| (key, value)).collect();
    assert_eq!(met, [(keys[0], 0), (keys[2], 20), (keys[3], 30), (keys[4], 40)]);
    assert_eq!(arena.keys(), [keys[0], keys[2], keys[3], keys[4]]);
}

#[test]
fn a_slot_number_leads_to_the_entry_and_its_key() {
    let mut arena = Arena::new();
    let key = arena.insert(1);
    *arena.at_mut(key.index()) += 1;
    assert_eq!((*arena.at_mut(key.index()), arena.key_at(key.index())), (2, key));
}

#[test]
#[should_panic(expected = "invalid key")]
fn a_vacant_slot_number_panics() {
    let mut arena = Arena::new();
    let key = arena.insert(1);
    arena.remove(key);
    arena.at_mut(key.index());
}

#[test]
#[cfg(target_pointer_width = "64")]
fn a_slot_number_that_does_not_fit_panics() {
    assert_eq!(checked(u32::MAX as usize - 1), u32::MAX - 1);
    for index in [u32::MAX as usize, u32::MAX as usize + 1] {
        let panic = std::panic::catch_unwind(|| checked(index)).unwrap_err();
        let message = panic.downcast_ref::<String>().unwrap();
        assert_eq!(message, "an arena holds at most 4294967295 entries");
    }
}

/// Case 71.
#[test]
fn an_arena_that_had_grown_gives_its_memory_back_when_it_empties() {
    let mut arena = Arena::new();
    let keys: Vec<Key> = (0..100_000_u64).map(|i| arena.insert(i)).collect();
    assert!(arena.slots.capacity() >= 100_000);
    for &key in &keys {
        assert!(arena.remove(key).is_some());
    }
    assert!(arena.slots.capacity() <= KEPT_WHEN_EMPTY);

    // The slots begin anew, and yet no old key fits.
    let fresh = arena.insert(7);
    assert_eq!(fresh.index(), keys[0].index());
    assert!(keys.iter().all(|&key| arena.get(key).is_none()));
}

/// Case 71.
#[test]
fn an_arena_that_stays_small_does_not_grow() {
    let mut arena = Arena::new();
    for i in 0..100_000_u32 {
        let key = arena.insert(i);
        assert_eq!(arena.remove(key), Some(i));
    }
    assert!(arena.slots.capacity() <= 16);
}

/// The same two variants as in the slab, whose own type is private.
enum SlabEntry<T> {
    #[expect(dead_code, reason = "only its size counts")]
    Vacant(usize),
    #[expect(dead_code, reason = "only its size counts")]
    Occupied(Slot<T>),
}

#[test]
fn the_generation_doubles_as_the_mark_of_a_vacant_slot() {
    assert_eq!((size_of::<Key>(), size_of::<Option<Key>>()), (8, 8));
    assert_eq!(size_of::<SlabEntry<u64>>(), size_of::<Slot<u64>>());
    assert_eq!(size_of::<SlabEntry<[u64; 4]>>(), size_of::<Slot<[u64; 4]>>());
    assert_eq!(size_of::<Slot<[u64; 4]>>(), 40);
}
