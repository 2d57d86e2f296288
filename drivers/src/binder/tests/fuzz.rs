//! Random commands from several threads of several processes, with deaths, checked after each few.
//!
//! The streams are made of things that make sense and things that do not; what a thread was
//! returned, it uses: it answers, frees, counts and passes on. `BINDER_FUZZ_COMMANDS` and
//! `BINDER_FUZZ_SEED` in the environment choose another length and another stream.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};

use abi::binder::command::*;
use abi::binder::object::*;
use abi::binder::reply::*;
use abi::binder::*;

use super::super::fake::{Actor, DATA, FakeFile, Program};
use super::*;

/// Commands in one run of the tests.
const COMMANDS: u64 = 1_000_000;

/// A small generator of numbers (splitmix64, by Vigna).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

/// A process and what its threads were returned.
struct Player {
    program: Program,
    buffers: Vec<u64>,
    notices: Vec<Vec<u8>>,
    deaths: Vec<u64>,
}

impl Player {
    fn new(context: &Arc<Context>, pid: u32, open: &Arc<AtomicU32>) -> Self {
        let program = Program::new(context, pid, 1000);
        for fd in 0..3 {
            program
                .files
                .borrow_mut()
                .insert(fd, FakeFile::passed(open));
        }
        program.files_max.set(12);
        Self {
            program,
            buffers: Vec::new(),
            notices: Vec::new(),
            deaths: Vec::new(),
        }
    }

    fn read(&mut self, tid: u32) {
        for returned in self.program.thread(tid).read() {
            match returned.command {
                BR_TRANSACTION | BR_REPLY | BR_TRANSACTION_SEC_CTX => {
                    self.buffers.push(returned.data().buffer);
                }
                BR_INCREFS => self
                    .notices
                    .push(command(BC_INCREFS_DONE, &returned.payload[..])),
                BR_ACQUIRE => self
                    .notices
                    .push(command(BC_ACQUIRE_DONE, &returned.payload[..])),
                BR_DEAD_BINDER => self.deaths.push(returned.number()),
                _ => {}
            }
        }
    }

    /// Puts some objects where data is sent from.
    fn objects(&self, random: &mut Random) -> TransactionData {
        let count = random.below(4);
        let objects: Vec<[u8; 24]> = (0..count).map(|_| object(random)).collect();
        let mut data = lay_out(&self.program, &objects);
        if random.one_in(20) {
            self.program.put(DATA + 0x1000, random.next().as_bytes());
        }
        data.target = random.below(6);
        data.flags = random.pick(&[0, 0, TF_ONE_WAY, TF_ACCEPT_FDS, TF_ONE_WAY | TF_CLEAR_BUF]);
        if random.one_in(4) {
            data.data_size += random.below(3000);
        }
        data
    }

    fn act(&mut self, random: &mut Random, tid: u32) {
        let handle = random.below(6) as u32;
        let cookie = random.below(4);
        let bytes = match random.below(16) {
            0..=3 => command(BC_TRANSACTION, &self.objects(random)),
            4..=5 => command(BC_REPLY, &self.objects(random)),
            6..=7 => match self.buffers.pop() {
                Some(buffer) => command(BC_FREE_BUFFER, &buffer),
                None => command(BC_FREE_BUFFER, &random.next()),
            },
            8 => self.notices.pop().unwrap_or_default(),
            9 => command(random.pick(&[BC_INCREFS, BC_ACQUIRE]), &handle),
            10 => command(random.pick(&[BC_RELEASE, BC_DECREFS]), &handle),
            11 => with_cookie(BC_REQUEST_DEATH_NOTIFICATION, handle, cookie),
            12 => with_cookie(BC_CLEAR_DEATH_NOTIFICATION, handle, cookie),
            13 => command(BC_DEAD_BINDER_DONE, &self.deaths.pop().unwrap_or(cookie)),
            14 => command(
                random.pick(&[BC_ENTER_LOOPER, BC_REGISTER_LOOPER, BC_EXIT_LOOPER]),
                &(),
            ),
            _ => with_cookie(random.next() as u32, handle, cookie),
        };
        let _ = self.program.thread(tid).call(&bytes, false);
    }

    fn control(&self, random: &mut Random, tid: u32, pid: u32) {
        let thread = self.program.thread(tid);
        let ioctl = |thread: Actor<'_>, number, bytes: &[u8]| {
            self.program.put(DATA, bytes);
            let _ = thread.ioctl(number, DATA);
        };
        match random.below(5) {
            0 => ioctl(thread, BINDER_THREAD_EXIT, &[]),
            1 => ioctl(thread, BINDER_SET_CONTEXT_MGR, &[]),
            2 => ioctl(thread, BINDER_SET_MAX_THREADS, random.below(4).as_bytes()),
            3 => {
                let enable = random.below(2) as u32;
                let info = FreezeInfo {
                    pid,
                    enable,
                    timeout_ms: 0,
                };
                ioctl(thread, BINDER_FREEZE, info.as_bytes());
            }
            _ => self.program.opening.flush(),
        }
    }
}

fn object(random: &mut Random) -> [u8; 24] {
    let kind = random.pick(&[
        BINDER_TYPE_BINDER,
        BINDER_TYPE_WEAK_BINDER,
        BINDER_TYPE_HANDLE,
        BINDER_TYPE_WEAK_HANDLE,
        BINDER_TYPE_FD,
    ]);
    let object = match kind {
        BINDER_TYPE_BINDER | BINDER_TYPE_WEAK_BINDER => {
            let ptr = 0x1000 * (1 + random.below(5));
            let flags = random.pick(&[0, 0x100, 0x100]);
            FlatObject {
                kind,
                flags,
                ..node(ptr)
            }
        }
        BINDER_TYPE_FD => FlatObject {
            kind,
            flags: 0,
            binder: random.below(5),
            cookie: 0,
        },
        _ => FlatObject {
            kind,
            ..handle(random.below(6) as u32)
        },
    };
    let mut bytes = [0; 24];
    bytes.copy_from_slice(object.as_bytes());
    bytes
}

fn from_environment(name: &str, otherwise: u64) -> u64 {
    let value = std::env::var(name).ok();
    value
        .and_then(|value| value.parse().ok())
        .unwrap_or(otherwise)
}

#[test]
fn random_commands_leave_everything_counted_and_nothing_behind() {
    let mut random = Random(from_environment("BINDER_FUZZ_SEED", 1));
    let commands = from_environment("BINDER_FUZZ_COMMANDS", COMMANDS);
    let context = Arc::<Context>::default();
    let open = Arc::new(AtomicU32::new(0));
    let mut next_pid = 10;
    let mut players: Vec<Player> = Vec::new();
    for step in 0..commands {
        while players.len() < 4 {
            next_pid += 10;
            players.push(Player::new(&context, next_pid, &open));
        }
        let which = random.below(players.len() as u64) as usize;
        let tid = players[which].program.pid + random.below(3) as u32;
        match random.below(100) {
            0..=59 => players[which].act(&mut random, tid),
            60..=94 => players[which].read(tid),
            95..=98 => {
                let pid = players[random.below(4) as usize].program.pid;
                players[which].control(&mut random, tid, pid);
            }
            _ if random.one_in(8) => drop(players.swap_remove(which)),
            _ => {}
        }
        if step % 64 == 0 || commands < 10_000 {
            context.check();
        }
    }
    players.clear();
    context.check_empty();
    assert_eq!(open.load(Ordering::Relaxed), 0);
}
