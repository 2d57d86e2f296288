//! What is measured. Each operation is the plain use of a call, as a program would make it.

use crate::alarms;
use crate::binder;
use crate::framebuffer;
use crate::input;
use crate::logs;
use crate::measure::{good, mean};
use crate::memory;
use crate::personas::{self, Scene};
use crate::smallest::SmallestProgram;
use crate::suite::Suite;
use abi_tests::process::leave;
use abi_tests::signal::{Context, Info};
use abi_tests::{raw, sys};
use libc::*;
use std::ffi::CString;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

/// When this program started.
#[derive(Clone, Copy)]
pub struct Start {
    /// In nanoseconds of the boot clock, which begins somewhere in the kernel.
    pub since_boot: i64,
    /// In ticks of the time-stamp counter, which begins before the firmware; instructions under
    /// icount. A kernel that comes compressed has unpacked itself in between.
    pub since_power_on: i64,
}

/// Measures what is asked for: the operations with one of `parts` in their names, or all.
/// `keys`: somebody outside presses the keys of the first two personas in turn.
pub fn all(start: Start, parts: &[String], keys: bool) -> Suite<'_> {
    let mut suite = Suite::new(parts);
    // Before anything of ours takes memory.
    suite.add_bytes("memory in use", &memory::in_use);
    calls(&mut suite);
    files(&mut suite);
    suite.add("signal and return", &signal);
    suite.add("timerfd set+clear", &alarms::timerfd);
    devices(&mut suite);
    namespaces(&mut suite, keys);
    suite.add_bytes("memory of a process", &memory::of_a_process);
    let mut group = suite.group(personas::lack());
    group.add_bytes("memory of a persona", &personas::memory);
    suite.add("boot to this program", &|| Ok(start.since_boot));
    suite.add("power-on to this program", &|| Ok(start.since_power_on));
    suite
}

/// Calls that need nothing, and processes and memory.
fn calls(suite: &mut Suite<'_>) {
    suite.add("null call (getppid)", &null_call);
    suite.add("clock_gettime (call)", &clock_by_call);
    suite.add("clock_gettime (vDSO)", &clock_by_library);
    suite.add("pipe ping-pong", &pipe_ping_pong);
    suite.add("futex ping-pong", &futex_ping_pong);
    suite.add("fork+wait", &fork_wait);
    suite.add("fork+exec+wait", &fork_exec_wait);
    suite.add("mmap+touch+munmap (4 pages)", &map_touch_unmap);
}

/// A file in memory.
fn files(suite: &mut Suite<'_>) {
    match TestFile::new() {
        Ok(file) => {
            suite.add("open+read+close", &|| file.open_read_close());
            suite.add("stat", &|| file.stat());
            suite.add("4 KiB read", &|| file.read());
            suite.add("4 KiB write", &|| file.write());
        }
        Err(why) => suite.add("files", &|| Err(why.clone())),
    }
}

/// Devices of which each persona has its own.
fn devices(suite: &mut Suite<'_>) {
    let mut group = suite.group(binder::lack());
    group.add("binder call, 0 B", &|| binder::call(0));
    group.add("binder call, 128 B", &|| binder::call(128));
    group.add("binder call, 4 KiB", &|| binder::call(4096));
    group.add("binder one-way", &binder::one_way);
    group.add("binder call, 8 on 4 threads", &binder::crowd);
    let mut group = suite.group(logs::lack());
    group.add("log write (100 bytes)", &logs::write);
    group.add("log read (100 bytes)", &logs::read);
    let mut group = suite.group(alarms::lack());
    group.add("alarm set+clear", &alarms::alarm);
    let mut group = suite.group(input::lack_of_mouse());
    group.add("input event", &input::one_reader);
    let mut group = suite.group(input::lack_of_keyboard());
    group.add("evdev key", &input::key);
    group.add("evdev LED", &input::led);
    group.add("evdev poll, empty", &input::empty_poll);
    let mut group = suite.group(framebuffer::lack());
    group.add("fb fill", &framebuffer::fill);
    group.add("fb write", &framebuffer::write);
    let mut group = suite.group(framebuffer::lack_of_pan());
    group.add("fb pan", &framebuffer::pan);
}

