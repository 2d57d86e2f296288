//! The kernel's own log where Linux would have others write to it meanwhile, or would be changed
//! for everybody: overruns, the limit for programs, clearing, and the settings.
//!
//! What can be compared with Linux is in tests/abi, `system/kmsg.rs`.

use crate::persona::put;
use abi_tests::check::{Failure, Outcome};
use abi_tests::process::inside_child;
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use libc::*;
use std::ffi::CStr;

cases![
    an_overrun_reader_is_told_once,
    ten_records_in_five_seconds,
    the_limit_is_by_opening,
    nobody_writes_while_it_is_off,
    clearing_hides_what_was_said_before,
    settings_take_these_words_only,
    looking_can_be_for_the_privileged,
    failed_programs_do_not_fill_the_log,
    a_persona_reads_and_writes_the_same_log,
];

const KMSG: &CStr = c"/dev/kmsg";
const POLICY: &CStr = c"/proc/sys/kernel/printk_devkmsg";
const RESTRICT: &CStr = c"/proc/sys/kernel/dmesg_restrict";
/// More records than the kernel keeps.
const MANY: usize = 2500;

fn open(flags: i32) -> Result<isize, Failure> {
    let file = works!(SYS_open, KMSG, flags | O_NONBLOCK | O_CLOEXEC);
    gives!(0, SYS_lseek, file, 0, SEEK_END);
    Ok(file)
}

fn say(file: isize, text: &str) -> Outcome {
    gives!(text.len(), SYS_write, file, text.as_bytes(), text.len());
    Ok(())
}

/// The texts of all records from here on.
fn rest(file: isize) -> Result<Vec<String>, Failure> {
    let mut texts = Vec::new();
    let mut bytes = vec![0_u8; 8192];
    loop {
        match sys!(SYS_read, file, bytes.as_mut_slice(), bytes.len()) {
            count if count > 0 => {
                let record = String::from_utf8_lossy(&bytes[..count as usize]).into_owned();
                let text = record.split_once(';').map(|(_, text)| text.trim_end());
                texts.push(text.unwrap_or_default().to_owned());
            }
            seen if seen == -(EAGAIN as isize) => return Ok(texts),
            seen => return Err(Failure::Wrong(format!("a read gave {seen}"))),
        }
    }
}

/// Runs `body` while the policy is `word`.
fn with_policy(word: &str, body: impl FnOnce() -> Outcome) -> Outcome {
    put(POLICY, word)?;
    let outcome = body();
    put(POLICY, "ratelimit\n")?;
    outcome
}

fn an_overrun_reader_is_told_once() -> Outcome {
    with_policy("on\n", || {
        let file = open(O_RDWR)?;
        for number in 0..MANY {
            say(file, &format!("<7>overrun {number}\n"))?;
        }
        let mut poll = [file as u64 | u64::from((POLLIN | POLLPRI) as u16) << 32];
        gives!(1, SYS_poll, &mut poll, 1, 0);
        same!((poll[0] >> 48) as i16, POLLIN | POLLPRI | POLLERR);
        let mut bytes = vec![0_u8; 8192];
        fails!(EPIPE, SYS_read, file, bytes.as_mut_slice(), bytes.len());
        gives!(1, SYS_poll, &mut poll, 1, 0);
        same!((poll[0] >> 48) as i16, POLLIN);
        let left = rest(file)?;
        holds!((100..MANY).contains(&left.len()), "{} are left", left.len());
        // None is missing in between.
        let numbers = MANY - left.len()..MANY;
        let expected: Vec<String> = numbers.map(|number| format!("overrun {number}")).collect();
        same!(left, expected);
        Ok(())
    })
}

fn ten_records_in_five_seconds() -> Outcome {
    let (reader, file) = (open(O_RDONLY)?, open(O_WRONLY)?);
    for number in 0..25 {
        // All are taken, as far as the program can tell.
        say(file, &format!("limited {number}\n"))?;
    }
    let expected: Vec<String> = (0..10).map(|number| format!("limited {number}")).collect();
    same!(rest(reader)?, expected);
    gives!(0, SYS_close, file);
    let told = "/dev/kmsg: messages suppressed because they came too fast: 15";
    same!(rest(reader)?, [told]);
    Ok(())
}

fn the_limit_is_by_opening() -> Outcome {
    let (reader, one, other) = (open(O_RDONLY)?, open(O_WRONLY)?, open(O_WRONLY)?);
    for _ in 0..10 {
        say(one, "one\n")?;
    }
    say(one, "one too many\n")?;
    say(other, "other\n")?;
    let texts = rest(reader)?;
    same!((texts.len(), texts[10].as_str()), (11, "other"));
    Ok(())
}

