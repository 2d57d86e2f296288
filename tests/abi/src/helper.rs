//! What this program does when a case runs it again under the name `abi-helper`: it looks at what
//! execve gave it and says so.
//!
//! The commands are words, `argv` is what is assumed for an unknown one, so that a script's path
//! as first argument is printed too.

use abi_tests::check::Failure;
use abi_tests::process::{leave, spawn, wait};
use abi_tests::{raw, signal, sys};
use libc::*;
use std::ffi::CString;
use std::io::{Read, Write};

/// The exit status when there was no command at all.
pub const NO_COMMAND: i32 = 17;

/// Replaces this process by the helper with these arguments and a fixed environment. Returns
/// only if that failed: an error number.
pub fn again(arguments: &[&str]) -> i32 {
    let strings: Vec<CString> = std::iter::once(&"abi-helper")
        .chain(arguments)
        .map(|argument| CString::new(*argument).unwrap_or_default())
        .collect();
    let mut vector: Vec<usize> = strings
        .iter()
        .map(|s| s.as_ptr().expose_provenance())
        .collect();
    vector.push(0);
    let environment = [
        c"COLOUR=blue".as_ptr(),
        c"EMPTY=".as_ptr(),
        std::ptr::null(),
    ];
    -sys!(
        SYS_execve,
        c"/proc/self/exe",
        vector.as_slice(),
        environment.as_slice()
    ) as i32
}

/// What the helper prints when run with these arguments.
pub fn answer(arguments: &[&str]) -> Result<String, Failure> {
    output_of(|| again(arguments))
}

/// What a child prints on its standard output while it runs `body`.
pub fn output_of(body: impl FnOnce() -> i32) -> Result<String, Failure> {
    let mut ends = [0i32; 2];
    sys!(SYS_pipe2, &mut ends, O_CLOEXEC);
    let child = spawn(|| {
        sys!(SYS_dup2, ends[1], 1);
        body()
    })?;
    sys!(SYS_close, ends[1]);
    let mut text = Vec::new();
    let mut block = [0u8; 4096];
    loop {
        match sys!(SYS_read, ends[0], &mut block, block.len()) {
            count if count > 0 => text.extend_from_slice(&block[..count as usize]),
            _ => break,
        }
    }
    sys!(SYS_close, ends[0]);
    match wait(child)? {
        0 => Ok(String::from_utf8_lossy(&text).into_owned()),
        status => {
            let ending = abi_tests::process::ending(status);
            Err(Failure::Wrong(format!("the program run {ending}")))
        }
    }
}

/// Does what the arguments say and ends the process.
pub fn main(arguments: &[String]) -> ! {
    let Some(command) = arguments.first() else {
        leave(NO_COMMAND)
    };
    let (text, status) = match command.as_str() {
        "argv" => (lines(&arguments[1..]), 0),
        "environment" => (environment(), 0),
        "descriptors" => (descriptors(), 0),
        "copy" => (copy(), 0),
        "dispositions" => (dispositions(), 0),
        "mask" => (format!("{:x}\n", signal::mask(SIG_BLOCK, 0)), 0),
        "pending" => (String::new(), signal::pending().trailing_zeros() as i32 + 1),
        "identity" => (
            format!(
                "parent {} umask {:03o}\n",
                sys!(SYS_getppid),
                sys!(SYS_umask, 0o022)
            ),
            0,
        ),
        "name" => (
            std::fs::read_to_string("/proc/self/comm").unwrap_or_default(),
            0,
        ),
        "alarm" => (String::new(), i32::from(sys!(SYS_alarm, 0) > 900)),
        "auxiliary" => (auxiliary(), 0),
        "users" => (users(), 0),
        // The executable's name as the kernel shows it; the link is read, not followed.
        "executable" => {
            let link = std::fs::read_link("/proc/self/exe").unwrap_or_default();
            (link.to_string_lossy().into_owned(), 0)
        }
        "peak" => {
            let mut usage = [0u64; 18];
            sys!(SYS_getrusage, RUSAGE_SELF, &mut usage);
            (usage[4].to_string(), 0)
        }
        "show" => (show(arguments.get(1)), 0),
        "leader" => {
            let leads = sys!(SYS_getpid) == sys!(SYS_gettid);
            (
                String::from(if leads {
                    "leader\n"
                } else {
                    "another thread\n"
                }),
                0,
            )
        }
        "single" => (String::new(), 20 + threads()),
        "sleep" => sleep(),
        "wait" => (copy(), 0),
        _ => (lines(arguments), 0),
    };
    let written = std::io::stdout()
        .write_all(text.as_bytes())
        .and_then(|()| std::io::stdout().flush());
    leave(if written.is_ok() { status } else { 100 })
}

