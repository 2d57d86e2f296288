//! `/dev/kmsg`. Source: Documentation/ABI/testing/dev-kmsg of Linux.
//!
//! Others may write meanwhile, so a case looks for its own words. Of one opening Linux takes ten
//! records in five seconds, and it keeps a record without a line feed back: no case writes one.

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{inside_child, pause, spawn, wait};
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use libc::*;

cases![
    record_has_its_fields,
    priority_comes_first,
    everything_is_one_printable_line,
    text_ends_at_nul_and_one_line_feed,
    vector_is_one_record,
    too_long_a_record,
    failed_reads_go_on,
    directions,
    nothing_to_read,
    seeks,
    positions_count_for_nothing,
    poll_tells_of_records_only,
    blocking_read_is_woken,
    poll_is_woken,
    openings_have_places_of_their_own,
    copies_share_a_place,
    writers_choose_no_kernel_facility,
    commands_are_unknown,
];

/// Opens it, at the end; left out where this is not possible.
fn open(flags: i32) -> Result<isize, Failure> {
    let file = sys!(SYS_open, c"/dev/kmsg", flags | O_NONBLOCK | O_CLOEXEC);
    if file < 0 {
        return Err(Failure::Skipped);
    }
    sys!(SYS_lseek, file, 0, SEEK_END);
    Ok(file)
}

/// Words that nobody else writes.
fn words(case: &str) -> String {
    format!("kmsg case {case} of {}", sys!(SYS_getpid))
}

fn say(file: isize, text: &str) -> Outcome {
    gives!(text.len(), SYS_write, file, text.as_bytes(), text.len());
    Ok(())
}

/// The next record; none when there is none.
fn read(file: isize) -> Result<Option<String>, Failure> {
    let mut bytes = vec![0_u8; 8192];
    let count = sys!(SYS_read, file, bytes.as_mut_slice(), bytes.len());
    if count == -(EAGAIN as isize) {
        return Ok(None);
    }
    holds!(count > 0, "a read gave {count}");
    let text = String::from_utf8(bytes[..count as usize].to_vec());
    text.map(Some)
        .map_err(|_| Failure::Wrong("a record is no text".into()))
}

/// The priority and the text of the next record with `words` in it.
fn find(file: isize, words: &str) -> Result<(u32, String), Failure> {
    while let Some(record) = read(file)? {
        if record.contains(words) {
            let (head, text) = record.split_once(';').unwrap_or_default();
            let priority = head.split(',').next().and_then(|field| field.parse().ok());
            return Ok((priority.unwrap_or(u32::MAX), text.to_owned()));
        }
    }
    Err(Failure::Wrong(format!("there is no record with {words:?}")))
}

fn record_has_its_fields() -> Outcome {
    let (file, words) = (open(O_RDWR)?, words("fields"));
    say(file, &format!("<30>{words}\n"))?;
    let mut record = String::new();
    while !record.contains(&words) {
        record = read(file)?.unwrap_or_else(|| words.clone());
    }
    let (head, text) = record.split_once(';').unwrap_or_default();
    let fields: Vec<&str> = head.split(',').collect();
    holds!(fields.len() >= 4 && fields[0] == "30", "{record}");
    let microseconds = fields[2].parse().unwrap_or(i64::MAX);
    let age = abi_tests::process::now() / 1000 - microseconds;
    holds!(fields[1].parse::<u64>().is_ok() && (-1_000_000..60_000_000).contains(&age));
    same!(fields[3], "-");
    same!(text, format!("{words}\n"));
    Ok(())
}

fn priority_comes_first() -> Outcome {
    // What is behind the number, and the number that it becomes; or all of it as text.
    let cases = [
        ("<6>", Some(14)),
        ("<0>", Some(8)),
        ("<191>", Some(191)),
        ("<>", Some(8)),
        ("<99999>", Some(1695)),
        ("<2048>", Some(8)),
        ("<4294967300>", Some(12)),
        ("<007>", Some(15)),
        ("", Some(12)),
        ("<-1>", None),
        ("< 6>", None),
        ("<+6>", None),
        ("<6 >", None),
        ("<x>", None),
        (" <6>", None),
    ];
    for (number, (prefix, expected)) in cases.into_iter().enumerate() {
        let (file, words) = (open(O_RDWR)?, words(&format!("priority {number}")));
        say(file, &format!("{prefix}{words}\n"))?;
        let text = match expected {
            Some(_) => format!("{words}\n"),
            None => format!("{prefix}{words}\n"),
        };
        same!(find(file, &words)?, (expected.unwrap_or(12), text));
        works!(SYS_close, file);
    }
    Ok(())
}

