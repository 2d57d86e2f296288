//! Keys on their way to one persona.

use super::*;
use abi::input::{EV_REP, KEY_A, LED_CAPSL, LED_NUML, REP_DELAY};

const MILLISECOND: u64 = 1_000_000;

#[test]
fn a_press_and_a_release_are_two_packets() {
    let house = House::new();
    let file = house.open(0);
    house.press(&[(KEY_A, 1), (KEY_A, 1), (KEY_A, 0), (KEY_A, 0)]);
    let expected = [
        Event::key(KEY_A, 1),
        Event::REPORT,
        Event::key(KEY_A, 0),
        Event::REPORT,
    ];
    assert_eq!(events(&file), expected, "what changes nothing is no event");
}

#[test]
fn a_packet_without_end_is_delivered_in_parts() {
    let house = House::new();
    let file = house.open(0);
    let strokes = (0..100).map(|count| Event::key(KEY_A, 1 - count % 2));
    house.hand.events.lock().unwrap().extend(strokes);
    house.mux.service();
    let part = events(&file);
    assert_eq!(part.len(), 65);
    assert!(part[..64].iter().all(|event| event.code == KEY_A));
    assert_eq!(part[64], Event::REPORT);
    // The rest waits for more, or for its end.
    house.hand.events.lock().unwrap().push_back(Event::REPORT);
    house.mux.service();
    assert_eq!(events(&file).len(), 36 + 1);
}

#[test]
fn eighty_keys_at_once_all_arrive() {
    let house = House::new();
    let file = house.open(0);
    let strokes: Vec<_> = (0..80)
        .flat_map(|n| [(2 + n % 50, 1), (2 + n % 50, 0)])
        .collect();
    house.press(&strokes);
    assert_eq!(keys(&file), strokes);
}

#[test]
fn when_the_device_lost_something_no_key_stays_down() {
    let house = House::new();
    let file = house.open(0);
    house.press(&[(KEY_A, 1), (2, 1)]);
    house.hand.events.lock().unwrap().push_back(Event::LOST);
    house.mux.service();
    assert_eq!(keys(&file), [(KEY_A, 1), (2, 1), (2, 0), (KEY_A, 0)]);
    assert_eq!(house.mux.next_repetition(), None);
    // The release that comes after all concerns nobody; the next press counts.
    house.press(&[(KEY_A, 0), (KEY_A, 1)]);
    assert_eq!(keys(&file), [(KEY_A, 1)]);
}

#[test]
fn a_held_key_repeats_until_it_is_released() {
    let house = House::new();
    let file = house.open(0);
    house.press(&[(KEY_A, 1)]);
    let first = house.mux.next_repetition().unwrap();
    NOW.store(first - MILLISECOND, SeqCst);
    house.mux.repeat();
    NOW.store(first, SeqCst);
    house.mux.repeat();
    assert_eq!(house.mux.next_repetition(), Some(first + 33 * MILLISECOND));
    house.press(&[(KEY_A, 0)]);
    assert_eq!(house.mux.next_repetition(), None);
    let seen = events(&file);
    assert_eq!(seen[2..4], [Event::key(KEY_A, 2), Event::new(0, 0, 1)]);
    assert_eq!(seen.len(), 6);
}

#[test]
fn lights_and_repetition_obey_the_persona_in_front_only() {
    let house = House::new();
    let (front, back) = (house.open(0), house.open(1));
    write(&front, &light(LED_CAPSL, 1)).unwrap();
    assert_eq!(events(&front), light(LED_CAPSL, 1));
    assert_eq!(
        write(&back, &light(LED_NUML, 1)),
        Ok(48),
        "it is told that all went well"
    );
    assert_eq!(*house.hand.lights.lock().unwrap(), [(LED_CAPSL, true)]);
    write(&back, &[Event::new(EV_REP, REP_DELAY, 1)]).unwrap();
    assert_eq!(house.mux.with_state(0, |state| state.repeat), [250, 33]);
    write(&front, &[Event::new(EV_REP, REP_DELAY, 500)]).unwrap();
    assert_eq!(house.mux.with_state(0, |state| state.repeat), [500, 33]);
}

#[test]
fn what_is_injected_is_seen_like_what_is_typed() {
    let house = House::new();
    let (file, other) = (house.open(0), house.open(0));
    write(&file, &[Event::key(KEY_A, 1), Event::REPORT]).unwrap();
    assert_eq!(
        (keys(&file), keys(&other)),
        (vec![(KEY_A, 1)], vec![(KEY_A, 1)])
    );
    house.press(&[(KEY_A, 1), (KEY_A, 0)]);
    assert_eq!(keys(&file), [(KEY_A, 0)]);
    assert_eq!(
        write(&file, &[Event::key(700, 1)]),
        Ok(24),
        "the device has no such key"
    );
    assert_eq!(file.write(23, &mut |_| Ok(0)), Err(Errno::EINVAL));
    assert_eq!(file.read(23, &mut |_| Ok(0)), Err(Errno::EINVAL));
    assert_eq!(file.read(0, &mut |_| Ok(0)), Ok(None));
}
