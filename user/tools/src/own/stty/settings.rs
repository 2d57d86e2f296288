//! The settings of a terminal and their names.
//!
//! Source: termios(3), stty(1) of POSIX and of the GNU core utilities.

use rustix::termios::{
    ControlModes, InputModes, LocalModes, OutputModes, SpecialCodeIndex, SpecialCodes, Termios,
};

/// Which word of the structure a flag is in, and its bits.
#[derive(Clone, Copy)]
pub enum Flag {
    /// How characters travel.
    Control(ControlModes),
    /// What happens to input.
    Input(InputModes),
    /// What happens to output.
    Output(OutputModes),
    /// What the line discipline does.
    Local(LocalModes),
}

/// Each flag, its name, and whether it is set after `stty sane`.
pub const FLAGS: &[(&str, Flag, bool)] = &[
    ("parenb", Flag::Control(ControlModes::PARENB), false),
    ("parodd", Flag::Control(ControlModes::PARODD), false),
    ("hupcl", Flag::Control(ControlModes::HUPCL), false),
    ("cstopb", Flag::Control(ControlModes::CSTOPB), false),
    ("cread", Flag::Control(ControlModes::CREAD), true),
    ("clocal", Flag::Control(ControlModes::CLOCAL), false),
    ("crtscts", Flag::Control(ControlModes::CRTSCTS), false),
    ("ignbrk", Flag::Input(InputModes::IGNBRK), false),
    ("brkint", Flag::Input(InputModes::BRKINT), true),
    ("ignpar", Flag::Input(InputModes::IGNPAR), false),
    ("parmrk", Flag::Input(InputModes::PARMRK), false),
    ("inpck", Flag::Input(InputModes::INPCK), false),
    ("istrip", Flag::Input(InputModes::ISTRIP), false),
    ("inlcr", Flag::Input(InputModes::INLCR), false),
    ("igncr", Flag::Input(InputModes::IGNCR), false),
    ("icrnl", Flag::Input(InputModes::ICRNL), true),
    ("ixon", Flag::Input(InputModes::IXON), true),
    ("ixoff", Flag::Input(InputModes::IXOFF), false),
    ("iuclc", Flag::Input(InputModes::IUCLC), false),
    ("ixany", Flag::Input(InputModes::IXANY), false),
    ("imaxbel", Flag::Input(InputModes::IMAXBEL), true),
    ("iutf8", Flag::Input(InputModes::IUTF8), false),
    ("opost", Flag::Output(OutputModes::OPOST), true),
    ("olcuc", Flag::Output(OutputModes::OLCUC), false),
    ("ocrnl", Flag::Output(OutputModes::OCRNL), false),
    ("onlcr", Flag::Output(OutputModes::ONLCR), true),
    ("onocr", Flag::Output(OutputModes::ONOCR), false),
    ("onlret", Flag::Output(OutputModes::ONLRET), false),
    ("ofill", Flag::Output(OutputModes::OFILL), false),
    ("ofdel", Flag::Output(OutputModes::OFDEL), false),
    ("isig", Flag::Local(LocalModes::ISIG), true),
    ("icanon", Flag::Local(LocalModes::ICANON), true),
    ("iexten", Flag::Local(LocalModes::IEXTEN), true),
    ("echo", Flag::Local(LocalModes::ECHO), true),
    ("echoe", Flag::Local(LocalModes::ECHOE), true),
    ("echok", Flag::Local(LocalModes::ECHOK), true),
    ("echonl", Flag::Local(LocalModes::ECHONL), false),
    ("noflsh", Flag::Local(LocalModes::NOFLSH), false),
    ("xcase", Flag::Local(LocalModes::XCASE), false),
    ("tostop", Flag::Local(LocalModes::TOSTOP), false),
    ("echoprt", Flag::Local(LocalModes::ECHOPRT), false),
    ("echoctl", Flag::Local(LocalModes::ECHOCTL), true),
    ("echoke", Flag::Local(LocalModes::ECHOKE), true),
    ("flusho", Flag::Local(LocalModes::FLUSHO), false),
    ("extproc", Flag::Local(LocalModes::EXTPROC), false),
];

