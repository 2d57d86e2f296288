//! `hands NAME`: reads every input device and mouse there is, and tells what came.
//!
//! Its orders ([`guests::orders`]) are, besides others that say what they do:
//! - `devices`: the name and numbers of each device;
//! - `packets N`: the packets that have come since this was asked last, once there are N of them,
//!   as `DEVICE:TYPE.CODE=VALUE,…`; a `!` at the end tells that the input core made it. Packets
//!   that tell of nothing but lamps are left out, since they come when the system likes;
//! - `mice N`: the bytes that have come since this was asked last, once there are N of them, as
//!   `NAME.PROTOCOL:BYTES`;
//! - `held` and `lamps`: the keys that are down and the lamps that are on, as `DEVICE:CODE,…`;
//! - `means CODE KEY`: gives a key another meaning, wherever keys can have one;
//! - `repeat DELAY PERIOD` and `rate DELAY PERIOD`: sets the repetition, by the command and by
//!   events;
//! - `deaf` and `hearing`: wants to see no events of keys, and all again.

mod devices;
mod mice;

use std::io::Result;

use guests::event;
use guests::orders::Orders;

use devices::Devices;
use mice::Mice;

fn main() -> Result<()> {
    let name = std::env::args().nth(1).unwrap_or_else(|| "hands".into());
    let mut hands = Hands {
        devices: Devices::open()?,
        mice: Mice::open()?,
    };
    let mut orders = Orders::of(&name)?;
    loop {
        let files = hands.devices.files.iter().chain(hands.mice.files());
        orders.wait(files)?;
        hands.devices.read()?;
        hands.mice.read()?;
        if let Some(order) = orders.take()? {
            let answer = hands.obey(&order);
            let answer = answer.unwrap_or_else(|error| format!("{order}: {error}"));
            orders.answer(&answer)?;
        }
    }
}

/// What they lie on.
struct Hands {
    devices: Devices,
    mice: Mice,
}

impl Hands {
    fn obey(&mut self, order: &str) -> Result<String> {
        let words: Vec<&str> = order.split_whitespace().collect();
        let number = |word: &str| word.parse::<u16>().unwrap_or(0);
        match words[..] {
            ["devices"] => self.devices.describe(),
            ["packets", count] => self.devices.packets(number(count).into()),
            ["mice", count] => self.mice.bytes(number(count).into()),
            ["held"] => self.devices.held(),
            ["lamps"] => self.devices.lamps(),
            ["grab"] => event::grab(&self.devices.files, true),
            ["release"] => event::grab(&self.devices.files, false),
            ["press", code, value] => self.devices.press(number(code), number(value)),
            ["means", code, key] => self.devices.set_meaning(number(code), number(key)),
            ["repeat", delay, period] => self.devices.repeat([number(delay), number(period)]),
            ["rate", delay, period] => self.devices.rate([number(delay), number(period)]),
            ["deaf"] => self.devices.hear_keys(false),
            ["hearing"] => self.devices.hear_keys(true),
            _ => Ok(format!("what is `{order}`?")),
        }
    }
}
