use std::collections::BTreeMap;

use super::*;

/// `SplitMix64`: enough randomness for a test in three lines, and the same on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A number of any magnitude: as many as have one bit have sixty.
    fn of_any_size(&mut self) -> u64 {
        let shift = self.below(64);
        self.next() >> shift
    }
}

/// Two years in milliseconds: a span that a program may meet.
const RANGE: u64 = 1 << 36;

/// A fired timer: its payload and its deadline.
type Fired = (u64, u64);

/// Advances, and returns what fired.
fn fired(wheel: &mut Wheel<u64>, now: u64) -> Vec<Fired> {
    let (mut fired, mut places) = (Vec::new(), BTreeMap::new());
    wheel.advance(now, |step| match step {
        Step::Fired { deadline, payload, .. } => fired.push((payload, deadline)),
        Step::Cascaded { timer, to } => {
            let from = places.insert(timer, to);
            let finer = from.is_none_or(|from| to.level < from.level);
            assert!(finer, "a timer goes to finer dials only");
        }
    });
    fired
}

/// How many timers there are.
fn count<T>(wheel: &Wheel<T>) -> usize {
    wheel.timers.keys().len() + usize::from(wheel.newest.is_some())
}

/// Checks that every list, bitmap and place is what the invariant says.
fn check(wheel: &mut Wheel<u64>) {
    let mut linked = usize::from(wheel.newest.is_some());
    for (level, slots) in wheel.slots.into_iter().enumerate() {
        for (slot, list) in slots.iter().enumerate() {
            let occupied = wheel.occupied[level] >> slot & 1 == 1;
            assert_eq!(occupied, list.first != NONE);
            assert_eq!(occupied, list.last != NONE);
            let (mut index, mut previous) = (list.first, NONE);
            while index != NONE {
                let timer = wheel.timers.at_mut(index);
                let place = Place::of(timer.deadline, wheel.elapsed);
                assert_eq!((usize::from(place.level), usize::from(place.slot)), (level, slot));
                assert_eq!(timer.previous, previous);
                (previous, index) = (index, timer.next);
                linked += 1;
            }
            assert_eq!(list.last, previous);
        }
    }
    assert_eq!(linked, count(wheel));
}

/// The wheel beside a sorted map that is too simple to be wrong.
struct Pair {
    wheel: Wheel<u64>,
    /// By the tick at which it must fire and the number of its insertion: its key, and the deadline
    /// that was asked for.
    model: BTreeMap<(u64, u64), (Key, u64)>,
    /// How many timers were inserted.
    inserted: u64,
}

impl Pair {
    fn new() -> Self {
        Self { wheel: Wheel::new(), model: BTreeMap::new(), inserted: 0 }
    }

    fn insert(&mut self, deadline: u64) {
        let (key, _) = self.wheel.insert(deadline, self.inserted);
        let due = deadline.max(self.wheel.elapsed);
        self.model.insert((due, self.inserted), (key, deadline));
        self.inserted += 1;
    }

    fn remove(&mut self, nth: usize) {
        let Some((&(due, number), &(key, _))) = self.model.iter().nth(nth) else { return };
        self.model.remove(&(due, number));
        assert_eq!(self.wheel.get_mut(key), Some(&mut { number }));
        assert_eq!(self.wheel.remove(key), Some(number));
        assert_eq!(self.wheel.remove(key), None);
        assert_eq!(self.wheel.get_mut(key), None);
    }

    fn advance(&mut self, now: u64) {
        let later = self.model.split_off(&(now.saturating_add(1), 0));
        let mut due = mem::replace(&mut self.model, later);
        if now == u64::MAX {
            due.append(&mut self.model);
        }
        let expected = due.into_iter().map(|((_, number), (_, deadline))| (number, deadline));
        assert_eq!(fired(&mut self.wheel, now), expected.collect::<Vec<_>>());
        assert_eq!(self.wheel.elapsed, now);
        assert_eq!(count(&self.wheel), self.model.len());
    }

    /// `next_wakeup` may be early, for a cascade, but never late, nor in the past.
    fn check_wakeup(&mut self) {
        let first = self.model.keys().next().map(|&(due, _)| due);
        let wakeup = self.wheel.next_wakeup();
        assert_eq!(wakeup.is_some(), first.is_some());
        assert_eq!(wakeup.is_none(), self.wheel.is_empty());
        assert!(wakeup <= first);
        assert!(wakeup.is_none_or(|tick| tick >= self.wheel.elapsed));
    }
}