fn everything_is_one_printable_line() -> Outcome {
    let (file, words) = (open(O_RDWR)?, words("line"));
    say(file, &format!("{words} a\\b\tc\nd\x7f\u{e9}~ ;,\n"))?;
    let shown = "a\\x5cb\\x09c\\x0ad\\x7f\\xc3\\xa9~ ;,";
    same!(find(file, &words)?.1, format!("{words} {shown}\n"));
    Ok(())
}

fn text_ends_at_nul_and_one_line_feed() -> Outcome {
    let (file, words) = (open(O_RDWR)?, words("end"));
    say(file, &format!("{words} two\n\n"))?;
    same!(find(file, &words)?.1, format!("{words} two\\x0a\n"));
    say(file, &format!("{words} nul\n\0rest\n"))?;
    same!(find(file, &words)?.1, format!("{words} nul\n"));
    Ok(())
}

fn vector_is_one_record() -> Outcome {
    let (file, words) = (open(O_RDWR)?, words("vector"));
    let parts = [b"<29>".as_slice(), words.as_bytes(), b" end\n"];
    let vector = parts.map(|part| [part.as_ptr() as usize, part.len()]);
    gives!(parts.concat().len(), SYS_writev, file, &vector, 3);
    same!(find(file, &words)?, (29, format!("{words} end\n")));
    Ok(())
}

fn too_long_a_record() -> Outcome {
    let (file, words) = (open(O_RDWR)?, words("long"));
    let long = |length: usize| format!("{words:x<length$}\n");
    say(file, &long(900))?;
    same!(find(file, &words)?.1, long(900));
    let text = long(1024);
    fails!(EINVAL, SYS_write, file, text.as_bytes(), text.len());
    Ok(())
}

/// The record that did not fit, or could not be copied, is passed over.
fn failed_reads_go_on() -> Outcome {
    let (file, words) = (open(O_RDWR)?, words("failed"));
    for text in ["one", "two", "three"] {
        say(file, &format!("{words} {text}\n"))?;
    }
    let mut byte = 0_u8;
    fails!(EINVAL, SYS_read, file, &mut byte, 1);
    fails!(EFAULT, SYS_read, file, 8, 8192);
    same!(find(file, &words)?.1, format!("{words} three\n"));
    Ok(())
}

fn directions() -> Outcome {
    let mut bytes = [0_u8; 1000];
    let file = open(O_RDONLY)?;
    fails!(EBADF, SYS_write, file, b"no\n", 3);
    let file = open(O_WRONLY)?;
    fails!(EBADF, SYS_read, file, &mut bytes, 1000);
    gives!(0, SYS_lseek, file, 0, SEEK_SET);
    fails!(EFAULT, SYS_write, file, 8, 3);
    Ok(())
}

fn nothing_to_read() -> Outcome {
    let (file, mut bytes) = (open(O_RDONLY)?, vec![0_u8; 8192]);
    let drained = abi_tests::process::until(|| {
        sys!(SYS_read, file, bytes.as_mut_slice(), bytes.len()) == -(EAGAIN as isize)
    });
    holds!(drained);
    Ok(())
}

fn seeks() -> Outcome {
    let (file, words) = (open(O_RDWR)?, words("seek"));
    say(file, &format!("{words}\n"))?;
    gives!(0, SYS_lseek, file, 0, SEEK_END);
    while let Some(record) = read(file)? {
        holds!(!record.contains(&words));
    }
    gives!(0, SYS_lseek, file, 0, SEEK_SET);
    find(file, &words)?;
    for whence in [SEEK_SET, SEEK_END, SEEK_DATA] {
        fails!(ESPIPE, SYS_lseek, file, 1, whence);
        fails!(ESPIPE, SYS_lseek, file, -1, whence);
    }
    for whence in [SEEK_CUR, SEEK_HOLE, 9, -1] {
        fails!(EINVAL, SYS_lseek, file, 0, whence);
    }
    Ok(())
}

