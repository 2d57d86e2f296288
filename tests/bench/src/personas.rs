//! What personas cost: the memory of one, to make one, and to switch between two of few and of many.

use crate::framebuffer::{self, DISPLAY};
use crate::input;
use crate::measure::{clock, good, mean, settle};
use crate::memory::{self, sleep_for_good};
use abi_tests::process::leave;
use abi_tests::{raw, sys};
use libc::*;
use std::ffi::CStr;

/// The file by which one switches.
const ACTIVE: &CStr = c"/proc/dev_ns/active_ns_pid";

/// Why there are no personas, if that is so.
pub fn lack() -> Option<&'static str> {
    let are_there = sys!(SYS_access, ACTIVE, F_OK) == 0;
    (!are_there).then_some("this kernel has no personas")
}

/// Starts one whose first process runs `body`.
pub fn start(body: impl FnOnce()) -> Result<isize, String> {
    let flags = CLONE_NEWPID | SIGCHLD;
    let pid = good("clone", sys!(SYS_clone, flags, 0, 0, 0, 0))?;
    if pid == 0 {
        body();
        leave(0);
    }
    Ok(pid)
}

/// Waits for its end.
pub fn wait(pid: isize) -> Result<(), String> {
    good("wait4", sys!(SYS_wait4, pid, 0, 0, 0)).map(|_| ())
}

/// A persona whose only process ends at once.
pub fn create_and_destroy() -> Result<i64, String> {
    mean(50, || wait(start(|| ())?))
}

/// What a persona takes before it does anything, in bytes: with its first process, without which
/// there is none.
pub fn memory() -> Result<i64, String> {
    memory::of_each(|| start(|| sleep_for_good()))
}

/// A switch, by a write, while there are `count` personas, the root among them. Of many it takes a
/// few instructions more only because there are more processes to find the one named among.
pub fn switch_among(count: usize) -> Result<i64, String> {
    let mut others = Vec::new();
    while others.len() + 1 < count {
        others.push(start(|| sleep_for_good())?);
    }
    let file = good("open", sys!(SYS_open, ACTIVE, O_WRONLY | O_CLOEXEC))?;
    let one = others.first().map_or(String::from("1"), isize::to_string);
    let write = |text: &str| good("write", sys!(SYS_write, file, text.as_bytes(), text.len()));
    let both = mean(500, || write(&one).and_then(|_| write("1")).map(|_| ()));
    sys!(SYS_close, file);
    for pid in others {
        good("kill", sys!(SYS_kill, pid, SIGKILL))?;
        wait(pid)?;
    }
    Ok(both? / 2)
}

/// Who is there while one switches between two personas that have a screen each.
#[derive(Clone, Copy)]
pub struct Scene {
    /// Personas, the root among them; those that are not switched between have no screen.
    pub personas: usize,
    /// Processes of the one that is not the root: each has its screen mapped, has drawn on it, and
    /// reads an input device.
    pub holders: usize,
    /// Processes of that one that do nothing but run.
    pub busy: usize,
}

impl Scene {
    /// The least there can be.
    pub const PLAIN: Self = Self {
        personas: 2,
        holders: 1,
        busy: 0,
    };
}

/// The scene, as long as it lasts.
struct Stage {
    /// The root's opening of its own screen.
    own: isize,
    /// The first processes of the others; the first of them has the screen.
    others: Vec<isize>,
}

impl Stage {
    fn set(scene: Scene) -> Result<Self, String> {
        let mut pipe = [0_i32; 2];
        good("pipe", sys!(SYS_pipe, &mut pipe))?;
        let own = good("open", sys!(SYS_open, DISPLAY, O_RDWR | O_CLOEXEC))?;
        let first = start(|| {
            for _ in 0..scene.busy {
                if raw::fork() == 0 {
                    loop {
                        std::hint::spin_loop();
                    }
                }
            }
            let tell = |holds: bool| sys!(SYS_write, pipe[1], &[u8::from(holds)], 1);
            for _ in 1..scene.holders {
                match raw::fork() {
                    0 => break,
                    pid if pid < 0 => drop(tell(false)),
                    _ => {}
                }
            }
            tell(framebuffer::hold().and_then(|()| input::hold()).is_ok());
            sleep_for_good();
        })?;
        let mut stage = Self {
            own,
            others: vec![first],
        };
        let mut answers = vec![0_u8; scene.holders];
        for answer in &mut answers {
            good("read", sys!(SYS_read, pipe[0], answer, 1))?;
        }
        for end in pipe {
            sys!(SYS_close, end);
        }
        if answers.contains(&0) {
            return Err("the other persona got no screen or no input device".into());
        }
        while stage.others.len() + 1 < scene.personas {
            stage.others.push(start(|| sleep_for_good())?);
        }
        Ok(stage)
    }