/// What only a kernel with device namespaces has.
fn namespaces(suite: &mut Suite<'_>, keys: bool) {
    let mut group = suite.group(personas::lack().or(input::lack_of_mouse()));
    group.add("input event, 1,000 behind", &input::crowd_behind);
    let mut group = suite.group(personas::lack());
    group.add("persona create+destroy", &personas::create_and_destroy);
    group.add("persona switch, of 2", &|| personas::switch_among(2));
    group.add("persona switch, of 1,000", &|| personas::switch_among(1000));
    let mut group = suite.group(personas::lack().or(framebuffer::lack()));
    for (name, scene) in SCENES {
        group.add(name, &|| personas::switch_screens(scene));
    }
    let nobody = (!keys).then_some("nobody presses the keys; say --keys where somebody does");
    let lack = personas::lack().or(framebuffer::lack()).or(nobody);
    let mut group = suite.group(lack);
    for (name, scene) in KEY_SCENES {
        group.add(name, &|| personas::switch_screens_by_key(scene));
    }
}

const PLAIN: Scene = Scene::PLAIN;
const MANY_PERSONAS: Scene = Scene {
    personas: 1000,
    ..PLAIN
};
const MANY_HOLDERS: Scene = Scene {
    holders: 1000,
    ..PLAIN
};
const MANY_BUSY: Scene = Scene { busy: 10, ..PLAIN };

/// Switches between two screens, and who is there meanwhile.
const SCENES: [(&str, Scene); 3] = [
    ("persona switch, screens", PLAIN),
    ("persona switch, screens, of 1,000", MANY_PERSONAS),
    ("persona switch, screens, 1,000 hold", MANY_HOLDERS),
];

/// The same by a key.
const KEY_SCENES: [(&str, Scene); 4] = [
    ("persona switch by key, screens", PLAIN),
    ("persona switch by key, screens, of 1,000", MANY_PERSONAS),
    ("persona switch by key, screens, 1,000 hold", MANY_HOLDERS),
    ("persona switch by key, screens, 10 busy", MANY_BUSY),
];

fn clock_by_call() -> Result<i64, String> {
    let mut time = [0i64; 2];
    mean(10_000, || {
        sys!(SYS_clock_gettime, CLOCK_MONOTONIC, &mut time);
        Ok(())
    })
}

/// The C library asks the vDSO if it finds one.
fn clock_by_library() -> Result<i64, String> {
    mean(10_000, || {
        std::hint::black_box(std::time::Instant::now());
        Ok(())
    })
}

fn null_call() -> Result<i64, String> {
    mean(10_000, || {
        sys!(SYS_getppid);
        Ok(())
    })
}

/// Runs `body` in a child; `parent` in this process; then waits for the child.
pub fn with_child(
    body: impl FnOnce(),
    parent: impl FnOnce() -> Result<i64, String>,
) -> Result<i64, String> {
    let pid = good("fork", raw::fork())?;
    if pid == 0 {
        body();
        leave(0);
    }
    let result = parent();
    good("wait4", sys!(SYS_wait4, pid, 0, 0, 0))?;
    result
}

/// One byte to another process and one back: two switches.
fn pipe_ping_pong() -> Result<i64, String> {
    let (mut there, mut back) = ([0i32; 2], [0i32; 2]);
    good("pipe", sys!(SYS_pipe, &mut there))?;
    good("pipe", sys!(SYS_pipe, &mut back))?;
    let echo = || {
        sys!(SYS_close, there[1]);
        let mut byte = [0u8];
        while sys!(SYS_read, there[0], &mut byte, 1) == 1 {
            sys!(SYS_write, back[1], &byte, 1);
        }
    };
    with_child(echo, || {
        let mut byte = [1u8];
        let result = mean(500, || {
            good("write", sys!(SYS_write, there[1], &byte, 1))?;
            good("read", sys!(SYS_read, back[0], &mut byte, 1)).map(|_| ())
        });
        for end in [there[0], there[1], back[0], back[1]] {
            sys!(SYS_close, end);
        }
        result
    })
}

/// The turn: even is ours, odd the other thread's, `DONE` ends it.
static TURN: AtomicU32 = AtomicU32::new(0);
const DONE: u32 = u32::MAX;

fn wait_while(value: u32) {
    while TURN.load(SeqCst) == value {
        sys!(
            SYS_futex,
            TURN.as_ptr(),
            FUTEX_WAIT | FUTEX_PRIVATE_FLAG,
            value,
            0
        );
    }
}

fn pass_to(value: u32) {
    TURN.store(value, SeqCst);
    sys!(SYS_futex, TURN.as_ptr(), FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1);
}

