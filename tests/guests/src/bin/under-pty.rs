//! `under-pty KEYS COMMAND…`: runs COMMAND with a new pseudo-terminal as its controlling terminal
//! and types KEYS there, a piece whenever the command has been quiet for a moment. In KEYS, `|`
//! ends a piece: it types Escape after the first and Enter after the others, as vi wants them.
//! What the command shows goes to standard output; its exit status becomes ours.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Command, ExitCode};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// A command that has said nothing for so long waits for keys.
const QUIET: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 500_000_000,
};

fn main() -> std::io::Result<ExitCode> {
    let mut words = std::env::args().skip(1);
    let keys = words.next().unwrap_or_default();
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let name = ptsname(&master, Vec::new())?;
    let slave = rustix::fs::open(
        name.as_c_str(),
        OFlags::RDWR | OFlags::NOCTTY,
        Mode::empty(),
    )?;
    rustix::termios::tcsetwinsize(
        &slave,
        rustix::termios::Winsize {
            ws_row: 24,
            ws_col: 80,
            ws_xpixel: 0,
            ws_ypixel: 0,
        },
    )?;
    // setsid -c makes the terminal it has as input the controlling one of a new session.
    let mut command = Command::new("/bin/busybox");
    command
        .args(["setsid", "-c"])
        .args(words)
        .env("TERM", "vt100");
    command
        .stdin(slave.try_clone()?)
        .stdout(slave.try_clone()?)
        .stderr(slave);
    let mut child = command.spawn()?;
    // The command holds the slave's descriptors; ours must go for its end to be seen.
    drop(command);
    relay(master, &keys)?;
    let status = child.wait()?;
    Ok(ExitCode::from(
        u8::try_from(status.code().unwrap_or(255)).unwrap_or(255),
    ))
}

/// Shows what the command says and types the keys, until it has closed its terminal.
fn relay(master: OwnedFd, keys: &str) -> std::io::Result<()> {
    let mut pieces = keys.split_terminator('|').enumerate();
    let mut terminal = File::from(master);
    let mut chunk = [0; 4096];
    loop {
        let mut wait = [PollFd::new(&terminal, PollFlags::IN)];
        let ready = poll(&mut wait, Some(&QUIET))?;
        if ready == 0 {
            if let Some((index, piece)) = pieces.next() {
                let end = if index == 0 { "\x1b" } else { "\r" };
                terminal.write_all(format!("{piece}{end}").as_bytes())?;
            }
            continue;
        }
        match terminal.read(&mut chunk) {
            // A master answers EIO when nobody has the slave open any more.
            Ok(0) | Err(_) => return Ok(()),
            Ok(length) => std::io::stdout().write_all(&chunk[..length])?,
        }
    }
}
