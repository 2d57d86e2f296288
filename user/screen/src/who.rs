//! Which persona this is, and the colour it goes by.
//!
//! The name is the host name, for `persona create` gives each persona its own. The colour comes
//! from the name alone, so a persona has the same on every machine and after every boot.

use crate::Colour;

/// The persona that all others are looked after from; it has a colour of its own.
const ROOT: (&str, Colour) = ("root", Colour::hex(0xf2_a541));

/// Colours that are told apart at a glance, also from the root's.
const COLOURS: [Colour; 9] = [
    Colour::hex(0xb0_7cf7),
    Colour::hex(0x2f_c6a0),
    Colour::hex(0x3b_c9ee),
    Colour::hex(0x4c_8dff),
    Colour::hex(0xf0_6292),
    Colour::hex(0xef_6a5a),
    Colour::hex(0xd9_7bdc),
    Colour::hex(0x8b_d450),
    Colour::hex(0xcf_c14a),
];

/// A persona as it shows itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// Its name.
    pub name: String,
    /// Its colour.
    pub colour: Colour,
}

impl Who {
    /// The persona of this name.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.into(),
            colour: colour_of(name),
        }
    }

    /// The persona this process is in.
    pub fn here() -> Self {
        let names = rustix::system::uname();
        // The kernel opens this file for the root persona only.
        let root = std::fs::File::open("/proc/dev_ns/list").is_ok();
        let host = names.nodename().to_string_lossy();
        Self::named(if root { ROOT.0 } else { &host })
    }
}

fn colour_of(name: &str) -> Colour {
    if name == ROOT.0 {
        return ROOT.1;
    }
    // FNV-1a of 32 bits, whose upper bits are the better ones.
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    COLOURS[(hash >> 16) as usize % COLOURS.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_personas_of_a_default_boot_are_told_apart() {
        let names = ["root", "work", "play", "demo", "home"];
        for (index, name) in names.iter().enumerate() {
            for other in &names[..index] {
                let (one, two) = (Who::named(name).colour, Who::named(other).colour);
                let apart = (one.hue() - two.hue()).abs();
                assert!(apart.min(360.0 - apart) > 25.0, "{name} and {other}");
            }
        }
    }

    #[test]
    fn this_process_is_someone() {
        assert!(!Who::here().name.is_empty());
    }
}
