//! clear and reset: an empty screen; a terminal in order again.
//!
//! Contract: the sequences are those of ECMA-48 and the VT100, which every terminal this machine
//! meets understands; there is no terminfo to look others up in.
//!
//! Source: clear(1), reset(1), console_codes(4).

use std::io::Write;

use super::{Context, Failure, stty};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: clear | reset
clear empties the screen. reset puts the terminal in order again: its settings as 'stty sane', its
character set, colours and margins as after power-on.
";

/// Home, empty the screen, empty what was scrolled off it.
const CLEAR: &[u8] = b"\x1b[H\x1b[2J\x1b[3J";
/// Full reset, then the G0 character set, as some emulators keep theirs.
const RESET: &[u8] = b"\x1bc\x1b(B\x0f\x1b[0m\x1b[?25h\x1b[H\x1b[2J";

/// Runs the tool the context is named after.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    if let Some(argument) = context.arguments.next()? {
        return Err(match argument {
            lexopt::Arg::Long("help") => Failure::Help,
            other => other.unexpected().into(),
        });
    }
    let sequence = if context.name == "reset" {
        if rustix::termios::isatty(std::io::stdin()) {
            stty::make_sane(std::io::stdin())?;
        }
        RESET
    } else {
        CLEAR
    };
    std::io::stdout().write_all(sequence)?;
    Ok(0)
}
