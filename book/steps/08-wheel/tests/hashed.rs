//! What a hashed wheel does, and what it does in vain.

use step_08_wheel::hashed::HashedWheel;

#[test]
fn timers_fire_at_their_ticks_however_often_the_hand_passes() {
    let mut wheel = HashedWheel::default();
    let ticks = [1_u64, 44, 255, 256, 257, 300, 60_000];
    for (&tick, number) in ticks.iter().zip(0..) {
        wheel.insert(tick, number);
    }
    let mut fired = Vec::new();
    for tick in 1..=60_000 {
        fired.extend(wheel.advance().into_iter().map(|number| (tick, number)));
    }
    let expected: Vec<_> = ticks.into_iter().zip(0..).collect();
    assert_eq!(fired, expected);
}

#[test]
fn a_timer_of_a_minute_is_looked_at_two_hundred_times_in_vain() {
    let mut wheel = HashedWheel::default();
    wheel.insert(60_000, 1);
    let fired: usize = (0..60_000).map(|_| wheel.advance().len()).sum();
    assert_eq!(fired, 1);
    assert_eq!(wheel.looks, 235);
}