/// Case 59. Case 60. Case 61.
#[test]
fn random_operations_agree_with_a_sorted_map() {
    for seed in 0..400 {
        let mut random = Random(seed);
        let mut pair = Pair::new();
        // Some seeds start late, where the highest digits are about to change.
        if seed % 4 == 0 {
            pair.advance(u64::MAX - random.of_any_size());
        } else if seed % 4 == 1 {
            pair.advance((random.of_any_size() | 1) << 36 & !random.below(1 << 20));
        }
        for _ in 0..400 {
            let now = pair.wheel.elapsed;
            match random.below(10) {
                0..=4 => {
                    let deadline = now.saturating_add(random.of_any_size());
                    // Several at once, so that ticks are shared.
                    (0..=random.below(3)).for_each(|_| pair.insert(deadline));
                }
                5 => pair.insert(random.below(now.saturating_add(2))),
                6 => {
                    // Where some timer is due already, another one.
                    let nth = random.below(pair.model.len() as u64 + 1);
                    let due = pair.model.keys().nth(usize::try_from(nth).unwrap());
                    pair.insert(due.map_or(now, |&(due, _)| due));
                }
                7 => {
                    let nth = random.below(pair.model.len() as u64 + 1);
                    pair.remove(usize::try_from(nth).unwrap());
                }
                8 => {
                    let jump = random.of_any_size() >> random.below(64);
                    pair.advance(now.saturating_add(jump));
                }
                _ => {
                    let wakeup = pair.wheel.next_wakeup();
                    pair.advance(wakeup.unwrap_or(now));
                }
            }
            // To look for the wakeup gives the newest timer its place: half the seeds go without.
            let looks = seed % 32 < 16;
            if looks {
                pair.check_wakeup();
            }
            if seed % 16 < 4 {
                check(&mut pair.wheel);
            }
        }
        // The rest comes out at one go.
        pair.advance(u64::MAX);
        assert!(pair.wheel.is_empty());
    }
}

/// Case 60. Case 61.
#[test]
fn timers_fire_exactly_at_every_boundary_of_every_level() {
    let mut near = Vec::new();
    for level in 1..=6 {
        let width = 1_u64 << (6 * level);
        for n in [1, 2, 3, 31, 32, 62, 63, 64, 65] {
            near.extend([n * width - 1, n * width, n * width + 1]);
        }
    }
    // From the start, and from just before, at and after each of the boundaries.
    let starts: Vec<u64> = [0, 1].into_iter().chain(near.iter().copied()).collect();
    for start in starts {
        for &distance in &near {
            // Both as a distance and as a tick of its own.
            for deadline in [start + distance, distance] {
                let mut wheel = Wheel::new();
                fired(&mut wheel, start);
                wheel.insert(deadline, 7);
                if deadline > start {
                    assert_eq!(fired(&mut wheel, deadline - 1), []);
                }
                assert_eq!(fired(&mut wheel, deadline.max(start)), [(7, deadline)]);
                check(&mut wheel);
            }
        }
    }
}

/// Case 60. Case 61.
#[test]
fn all_boundaries_at_once_fire_in_order_for_any_stride() {
    for stride in [1, 63, 64, 65, 4_095, 4_096, 262_144, 1 << 30, (1 << 36) - 1, 1 << 36, 1 << 40] {
        let mut pair = Pair::new();
        for level in 1..=6 {
            for n in [65, 64, 63, 2, 1] {
                let width = 1_u64 << (6 * level);
                for deadline in [n * width + 1, n * width, n * width - 1] {
                    pair.insert(deadline);
                }
            }
        }
        for _ in 0..1_000 {
            pair.advance(pair.wheel.elapsed + stride);
            pair.check_wakeup();
        }
        check(&mut pair.wheel);
        pair.advance(u64::MAX);
    }
}

/// Case 61.
#[test]
fn a_timer_of_the_next_age_is_not_wrapped_to_an_earlier_one() {
    for level in 1..LEVELS {
        let round = 1 << (BITS * level);
        let mut wheel = Wheel::new();
        wheel.insert(round + 5, 0);
        wheel.insert(3 * round + 5, 1);
        assert_eq!(wheel.next_wakeup(), Some(round + 5));
        assert_eq!(fired(&mut wheel, round + 4), []);
        assert_eq!(fired(&mut wheel, round + 5), [(0, round + 5)]);
        assert_eq!(fired(&mut wheel, 3 * round + 4), []);
        assert_eq!(fired(&mut wheel, 3 * round + 5), [(1, 3 * round + 5)]);
    }
}

