//! That each persona has a screen of its own, in front or not.

use super::device::{
    BLANK, MODE_FILES, PAN, PUT_VAR, Var, byte_at, fix_of, map, memory_length, news, open,
    read_again, var, var_of,
};
use super::persona::{ACTIVE, Persona, inside, put};
use abi_tests::check::{Failure, Outcome};
use abi_tests::process::until;
use abi_tests::raw::{peek, poke, shared_word};
use abi_tests::{cases, gives, holds, same, sys, works};
use libc::*;
use std::sync::atomic::Ordering;

cases![
    another_sees_zeros,
    a_mode_is_ones_own,
    anothers_mode_is_no_news,
    a_descriptor_leads_home,
    it_lives_as_long_as_the_persona,
    mappings_stay_over_switches,
    memory_comes_back,
    nobody_in_front_has_one,
];

fn another_sees_zeros() -> Outcome {
    let file = open(O_RDWR)?;
    let at = map(file, 0, 4096)?;
    poke(at, 0x77);
    let outcome = inside(|| {
        let own = open(O_RDWR)?;
        let length = memory_length(&fix_of(own)?);
        let mut all = vec![1_u8; length];
        gives!(length, SYS_read, own, &mut all[..], length);
        holds!(all.iter().all(|byte| *byte == 0));
        gives!(1, SYS_pwrite64, own, b"x", 1, 0);
        // The mapping that it was born with is still its parent's screen.
        same!(peek(at), 0x77);
        Ok(())
    });
    same!(peek(at), 0x77);
    poke(at, 0);
    outcome
}

fn a_mode_is_ones_own() -> Outcome {
    let file = open(O_RDWR)?;
    let before = var_of(file)?;
    inside(|| {
        let own = open(O_RDWR)?;
        let mut wanted: Var = var_of(own)?;
        // What follows says only how a mode was asked for.
        same!(&wanted[..var::ACTIVATE], &before[..var::ACTIVATE]);
        wanted[var::BITS] = 16;
        works!(SYS_ioctl, own, PUT_VAR, &mut wanted);
        works!(SYS_ioctl, own, BLANK, 4);
        works!(SYS_ioctl, own, PAN, &mut wanted);
        same!(var_of(own)?[var::BITS], 16);
        same!(
            std::fs::read_to_string("/sys/class/graphics/fb0/bits_per_pixel")?,
            "16\n"
        );
        same!(var_of(file)?[var::BITS], 32);
        Ok(())
    })?;
    same!(var_of(file)?, before);
    Ok(())
}

/// Who waits for a change of its own screen hears nothing of another's.
fn anothers_mode_is_no_news() -> Outcome {
    let _screen = open(O_RDWR)?;
    let files = MODE_FILES.map(|name| sys!(SYS_open, name, O_RDONLY | O_CLOEXEC));
    for file in files {
        read_again(file)?;
    }
    inside(|| {
        let own = open(O_RDWR)?;
        let file = works!(SYS_open, MODE_FILES[0], O_RDONLY);
        read_again(file)?;
        let mut wanted: Var = var_of(own)?;
        wanted[var::BITS] = 16;
        works!(SYS_ioctl, own, PUT_VAR, &mut wanted);
        same!(news(file)?, POLLPRI | POLLERR);
        Ok(())
    })?;
    for file in files {
        same!(news(file)?, 0);
        works!(SYS_close, file);
    }
    Ok(())
}

fn a_descriptor_leads_home() -> Outcome {
    let file = open(O_RDWR)?;
    inside(|| {
        gives!(4, SYS_pwrite64, file, b"root", 4, 64);
        same!(byte_at(open(O_RDWR)?, 64)?, 0);
        let at = map(file, 0, 4096)?;
        same!(peek(at + 64), b'r');
        Ok(())
    })?;
    same!(byte_at(file, 64)?, b'r');
    gives!(4, SYS_pwrite64, file, &[0_u8; 4], 4, 64);
    Ok(())
}

fn it_lives_as_long_as_the_persona() -> Outcome {
    inside(|| {
        let file = open(O_RDWR)?;
        gives!(4, SYS_pwrite64, file, b"kept", 4, 100);
        works!(SYS_close, file);
        same!(byte_at(open(O_RDWR)?, 100)?, b'k');
        Ok(())
    })
}

/// A word that both sides of a fork see.
fn shared() -> Result<usize, Failure> {
    let flags = MAP_SHARED | MAP_ANONYMOUS;
    Ok(works!(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE, flags, -1, 0) as usize)
}

fn mappings_stay_over_switches() -> Outcome {
    let word = shared()?;
    let count = shared_word(word);
    let drawing = Persona::running(|| {
        let drawn = (|| {
            let file = open(O_RDWR)?;
            let at = map(file, 0, 65_536)?;
            loop {
                let step = count.fetch_add(1, Ordering::SeqCst) as usize;
                poke(at + step % 65_536, step as u8);
                if byte_at(file, step % 65_536)? != step as u8 {
                    return Err(Failure::Wrong("the mapping is not the file".into()));
                }
                sys!(SYS_sched_yield);
            }
        })();
        match drawn {
            Ok(()) => 0,
            Err::<(), Failure>(_) => {
                count.store(u32::MAX / 2, Ordering::SeqCst);
                1
            }
        }
    })?;
    for _ in 0..20 {
        let before = count.load(Ordering::SeqCst);
        put(ACTIVE, &drawing.pid.to_string())?;
        holds!(until(|| count.load(Ordering::SeqCst) > before));
        put(ACTIVE, "1")?;
        let before = count.load(Ordering::SeqCst);
        holds!(until(|| count.load(Ordering::SeqCst) > before));
    }
    let steps = count.load(Ordering::SeqCst);
    drawing.end()?;
    holds!(steps < u32::MAX / 2, "a mapping went astray");
    Ok(())
}

fn free_kibibytes() -> Result<i64, Failure> {
    let all = std::fs::read_to_string("/proc/meminfo")?;
    let line = all.lines().find_map(|line| line.strip_prefix("MemFree:"));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
    number
        .and_then(|number| number.trim().parse().ok())
        .ok_or_else(|| Failure::Wrong("meminfo has no MemFree".into()))
}

/// Far more personas than there is memory for at once, one after the other.
fn memory_comes_back() -> Outcome {
    let length = memory_length(&fix_of(open(O_RDWR)?)?) as i64;
    let before = free_kibibytes()?;
    for _ in 0..200 {
        inside(|| {
            let file = open(O_RDWR)?;
            poke(map(file, 0, 4096)?, 1);
            Ok(())
        })?;
    }
    // The device gives the last one back when it has answered.
    let enough = before - length / 1024;
    holds!(until(|| free_kibibytes().is_ok_and(|now| now > enough)));
    Ok(())
}

/// A persona in front that never opened the display, and one that ends in front.
fn nobody_in_front_has_one() -> Outcome {
    let file = open(O_RDWR)?;
    let at = map(file, 0, 4096)?;
    let other = Persona::start()?;
    put(ACTIVE, &other.pid.to_string())?;
    poke(at, 1);
    same!(byte_at(file, 0)?, 1);
    works!(SYS_ioctl, file, PAN, &mut var_of(file)?);
    other.end()?;
    same!(super::persona::in_front()?, 1);
    poke(at, 0);
    Ok(())
}
