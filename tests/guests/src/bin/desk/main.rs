//! `desk NAME`: someone at a desk, who does what the scenario says and tells what they saw.
//!
//! It has the screen mapped and every input device open from the start to the end. Its orders
//! ([`guests::orders`]) are:
//! - `draw COLOUR NUMBER` draws a pattern through the mapping and nothing else;
//! - `paint COLOUR` draws one pattern after the other, until the next `draw`;
//! - `holds COLOUR NUMBER` says whether the mapping still has this pattern, pixel by pixel;
//! - `keys` lists what was read of keys so far, as `CODE+` and `CODE-`;
//! - `held` lists the keys that are down, as the devices say;
//! - `grab` and `release` grab every device or let go of it;
//! - `blank LEVEL` blanks the screen (0: shows it);
//! - `fake` writes the switch keys to every device;
//! - `flood` writes as many keys to the devices as one call takes, again and again, and never
//!   answers an order again;
//! - `spin` uses up the processor and never answers an order again.

mod input;
mod screen;

use guests::orders::Orders;
use guests::pattern::{Pattern, Primary};

use input::Devices;
use screen::Screen;

fn main() -> std::io::Result<()> {
    let name = std::env::args().nth(1).unwrap_or_else(|| "desk".into());
    let mut desk = Desk {
        screen: Screen::open()?,
        devices: Devices::open()?,
    };
    let mut orders = Orders::of(&name)?;
    loop {
        orders.wait(desk.devices.files())?;
        desk.devices.read()?;
        let Some(order) = orders.take()? else {
            continue;
        };
        orders.answer(&desk.obey(&order))?;
        match order.as_str() {
            "flood" => match desk.devices.flood()? {},
            "spin" => spin(),
            _ => {}
        }
    }
}

/// Takes the processor with several threads, for ever.
fn spin() -> ! {
    for _ in 0..3 {
        std::thread::spawn(|| {
            loop {
                std::hint::spin_loop();
            }
        });
    }
    loop {
        std::hint::spin_loop();
    }
}

/// What is on the desk.
struct Desk {
    screen: Screen,
    devices: Devices,
}

impl Desk {
    /// Does what `order` says; the answer is what there is to tell, or what went wrong.
    fn obey(&mut self, order: &str) -> String {
        let words: Vec<&str> = order.split_whitespace().collect();
        let done = match words[..] {
            ["draw", colour, number] => self.draw(colour, number),
            ["paint", colour] => self.paint(colour),
            ["holds", colour, number] => self.holds(colour, number),
            ["keys"] => self.devices.read().map(|()| self.devices.log()),
            ["held"] => self.devices.held(),
            ["grab"] => self.devices.grab(true),
            ["release"] => self.devices.grab(false),
            ["blank", level] => self.screen.blank(level.parse().unwrap_or(0)),
            ["fake"] => self.devices.fake(),
            ["flood"] => Ok("flooding".into()),
            ["spin"] => Ok("spinning".into()),
            _ => Ok(format!("what is `{order}`?")),
        };
        done.unwrap_or_else(|error| format!("{order}: {error}"))
    }

    fn draw(&mut self, colour: &str, number: &str) -> std::io::Result<String> {
        let pattern = pattern(colour, number)?;
        self.screen.stop_painting();
        self.screen.draw(pattern);
        Ok("drawn".into())
    }

    fn paint(&mut self, colour: &str) -> std::io::Result<String> {
        let Pattern { primary, .. } = pattern(colour, "0")?;
        self.screen.paint(primary);
        Ok("painting".into())
    }

    fn holds(&mut self, colour: &str, number: &str) -> std::io::Result<String> {
        let wrong = self.screen.first_wrong(pattern(colour, number)?);
        Ok(match wrong {
            None => "yes".into(),
            Some((x, y, pixel)) => format!("no: {pixel:08x} at ({x}, {y})"),
        })
    }
}

/// The pattern that an order speaks of.
fn pattern(colour: &str, number: &str) -> std::io::Result<Pattern> {
    let unknown = || std::io::Error::other("no such pattern");
    Ok(Pattern {
        primary: Primary::named(colour).ok_or_else(unknown)?,
        number: number.parse().map_err(|_| unknown())?,
    })
}
