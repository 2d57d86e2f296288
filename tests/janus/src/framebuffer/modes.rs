//! Choosing a mode.

use super::device::{
    ACTIVATE_TEST, MODE_FILES, PUT_VAR, Var, fix_of, memory_length, news, open, read_again, stride,
    var, var_of,
};
use abi_tests::check::Outcome;
use abi_tests::{cases, fails, same, works};
use libc::*;
use std::time::Duration;

cases![
    nothing_changed_is_fine,
    sixteen_bits,
    impossible_modes,
    a_tried_mode_changes_nothing,
    a_taller_whole,
    who_waits_for_another_mode_is_told,
    rows_of_the_mode_before,
];

fn nothing_changed_is_fine() -> Outcome {
    let file = open(O_RDWR)?;
    let mut same_again = var_of(file)?;
    works!(SYS_ioctl, file, PUT_VAR, &mut same_again);
    same!(same_again, var_of(file)?);
    Ok(())
}

/// Changes what `change` changes, and back again behind `look`.
fn with(change: impl FnOnce(&mut Var), look: impl FnOnce(isize) -> Outcome) -> Outcome {
    let file = open(O_RDWR)?;
    let mut before = var_of(file)?;
    let mut wanted = before;
    change(&mut wanted);
    works!(SYS_ioctl, file, PUT_VAR, &mut wanted);
    let outcome = look(file);
    works!(SYS_ioctl, file, PUT_VAR, &mut before);
    same!(before, var_of(file)?);
    outcome
}

/// What was written just before is in rows that the next mode does not have.
fn rows_of_the_mode_before() -> Outcome {
    for bits in [16, 32] {
        let file = open(O_RDWR)?;
        let (seen, stride) = (var_of(file)?, stride(&fix_of(file)?));
        let lines = vec![0x5a_u8; 8 * stride];
        let place = (seen[var::YRES] as usize - 8) * stride;
        works!(SYS_pwrite64, file, lines.as_ptr(), lines.len(), place);
        with(
            |wanted| {
                wanted[var::BITS] = bits;
                wanted[var::YRES] /= 2;
                wanted[var::YRES_VIRTUAL] = wanted[var::YRES];
            },
            |_| {
                // Three frames in which it may be sent.
                std::thread::sleep(Duration::from_millis(50));
                Ok(())
            },
        )?;
        let nothing = vec![0_u8; 8 * stride];
        works!(SYS_pwrite64, file, nothing.as_ptr(), nothing.len(), place);
    }
    Ok(())
}

fn sixteen_bits() -> Outcome {
    with(
        |wanted| wanted[var::BITS] = 16,
        |file| {
            let seen = var_of(file)?;
            same!(seen[var::BITS], 16);
            same!(&seen[var::RED..var::RED + 2], &[11, 5]);
            same!(&seen[var::GREEN..var::GREEN + 2], &[5, 6]);
            same!(&seen[var::BLUE..var::BLUE + 2], &[0, 5]);
            same!(stride(&fix_of(file)?), 2 * seen[var::XRES_VIRTUAL] as usize);
            Ok(())
        },
    )
}

fn impossible_modes() -> Outcome {
    let file = open(O_RDWR)?;
    let before = var_of(file)?;
    let impossible: [&[(usize, u32)]; 8] = [
        &[(var::BITS, 0)],
        &[(var::BITS, 7)],
        &[(var::BITS, u32::MAX)],
        &[(var::XRES, 0)],
        &[(var::YRES, 0)],
        &[(var::XRES, u32::MAX), (var::XRES_VIRTUAL, u32::MAX)],
        &[(var::YRES, 30_000), (var::YRES_VIRTUAL, 30_000)],
        &[(var::YRES_VIRTUAL, u32::MAX)],
    ];
    for changes in impossible {
        let mut wanted = before;
        for (place, value) in changes {
            wanted[*place] = *value;
        }
        fails!(EINVAL, SYS_ioctl, file, PUT_VAR, &mut wanted);
        same!(var_of(file)?, before);
    }
    Ok(())
}

fn a_tried_mode_changes_nothing() -> Outcome {
    let file = open(O_RDWR)?;
    let before = var_of(file)?;
    let mut wanted = before;
    wanted[var::BITS] = 16;
    wanted[var::ACTIVATE] = ACTIVATE_TEST;
    works!(SYS_ioctl, file, PUT_VAR, &mut wanted);
    same!(wanted[var::RED], 11);
    same!(var_of(file)?, before);
    Ok(())
}

fn a_taller_whole() -> Outcome {
    with(
        |wanted| wanted[var::YRES_VIRTUAL] = 2 * wanted[var::YRES],
        |file| {
            let (seen, fix) = (var_of(file)?, fix_of(file)?);
            same!(seen[var::YRES_VIRTUAL], 2 * seen[var::YRES]);
            let bytes = stride(&fix) * seen[var::YRES_VIRTUAL] as usize;
            same!(bytes <= memory_length(&fix), true);
            Ok(())
        },
    )
}

/// poll(2) on the files of sysfs, as its documentation has it: there is news from a change on until
/// the file is read again, and before it was ever read.
fn who_waits_for_another_mode_is_told() -> Outcome {
    let _screen = open(O_RDWR)?;
    for name in MODE_FILES {
        let file = works!(SYS_open, name, O_RDONLY | O_CLOEXEC);
        same!(news(file)?, POLLPRI | POLLERR);
        read_again(file)?;
        same!(news(file)?, 0);
        with(|wanted| wanted[var::BITS] = 16, |_| Ok(()))?;
        same!(news(file)?, POLLPRI | POLLERR);
        same!(news(file)?, POLLPRI | POLLERR);
        read_again(file)?;
        same!(news(file)?, 0);
        works!(SYS_close, file);
    }
    Ok(())
}