/// Case 56.
#[test]
fn for_ever_is_a_deadline_like_any_other() {
    let mut wheel = Wheel::new();
    wheel.insert(u64::MAX, 0);
    assert_eq!(wheel.next_wakeup(), Some(u64::MAX), "a lone timer wakes nobody before");
    wheel.insert(10, 1);
    wheel.insert(u64::MAX - 1, 2);
    assert_eq!(wheel.next_wakeup(), Some(10));
    assert_eq!(fired(&mut wheel, 1 << 50), [(1, 10)]);
    assert_eq!(count(&wheel), 2);
    assert_eq!(fired(&mut wheel, u64::MAX - 1), [(2, u64::MAX - 1)]);
    wheel.insert(u64::MAX, 3);
    assert_eq!(fired(&mut wheel, u64::MAX), [(0, u64::MAX), (3, u64::MAX)]);

    // At the end of time there still is the present.
    wheel.insert(u64::MAX, 4);
    assert_eq!(wheel.next_wakeup(), Some(u64::MAX));
    assert_eq!(fired(&mut wheel, u64::MAX), [(4, u64::MAX)]);
    assert_eq!(wheel.next_wakeup(), None);
}

/// Case 59.
#[test]
fn timers_of_one_tick_fire_in_the_order_of_insertion_across_levels() {
    // One timer for the same tick is inserted from every distance: 2^40 before it, 2^39, ... 1, 0.
    for deadline in [1_u64 << 40, (1 << 40) + 4_095, (1 << 41) - 1, 0x0123_4567_89AB_CDEF] {
        let mut wheel = Wheel::new();
        let mut expected = Vec::new();
        for distance in (0..=40).rev().map(|bit| 1_u64 << bit).chain([0]) {
            assert_eq!(fired(&mut wheel, deadline - distance), []);
            if distance > 0 {
                for _ in 0..2 {
                    let number = expected.len() as u64;
                    wheel.insert(deadline, number);
                    expected.push((number, deadline));
                }
                check(&mut wheel);
            } else {
                break;
            }
            if distance == 1 {
                assert_eq!(fired(&mut wheel, deadline), expected);
            }
        }
        assert!(wheel.is_empty());
    }
}

/// Case 54.
#[test]
fn a_lone_timer_needs_one_wakeup_and_others_at_most_one_a_level() {
    let mut random = Random(54);
    for _ in 0..2_000 {
        let start = random.of_any_size() >> 1;
        let distance = random.below(RANGE);
        let mut wheel = Wheel::new();
        fired(&mut wheel, start);

        // Alone.
        let deadline = start + 1 + distance;
        wheel.insert(deadline, 0);
        assert_eq!(wheel.next_wakeup(), Some(deadline));
        assert_eq!(fired(&mut wheel, deadline), [(0, deadline)]);

        // With a neighbour, so that slots are met one by one: at most one for each digit in which
        // the two ticks differ.
        let start = wheel.elapsed;
        let deadline = start + 1 + distance;
        wheel.insert(deadline, 0);
        wheel.insert(deadline, 1);
        let mut wakeups = 0;
        while let Some(tick) = wheel.next_wakeup() {
            assert!(wakeups == 0 || tick > wheel.elapsed, "every wakeup makes progress");
            fired(&mut wheel, tick);
            wakeups += 1;
        }
        assert_eq!(wheel.elapsed, deadline);
        let digits = (start ^ deadline).ilog2() as usize / BITS + 1;
        assert!(wakeups <= digits, "{wakeups} wakeups from {start} to {deadline}");
    }
}

/// Case 54.
#[test]
fn many_timers_need_at_most_one_wakeup_a_level_each() {
    let mut random = Random(541);
    let mut wheel = Wheel::new();
    let count = 500;
    for number in 0..count {
        wheel.insert(random.below(RANGE) >> random.below(36), number);
    }
    let (mut wakeups, mut cascades, mut fired) = (0, 0, 0);
    while let Some(tick) = wheel.next_wakeup() {
        let before = (cascades, fired);
        wheel.advance(tick, |step| match step {
            Step::Fired { deadline, .. } => {
                assert_eq!(deadline, tick, "a timer fires at its own tick");
                fired += 1;
            }
            Step::Cascaded { .. } => cascades += 1,
        });
        assert_ne!((cascades, fired), before, "every wakeup does something");
        wakeups += 1;
    }
    assert_eq!(fired, count);
    assert!(cascades <= count * 5);
    assert!(wakeups <= count * 6);
}

