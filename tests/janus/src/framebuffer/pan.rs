//! Showing another part of what is in memory: double buffering.

use super::device::{PAN, PUT_VAR, VMODE_YWRAP, open, var, var_of};
use abi_tests::check::Outcome;
use abi_tests::{cases, fails, same, works};
use libc::*;

cases![
    to_where_it_is,
    to_the_second_page_and_back,
    to_nowhere,
    only_the_offsets_count,
];

fn to_where_it_is() -> Outcome {
    let file = open(O_RDWR)?;
    let mut here = var_of(file)?;
    works!(SYS_ioctl, file, PAN, &mut here);
    same!(here, var_of(file)?);
    Ok(())
}

fn to_the_second_page_and_back() -> Outcome {
    let file = open(O_RDWR)?;
    let mut before = var_of(file)?;
    let mut wanted = before;
    wanted[var::YRES_VIRTUAL] = 2 * wanted[var::YRES];
    works!(SYS_ioctl, file, PUT_VAR, &mut wanted);
    for row in [wanted[var::YRES], 1, 0] {
        wanted[var::YOFFSET] = row;
        works!(SYS_ioctl, file, PAN, &mut wanted);
        same!(var_of(file)?[var::YOFFSET], row);
    }
    wanted[var::YOFFSET] = wanted[var::YRES] + 1;
    fails!(EINVAL, SYS_ioctl, file, PAN, &mut wanted);
    same!(var_of(file)?[var::YOFFSET], 0);
    works!(SYS_ioctl, file, PUT_VAR, &mut before);
    Ok(())
}

fn to_nowhere() -> Outcome {
    let file = open(O_RDWR)?;
    let before = var_of(file)?;
    let whole = before[var::YRES_VIRTUAL];
    let beyond = [
        (var::YOFFSET, whole - before[var::YRES] + 1),
        (var::YOFFSET, u32::MAX),
        (var::YOFFSET, u32::MAX - before[var::YRES] + 1),
        (
            var::XOFFSET,
            before[var::XRES_VIRTUAL] - before[var::XRES] + 1,
        ),
        (var::XOFFSET, u32::MAX),
    ];
    for (place, value) in beyond {
        let mut wanted = before;
        wanted[place] = value;
        fails!(EINVAL, SYS_ioctl, file, PAN, &mut wanted);
    }
    let mut wrapped = before;
    wrapped[var::VMODE] |= VMODE_YWRAP;
    wrapped[var::YOFFSET] = 1;
    fails!(EINVAL, SYS_ioctl, file, PAN, &mut wrapped);
    same!(var_of(file)?, before);
    Ok(())
}

fn only_the_offsets_count() -> Outcome {
    let file = open(O_RDWR)?;
    let before = var_of(file)?;
    let mut wanted = before;
    wanted[var::XRES] = 1;
    wanted[var::BITS] = 8;
    works!(SYS_ioctl, file, PAN, &mut wanted);
    same!(var_of(file)?, before);
    Ok(())
}
