//! What every scenario needs: the image that was built, a booted machine with someone typing at
//! its shell and perhaps sitting at its screen, and the run of one command line.
//!
//! The scenarios themselves are in `tests/`. `cargo xtask test` builds the image and says through
//! the environment where it is; without that a scenario fails at once with the command to type.
//! Everything here panics when it cannot go on, as tests do, with the machine's last words.

mod console;
mod debugger;
mod image;
mod random;
mod running;
mod seat;
mod sitter;
mod x_client;
mod x_server;

pub use console::{Answer, Console};
pub use debugger::Debugger;
pub use image::{Image, Ran, xtask};
pub use random::Random;
pub use running::Running;
pub use seat::{Seat, saved, switch_keys};
pub use sitter::Sitter;
pub use x_client::{ALT, XClient, function_key};
pub use x_server::XServer;

use std::time::Duration;

/// How long a boot to the shell may take: two seconds on an idle host, more on a busy one.
pub const BOOT_LIMIT: Duration = Duration::from_secs(60);
/// How long what was done may take to show on the screen: a moment on an idle host.
pub const LOOK_LIMIT: Duration = Duration::from_secs(60);
/// How long a command typed at the shell may take.
pub const COMMAND_LIMIT: Duration = Duration::from_secs(60);