#[test]
fn a_timer_cascades_to_the_places_in_the_drawing() {
    let mut wheel = Wheel::new();
    assert_eq!(wheel.insert(3, 'a').1, Place { level: 0, slot: 3 });
    let (b, place) = wheel.insert(5_000, 'b');
    assert_eq!(place, Place { level: 2, slot: 1 });
    assert_eq!(wheel.insert(800_000, 'c').1, Place { level: 3, slot: 3 });
    let mut steps = Vec::new();
    wheel.advance(4_095, |_| ());
    for tick in [4_096, 4_992, 5_000] {
        wheel.advance(tick - 1, |step| panic!("{step:?} is early"));
        wheel.advance(tick, |step| steps.push((tick, step)));
    }
    assert_eq!(
        steps,
        [
            (4_096, Step::Cascaded { timer: b, to: Place { level: 1, slot: 14 } }),
            (4_992, Step::Cascaded { timer: b, to: Place { level: 0, slot: 8 } }),
            (5_000, Step::Fired { timer: b, deadline: 5_000, payload: 'b' }),
        ]
    );
}

/// Case 57.
#[test]
fn a_deadline_that_has_passed_fires_at_the_next_advance() {
    let mut wheel = Wheel::new();
    wheel.insert(0, 0);
    assert_eq!(wheel.next_wakeup(), Some(0));
    assert_eq!(fired(&mut wheel, 0), [(0, 0)]);

    fired(&mut wheel, 1_000);
    wheel.insert(1_000, 1);
    wheel.insert(3, 2);
    wheel.insert(0, 3);
    wheel.insert(1_001, 4);
    assert_eq!(wheel.next_wakeup(), Some(1_000), "now, not in the past");
    assert_eq!(fired(&mut wheel, 1_000), [(1, 1_000), (2, 3), (3, 0)]);
    assert_eq!(fired(&mut wheel, 1_000), []);

    // Also together with later ones, and when removed.
    let (key, _) = wheel.insert(5, 5);
    wheel.insert(6, 6);
    assert_eq!(wheel.remove(key), Some(5));
    assert_eq!(fired(&mut wheel, 2_000), [(6, 6), (4, 1_001)]);
    check(&mut wheel);
}

/// Case 63.
#[test]
fn time_that_stands_still_or_runs_backwards_changes_nothing() {
    let mut wheel = Wheel::new();
    fired(&mut wheel, 100);
    wheel.insert(150, 0);
    wheel.insert(50, 1);
    assert_eq!(fired(&mut wheel, 99), []);
    assert_eq!(fired(&mut wheel, 0), []);
    assert_eq!((wheel.elapsed, count(&wheel)), (100, 2));
    assert_eq!(fired(&mut wheel, 100), [(1, 50)]);
    assert_eq!(fired(&mut wheel, 100), []);
    assert_eq!(fired(&mut wheel, 150), [(0, 150)]);
}

/// Case 71.
#[test]
fn a_million_timers_one_after_the_other_use_the_slots_of_those_alive() {
    let mut random = Random(71);
    let mut wheel = Wheel::new();
    let mut alive: Vec<Key> = (0..1_000).map(|_| wheel.insert(random.below(RANGE), 0).0).collect();
    for number in 0..1_000_000 {
        let nth = usize::try_from(random.below(1_000)).unwrap();
        assert!(wheel.remove(alive[nth]).is_some());
        let (key, _) = wheel.insert(random.below(RANGE), number);
        assert!(key.index() < 1_000, "a free slot is used again");
        alive[nth] = key;
    }
    assert_eq!(count(&wheel), 1_000);
    check(&mut wheel);
}

/// Case 71.
#[test]
fn a_million_timers_at_once_leave_nothing_behind() {
    let mut wheel = Wheel::new();
    let mut random = Random(710);
    let keys: Vec<Key> =
        (0..1_000_000).map(|number| wheel.insert(random.of_any_size(), number).0).collect();
    for (number, &key) in keys.iter().enumerate() {
        assert_eq!(wheel.remove(key), Some(number as u64));
    }
    check(&mut wheel);
    assert_eq!(wheel.next_wakeup(), None);
    let (key, _) = wheel.insert(1, 0);
    assert_eq!(key.index(), 0, "the arena begins anew");
    assert!(keys.iter().all(|&key| wheel.get_mut(key).is_none()));
}