/// Each special character, its name and its value after `stty sane`.
pub const CHARACTERS: &[(&str, SpecialCodeIndex, u8)] = &[
    ("intr", SpecialCodeIndex::VINTR, 3),
    ("quit", SpecialCodeIndex::VQUIT, 28),
    ("erase", SpecialCodeIndex::VERASE, 127),
    ("kill", SpecialCodeIndex::VKILL, 21),
    ("eof", SpecialCodeIndex::VEOF, 4),
    ("eol", SpecialCodeIndex::VEOL, 0),
    ("eol2", SpecialCodeIndex::VEOL2, 0),
    ("swtch", SpecialCodeIndex::VSWTC, 0),
    ("start", SpecialCodeIndex::VSTART, 17),
    ("stop", SpecialCodeIndex::VSTOP, 19),
    ("susp", SpecialCodeIndex::VSUSP, 26),
    ("rprnt", SpecialCodeIndex::VREPRINT, 18),
    ("werase", SpecialCodeIndex::VWERASE, 23),
    ("lnext", SpecialCodeIndex::VLNEXT, 22),
    ("discard", SpecialCodeIndex::VDISCARD, 15),
];

impl Flag {
    /// Whether it is set.
    pub fn is_set(self, modes: &Termios) -> bool {
        match self {
            Flag::Control(bits) => modes.control_modes.contains(bits),
            Flag::Input(bits) => modes.input_modes.contains(bits),
            Flag::Output(bits) => modes.output_modes.contains(bits),
            Flag::Local(bits) => modes.local_modes.contains(bits),
        }
    }

    /// Sets or clears it.
    pub fn set(self, modes: &mut Termios, on: bool) {
        match self {
            Flag::Control(bits) => modes.control_modes.set(bits, on),
            Flag::Input(bits) => modes.input_modes.set(bits, on),
            Flag::Output(bits) => modes.output_modes.set(bits, on),
            Flag::Local(bits) => modes.local_modes.set(bits, on),
        }
    }
}

/// Sets what goes by the name `word`, which may begin with `-`: a flag or several at once.
/// Returns false if it is no name.
pub fn apply(modes: &mut Termios, word: &str) -> bool {
    let (name, on) = match word.strip_prefix('-') {
        Some(name) => (name, false),
        None => (word, true),
    };
    match (name, on) {
        ("sane", true) => sane(modes),
        ("raw", true) | ("cooked", false) => {
            modes.make_raw();
            modes.special_codes[SpecialCodeIndex::VMIN] = 1;
            modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        }
        ("cooked", true) | ("raw", false) => cooked(modes),
        ("cbreak", _) => modes.local_modes.set(LocalModes::ICANON, !on),
        ("nl", _) => {
            modes.input_modes.set(InputModes::ICRNL, !on);
            modes.output_modes.set(OutputModes::ONLCR, !on);
        }
        ("ek", true) => {
            modes.special_codes[SpecialCodeIndex::VERASE] = 127;
            modes.special_codes[SpecialCodeIndex::VKILL] = 21;
        }
        ("crterase", _) => modes.local_modes.set(LocalModes::ECHOE, on),
        ("cs5" | "cs6" | "cs7" | "cs8", true) => {
            modes.control_modes.remove(ControlModes::CSIZE);
            modes.control_modes.insert(match name {
                "cs5" => ControlModes::CS5,
                "cs6" => ControlModes::CS6,
                "cs7" => ControlModes::CS7,
                _ => ControlModes::CS8,
            });
        }
        _ => match FLAGS.iter().find(|(known, _, _)| *known == name) {
            Some((_, flag, _)) => flag.set(modes, on),
            None => return false,
        },
    }
    true
}

