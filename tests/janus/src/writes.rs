//! What the files take, and each error in its order.

use crate::persona::{ACTIVE, Persona, TAG, in_front, open, put, stamp_and_tag, write};
use abi_tests::check::{Outcome, result_text};
use abi_tests::process::{spawn, until, wait};
use abi_tests::{cases, fails, gives, same, works};
use libc::*;

cases![
    examples_of_the_documentation,
    any_process_of_the_namespace_will_do,
    length_must_be_1_to_15,
    pointer_must_lead_somewhere,
    length_comes_before_pointer,
    nul_ends_the_text,
    white_space_around_does_not_count,
    number_is_in_base_ten,
    number_must_fit,
    nobody_has_the_number,
    zombie_is_nobody,
    switch_ignores_a_tag,
    tag_needs_a_colon,
    tag_is_what_follows_the_first_colon,
    tag_is_cut_to_four_bytes,
    tag_is_cleared,
    tag_of_another_namespace,
    switch_to_whom_is_in_front_changes_nothing,
    no_write_at_an_offset,
    truncation_and_append_do_not_matter,
];

/// What a write answers, in words.
fn answer(name: &std::ffi::CStr, text: &[u8]) -> String {
    result_text(write(name, text))
}

fn examples_of_the_documentation() -> Outcome {
    let persona = Persona::start()?;
    let pid = persona.pid;
    put(ACTIVE, &format!("{pid}\n"))?;
    same!(in_front()?, pid);
    put(ACTIVE, "1\n")?;
    same!(in_front()?, 1);
    put(TAG, &format!("{pid}:demo\n"))?;
    put(TAG, "1:init\n")?;
    same!(stamp_and_tag()?.1, "init");
    put(ACTIVE, &pid.to_string())?;
    same!(stamp_and_tag()?.1, "demo");
    put(ACTIVE, "1")?;
    put(TAG, "1:")?;
    persona.end()
}

/// The root's number of a child of `parent`.
fn child_of(parent: i32) -> Option<i32> {
    let entries = std::fs::read_dir("/proc").ok()?;
    let numbers = entries.flatten();
    let mut numbers = numbers.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    numbers.find(|pid| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"));
        status.is_ok_and(|status| status.contains(&format!("\nPPid:\t{parent}\n")))
    })
}

fn any_process_of_the_namespace_will_do() -> Outcome {
    let persona = Persona::running(|| {
        let _ = spawn(crate::persona::sleep_for_good);
        crate::persona::sleep_for_good()
    })?;
    abi_tests::holds!(until(|| child_of(persona.pid).is_some()));
    let child = child_of(persona.pid).unwrap_or(0);
    put(ACTIVE, &child.to_string())?;
    same!(in_front()?, persona.pid);
    put(TAG, &format!("{child}:kid"))?;
    same!(stamp_and_tag()?.1, "kid");
    // Any process of the root, too: this one.
    put(ACTIVE, &std::process::id().to_string())?;
    same!(in_front()?, 1);
    persona.end()
}

fn length_must_be_1_to_15() -> Outcome {
    for name in [ACTIVE, TAG] {
        for length in [0usize, 16, 17, 100, 5000] {
            let mut text = b"1:x".to_vec();
            text.resize(length, b' ');
            same!((length, answer(name, &text)), (length, "EFAULT".into()));
        }
        let file = open(name, O_WRONLY)?;
        fails!(EFAULT, SYS_write, file, b"1:", isize::MAX);
        gives!(15, SYS_write, file, b"1:             ", 15);
    }
    Ok(())
}

fn pointer_must_lead_somewhere() -> Outcome {
    let both = PROT_READ | PROT_WRITE;
    let flags = MAP_PRIVATE | MAP_ANONYMOUS;
    let pages = works!(SYS_mmap, 0, 8192, both, flags, -1, 0) as usize;
    works!(SYS_munmap, pages + 4096, 4096);
    for (place, byte) in (pages + 4092..).zip(*b"1:ab") {
        abi_tests::raw::poke(place, byte);
    }
    for name in [ACTIVE, TAG] {
        let file = open(name, O_WRONLY)?;
        for pointer in [0, 8, pages + 4096, 0x8000_0000_0000, 0xffff_ffff_8000_0000] {
            fails!(EFAULT, SYS_write, file, pointer, 4);
        }
        fails!(EFAULT, SYS_write, file, pages + 4092, 5);
        fails!(EFAULT, SYS_write, file, pages + 4095, 2);
        gives!(4, SYS_write, file, pages + 4092, 4);
    }
    put(TAG, "1:")
}

