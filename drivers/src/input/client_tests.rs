//! What one reader sees.

use super::*;
use abi::input::{EV_LED, EV_REL, KEY_A, REL_X, REL_Y};
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use proptest::prelude::*;

#[derive(Default)]
struct Count(AtomicUsize);

impl Waker for Count {
    fn wake(&self) {
        self.0.fetch_add(1, SeqCst);
    }
}

fn client() -> Client {
    Client::new(Arc::new(Count::default())).unwrap()
}

const NOW: Stamp = Stamp {
    monotonic: 2_000_003_000,
    realtime: 9_000_000_000,
};

fn take(client: &Client) -> Option<InputEvent> {
    let mut one = [InputEvent::default()];
    (client.take(&mut one) == 1).then_some(one[0])
}

fn read(client: &Client) -> Vec<Event> {
    let events = std::iter::from_fn(|| take(client));
    events
        .map(|event| Event::new(event.kind, event.code, event.value))
        .collect()
}

#[test]
fn only_whole_packets_are_read_and_only_they_wake() {
    let count = Arc::new(Count::default());
    let client = Client::new(Arc::clone(&count) as Arc<dyn Waker>).unwrap();
    client.deliver(&[Event::key(KEY_A, 1)], NOW);
    assert!(!client.is_readable() && count.0.load(SeqCst) == 0);
    client.deliver(&[Event::REPORT], NOW);
    assert_eq!(read(&client), [Event::key(KEY_A, 1), Event::REPORT]);
    assert_eq!(count.0.load(SeqCst), 1);
    client.deliver(&[Event::REPORT], NOW);
    assert_eq!(read(&client), [], "an empty packet is none");
}

#[test]
fn times_are_of_the_clock_that_was_chosen() {
    let client = client();
    client.deliver(&[Event::key(KEY_A, 1), Event::REPORT], NOW);
    assert_eq!(take(&client).unwrap().seconds, 9);
    take(&client);
    client.set_clock(Clock::SinceBoot, NOW);
    client.deliver(&[Event::key(KEY_A, 0), Event::REPORT], NOW);
    let event = take(&client).unwrap();
    assert_eq!((event.seconds, event.microseconds), (2, 3));
    client.set_clock(Clock::Realtime, NOW);
    assert_eq!(read(&client), [], "the loss is told with the next packet");
    client.deliver(&[Event::key(KEY_A, 1), Event::REPORT], NOW);
    assert_eq!(read(&client)[0], Event::new(EV_SYN, SYN_DROPPED, 0));
}

#[test]
fn an_overrun_leaves_a_mark_and_what_came_last() {
    let client = client();
    for value in 0..=RING as i32 / 2 {
        client.deliver(&[Event::new(EV_REL, REL_X, value), Event::REPORT], NOW);
    }
    let events = read(&client);
    assert_eq!(events[0], Event::new(EV_SYN, SYN_DROPPED, 0));
    assert_eq!(events[1], Event::new(EV_REL, REL_X, RING as i32 / 2));
    assert_eq!(events[2..], [Event::REPORT]);
}

#[test]
fn masks_hide_types_and_codes_but_never_the_unknown() {
    let client = client();
    client.set_mask(EV_REL, vec![1 << REL_Y]);
    let packet = |code| [Event::new(EV_REL, code, 1), Event::REPORT];
    client.deliver(&packet(REL_X), NOW);
    assert_eq!(read(&client), [], "a packet of hidden events is none");
    client.deliver(&packet(REL_Y), NOW);
    client.deliver(&packet(500), NOW);
    assert_eq!(read(&client).len(), 4);
    client.set_mask(0, vec![1 << EV_KEY]);
    client.deliver(&packet(REL_Y), NOW);
    client.deliver(&[Event::key(KEY_A, 1), Event::REPORT], NOW);
    assert_eq!(read(&client), [Event::key(KEY_A, 1), Event::REPORT]);
}

#[test]
fn keys_are_released_only_for_who_saw_them_go_down() {
    let (saw, late) = (client(), client());
    saw.deliver(
        &[
            Event::key(KEY_A, 1),
            Event::key(40, 1),
            Event::key(40, 0),
            Event::REPORT,
        ],
        NOW,
    );
    read(&saw);
    for client in [&saw, &late] {
        client.release(&KeyBits::of([KEY_A, 40, 41]), NOW);
    }
    assert_eq!(read(&saw), [Event::key(KEY_A, 0), Event::REPORT]);
    assert_eq!(read(&late), []);
    saw.release(&KeyBits::of([KEY_A]), NOW);
    assert_eq!(read(&saw), [], "once");
}

#[test]
fn asking_for_the_state_takes_its_events() {
    let client = client();
    let rel = Event::new(EV_REL, REL_X, 1);
    client.deliver(&[Event::key(KEY_A, 1), Event::REPORT], NOW);
    client.deliver(&[Event::key(KEY_A, 0), rel, Event::REPORT], NOW);
    client.deliver(&[Event::new(EV_LED, 0, 1), Event::REPORT], NOW);
    client.deliver(&[Event::key(KEY_A, 1), Event::REPORT], NOW);
    client.forget(EV_KEY, Some(KeyBits::EMPTY));
    let light = Event::new(EV_LED, 0, 1);
    assert_eq!(
        read(&client),
        [Event::REPORT, rel, Event::REPORT, light, Event::REPORT],
        "the first packet may have been begun to read; the last has nothing left"
    );
}

#[test]
fn a_revoked_reader_gets_nothing_more() {
    let client = client();
    client.revoke();
    client.deliver(&[Event::key(KEY_A, 1), Event::REPORT], NOW);
    assert!(client.is_revoked() && !client.is_readable());
}

proptest! {
    /// Whatever comes, what is read is whole packets, and as many as are said to be readable.
    #[test]
    fn reads_end_with_packets(steps in proptest::collection::vec((0_u8..6, 0_u16..4), 0..3000)) {
        let client = client();
        for (step, code) in steps {
            match step {
                0..=2 => client.deliver(&[Event::new(EV_REL, code, 1), Event::REPORT], NOW),
                3 => client.deliver(&[Event::key(code, 1), Event::REPORT], NOW),
                4 => client.deliver(&[Event::key(code, 0)], NOW),
                _ => client.forget(EV_KEY, None),
            }
        }
        let events = read(&client);
        let ended = events.last().is_none_or(|last| last.kind == EV_SYN);
        prop_assert!(ended, "{:?}", events.last());
        let empty = events.windows(2).any(|pair| pair[0].is_report() && pair[1].is_report());
        prop_assert!(!empty);
    }
}
