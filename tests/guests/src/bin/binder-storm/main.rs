//! `binder-storm SECONDS [SEED]`: random calls of /dev/binder for so long, by several processes
//! with several threads each, which die all the time.
//!
//! What they do is made up by [`storm`], as for the driver on the host; here the threads are real,
//! and often write into the memory from which another is calling. Some processes end by
//! themselves, others are killed, and each is followed by a new one. In the end all are killed,
//! and the kernel must have nothing left of them: then the last line is `N commands, M deaths`, and
//! the exit status 0. Nobody else may use binder meanwhile.

mod device;
mod memory;
mod process;
mod shared;
mod statistics;

use std::io;

use abi_tests::process::{ending, now, pause, spawn};
use abi_tests::sys;
use guests::checked;
use storm::Random;

use shared::{PROCESSES, Shared};

/// How often processes are looked after, in milliseconds.
const LOOK_MILLISECONDS: i64 = 5;
/// One of the processes is killed at one look of so many, on average.
const KILLED_EVERY: u64 = 12;

fn main() -> io::Result<()> {
    let number = |index| {
        let argument = std::env::args().nth(index);
        argument.and_then(|text| text.parse::<u64>().ok())
    };
    let Some(seconds) = number(1) else {
        return Err(io::Error::other("usage: binder-storm SECONDS [SEED]"));
    };
    statistics::wait_until_clean()?;
    let mut storm = Storm {
        shared: Shared::new()?,
        random: Random::new(number(2).unwrap_or(1)),
        deaths: 0,
    };
    let outcome = storm.rage(seconds);
    let ended = storm.end();
    outcome.and(ended)?;
    statistics::wait_until_clean()?;
    println!(
        "{} commands, {} deaths",
        storm.shared.commands(),
        storm.deaths
    );
    Ok(())
}

/// All processes.
struct Storm {
    shared: Shared,
    random: Random,
    /// How many have died.
    deaths: u32,
}

impl Storm {
    /// Lets it go on for so many seconds.
    fn rage(&mut self, seconds: u64) -> io::Result<()> {
        let end = now() + seconds as i64 * 1_000_000_000;
        while now() < end {
            for slot in 0..PROCESSES {
                if self.shared.pid(slot) == 0 {
                    self.start(slot)?;
                }
            }
            pause(LOOK_MILLISECONDS);
            if self.random.one_in(KILLED_EVERY) {
                let slot = self.random.below(PROCESSES as u64);
                self.kill(slot as usize)?;
            }
            while self.is_there_any() && self.reap(libc::WNOHANG)? {}
        }
        Ok(())
    }

    fn start(&mut self, slot: usize) -> io::Result<()> {
        let seed = self.random.next();
        let shared = &self.shared;
        let pid = spawn(|| match process::live(shared, seed) {
            Ok(()) => 0,
            Err(error) => {
                eprintln!("binder-storm: {error}");
                1
            }
        });
        let pid = pid.map_err(|failure| io::Error::other(format!("{failure:?}")))?;
        self.shared.set_pid(slot, pid.unsigned_abs());
        Ok(())
    }

    fn is_there_any(&self) -> bool {
        self.shared.pids() != [0; PROCESSES]
    }

    fn kill(&self, slot: usize) -> io::Result<()> {
        match self.shared.pid(slot) {
            0 => Ok(()),
            pid => checked(sys!(libc::SYS_kill, pid, libc::SIGKILL)).map(drop),
        }
    }

    /// Takes note of a process that has ended. Returns whether there was one.
    fn reap(&mut self, flags: i32) -> io::Result<bool> {
        let mut status = 0i32;
        let pid = checked(sys!(libc::SYS_wait4, -1, &mut status, flags, 0))?;
        let slot = (0..PROCESSES).find(|slot| self.shared.pid(*slot) as usize == pid);
        let Some(slot) = slot.filter(|_| pid != 0) else {
            return Ok(false);
        };
        self.shared.set_pid(slot, 0);
        self.deaths += 1;
        if status != 0 && status != libc::SIGKILL {
            let said = format!("process {pid} {}", ending(status));
            return Err(io::Error::other(said));
        }
        Ok(true)
    }

    /// Kills all that are left.
    fn end(&mut self) -> io::Result<()> {
        (0..PROCESSES).try_for_each(|slot| self.kill(slot))?;
        while self.is_there_any() {
            self.reap(0)?;
        }
        Ok(())
    }
}
