//! Random commands from several threads of several processes, with deaths and without memory,
//! checked after each few.
//!
//! The streams are those of `storm`, which also go to the device in a running machine.
//! `BINDER_FUZZ_COMMANDS` and `BINDER_FUZZ_SEED` in the environment choose another length and
//! another stream.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};

use storm::{Area, Around, FILES, Ioctl, Player, Random, Step, THREADS};

use super::super::fake::{DATA, FakeFile, Program, ROOM_BYTES};
use super::*;

/// Commands in one run of the tests.
const COMMANDS: u64 = 1_000_000;
/// Processes at a time.
const PROCESSES: usize = 4;
/// Descriptors that a process may have.
const FILES_MAX: usize = 12;

const _: () = assert!(ROOM_BYTES == storm::ROOM_BYTES);

/// Where processes are started.
struct World {
    context: Arc<Context>,
    /// Files that are open.
    open: Arc<AtomicU32>,
}

/// A process and its threads.
struct Process {
    program: Program,
    player: Player,
    tids: [u32; THREADS],
    area: Area,
}

impl Process {
    fn start(world: &World, pid: u32) -> Self {
        Self {
            program: world.program(pid),
            player: Player::default(),
            tids: core::array::from_fn(|thread| pid + thread as u32),
            area: Area::new(DATA as u64),
        }
    }

    /// Does a step of a thread; returns how many commands that were.
    fn play(&mut self, world: &World, thread: usize, peers: &[u32], random: &mut Random) -> u64 {
        let around = Around { peers };
        let actor = self.program.thread(self.tids[thread]);
        match self.player.next(thread, &around, random, &mut self.area) {
            Step::Ioctl(ioctl) => return self.call(thread, ioctl),
            // Where memory is short, a thread that is new cannot poll.
            Step::Poll => drop(self.program.opening.poll(&actor)),
            Step::CloseFiles => self.program.files.borrow_mut().retain(|fd, _| *fd < FILES),
            Step::Flush => self.program.opening.flush(),
            Step::Unmap => self.program.opening.unmapped(),
            Step::Reopen => self.program = world.program(self.program.pid),
            Step::EndThread => self.tids[thread] += THREADS as u32,
        }
        0
    }

    fn call(&mut self, thread: usize, ioctl: Ioctl) -> u64 {
        self.program.put(DATA, self.area.written());
        let actor = self.program.thread(self.tids[thread]);
        let outcome = actor.ioctl(ioctl.number, ioctl.argument as usize);
        if ioctl.returns() && outcome.is_ok() {
            let call = self.program.bytes(DATA, 64);
            let filled = storm::returned(&call);
            let returns = self.program.bytes(DATA + filled.start, filled.len());
            self.player.note_returns(thread, &returns);
        }
        ioctl.commands.into()
    }
}

impl World {
    /// A program with the device open and some files.
    fn program(&self, pid: u32) -> Program {
        let program = Program::new(&self.context, pid, 1000);
        for fd in 0..FILES {
            let file = FakeFile::passed(&self.open);
            program.files.borrow_mut().insert(fd, file);
        }
        program.files_max.set(FILES_MAX);
        program
    }
}

fn from_environment(name: &str, otherwise: u64) -> u64 {
    let value = std::env::var(name).ok();
    value
        .and_then(|value| value.parse().ok())
        .unwrap_or(otherwise)
}

#[test]
fn random_commands_leave_everything_counted_and_nothing_behind() {
    let seed = from_environment("BINDER_FUZZ_SEED", 1);
    let commands = from_environment("BINDER_FUZZ_COMMANDS", COMMANDS);
    // What comes to pass has numbers of its own: what a process does is the same in the guest.
    let (mut random, mut fate) = (Random::new(seed), Random::new(!seed));
    let world = World {
        context: Arc::default(),
        open: Arc::default(),
    };
    let mut next_pid = 10;
    let mut processes: Vec<Process> = Vec::new();
    let (mut given, mut step) = (0, 0u64);
    while given < commands {
        while processes.len() < PROCESSES {
            next_pid += 10_000;
            processes.push(Process::start(&world, next_pid));
        }
        let peers: Vec<u32> = processes.iter().map(|one| one.program.pid).collect();
        let which = fate.below(PROCESSES as u64) as usize;
        let process = &mut processes[which];
        if fate.one_in(100) {
            let grants = match fate.one_in(10) {
                true => fate.below(8) as usize,
                false => usize::MAX,
            };
            process.program.set_memory_left(grants);
        }
        let thread = fate.below(THREADS as u64) as usize;
        given += process.play(&world, thread, &peers, &mut random);
        if fate.one_in(800) {
            drop(processes.swap_remove(which));
        }
        step += 1;
        if step.is_multiple_of(64) || commands < 10_000 {
            world.context.check();
        }
    }
    processes.clear();
    world.context.check_empty();
    assert_eq!(world.open.load(Ordering::Relaxed), 0);
}