    /// The numbers of the two that are switched between, as one writes them.
    fn names(&self) -> [String; 2] {
        [self.others[0].to_string(), "1".into()]
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        sys!(SYS_close, self.own);
        for pid in &self.others {
            sys!(SYS_kill, *pid, SIGKILL);
            sys!(SYS_wait4, *pid, 0, 0, 0);
        }
    }
}

/// Sleeps for less than a second.
fn pause(nanoseconds: i64) {
    sys!(SYS_nanosleep, &[0, nanoseconds], 0);
}

/// Switches in each direction of which the cheapest counts.
const ROUNDS: usize = 20;

/// A switch, by a key, between two personas that have a screen each: the least that it takes from
/// the key's interrupt on, in the direction that is dearer. Somebody outside presses the keys of
/// the second and the first slot in turn, when asked by the byte ENQ in the output.
pub fn switch_screens_by_key(scene: Scene) -> Result<i64, String> {
    let _stage = Stage::set(scene)?;
    // Not to be kept waiting by who is busy, or nothing would be seen of most switches.
    take_turns_as(SCHED_FIFO, 1)?;
    let cost = least_by_key();
    take_turns_as(SCHED_OTHER, 0)?;
    cost
}

fn take_turns_as(policy: i32, priority: i32) -> Result<(), String> {
    let answer = sys!(SYS_sched_setscheduler, 0, policy, &priority);
    good("sched_setscheduler", answer).map(drop)
}

fn least_by_key() -> Result<i64, String> {
    let mut least = [i64::MAX; 2];
    for _ in 0..2 * ROUNDS {
        let cost = next_key_switch()?;
        let least = &mut least[usize::from(is_in_front()?)];
        *least = cost.min(*least);
    }
    Ok(least[0].max(least[1]))
}

/// Asks for a switch by keys, waits for it, and gives how long it took.
fn next_key_switch() -> Result<i64, String> {
    const ENQUIRY: &[u8] = b"\x05";
    let (before, _) = last_key_switch()?;
    good("write", sys!(SYS_write, 1, ENQUIRY, ENQUIRY.len()))?;
    for _ in 0..LOOKS {
        pause(5_000_000);
        let (count, cost) = last_key_switch()?;
        if count != before {
            return Ok(cost);
        }
    }
    Err("nobody presses the keys that switch".into())
}

/// How many switches by keys there were, and how long the last of them took.
fn last_key_switch() -> Result<(i64, i64), String> {
    const FILE: &str = "/sys/kernel/debug/dev_ns/key_switch";
    let text = std::fs::read_to_string(FILE).map_err(|why| format!("{FILE}: {why}"))?;
    let value = |name| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.parse::<i64>().ok()
    };
    let both = value("count: ").zip(value("nanoseconds: "));
    both.ok_or_else(|| format!("{FILE} is not understood"))
}

/// Whether the root is in front.
fn is_in_front() -> Result<bool, String> {
    let text = std::fs::read_to_string("/proc/dev_ns/active_ns_pid");
    Ok(text.map_err(|why| why.to_string())?.trim() == "1")
}

/// How often one looks for the next key. Where virtual time counts instructions it runs far ahead
/// of the hand outside while nobody works.
const LOOKS: usize = 100_000;

/// A switch, by a write, between two personas that have a screen each: the least that it takes,
/// in the direction that is dearer. The first to each is not counted: the display knows less of a
/// screen that it has not shown yet.
pub fn switch_screens(scene: Scene) -> Result<i64, String> {
    let stage = Stage::set(scene)?;
    let file = good("open", sys!(SYS_open, ACTIVE, O_WRONLY | O_CLOEXEC))?;
    let names = stage.names();
    let mut least = [i64::MAX; 2];
    for round in 0..=ROUNDS {
        for (name, least) in names.iter().zip(&mut least) {
            settle();
            let before = clock(CLOCK_MONOTONIC);
            good("write", sys!(SYS_write, file, name.as_bytes(), name.len()))?;
            let cost = clock(CLOCK_MONOTONIC) - before;
            if round > 0 {
                *least = cost.min(*least);
            }
            // The display shows the picture meanwhile: what it does by itself is not measured.
            pause(100_000_000);
        }
    }
    sys!(SYS_close, file);
    Ok(least[0].max(least[1]))
}
