//! `hostile [--list] [PART OF A NAME]`: calls every system call with arguments nobody should pass
//! and prints what it answers.
//!
//! The calls are made from a table of what each argument is (table.rs): each argument in turn
//! takes every value that is wrong for its kind (argument.rs), the others staying right; then all
//! take the same nonsense. Each call is made in a child, so that it may kill or ruin its process.
//! There is no expectation written down: the text must be the same on Linux and in the guest.
//! A line is `ok hostile::CALL/ARGUMENT/VALUE: ERRNO`, or `success` or a count.

mod argument;
mod table;
mod table_files;
mod table_rare;

use abi_tests::check::error_name;
use abi_tests::process::{leave, now, pause};
use abi_tests::runner::Scratch;
use abi_tests::{raw, sys};
use argument::Memory;
use libc::*;
use table::Row;

/// Exit statuses: 0 for success, then error numbers, then from here counts.
const COUNT_BASE: i32 = 140;
/// How long a call may take before it counts as waiting.
const LIMIT_NANOSECONDS: i64 = 3_000_000_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let listing = arguments.iter().any(|argument| argument == "--list");
    let filter = arguments
        .iter()
        .find(|argument| *argument != "--list")
        .cloned()
        .unwrap_or_default();
    if let Some(option) = arguments
        .iter()
        .find(|a| a.starts_with('-') && *a != "--list")
    {
        eprintln!("{option}: no such option; type `hostile [--list] [PART OF A NAME]`");
        std::process::exit(2);
    }
    match prepare() {
        Ok((_scratch, memory)) => {
            let count = run(&memory, &filter, listing);
            println!("{count} passed, 0 failed");
        }
        Err(error) => {
            eprintln!("hostile: could not work in a folder of its own below /tmp: {error}");
            std::process::exit(1);
        }
    }
}

/// Makes an empty folder with the few things the table speaks of, as descriptors and names.
fn prepare() -> std::io::Result<(Scratch, Memory)> {
    let scratch = Scratch::new("hostile")?;
    std::env::set_current_dir(scratch.path())?;
    std::fs::write("file", [7u8; 100])?;
    std::fs::create_dir("folder")?;
    std::os::unix::fs::symlink("file", "link")?;
    std::fs::write("script", "#!/dev/null\n")?;
    sys!(SYS_chmod, c"script", 0o755);
    // What is set here of the host must not outlive the program.
    sys!(SYS_unshare, CLONE_NEWUTS);
    let null = sys!(SYS_open, c"/dev/null", O_RDWR);
    sys!(SYS_dup2, null, 0);
    let file = sys!(SYS_open, c"file", O_RDWR);
    sys!(SYS_dup2, file, argument::FILE);
    let master = sys!(SYS_open, c"/dev/ptmx", O_RDWR | O_NOCTTY);
    sys!(SYS_dup2, master, argument::TERMINAL);
    let directory = sys!(SYS_open, c".", O_RDONLY | O_DIRECTORY);
    sys!(SYS_dup2, directory, argument::DIRECTORY);
    let process = sys!(SYS_open, c"/proc/version", O_RDONLY);
    sys!(SYS_dup2, process, argument::PROC);
    let mut ends = [0i32; 2];
    sys!(SYS_pipe2, &mut ends, O_NONBLOCK);
    sys!(SYS_dup2, ends[0], argument::PIPE);
    sys!(SYS_dup2, ends[1], argument::PIPE + 1);
    let epoll = sys!(SYS_epoll_create1, 0);
    sys!(SYS_dup2, epoll, argument::EPOLL);
    Ok((scratch, Memory::new()))
}

/// Makes all calls whose name has `filter` in it; gives their number.
fn run(memory: &Memory, filter: &str, listing: bool) -> usize {
    let mut count = 0;
    let mut seen = std::collections::HashMap::new();
    for row in table::ROWS
        .iter()
        .chain(table_files::ROWS)
        .chain(table_rare::ROWS)
    {
        // A call with several rows is told apart by their order.
        let order: i32 = *seen
            .entry(row.name)
            .and_modify(|order| *order += 1)
            .or_insert(1);
        for (name, words) in calls(row, memory) {
            let call = row.name.trim_start_matches("SYS_");
            let name = match order {
                1 => format!("hostile::{call}/{name}"),
                order => format!("hostile::{call}.{order}/{name}"),
            };
            if !name.contains(filter) {
                continue;
            }
            count += 1;
            match listing {
                true => println!("{name}"),
                false => println!("ok {name}: {}", outcome(row, words)),
            }
        }
    }
    count
}

/// The calls made of a row: what was made wrong, and the words.
fn calls(row: &Row, memory: &Memory) -> Vec<(String, [usize; 6])> {
    let mut right = [0usize; 6];
    for (word, kind) in right.iter_mut().zip(row.arguments) {
        *word = kind.right(memory);
    }
    let mut all = Vec::new();
    for (place, kind) in row.arguments.iter().enumerate() {
        for (name, value) in kind.wrong(memory) {
            let mut words = right;
            words[place] = value;
            all.push((format!("{}/{name}", place + 1), words));
        }
    }
    if !row.arguments.is_empty() && !row.apart {
        all.push(("all/ones".into(), [usize::MAX; 6]));
        all.push(("all/letters".into(), [0x4141_4141_4141_4141; 6]));
    }
    all
}

/// Makes the call in a child and says what came of it.
fn outcome(row: &Row, words: [usize; 6]) -> String {
    // The files are as they were before each call.
    sys!(SYS_lseek, argument::FILE, 0, SEEK_SET);
    for end in [argument::PIPE, argument::PIPE + 1] {
        sys!(SYS_fcntl, end, F_SETFL, O_NONBLOCK);
    }
    let pid = raw::fork();
    if pid == 0 {
        sys!(SYS_setsid);
        leave(match raw::syscall(row.number as usize, words) {
            error @ -4095..=-1 => -error as i32,
            value if row.counts => COUNT_BASE + value.clamp(0, 100) as i32,
            _ => 0,
        });
    }
    if pid < 0 {
        return String::from("no process could be made to call it");
    }
    let (limit, mut status) = (now() + LIMIT_NANOSECONDS, 0i32);
    loop {
        if sys!(SYS_wait4, pid, &mut status, WNOHANG, 0) == pid {
            return text(status);
        }
        if now() > limit {
            sys!(SYS_kill, pid, SIGKILL);
            sys!(SYS_wait4, pid, &mut status, 0, 0);
            return String::from("waits");
        }
        // Most calls answer at once; only for those that wait it pays to sleep.
        match now() > limit - LIMIT_NANOSECONDS + 1_000_000 {
            true => pause(1),
            false => std::thread::yield_now(),
        }
    }
}

fn text(status: i32) -> String {
    match (status & 0x7f, status >> 8 & 0xff) {
        (0, 0) => String::from("success"),
        (0, count) if count >= COUNT_BASE => format!("{}", count - COUNT_BASE),
        (0, errno) => error_name(errno),
        (signal, _) => format!("died of signal {signal}"),
    }
}
