//! A process of the storm: its threads, each of which does one step after the other.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::Scope;

use abi_tests::process::leave;
use abi_tests::sys;
use guests::checked;
use libc::{O_RDWR, SYS_close, SYS_dup2, SYS_open};
use storm::{Area, Around, FILES, Ioctl, Player, Random, Step, THREADS};

use crate::device::Device;
use crate::memory::Memory;
use crate::shared::Shared;

/// Steps of the longest life; most of those who live that long are killed before.
const STEPS_MAX: u64 = 6000;

/// What the threads of a process share.
struct Process<'a> {
    shared: &'a Shared,
    device: Device,
    memory: Memory,
    player: Mutex<Player>,
    /// Steps until it ends.
    left: AtomicU32,
}

/// A thread.
struct Thread {
    number: usize,
    random: Random,
    /// Of each thread, this one's own too.
    areas: [Area; THREADS],
}

/// Lives, as a process of its own, until its steps are done; then ends in the middle of all that
/// its threads do. Returns only where something went wrong.
///
/// # Errors
/// What the calls answer that the storm needs.
pub fn live(shared: &Shared, seed: u64) -> io::Result<()> {
    let mut random = Random::new(seed);
    give_files()?;
    let process = Process {
        shared,
        device: Device::open()?,
        memory: Memory::new(),
        player: Mutex::default(),
        left: AtomicU32::new(1 + random.below(STEPS_MAX) as u32),
    };
    std::thread::scope(|threads| {
        for number in 0..THREADS {
            let thread = Thread {
                number,
                random: Random::new(random.next()),
                areas: std::array::from_fn(|area| Area::new(process.memory.address(area))),
            };
            let process = &process;
            threads.spawn(move || process.play(threads, thread));
        }
    });
    Ok(())
}

/// The files that the process has to pass on: nothing that others would miss.
fn give_files() -> io::Result<()> {
    let null = checked(sys!(SYS_open, c"/dev/null", O_RDWR))?;
    for fd in (0..FILES).filter(|fd| *fd != libc::STDERR_FILENO as u32) {
        checked(sys!(SYS_dup2, null, fd))?;
    }
    checked(sys!(SYS_close, null)).map(drop)
}

impl<'a> Process<'a> {
    /// Goes on until another thread takes the place of this one.
    fn play<'scope>(&'scope self, threads: &'scope Scope<'scope, '_>, mut thread: Thread) {
        loop {
            if self.left.fetch_sub(1, Ordering::Relaxed) <= 1 {
                leave(0);
            }
            // On one processor, too, others are to come between the steps of one thread.
            if thread.random.one_in(2) {
                std::thread::yield_now();
            }
            match self.step(&mut thread) {
                Ok(true) => {}
                Ok(false) => {
                    threads.spawn(move || self.play(threads, thread));
                    return;
                }
                Err(error) => {
                    eprintln!("binder-storm: {error}");
                    leave(1);
                }
            }
        }
    }

    /// Does a step. Returns false when the thread is to end.
    fn step(&self, thread: &mut Thread) -> io::Result<bool> {
        let peers = self.shared.pids();
        let around = Around { peers: &peers };
        let Thread {
            number,
            random,
            areas,
        } = thread;
        // Now and then from where another thread may be calling at the same time.
        let which = match random.one_in(8) {
            true => random.below(THREADS as u64) as usize,
            false => *number,
        };
        let area = &mut areas[which];
        let step = {
            let player = self.player.lock();
            let mut player = player.unwrap_or_else(PoisonError::into_inner);
            player.next(*number, &around, random, area)
        };
        match step {
            Step::Ioctl(ioctl) => {
                self.memory.put(which, area.written());
                self.call(*number, which, ioctl);
            }
            Step::Poll => self.device.poll(),
            Step::CloseFiles => self.device.close_files(),
            Step::Flush => self.device.flush()?,
            Step::Unmap => self.device.unmap(),
            Step::Reopen => self.device.reopen()?,
            Step::EndThread => return Ok(false),
        }
        Ok(true)
    }

    fn call(&self, number: usize, area: usize, ioctl: Ioctl) {
        let went_well = self.device.ioctl(ioctl.number, ioctl.argument);
        self.shared.add_commands(ioctl.commands);
        if went_well && ioctl.returns() {
            let filled = storm::returned(&self.memory.bytes(area, 0..64));
            let returns = self.memory.bytes(area, filled);
            let player = self.player.lock();
            let mut player = player.unwrap_or_else(PoisonError::into_inner);
            player.note_returns(number, &returns);
        }
    }
}
