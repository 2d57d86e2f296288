//! When the persona in front ends.

use crate::persona::{
    ACTIVE, Persona, TAG, in_front, line_of, put, sleep_for_good, stamp_and_tag, text, value,
};
use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{pause, spawn, wait};
use abi_tests::{cases, gives, holds, same, sys, works};
use libc::*;

cases![
    death_in_front_brings_the_root,
    death_in_front_is_logged,
    death_in_the_background_changes_nothing,
    zombie_in_front_is_not_in_front,
    death_of_one_of_many_changes_nothing,
    stopped_stays_in_front,
    death_of_all_three_deep,
    switching_while_they_die,
];

fn death_in_front_brings_the_root() -> Outcome {
    let persona = Persona::start()?;
    put(ACTIVE, &persona.pid.to_string())?;
    let before = stamp_and_tag()?.0;
    pause(50);
    persona.end()?;
    same!(in_front()?, 1);
    holds!(stamp_and_tag()?.0 > before);
    Ok(())
}

/// The kernel log, whole.
fn kernel_log() -> Result<String, Failure> {
    let mut bytes = vec![0u8; 1 << 20];
    let count = works!(SYS_syslog, 3, bytes.as_mut_slice(), bytes.len()) as usize;
    Ok(String::from_utf8_lossy(&bytes[..count]).into_owned())
}

fn death_in_front_is_logged() -> Outcome {
    let persona = Persona::start()?;
    put(TAG, &format!("{}:gone", persona.pid))?;
    put(ACTIVE, &persona.pid.to_string())?;
    let line = format!(
        "device namespace {} \"gone\" was in front and its last process has ended: the root is in front now",
        persona.pid
    );
    persona.end()?;
    let log = kernel_log()?;
    holds!(log.contains(&line), "the log has no such line");
    Ok(())
}

fn death_in_the_background_changes_nothing() -> Outcome {
    let (front, back) = (Persona::start()?, Persona::start()?);
    put(ACTIVE, &front.pid.to_string())?;
    let before = text(TAG)?;
    back.end()?;
    same!((in_front()?, text(TAG)?), (front.pid, before));
    front.end()
}

/// Its parent has not asked for it yet; the root is in front all the same.
fn zombie_in_front_is_not_in_front() -> Outcome {
    let persona = Persona::start()?;
    put(ACTIVE, &persona.pid.to_string())?;
    works!(SYS_kill, persona.pid, SIGKILL);
    holds!(abi_tests::process::until(
        || in_front().is_ok_and(|pid| pid == 1)
    ));
    gives!(persona.pid, SYS_wait4, persona.pid, 0, 0, 0);
    Ok(())
}

fn death_of_one_of_many_changes_nothing() -> Outcome {
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    let persona = Persona::running(|| {
        for _ in 0..3 {
            if let Ok(child) = spawn(|| 0) {
                let _ = wait(child);
            }
            sys!(SYS_write, ends[1], b".", 1);
        }
        sleep_for_good()
    })?;
    put(ACTIVE, &persona.pid.to_string())?;
    for _ in 0..3 {
        works!(SYS_read, ends[0], &mut [0u8], 1);
    }
    same!(in_front()?, persona.pid);
    same!(value(&line_of(persona.pid)?, "processes"), "1");
    persona.end()
}

fn stopped_stays_in_front() -> Outcome {
    let persona = Persona::start()?;
    put(ACTIVE, &persona.pid.to_string())?;
    works!(SYS_kill, persona.pid, SIGSTOP);
    gives!(persona.pid, SYS_wait4, persona.pid, 0, WUNTRACED, 0);
    same!(in_front()?, persona.pid);
    persona.end()?;
    same!(in_front()?, 1);
    Ok(())
}

/// With the outermost process 1 all inside it go; whichever of them was in front.
fn death_of_all_three_deep() -> Outcome {
    let mut ends = [0i32; 2];
    works!(SYS_pipe, &mut ends);
    let outer = Persona::running(|| {
        let inner = Persona::running(|| {
            let innermost = Persona::start();
            sys!(SYS_write, ends[1], &[u8::from(innermost.is_ok())], 1);
            sleep_for_good()
        });
        match inner {
            Ok(_) => sleep_for_good(),
            Err(_) => 1,
        }
    })?;
    let mut made = [0u8];
    works!(SYS_read, ends[0], &mut made, 1);
    same!(made, [1]);
    let list = text(crate::persona::LIST)?;
    let deepest = list
        .lines()
        .last()
        .map_or(String::new(), |line| value(line, "init_pid"));
    same!(list.lines().count(), 4);
    put(ACTIVE, &deepest)?;
    same!(in_front()?.to_string(), deepest);
    outer.end()?;
    same!(in_front()?, 1);
    same!(text(crate::persona::LIST)?.lines().count(), 1);
    Ok(())
}

/// Two processes switch without pause while personas come and go.
fn switching_while_they_die() -> Outcome {
    let switcher = |pid: i32| {
        let text = pid.to_string();
        move || loop {
            crate::persona::write(ACTIVE, text.as_bytes());
            crate::persona::write(ACTIVE, b"1");
        }
    };
    for _ in 0..30 {
        let persona = Persona::start()?;
        let switchers = [spawn(switcher(persona.pid))?, spawn(switcher(persona.pid))?];
        pause(3);
        persona.end()?;
        same!(in_front()?, 1);
        for one in switchers {
            works!(SYS_kill, one, SIGKILL);
            wait(one)?;
        }
    }
    same!(in_front()?, 1);
    Ok(())
}
