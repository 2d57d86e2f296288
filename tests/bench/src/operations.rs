//! What is measured. Each operation is the plain use of a call, as a program would make it.

use crate::binder;
use crate::input;
use crate::logs;
use crate::measure::{good, mean};
use crate::personas;
use crate::smallest::SmallestProgram;
use crate::table::Row;
use abi_tests::process::leave;
use abi_tests::signal::{Context, Info};
use abi_tests::{raw, sys};
use libc::*;
use std::ffi::CString;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

/// Measures what is asked for: the operations with one of `parts` in their names, or all.
/// `since_boot` is the boot clock at the start of this program, in nanoseconds. Gives the figures
/// and, apart, what could not be measured and why.
pub fn all(since_boot: i64, parts: &[String]) -> (Vec<Row>, Vec<String>) {
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    let mut add = |operation: &'static str, linux, measure: &dyn Fn() -> Result<i64, String>| {
        if !parts.is_empty() && !parts.iter().any(|part| operation.contains(part.as_str())) {
            return;
        }
        match measure() {
            Ok(value) => rows.push(Row {
                operation,
                value,
                linux,
            }),
            Err(why) => problems.push(format!("{operation}: not measured: {why}")),
        }
    };
    // Before anything of ours takes memory.
    add("memory in use", Some(32 << 20), &memory_in_use);
    add("null call (getppid)", Some(368), &null_call);
    add("clock_gettime (call)", None, &clock_by_call);
    add("clock_gettime (vDSO)", None, &clock_by_library);
    add("pipe ping-pong", Some(12_774), &pipe_ping_pong);
    add("futex ping-pong", Some(12_400), &futex_ping_pong);
    add("fork+wait", Some(191_000), &fork_wait);
    add("fork+exec+wait", Some(377_000), &fork_exec_wait);
    add(
        "mmap+touch+munmap (4 pages)",
        Some(34_000),
        &map_touch_unmap,
    );
    match TestFile::new() {
        Ok(file) => {
            add("open+read+close", Some(11_500), &|| file.open_read_close());
            add("stat", Some(7_400), &|| file.stat());
            add("4 KiB read", Some(5_400), &|| file.read());
            add("4 KiB write", Some(5_800), &|| file.write());
        }
        Err(why) => add("files", None, &|| Err(why.clone())),
    }
    add("signal and return", Some(4_503), &signal);
    if binder::is_there() {
        add("binder call, 0 B", Some(22_857), &|| binder::call(0));
        add("binder call, 128 B", Some(23_506), &|| binder::call(128));
        add("binder call, 4 KiB", Some(31_378), &|| binder::call(4096));
        add("binder one-way", None, &binder::one_way);
        add("binder call, 8 on 4 threads", None, &binder::crowd);
    }
    if logs::are_there() {
        add("log write (100 bytes)", None, &logs::write);
        add("log read (100 bytes)", None, &logs::read);
    }
    let mouse = input::mouse();
    if let Some(mouse) = &mouse {
        add("input event", None, &|| input::one_reader(mouse));
    }
    // A kernel without device namespaces has none of these.
    if personas::are_there() {
        if let Some(mouse) = &mouse {
            add("input event, 1,000 behind", None, &|| {
                input::crowd_behind(mouse)
            });
        }
        add(
            "persona create+destroy",
            None,
            &personas::create_and_destroy,
        );
        add("persona switch, of 2", None, &|| personas::switch_among(2));
        if personas::has_display() {
            add("persona switch, screens", None, &personas::switch_screens);
        }
        add("persona switch, of 1,000", None, &|| {
            personas::switch_among(1000)
        });
    }
    add("boot to this program", Some(6_200_000_000), &|| {
        Ok(since_boot)
    });
    (rows, problems)
}

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

/// What is not free, in bytes.
fn memory_in_use() -> Result<i64, String> {
    let text =
        std::fs::read_to_string("/proc/meminfo").map_err(|e| format!("/proc/meminfo: {e}"))?;
    let field = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_whitespace().nth(1)?.parse::<i64>().ok())
            .ok_or_else(|| format!("/proc/meminfo: no line {name}"))
    };
    Ok((field("MemTotal:")? - field("MemFree:")?) * 1024)
}
