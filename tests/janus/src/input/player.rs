//! A persona whose first process has two files of the keyboard and does what it is told.

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::leave;
use abi_tests::{same, sys, works};
use janus_tests::inputs::{EV_KEY, Event, File, GRAB, KEY_A, KEYBOARD, REPORT, key, open, set};
use janus_tests::persona::{ACTIVE, Persona, put};
use libc::*;

/// What it can be told to do with one of its files.
#[derive(Clone, Copy, PartialEq)]
pub enum Order {
    /// Take the device for itself.
    Grab,
    /// Give it back.
    Ungrab,
    /// Write that A goes down.
    Press,
    /// Write that it goes up.
    Release,
    /// Tell the events that can be read.
    Events,
    /// Tell the keys that are down, as presses.
    Keys,
    /// Take its meaning from A, where it has one, and let no key repeat.
    Change,
}

const ORDERS: [Order; 7] = [
    Order::Grab,
    Order::Ungrab,
    Order::Press,
    Order::Release,
    Order::Events,
    Order::Keys,
    Order::Change,
];

/// What it answers.
#[derive(Debug)]
pub struct Answer {
    /// What the call returned.
    pub result: i32,
    /// The events it tells.
    pub events: Vec<Event>,
}

/// An answer's words: the result, how many events, and three words for each.
type Words = [i32; 128];

/// The persona.
pub struct Player {
    persona: Persona,
    orders: i32,
    answers: i32,
}

impl Player {
    /// Starts it, in the background.
    pub fn start() -> Result<Self, Failure> {
        // A machine without devices leaves the case out.
        drop(open(KEYBOARD)?);
        let (mut orders, mut answers) = ([0i32; 2], [0i32; 2]);
        works!(SYS_pipe2, &mut orders, O_CLOEXEC);
        works!(SYS_pipe2, &mut answers, O_CLOEXEC);
        let persona = Persona::running(|| {
            sys!(SYS_close, orders[1]);
            play(orders[0], answers[1])
        })?;
        sys!(SYS_close, orders[0]);
        sys!(SYS_close, answers[1]);
        Ok(Self {
            persona,
            orders: orders[1],
            answers: answers[0],
        })
    }

    /// Brings it to the front.
    pub fn to_front(&self) -> Outcome {
        put(ACTIVE, &self.persona.pid.to_string())
    }

    /// Has it do something with one of its two files.
    pub fn ask(&self, file: usize, order: Order) -> Result<Answer, Failure> {
        let number = ORDERS.iter().position(|known| *known == order);
        let order = [file as u8, number.unwrap_or_default() as u8];
        works!(SYS_write, self.orders, &order, 2);
        let mut words: Words = [0; 128];
        let length = size_of::<Words>();
        same!(
            sys!(SYS_read, self.answers, &mut words, length),
            length as isize
        );
        let events = words[2..].chunks_exact(3).take(words[1] as usize);
        let events = events.map(|event| (event[0] as u16, event[1] as u16, event[2]));
        Ok(Answer {
            result: words[0],
            events: events.collect(),
        })
    }

    /// Ends it.
    pub fn end(self) -> Outcome {
        sys!(SYS_close, self.orders);
        sys!(SYS_close, self.answers);
        self.persona.end()
    }
}

fn play(orders: i32, answers: i32) -> i32 {
    let (Ok(one), Ok(two)) = (open(KEYBOARD), open(KEYBOARD)) else {
        return 100;
    };
    let files = [one, two];
    let mut order = [0u8; 2];
    while sys!(SYS_read, orders, &mut order, 2) == 2 {
        let answer = obey(&files[usize::from(order[0])], ORDERS[usize::from(order[1])]);
        let mut words: Words = [0; 128];
        words[0] = answer.result;
        words[1] = answer.events.len() as i32;
        for (place, event) in words[2..].chunks_exact_mut(3).zip(answer.events) {
            place.copy_from_slice(&[i32::from(event.0), i32::from(event.1), event.2]);
        }
        sys!(SYS_write, answers, &words, size_of::<Words>());
    }
    leave(0)
}

fn obey(file: &File, order: Order) -> Answer {
    let (mut result, mut events) = (0, Vec::new());
    match order {
        Order::Grab => result = sys!(SYS_ioctl, file.number, GRAB, 1) as i32,
        Order::Ungrab => result = sys!(SYS_ioctl, file.number, GRAB, 0) as i32,
        Order::Press => result = file.write(&key(KEY_A, 1)) as i32,
        Order::Release => result = file.write(&key(KEY_A, 0)) as i32,
        Order::Events => events = file.events(),
        Order::Keys => {
            let keys = file.keys().unwrap_or_default();
            events = keys.iter().map(|key| (EV_KEY, *key, 1)).collect();
        }
        Order::Change => {
            result = sys!(SYS_ioctl, file.number, set(3, 8), &[9, 9]) as i32;
            // That of a virtio keyboard is not to be taken.
            let pair = [u32::from(KEY_A), 0];
            sys!(SYS_ioctl, file.number, set(4, 8), &pair);
            file.write(&[REPORT]);
            file.events();
        }
    }
    Answer { result, events }
}