/// A wake of another thread and being woken by it: two switches.
fn futex_ping_pong() -> Result<i64, String> {
    let other = std::thread::Builder::new()
        .spawn(|| {
            loop {
                wait_while(0);
                if TURN.load(SeqCst) == DONE {
                    break;
                }
                pass_to(0);
            }
        })
        .map_err(|error| format!("a thread could not be made: {error}"))?;
    let result = mean(500, || {
        pass_to(1);
        wait_while(1);
        Ok(())
    });
    pass_to(DONE);
    other
        .join()
        .map_err(|_| String::from("the other thread panicked"))?;
    result
}

fn fork_wait() -> Result<i64, String> {
    mean(50, || with_child(|| (), || Ok(0)).map(|_| ()))
}

/// The program run is the smallest there can be.
fn fork_exec_wait() -> Result<i64, String> {
    let program = SmallestProgram::new()?;
    let path = program.path();
    let vector = [path.as_ptr(), std::ptr::null()];
    mean(50, || {
        let pid = good("fork", raw::fork())?;
        if pid == 0 {
            sys!(SYS_execve, path, vector.as_slice(), 0);
            leave(1);
        }
        let mut status = 0i32;
        good("wait4", sys!(SYS_wait4, pid, &mut status, 0, 0))?;
        match status {
            0 => Ok(()),
            status => Err(format!(
                "{} {}",
                path.to_string_lossy(),
                abi_tests::process::ending(status)
            )),
        }
    })
}

fn map_touch_unmap() -> Result<i64, String> {
    const LENGTH: usize = 4 * 4096;
    mean(200, || {
        let protection = PROT_READ | PROT_WRITE;
        let flags = MAP_PRIVATE | MAP_ANONYMOUS;
        let at = good("mmap", sys!(SYS_mmap, 0, LENGTH, protection, flags, -1, 0))? as usize;
        for page in (at..at + LENGTH).step_by(4096) {
            raw::poke(page, 1);
        }
        good("munmap", sys!(SYS_munmap, at, LENGTH)).map(|_| ())
    })
}

/// A file of 4 KiB in /tmp, which is a tmpfs in the guest. Removed when dropped.
struct TestFile {
    path: CString,
    descriptor: isize,
}

impl TestFile {
    fn new() -> Result<Self, String> {
        let path = CString::new(format!("/tmp/bench.{}", std::process::id()))
            .map_err(|e| e.to_string())?;
        let descriptor = good(
            "open",
            sys!(
                SYS_open,
                path.as_c_str(),
                O_CREAT | O_RDWR | O_CLOEXEC,
                0o600
            ),
        )?;
        let file = TestFile { path, descriptor };
        good("write", sys!(SYS_write, descriptor, &[7u8; 4096], 4096))?;
        Ok(file)
    }

    fn open_read_close(&self) -> Result<i64, String> {
        let mut block = [0u8; 4096];
        mean(500, || {
            let fd = good("open", sys!(SYS_open, self.path.as_c_str(), O_RDONLY))?;
            good("read", sys!(SYS_read, fd, &mut block, 4096))?;
            good("close", sys!(SYS_close, fd)).map(|_| ())
        })
    }

    fn stat(&self) -> Result<i64, String> {
        let mut stat = [0u64; 18];
        mean(1000, || {
            good("stat", sys!(SYS_stat, self.path.as_c_str(), &mut stat)).map(|_| ())
        })
    }

    fn read(&self) -> Result<i64, String> {
        let mut block = [0u8; 4096];
        mean(1000, || {
            good(
                "pread",
                sys!(SYS_pread64, self.descriptor, &mut block, 4096, 0),
            )
            .map(|_| ())
        })
    }

    fn write(&self) -> Result<i64, String> {
        let block = [1u8; 4096];
        mean(1000, || {
            good(
                "pwrite",
                sys!(SYS_pwrite64, self.descriptor, &block, 4096, 0),
            )
            .map(|_| ())
        })
    }
}

impl Drop for TestFile {
    fn drop(&mut self) {
        sys!(SYS_close, self.descriptor);
        sys!(SYS_unlink, self.path.as_c_str());
    }
}

extern "C" fn nothing(_: i32, _: &Info, _: &mut Context) {}

/// A signal to this thread, its handler, and the return.
fn signal() -> Result<i64, String> {
    good("sigaction", raw::set_handler(SIGUSR1, nothing, 0, 0))?;
    let (pid, tid) = (sys!(SYS_getpid), sys!(SYS_gettid));
    mean(1000, || {
        good("tgkill", sys!(SYS_tgkill, pid, tid, SIGUSR1)).map(|_| ())
    })
}
