//! What the files say, by offset and length, and how they look in their folder.

use crate::persona::{
    ACTIVE, LIST, Persona, TAG, in_front, inside, line_of, open, put, stamp_and_tag, text, value,
};
use abi_tests::check::Outcome;
use abi_tests::{cases, fails, gives, holds, same, works};
use libc::*;
use std::os::unix::fs::MetadataExt;

cases![
    folder_and_modes,
    reads_by_pieces,
    reads_at_offsets,
    reads_again_from_the_start,
    reads_to_bad_pointers,
    reads_by_an_inherited_descriptor,
    stamps_of_a_switch_are_equal,
    list_shows_the_active_first,
    list_escapes_tags,
    list_cannot_be_written,
];

fn folder_and_modes() -> Outcome {
    let mut names: Vec<_> = std::fs::read_dir("/proc/dev_ns")?
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    names.sort();
    same!(names, ["active_ns_pid", "list", "ns_tag"]);
    for (name, mode) in [
        ("", 0o40555),
        ("/active_ns_pid", 0o100_644),
        ("/ns_tag", 0o100_644),
        ("/list", 0o100_444),
    ] {
        let found = std::fs::metadata(format!("/proc/dev_ns{name}"))?;
        same!(
            (name, found.mode(), found.uid(), found.gid()),
            (name, mode, 0, 0)
        );
    }
    Ok(())
}

fn reads_by_pieces() -> Outcome {
    for name in [ACTIVE, TAG, LIST] {
        let file = open(name, O_RDONLY)?;
        let mut seen = Vec::new();
        let mut byte = [0u8];
        while works!(SYS_read, file, &mut byte, 1) == 1 {
            seen.push(byte[0]);
        }
        same!(String::from_utf8_lossy(&seen), text(name)?);
        gives!(0, SYS_read, file, &mut byte, 1);
        gives!(0, SYS_read, file, 8, 0);
    }
    Ok(())
}

fn reads_at_offsets() -> Outcome {
    let file = open(TAG, O_RDONLY)?;
    let mut bytes = [0u8; 100];
    gives!(7, SYS_pread64, file, &mut bytes, 7, 0);
    same!(&bytes[..7], b"active:");
    gives!(9, SYS_pread64, file, &mut bytes, 9, 10);
    same!(&bytes[..9], b"timestamp");
    gives!(0, SYS_pread64, file, &mut bytes, 9, 1000);
    fails!(EINVAL, SYS_pread64, file, &mut bytes, 9, -1);
    // The position is still the start.
    gives!(6, SYS_read, file, &mut bytes, 6);
    gives!(8, SYS_lseek, file, 8, SEEK_SET);
    gives!(1, SYS_read, file, &mut bytes, 1);
    same!(bytes[0], b'1');
    Ok(())
}

fn reads_again_from_the_start() -> Outcome {
    let persona = Persona::start()?;
    let file = open(ACTIVE, O_RDWR)?;
    let mut bytes = [0u8; 20];
    gives!(2, SYS_read, file, &mut bytes, 20);
    put(ACTIVE, &persona.pid.to_string())?;
    gives!(0, SYS_read, file, &mut bytes, 20);
    gives!(0, SYS_lseek, file, 0, SEEK_SET);
    let count = works!(SYS_read, file, &mut bytes, 20) as usize;
    same!(
        String::from_utf8_lossy(&bytes[..count]),
        format!("{}\n", persona.pid)
    );
    put(ACTIVE, "1")?;
    persona.end()
}

fn reads_to_bad_pointers() -> Outcome {
    for name in [ACTIVE, TAG, LIST] {
        let file = open(name, O_RDONLY)?;
        fails!(EFAULT, SYS_read, file, 8, 5);
        fails!(EFAULT, SYS_read, file, 0xffff_ffff_8000_0000_u64, 5);
        fails!(EBADF, SYS_write, file, b"1", 1);
    }
    let file = open(ACTIVE, O_WRONLY)?;
    fails!(EBADF, SYS_read, file, &mut [0u8], 1);
    Ok(())
}

/// Whoever has the two open reads them; the list is for the root's eyes.
fn reads_by_an_inherited_descriptor() -> Outcome {
    let (active, tag, list) = (
        open(ACTIVE, O_RDWR)?,
        open(TAG, O_RDWR)?,
        open(LIST, O_RDONLY)?,
    );
    inside(|| {
        let mut bytes = [0u8; 100];
        gives!(2, SYS_read, active, &mut bytes, 100);
        same!(&bytes[..2], b"1\n");
        gives!(9, SYS_read, tag, &mut bytes, 9);
        same!(&bytes[..9], b"active: 1");
        fails!(EPERM, SYS_read, list, &mut bytes, 100);
        fails!(EPERM, SYS_pread64, list, &mut bytes, 100, 0);
        Ok(())
    })?;
    // Not either when it was read before.
    gives!(5, SYS_read, list, &mut [0u8; 5], 5);
    inside(|| {
        fails!(EPERM, SYS_read, list, &mut [0u8; 5], 5);
        Ok(())
    })
}

fn stamps_of_a_switch_are_equal() -> Outcome {
    let persona = Persona::start()?;
    same!(value(&line_of(persona.pid)?, "timestamp"), "0");
    put(ACTIVE, &persona.pid.to_string())?;
    let stamp = stamp_and_tag()?.0.to_string();
    holds!(stamp != "0");
    for pid in [1, persona.pid] {
        same!(value(&line_of(pid)?, "timestamp"), stamp.clone());
    }
    // A jiffy is a hundredth of a second.
    abi_tests::process::pause(100);
    put(ACTIVE, "1")?;
    let first: u64 = stamp.parse().unwrap_or(0);
    let later = stamp_and_tag()?.0 - first;
    holds!((10..100).contains(&later), "{later}");
    persona.end()
}

fn list_shows_the_active_first() -> Outcome {
    let personas = [Persona::start()?, Persona::start()?, Persona::start()?];
    put(TAG, &format!("{}:two", personas[1].pid))?;
    let pids = || -> Result<Vec<i32>, abi_tests::check::Failure> {
        let numbers = text(LIST)?;
        let numbers = numbers.lines().map(|line| value(line, "init_pid").parse());
        Ok(numbers.map(|number| number.unwrap_or(-1)).collect())
    };
    let [a, b, c] = personas.each_ref().map(|persona| persona.pid);
    same!(pids()?, [1, a, b, c]);
    put(ACTIVE, &b.to_string())?;
    same!(pids()?, [b, 1, a, c]);
    let line = line_of(b)?;
    same!(
        ["tag", "state", "processes", "classes"].map(|key| value(&line, key)),
        ["two", "active", "1", "-"]
    );
    same!(value(&line_of(a)?, "state"), "background");
    same!(in_front()?, b);
    for persona in personas {
        persona.end()?;
    }
    same!(pids()?, [1]);
    Ok(())
}

fn list_escapes_tags() -> Outcome {
    for (tag, shown) in [
        ("a b", "a\\040b"),
        ("-", "\\055"),
        ("a,b", "a\\054b"),
        ("\\", "\\134"),
    ] {
        put(TAG, &format!("1:{tag}"))?;
        let line = line_of(1)?;
        same!((tag, value(&line, "tag")), (tag, shown.to_owned()));
    }
    put(TAG, "1:")?;
    same!(value(&line_of(1)?, "tag"), "-");
    Ok(())
}

fn list_cannot_be_written() -> Outcome {
    let file = open(LIST, O_RDWR)?;
    fails!(EIO, SYS_write, file, b"1", 1);
    Ok(())
}