fn lines(words: &[String]) -> String {
    words.iter().map(|word| format!("{word}\n")).collect()
}

fn show(file: Option<&String>) -> String {
    let bytes = std::fs::read(file.map_or("", String::as_str)).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn environment() -> String {
    std::env::vars()
        .map(|(name, value)| format!("{name}={value}\n"))
        .collect()
}

fn descriptors() -> String {
    let open = (50..60).filter(|fd| sys!(SYS_fcntl, *fd, F_GETFD) >= 0);
    open.map(|fd: i32| fd.to_string())
        .collect::<Vec<_>>()
        .join(" ")
        + "\n"
}

fn copy() -> String {
    let mut text = String::new();
    match std::io::stdin().read_to_string(&mut text) {
        Ok(_) => text,
        Err(error) => error.to_string(),
    }
}

fn dispositions() -> String {
    let describe = |number: i32| {
        let mut action = [9usize; 4];
        sys!(SYS_rt_sigaction, number, 0, &mut action, 8);
        let word = match action[0] {
            SIG_DFL => "default",
            SIG_IGN => "ignored",
            _ => "handled",
        };
        format!("{number} {word}\n")
    };
    describe(SIGUSR1) + &describe(SIGUSR2)
}

fn users() -> String {
    let (mut user, mut group) = ([0u32; 3], [0u32; 3]);
    let [a, b, c] = &mut user;
    sys!(SYS_getresuid, a, b, c);
    let [a, b, c] = &mut group;
    sys!(SYS_getresgid, a, b, c);
    let all: Vec<String> = user.iter().chain(&group).map(u32::to_string).collect();
    format!("{} secure {}\n", all.join(" "), raw::auxiliary(AT_SECURE))
}

fn threads() -> i32 {
    std::fs::read_dir("/proc/self/task").map_or(0, |entries| entries.count() as i32)
}

fn sleep() -> ! {
    loop {
        sys!(SYS_pause);
    }
}

fn auxiliary() -> String {
    let value = raw::auxiliary;
    let random: Vec<u8> = (0..16).map(|n| raw::peek(value(AT_RANDOM) + n)).collect();
    let text = |kind| String::from_utf8_lossy(&raw::text_at(value(kind))).into_owned();
    // The program headers lie at the start of the image, so the entry is close above them.
    let inside = (value(AT_PHDR)..value(AT_PHDR) + (64 << 20)).contains(&value(AT_ENTRY));
    format!(
        "page size {}\nclock {}\nids {} {} {} {}\nsecure {}\nphent {}\nrandom {}\nplatform {}\n\
         executable {}\nbase {}\nentry {}\n",
        value(AT_PAGESZ),
        value(AT_CLKTCK),
        value(AT_UID),
        value(AT_EUID),
        value(AT_GID),
        value(AT_EGID),
        value(AT_SECURE),
        value(AT_PHENT),
        if random.iter().any(|b| *b != random[0]) {
            "differs"
        } else {
            "is constant"
        },
        text(AT_PLATFORM),
        text(AT_EXECFN),
        value(AT_BASE),
        if inside { "inside" } else { "elsewhere" },
    )
}