#[test]
fn the_newest_timer_waits_until_anything_else_is_done_to_the_wheel() {
    let mut wheel = Wheel::new();
    let is_placed = |wheel: &Wheel<u64>| wheel.occupied != [0; LEVELS];
    // Removed at once, it has never been on any.
    for _ in 0..3 {
        let (limit, _) = wheel.insert(30_000, 0);
        assert!(!is_placed(&wheel) && !wheel.is_empty());
        assert_eq!(wheel.remove(limit), Some(0));
        check(&mut wheel);
    }
    // The next one pushes it to its place, in front of itself; and so do a look at the hands,
    let (first, _) = wheel.insert(30_000, 1);
    wheel.insert(30_000, 2);
    assert!(is_placed(&wheel));
    check(&mut wheel);
    assert!(wheel.next_wakeup() < Some(30_000), "two in a slot cascade first");
    assert_eq!(wheel.timers.keys().len(), 2);
    assert_eq!(wheel.remove(first), Some(1));
    // the removal of another, a look at its payload,
    let (other, _) = wheel.insert(1, 0);
    wheel.insert(10, 0);
    assert_eq!(wheel.remove(other), Some(0));
    check(&mut wheel);
    let (seen, _) = wheel.insert(1, 0);
    assert_eq!(wheel.get_mut(seen), Some(&mut 0));
    check(&mut wheel);
    assert_eq!(fired(&mut wheel, 10), [(0, 1), (0, 10)]);
    // and the hands, before they move past it.
    wheel.insert(5, 3);
    wheel.insert(29_999, 4);
    assert_eq!(fired(&mut wheel, 30_000), [(3, 5), (4, 29_999), (2, 30_000)]);
    check(&mut wheel);
}

#[test]
fn a_stale_key_does_nothing_to_the_timer_in_its_slot() {
    let mut wheel = Wheel::new();
    let (removed, _) = wheel.insert(10, 0);
    wheel.remove(removed);
    let (second, _) = wheel.insert(20, 1);
    assert_eq!(removed.index(), second.index());
    assert_eq!(wheel.get_mut(removed), None);
    assert_eq!(wheel.remove(removed), None);

    // A key is stale after firing, too.
    assert_eq!(fired(&mut wheel, 20), [(1, 20)]);
    let (third, _) = wheel.insert(30, 2);
    assert_eq!(third.index(), second.index());
    assert_eq!(wheel.remove(second), None);
    assert_eq!(fired(&mut wheel, 30), [(2, 30)]);
}

#[test]
fn a_payload_can_be_replaced_while_the_timer_waits() {
    let mut wheel = Wheel::new();
    let (key, _) = wheel.insert(5_000, 0);
    *wheel.get_mut(key).unwrap() = 1;
    fired(&mut wheel, 4_999);
    *wheel.get_mut(key).unwrap() += 1;
    assert_eq!(fired(&mut wheel, 5_000), [(2, 5_000)]);
}

#[test]
fn timers_can_be_removed_from_anywhere_in_a_slot() {
    for removed in 0..8_usize {
        let mut wheel = Wheel::new();
        let keys: Vec<Key> = (0..3).map(|number| wheel.insert(70, number).0).collect();
        for (nth, &key) in keys.iter().enumerate() {
            if removed >> nth & 1 == 1 {
                wheel.remove(key);
                check(&mut wheel);
            }
        }
        let left: Vec<Fired> =
            (0..3).filter(|nth| removed >> nth & 1 == 0).map(|nth| (nth, 70)).collect();
        assert_eq!(fired(&mut wheel, 70), left);
    }
}

#[test]
fn a_long_jump_costs_no_more_than_a_short_one() {
    // Ten thousand jumps of a thousand years: if each empty slot cost anything, this would not end.
    let mut wheel = Wheel::new();
    wheel.insert(u64::MAX, 0);
    wheel.insert(u64::MAX, 1);
    for _ in 0..10_000 {
        let now = wheel.elapsed + 31_556_952_000_000;
        assert_eq!(fired(&mut wheel, now), []);
    }
    assert_eq!(count(&wheel), 2);
}

#[test]
fn a_timer_takes_thirty_two_bytes_and_the_arena_adds_eight() {
    assert_eq!(size_of::<Timer<[u64; 2]>>(), 32);
    assert!(size_of::<Wheel<[u64; 2]>>() < 5_900);
}
