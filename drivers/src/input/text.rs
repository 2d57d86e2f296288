//! What devices have, as text: `/proc/bus/input/devices` and the attributes of `/sys/class/input`.
//!
//! Source: Linux's `Documentation/input/input.rst`; `input_devices_seq_show` for the form.

use abi::input::{EV_ABS, EV_FF, EV_KEY, EV_LED, EV_MSC, EV_REL, EV_SND, EV_SW, EV_SYN, KEY_MUTE};
use core::fmt::{self, Write};

use super::codes::count_of;
use super::device::Identity;

/// The lists of codes by the names that programs know them by.
pub const LISTS: [(&str, u16); 9] = [
    ("EV", EV_SYN),
    ("KEY", EV_KEY),
    ("REL", EV_REL),
    ("ABS", EV_ABS),
    ("MSC", EV_MSC),
    ("LED", EV_LED),
    ("SND", EV_SND),
    ("FF", EV_FF),
    ("SW", EV_SW),
];

/// Words of bits in hexadecimal, the highest that has any first.
pub struct Words<'a>(pub &'a [u64]);

impl fmt::Display for Words<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let highest = self.0.iter().rposition(|word| *word != 0).unwrap_or(0);
        for (index, word) in self.0.iter().enumerate().take(highest + 1).rev() {
            write!(out, "{word:x}")?;
            if index > 0 {
                out.write_char(' ')?;
            }
        }
        Ok(())
    }
}

/// The block of one device in `/proc/bus/input/devices`. `sysfs` is its directory below `/sys`,
/// `handlers` are the names of its nodes.
///
/// # Errors
/// What writing to `out` answers.
pub fn describe(
    out: &mut impl Write,
    identity: &Identity,
    sysfs: &str,
    handlers: &[&str],
) -> fmt::Result {
    let id = identity.id;
    writeln!(
        out,
        "I: Bus={:04x} Vendor={:04x} Product={:04x} Version={:04x}",
        id.bus, id.vendor, id.product, id.version
    )?;
    writeln!(out, "N: Name=\"{}\"", identity.name)?;
    writeln!(out, "P: Phys={}", identity.phys.as_deref().unwrap_or(""))?;
    writeln!(out, "S: Sysfs={sysfs}")?;
    writeln!(out, "U: Uniq={}", identity.uniq.as_deref().unwrap_or(""))?;
    out.write_str("H: Handlers=")?;
    handlers
        .iter()
        .try_for_each(|name| write!(out, "{name} "))?;
    writeln!(out, "\nB: PROP={}", Words(identity.properties.words()))?;
    for (name, kind) in LISTS {
        if identity.types.has(kind)
            && let Some(words) = identity.codes(kind)
        {
            writeln!(out, "B: {name}={}", Words(&words))?;
        }
    }
    out.write_char('\n')
}

/// What udev is told of a device.
///
/// # Errors
/// What writing to `out` answers.
pub fn event(out: &mut impl Write, identity: &Identity) -> fmt::Result {
    let id = identity.id;
    writeln!(
        out,
        "PRODUCT={:x}/{:x}/{:x}/{:x}",
        id.bus, id.vendor, id.product, id.version
    )?;
    writeln!(out, "NAME=\"{}\"", identity.name)?;
    for (name, text) in [("PHYS", &identity.phys), ("UNIQ", &identity.uniq)] {
        if let Some(text) = text {
            writeln!(out, "{name}=\"{text}\"")?;
        }
    }
    writeln!(out, "PROP={}", Words(identity.properties.words()))?;
    for (name, kind) in LISTS {
        if identity.types.has(kind)
            && let Some(words) = identity.codes(kind)
        {
            writeln!(out, "{name}={}", Words(&words))?;
        }
    }
    writeln!(out, "MODALIAS={}", Alias(identity))
}

/// The name by which a driver for a device is looked for: its numbers, and behind a letter for
/// each type the codes that it has.
pub struct Alias<'a>(pub &'a Identity);

impl fmt::Display for Alias<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.0.id;
        write!(
            out,
            "input:b{:04X}v{:04X}p{:04X}e{:04X}-",
            id.bus, id.vendor, id.product, id.version
        )?;
        for ((_, kind), letter) in LISTS.into_iter().zip("ekramlsfw".chars()) {
            out.write_char(letter)?;
            // Nobody chooses a driver by keys that any keyboard has.
            let first = if kind == EV_KEY { KEY_MUTE } else { 0 };
            let words = self.0.codes(kind).unwrap_or_default();
            let has = |code: &u16| {
                let word = words.get(usize::from(*code) / 64);
                word.is_some_and(|word| word >> (code % 64) & 1 == 1)
            };
            // Linux leaves out the last code that there could be.
            for code in (first..count_of(kind) - 1).filter(has) {
                write!(out, "{code:X},")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::ps2::{fake::FakeLine, keyboard::Keyboard, scancode::Set};
    use super::*;
    use crate::input::bits::Bits;
    use crate::input::device::Device;
    use abi::input::InputId;

    #[test]
    fn a_keyboard_reads_as_on_linux() {
        let identity = Keyboard::new(std::sync::Arc::new(FakeLine::default()), Set::One).identity();
        let mut text = String::new();
        let handlers = ["kbd", "event0"];
        describe(
            &mut text,
            &identity,
            "/devices/virtual/input/input0",
            &handlers,
        )
        .unwrap();
        let expected = "I: Bus=0011 Vendor=0001 Product=0001 Version=ab41\n\
                        N: Name=\"AT Translated Set 2 keyboard\"\n\
                        P: Phys=isa0060/serio0/input0\n\
                        S: Sysfs=/devices/virtual/input/input0\n\
                        U: Uniq=\n\
                        H: Handlers=kbd event0 \n\
                        B: PROP=0\n\
                        B: EV=120013\n";
        assert!(text.starts_with(expected), "{text}");
        assert!(text.ends_with("B: MSC=10\nB: LED=7\n\n"), "{text}");
    }

    #[test]
    fn udev_is_told_what_a_device_has_and_nothing_of_what_it_lacks() {
        let identity = Identity {
            name: "One".into(),
            uniq: Some("7".into()),
            id: InputId {
                bus: 6,
                vendor: 0x627,
                product: 0xab,
                version: 1,
            },
            keys: Bits::of([1, 0x71, 0x110, 0x2ff]),
            relative: Bits::of([0, 1]),
            sounds: Bits::of([1]),
            switches: Bits::of([0, 0xf]),
            ..Identity::default()
        };
        let mut text = String::new();
        event(&mut text, &identity.note_types()).unwrap();
        let expected = "PRODUCT=6/627/ab/1\n\
                        NAME=\"One\"\n\
                        UNIQ=\"7\"\n\
                        PROP=0\n\
                        EV=40027\n\
                        KEY=8000000000000000 0 0 0 0 0 0 10000 0 0 2000000000000 2\n\
                        REL=3\n\
                        SND=2\n\
                        SW=8001\n\
                        MODALIAS=input:b0006v0627p00ABe0001-e0,1,2,5,12,k71,110,r0,1,amls1,fw0,F,\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn words_begin_with_the_highest() {
        assert_eq!(Words(&[1, 0x10, 0]).to_string(), "10 1");
        assert_eq!(Words(&[0, 1, 0]).to_string(), "1 0");
        assert_eq!(Words(&[0]).to_string(), "0");
    }
}