/// Both are EFAULT; that the length comes first shows where the pointer would be good for less.
fn length_comes_before_pointer() -> Outcome {
    let file = open(TAG, O_WRONLY)?;
    fails!(EFAULT, SYS_write, file, 8, 0);
    fails!(EFAULT, SYS_write, file, 8, 16);
    Ok(())
}

fn nul_ends_the_text() -> Outcome {
    same!(write(ACTIVE, b"1\0garbage"), 9);
    same!(write(TAG, b"1:ab\0cd"), 7);
    same!(stamp_and_tag()?.1, "ab");
    same!(write(TAG, b"1:\0cd"), 5);
    same!(stamp_and_tag()?.1, "");
    same!(answer(ACTIVE, b"\x001"), "EINVAL");
    same!(answer(TAG, b"1\0:ab"), "EINVAL");
    Ok(())
}

fn white_space_around_does_not_count() -> Outcome {
    for text in [
        " 1",
        "1 ",
        "1\n",
        "\t\n\x0b\x0c\r 1\r\x0c\x0b\n\t",
        "\x0b1\x0c",
    ] {
        put(ACTIVE, text)?;
        put(TAG, &text.replace('1', "1:ab"))?;
        same!((text, stamp_and_tag()?.1), (text, "ab".to_owned()));
    }
    for text in [" ", "\n", "   \t", "1 1", "1\t1", "+ 1", "1\n1"] {
        same!(
            (text, answer(ACTIVE, text.as_bytes())),
            (text, "EINVAL".into())
        );
    }
    // What stands before the colon is not stripped by itself.
    for text in ["1 :x", "1\n:x"] {
        same!(
            (text, answer(TAG, text.as_bytes())),
            (text, "EINVAL".into())
        );
        same!(
            (text, answer(ACTIVE, text.as_bytes())),
            (text, "EINVAL".into())
        );
    }
    // As in Linux's kernel, the no-break space of Latin-1 is one; 0x85 is none.
    same!(write(ACTIVE, b"\xa01\xa0"), 3);
    same!(answer(ACTIVE, b"\x851"), "EINVAL");
    put(TAG, "1:")
}

fn number_is_in_base_ten() -> Outcome {
    for text in ["1", "+1", "01", "+0000000001"] {
        put(ACTIVE, text)?;
        put(TAG, &format!("{text}:"))?;
    }
    for text in [
        "0x1", "1a", "a", "one", "1.", "1.0", "1e0", "1,", "--1", "++1", "+-1", "-+1", "+", "-",
        ":", ":x", "::", ":1", "\u{b9}", "1_0",
    ] {
        same!(
            (text, answer(ACTIVE, text.as_bytes())),
            (text, "EINVAL".into())
        );
        let tag = format!("{text}:x");
        same!((text, answer(TAG, tag.as_bytes())), (text, "EINVAL".into()));
    }
    Ok(())
}

fn number_must_fit() -> Outcome {
    for text in [
        "2147483647",
        "2147483648",
        "4294967295",
        "4294967297",
        "-2147483648",
        "-2147483649",
        "99999999999999",
        "18446744073709",
    ] {
        same!(
            (text, answer(ACTIVE, text.as_bytes())),
            (text, "EINVAL".into())
        );
        let tag = format!("{}:", &text[..text.len().min(14)]);
        same!((text, answer(TAG, tag.as_bytes())), (text, "EINVAL".into()));
    }
    Ok(())
}

fn nobody_has_the_number() -> Outcome {
    let gone = spawn(|| 0)?;
    wait(gone)?;
    let dead = Persona::start()?;
    let dead_pid = dead.pid;
    dead.end()?;
    let own = std::process::id();
    for text in [
        "0".to_owned(),
        "+0".into(),
        "-0".into(),
        "-1".into(),
        format!("-{own}"),
        gone.to_string(),
        dead_pid.to_string(),
        "32767".into(),
    ] {
        same!(
            (&text, answer(ACTIVE, text.as_bytes())),
            (&text, "EINVAL".into())
        );
        let tag = format!("{text}:x");
        same!((&tag, answer(TAG, tag.as_bytes())), (&tag, "EINVAL".into()));
    }
    Ok(())
}