fn nobody_writes_while_it_is_off() -> Outcome {
    let (reader, file) = (open(O_RDONLY)?, open(O_WRONLY)?);
    with_policy("off", || {
        say(file, "nothing\n")?;
        let long = [b'x'; 2000];
        fails!(EINVAL, SYS_write, file, &long, long.len());
        for flags in [O_RDONLY, O_WRONLY, O_RDWR] {
            fails!(EPERM, SYS_open, KMSG, flags);
        }
        Ok(())
    })?;
    same!(rest(reader)?, [""; 0]);
    say(file, "something\n")?;
    same!(rest(reader)?, ["something"]);
    Ok(())
}

/// It is still there for those who begin at the start, and for no one who asks syslog(2).
fn clearing_hides_what_was_said_before() -> Outcome {
    let (file, words) = (open(O_RDWR)?, "cleared or not:");
    say(file, &format!("{words} before\n"))?;
    gives!(0, SYS_syslog, 5, 0, 0);
    say(file, &format!("{words} behind\n"))?;
    gives!(0, SYS_lseek, file, 0, SEEK_DATA);
    same!(rest(file)?, [format!("{words} behind")]);
    gives!(0, SYS_lseek, file, 0, SEEK_SET);
    let all = rest(file)?;
    holds!(all.contains(&format!("{words} before")), "{all:?}");
    let mut text = vec![0_u8; 200_000];
    let count = works!(SYS_syslog, 3, text.as_mut_slice(), text.len()) as usize;
    let text = String::from_utf8_lossy(&text[..count]);
    holds!(text.contains("behind") && !text.contains(&format!("{words} before")));
    Ok(())
}

fn settings_take_these_words_only() -> Outcome {
    same!(crate::persona::text(POLICY)?, "ratelimit\n");
    for word in ["", "On", "on ", "onoff", "0"] {
        if !word.is_empty() {
            same!(
                crate::persona::write(POLICY, word.as_bytes()),
                -(EINVAL as isize)
            );
        }
    }
    for word in ["2", "-1", "yes"] {
        same!(
            crate::persona::write(RESTRICT, word.as_bytes()),
            -(EINVAL as isize)
        );
    }
    same!(crate::persona::text(POLICY)?, "ratelimit\n");
    same!(crate::persona::text(RESTRICT)?, "0\n");
    Ok(())
}

fn looking_can_be_for_the_privileged() -> Outcome {
    let look = |denied: bool| {
        inside_child(|| {
            works!(SYS_setresuid, 1000, 1000, 1000);
            let mut bytes = [0_u8; 100];
            let expected = if denied { -(EPERM as isize) } else { 0 };
            holds!(sys!(SYS_open, KMSG, O_RDONLY).min(0) == expected);
            holds!(sys!(SYS_syslog, 3, &mut bytes, 100).min(0) == expected);
            holds!(sys!(SYS_syslog, 10, 0, 0).min(0) == expected);
            fails!(EPERM, SYS_syslog, 4, &mut bytes, 100);
            fails!(EPERM, SYS_syslog, 9, 0, 0);
            fails!(EPERM, SYS_syslog, 77, 0, 0);
            // The file's own rights let nobody else write.
            fails!(EACCES, SYS_open, KMSG, O_WRONLY);
            Ok(())
        })
    };
    look(false)?;
    put(RESTRICT, "1\n")?;
    let outcome = look(true).and_then(|()| {
        works!(SYS_open, KMSG, O_RDONLY | O_CLOEXEC);
        Ok(())
    });
    put(RESTRICT, "0\n")?;
    outcome
}

/// A program can make the kernel say something about each file that is no program.
fn failed_programs_do_not_fill_the_log() -> Outcome {
    let reader = open(O_RDONLY)?;
    let file = works!(SYS_open, c"broken", O_WRONLY | O_CREAT, 0o755);
    let mut head = [0_u8; 64];
    head[..6].copy_from_slice(b"\x7fELF\x02\x01");
    gives!(64, SYS_write, file, &head, 64);
    gives!(0, SYS_close, file);
    for _ in 0..50 {
        inside_child(|| {
            let none = [0_usize];
            fails!(ENOEXEC, SYS_execve, c"broken", &none, &none);
            Ok(())
        })?;
    }
    let said = rest(reader)?;
    let about = said.iter().filter(|text| text.starts_with("execve:"));
    let count = about.count();
    holds!((1..=20).contains(&count), "{count}: {said:?}");
    Ok(())
}

fn a_persona_reads_and_writes_the_same_log() -> Outcome {
    let reader = open(O_RDONLY)?;
    crate::persona::inside(|| {
        let file = open(O_RDWR)?;
        say(file, "<13>from a persona\n")?;
        same!(rest(file)?, ["from a persona"]);
        Ok(())
    })?;
    same!(rest(reader)?, ["from a persona"]);
    Ok(())
}