fn positions_count_for_nothing() -> Outcome {
    let (file, words) = (open(O_RDWR)?, words("position"));
    let text = format!("{words}\n");
    gives!(
        text.len(),
        SYS_pwrite64,
        file,
        text.as_bytes(),
        text.len(),
        77
    );
    let mut bytes = vec![0_u8; 8192];
    let mut record = String::new();
    while !record.contains(&words) {
        let count = works!(SYS_pread64, file, bytes.as_mut_slice(), bytes.len(), 1000);
        record = String::from_utf8_lossy(&bytes[..count as usize]).into_owned();
    }
    Ok(())
}

fn events(file: isize, timeout: i32) -> Result<i16, Failure> {
    let every = POLLIN | POLLPRI | POLLOUT | POLLRDNORM | POLLWRNORM;
    let mut poll = [pollfd {
        fd: file as i32,
        events: every,
        revents: 0,
    }];
    works!(SYS_poll, &mut poll, 1, timeout);
    Ok(poll[0].revents)
}

/// That it can be written is nothing that poll(2) would tell.
fn poll_tells_of_records_only() -> Outcome {
    let file = open(O_RDWR)?;
    let quiet = abi_tests::process::until(|| {
        sys!(SYS_lseek, file, 0, SEEK_END);
        matches!(events(file, 0), Ok(0))
    });
    holds!(quiet);
    say(file, &format!("{}\n", words("poll")))?;
    same!(events(file, 0)?, POLLIN | POLLRDNORM);
    let writer = open(O_WRONLY)?;
    same!(events(writer, 0)? & POLLOUT, 0);
    Ok(())
}

fn blocking_read_is_woken() -> Outcome {
    let file = open(O_RDWR)?;
    let words = words("woken");
    gives!(0, SYS_fcntl, file, F_SETFL, 0);
    let child = spawn(|| {
        pause(50);
        i32::from(say(file, &format!("{words}\n")).is_err())
    })?;
    same!(find(file, &words)?.1, format!("{words}\n"));
    same!(wait(child)?, 0);
    Ok(())
}

fn poll_is_woken() -> Outcome {
    let (file, words) = (open(O_RDWR)?, words("poll woken"));
    let child = spawn(|| {
        pause(50);
        i32::from(say(file, &format!("{words}\n")).is_err())
    })?;
    same!(events(file, 5000)?, POLLIN | POLLRDNORM);
    same!(wait(child)?, 0);
    Ok(())
}

fn openings_have_places_of_their_own() -> Outcome {
    let (one, other, words) = (open(O_RDWR)?, open(O_RDONLY)?, words("own"));
    for text in ["one", "two"] {
        say(one, &format!("{words} {text}\n"))?;
    }
    find(one, &words)?;
    same!(find(other, &words)?.1, format!("{words} one\n"));
    same!(find(one, &words)?.1, format!("{words} two\n"));
    same!(find(other, &words)?.1, format!("{words} two\n"));
    Ok(())
}

fn copies_share_a_place() -> Outcome {
    let (file, words) = (open(O_RDWR)?, words("shared"));
    let copy = works!(SYS_dup, file);
    for text in ["one", "two"] {
        say(file, &format!("{words} {text}\n"))?;
    }
    find(file, &words)?;
    inside_child(|| {
        same!(find(copy, &words)?.1, format!("{words} two\n"));
        Ok(())
    })?;
    holds!(find(file, &words).is_err());
    Ok(())
}

fn writers_choose_no_kernel_facility() -> Outcome {
    for level in 0..8 {
        let (file, words) = (open(O_RDWR)?, words(&format!("facility {level}")));
        say(file, &format!("<{level}>{words}\n"))?;
        same!(find(file, &words)?.0, 8 + level);
        works!(SYS_close, file);
    }
    Ok(())
}

fn commands_are_unknown() -> Outcome {
    let (file, mut bytes) = (open(O_RDWR)?, [0_u8; 64]);
    for command in [TIOCGWINSZ, FIONREAD, 0x4b3a] {
        fails!(ENOTTY, SYS_ioctl, file, command, &mut bytes);
    }
    Ok(())
}