fn zombie_is_nobody() -> Outcome {
    let child = spawn(|| 0)?;
    let persona = Persona::running(|| 0)?;
    for pid in [child, persona.pid] {
        abi_tests::holds!(until(|| abi_tests::process::state(pid) == 'Z'));
        same!(answer(ACTIVE, pid.to_string().as_bytes()), "EINVAL");
        same!(answer(TAG, format!("{pid}:x").as_bytes()), "EINVAL");
    }
    wait(child)?;
    wait(persona.pid)?;
    Ok(())
}

fn switch_ignores_a_tag() -> Outcome {
    put(TAG, "1:here")?;
    let persona = Persona::start()?;
    put(ACTIVE, &format!("{}:other", persona.pid))?;
    same!(
        (in_front()?, stamp_and_tag()?.1),
        (persona.pid, String::new())
    );
    put(ACTIVE, "1:::")?;
    same!((in_front()?, stamp_and_tag()?.1), (1, "here".to_owned()));
    put(TAG, "1:")?;
    persona.end()
}

fn tag_needs_a_colon() -> Outcome {
    for text in ["1", "1 ", "1\n", "1\0:a"] {
        same!(
            (text, answer(TAG, text.as_bytes())),
            (text, "EINVAL".into())
        );
    }
    Ok(())
}

fn tag_is_what_follows_the_first_colon() -> Outcome {
    for (text, tag) in [
        ("1:ab", "ab"),
        ("1: ab", " ab"),
        ("1:a b ", "a b"),
        ("1::", ":"),
        ("1:a:b", "a:b"),
        ("1:\tx\n", "\tx"),
        ("1:\u{e9}", "\u{e9}"),
        ("  1:ab\n", "ab"),
    ] {
        put(TAG, text)?;
        same!((text, stamp_and_tag()?.1), (text, tag.to_owned()));
    }
    put(TAG, "1:")
}

/// And still the whole length was taken.
fn tag_is_cut_to_four_bytes() -> Outcome {
    for (text, tag) in [
        ("1:abcd", "abcd"),
        ("1:abcde", "abcd"),
        ("1:abcdefghijklm", "abcd"),
    ] {
        put(TAG, text)?;
        same!((text, stamp_and_tag()?.1), (text, tag.to_owned()));
    }
    put(TAG, "1:")
}

fn tag_is_cleared() -> Outcome {
    for text in ["1:", "1:\n", "1:   "] {
        put(TAG, "1:full")?;
        put(TAG, text)?;
        same!((text, stamp_and_tag()?.1), (text, String::new()));
    }
    Ok(())
}

fn tag_of_another_namespace() -> Outcome {
    put(TAG, "1:root")?;
    let persona = Persona::start()?;
    put(TAG, &format!("{}:work", persona.pid))?;
    same!(stamp_and_tag()?.1, "root");
    put(ACTIVE, &persona.pid.to_string())?;
    same!(stamp_and_tag()?.1, "work");
    persona.end()?;
    same!((in_front()?, stamp_and_tag()?.1), (1, "root".to_owned()));
    put(TAG, "1:")
}

fn switch_to_whom_is_in_front_changes_nothing() -> Outcome {
    let persona = Persona::start()?;
    put(ACTIVE, &persona.pid.to_string())?;
    let (stamp, _) = stamp_and_tag()?;
    abi_tests::process::pause(50);
    put(ACTIVE, &persona.pid.to_string())?;
    same!(stamp_and_tag()?.0, stamp);
    put(ACTIVE, "1")?;
    abi_tests::holds!(stamp_and_tag()?.0 > stamp);
    persona.end()
}

fn no_write_at_an_offset() -> Outcome {
    for name in [ACTIVE, TAG] {
        let file = open(name, O_RDWR)?;
        fails!(ESPIPE, SYS_pwrite64, file, b"1:", 2, 0);
        fails!(ESPIPE, SYS_pwrite64, file, b"1:", 2, 7);
        // The position after a read or a write does not matter to a write.
        works!(SYS_lseek, file, 5, SEEK_SET);
        gives!(2, SYS_write, file, b"1:", 2);
        gives!(2, SYS_write, file, b"1:", 2);
    }
    Ok(())
}

fn truncation_and_append_do_not_matter() -> Outcome {
    for flags in [O_TRUNC, O_APPEND, O_CREAT, O_TRUNC | O_APPEND] {
        let file = works!(SYS_open, ACTIVE, O_WRONLY | flags, 0o600);
        gives!(2, SYS_write, file, b"1\n", 2);
    }
    same!(in_front()?, 1);
    Ok(())
}