fn sane(modes: &mut Termios) {
    for (_, flag, on) in FLAGS {
        // How the line is wired is not for this to change.
        if !matches!(flag, Flag::Control(_)) || *on {
            flag.set(modes, *on);
        }
    }
    for (_, index, value) in CHARACTERS {
        modes.special_codes[*index] = *value;
    }
}

fn cooked(modes: &mut Termios) {
    for name in [
        "brkint", "ignpar", "istrip", "icrnl", "ixon", "opost", "isig", "icanon",
    ] {
        if let Some((_, flag, _)) = FLAGS.iter().find(|(known, _, _)| *known == name) {
            flag.set(modes, !matches!(name, "istrip"));
        }
    }
    restore_line_ends(&mut modes.special_codes);
}

/// In raw mode VMIN and VTIME may share their places with these two.
fn restore_line_ends(codes: &mut SpecialCodes) {
    codes[SpecialCodeIndex::VEOF] = 4;
    codes[SpecialCodeIndex::VEOL] = 0;
}

/// A special character as a person writes it: `^C`, `^?`, `<undef>`, `x`.
pub fn character_text(value: u8) -> String {
    match value {
        0 => "<undef>".into(),
        1..=31 => format!("^{}", char::from(value + 64)),
        127 => "^?".into(),
        32..=126 => char::from(value).to_string(),
        _ => format!("M-{}", character_text(value & 0x7f)),
    }
}

/// Reads what [`character_text`] writes, `undef`, `^-`, and numbers.
pub fn character(text: &str) -> Option<u8> {
    match text.as_bytes() {
        b"undef" | b"^-" | b"<undef>" => Some(0),
        b"^?" => Some(127),
        [b'^', letter] => Some(letter.to_ascii_uppercase() & 0x1f),
        [one] if !one.is_ascii_digit() => Some(*one),
        _ => match text.strip_prefix("0x") {
            Some(digits) => u8::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        },
    }
}

/// All settings as one word that [`restore`] reads: the four words of flags, then the special
/// characters, in hexadecimal.
pub fn save(modes: &Termios) -> String {
    let flags = [
        modes.input_modes.bits(),
        modes.output_modes.bits(),
        modes.control_modes.bits(),
        modes.local_modes.bits(),
    ];
    let codes = saved_codes().map(|index| u32::from(modes.special_codes[index]));
    let words: Vec<String> = flags
        .into_iter()
        .chain(codes)
        .map(|value| format!("{value:x}"))
        .collect();
    words.join(":")
}

/// Takes settings back from a word; false if it is none of [`save`].
pub fn restore(modes: &mut Termios, word: &str) -> bool {
    let values: Result<Vec<u32>, _> = word
        .split(':')
        .map(|digits| u32::from_str_radix(digits, 16))
        .collect();
    let Ok(values) = values else { return false };
    if values.len() != 4 + saved_codes().count() {
        return false;
    }
    modes.input_modes = InputModes::from_bits_retain(values[0]);
    modes.output_modes = OutputModes::from_bits_retain(values[1]);
    modes.control_modes = ControlModes::from_bits_retain(values[2]);
    modes.local_modes = LocalModes::from_bits_retain(values[3]);
    for (index, value) in saved_codes().zip(&values[4..]) {
        modes.special_codes[index] = u8::try_from(*value).unwrap_or(0);
    }
    true
}

fn saved_codes() -> impl Iterator<Item = SpecialCodeIndex> {
    let times = [SpecialCodeIndex::VMIN, SpecialCodeIndex::VTIME];
    CHARACTERS.iter().map(|(_, index, _)| *index).chain(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_read_as_they_are_written() {
        for (_, _, value) in CHARACTERS {
            assert_eq!(character(&character_text(*value)), Some(*value));
        }
        assert_eq!(character("^c"), Some(3));
        assert_eq!(character("0x7f"), Some(127));
        assert_eq!(character("words"), None);
    }
}
