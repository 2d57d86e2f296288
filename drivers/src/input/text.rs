//! What devices have, as text: `/proc/bus/input/devices` and the attributes of `/sys/class/input`.
//!
//! Source: Linux's `Documentation/input/input.rst`; `input_devices_seq_show` for the form.

use abi::input::{EV_ABS, EV_FF, EV_KEY, EV_LED, EV_MSC, EV_REL, EV_SND, EV_SW, EV_SYN};
use core::fmt::{self, Write};

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

#[cfg(test)]
mod tests {
    use super::super::ps2::{fake::FakeLine, keyboard::Keyboard, scancode::Set};
    use super::*;
    use crate::input::device::Device;

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
    fn words_begin_with_the_highest() {
        assert_eq!(Words(&[1, 0x10, 0]).to_string(), "10 1");
        assert_eq!(Words(&[0, 1, 0]).to_string(), "1 0");
        assert_eq!(Words(&[0]).to_string(), "0");
    }
}
