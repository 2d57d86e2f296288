//! Where a pointer is, as each persona knows it.

use super::*;
use abi::input::{ABS_X, ABS_Y, AbsInfo, EV_ABS};

/// A device that says where it is on two axes.
struct Tablet(Hand);

impl Device for Tablet {
    fn identity(&self) -> Identity {
        let range = AbsInfo {
            maximum: 1000,
            ..AbsInfo::default()
        };
        Identity {
            axes: [(ABS_X, range), (ABS_Y, range)].into(),
            ..Identity::default()
        }
        .note_types()
    }

    fn next_event(&mut self) -> Option<Event> {
        self.0.events.lock().unwrap().pop_front()
    }

    fn set_led(&mut self, _led: u16, _on: bool) {}
}

/// A house with a tablet, and its files in the first two personas.
struct Desk {
    house: House,
    hand: Hand,
    files: [Evdev; 2],
}

impl Desk {
    fn new() -> Self {
        let (house, hand) = (House::new(), Hand::default());
        let tablet = house.mux.add(Box::new(Tablet(hand.clone())));
        let open = |index: usize| {
            let namespace = &house.personas[index];
            let waker = Arc::new(Nobody);
            Evdev::open(&house.mux, &house.handle, namespace, tablet, waker).unwrap()
        };
        let files = [open(0), open(1)];
        Self { house, hand, files }
    }

    fn point(&self, x: i32, y: i32) {
        self.hand.events.lock().unwrap().extend(packet(x, y));
        self.house.mux.service();
    }

    /// The places that both personas are told when they ask.
    fn told(&self) -> [[i32; 2]; 2] {
        self.files.each_ref().map(|file| {
            [ABS_X, ABS_Y].map(|axis| {
                let memory = Memory(Mutex::new(vec![0; 24]));
                let command = 2 << 30 | 24 << 16 | 0x4540 | u32::from(axis);
                assert_eq!(file.ioctl(&memory, command, 0), Ok(0));
                let bytes = memory.0.lock().unwrap();
                AbsInfo::read_from_bytes(&bytes).unwrap().value
            })
        })
    }
}

fn packet(x: i32, y: i32) -> [Event; 3] {
    let [x, y] = [(ABS_X, x), (ABS_Y, y)].map(|(axis, at)| Event::new(EV_ABS, axis, at));
    [x, y, Event::REPORT]
}

#[test]
fn the_one_behind_does_not_follow_the_pointer() {
    let desk = Desk::new();
    desk.point(10, 20);
    assert_eq!(desk.told(), [[10, 20], [0, 0]]);
    desk.house.switch(1);
    assert_eq!(
        desk.told(),
        [[10, 20], [0, 0]],
        "nothing is new to the winner"
    );
    desk.point(30, 40);
    assert_eq!(desk.told(), [[10, 20], [30, 40]]);
    desk.house.switch(2);
    desk.point(50, 60);
    assert_eq!(desk.told(), [[10, 20], [30, 40]]);
}

#[test]
fn who_returns_is_told_where_the_pointer_stayed() {
    let desk = Desk::new();
    let [front, other] = &desk.files;
    desk.point(10, 20);
    desk.house.switch(1);
    desk.point(10, 40);
    assert_eq!(events(other), packet(10, 40), "also what the loser knew");
    desk.house.switch(0);
    events(front);
    // It went down while another persona was in front, and only across since.
    desk.point(30, 40);
    assert_eq!(events(front), packet(30, 40));
    desk.house.switch(1);
    desk.point(10, 40);
    assert_eq!(events(other), [], "it is where this persona knows it to be");
}
