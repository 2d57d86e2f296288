//! Capabilities: their sets, and how execve and new user ids change them. Only those that a
//! container usually has are counted on, and the others compared with what this process started
//! with. Source: capabilities(7), capget(2), prctl(2).

use crate::helper;
use abi_tests::capabilities::{
    CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_KILL, CAP_MKNOD, CAP_SETPCAP, Sets,
    VERSION_1, VERSION_3, only, set, sets, without, words,
};
use abi_tests::check::{Failure, Outcome};
use abi_tests::process::inside_child;
use abi_tests::{cases, fails, gives, holds, same, sys, works};
use libc::*;

cases![
    sets_can_be_lowered_and_not_raised,
    sets_of_version_one_keep_the_rest_out,
    sets_of_another_process,
    inheritable_stays_within_the_bounds,
    bounding_set_only_shrinks,
    ambient_set_rules,
    secure_bits_rules,
    keep_capabilities_locked,
    user_ids_take_them_along,
    keep_capabilities_over_setuid,
    no_setuid_fixup,
    file_user_takes_those_of_files,
    exec_as_root_gives_the_bounding_set,
    exec_as_user_keeps_the_ambient_ones,
    exec_with_no_root_gives_nothing,
    exec_with_no_new_privileges_gives_nothing_back,
    status_shows_all_five,
];

/// The lines `CapInh` to `CapAmb` of a status file, as numbers.
fn lines_of(status: &str) -> [u64; 5] {
    ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].map(|name| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let digits = line.and_then(|line| line.strip_prefix(":\t"));
        digits.map_or(u64::MAX, |digits| {
            u64::from_str_radix(digits, 16).unwrap_or(u64::MAX)
        })
    })
}

/// The five sets of a program that a child runs after `prepare`.
fn of_program(prepare: impl FnOnce()) -> Result<[u64; 5], Failure> {
    let text = helper::output_of(|| {
        prepare();
        helper::again(&["show", "/proc/self/status"])
    })?;
    Ok(lines_of(&text))
}

fn sets_can_be_lowered_and_not_raised() -> Outcome {
    let full = sets()?;
    same!((full.effective, full.inheritable), (full.permitted, 0));
    let mut less = full;
    less.effective &= !(1 << CAP_KILL);
    same!(set(less), 0);
    same!(sets()?, less);
    same!(set(full), 0);
    less.permitted &= !(1 << CAP_KILL);
    same!(set(less), 0);
    same!(sets()?, less);
    same!(set(full), -EPERM as isize);
    // In force but not permitted cannot be.
    let mut odd = less;
    odd.effective |= 1 << CAP_KILL;
    same!(set(odd), -EPERM as isize);
    same!(sets()?, less);
    Ok(())
}

fn sets_of_version_one_keep_the_rest_out() -> Outcome {
    let full = sets()?;
    let low = words(full);
    gives!(0, SYS_capset, &[VERSION_1, 0], &low[..3]);
    let mask = u64::from(u32::MAX);
    same!(
        (sets()?.effective, sets()?.permitted),
        (full.effective & mask, full.permitted & mask)
    );
    Ok(())
}

fn sets_of_another_process() -> Outcome {
    let me = works!(SYS_getpid) as u32;
    let own = words(sets()?);
    inside_child(|| {
        without(&[CAP_KILL])?;
        let mut seen = [0u32; 6];
        gives!(0, SYS_capget, &[VERSION_3, me], &mut seen);
        same!(seen, own);
        fails!(EPERM, SYS_capset, &[VERSION_3, me], &own);
        Ok(())
    })?;
    gives!(0, SYS_capset, &[VERSION_3, me], &own);
    fails!(EFAULT, SYS_capset, &[VERSION_3, 0], 8);
    Ok(())
}

fn inheritable_stays_within_the_bounds() -> Outcome {
    let mut own = sets()?;
    own.inheritable = 1 << CAP_KILL;
    same!(set(own), 0);
    same!(sets()?.inheritable, 1 << CAP_KILL);
    gives!(0, SYS_prctl, PR_CAPBSET_DROP, CAP_FOWNER, 0, 0, 0);
    own.inheritable |= 1 << CAP_FOWNER;
    same!(set(own), -EPERM as isize);
    // Without CAP_SETPCAP only what is permitted.
    only(&[CAP_CHOWN])?;
    own = sets()?;
    own.inheritable = 1 << CAP_CHOWN;
    same!(set(own), 0);
    own.inheritable |= 1 << CAP_MKNOD;
    same!(set(own), -EPERM as isize);
    Ok(())
}

fn bounding_set_only_shrinks() -> Outcome {
    gives!(1, SYS_prctl, PR_CAPBSET_READ, CAP_MKNOD, 0, 0, 0);
    gives!(0, SYS_prctl, PR_CAPBSET_DROP, CAP_MKNOD, 0, 0, 0);
    gives!(0, SYS_prctl, PR_CAPBSET_DROP, CAP_MKNOD, 0, 0, 0);
    gives!(0, SYS_prctl, PR_CAPBSET_READ, CAP_MKNOD, 0, 0, 0);
    // What is permitted stays so.
    holds!(sets()?.permitted & 1 << CAP_MKNOD != 0);
    fails!(EINVAL, SYS_prctl, PR_CAPBSET_READ, 64, 0, 0, 0);
    fails!(EINVAL, SYS_prctl, PR_CAPBSET_DROP, 64, 0, 0, 0);
    fails!(EINVAL, SYS_prctl, PR_CAPBSET_READ, -1, 0, 0, 0);
    without(&[CAP_SETPCAP])?;
    fails!(EPERM, SYS_prctl, PR_CAPBSET_DROP, CAP_KILL, 0, 0, 0);
    fails!(EPERM, SYS_prctl, PR_CAPBSET_DROP, 64, 0, 0, 0);
    Ok(())
}

fn ambient_set_rules() -> Outcome {
    let (is_set, raise) = (PR_CAP_AMBIENT_IS_SET, PR_CAP_AMBIENT_RAISE);
    let (lower, clear) = (PR_CAP_AMBIENT_LOWER, PR_CAP_AMBIENT_CLEAR_ALL);
    gives!(0, SYS_prctl, PR_CAP_AMBIENT, is_set, CAP_KILL, 0, 0);
    fails!(EPERM, SYS_prctl, PR_CAP_AMBIENT, raise, CAP_KILL, 0, 0);
    let mut own = sets()?;
    own.inheritable = 1 << CAP_KILL | 1 << CAP_CHOWN;
    same!(set(own), 0);
    gives!(0, SYS_prctl, PR_CAP_AMBIENT, raise, CAP_KILL, 0, 0);
    gives!(0, SYS_prctl, PR_CAP_AMBIENT, raise, CAP_CHOWN, 0, 0);
    gives!(1, SYS_prctl, PR_CAP_AMBIENT, is_set, CAP_KILL, 0, 0);
    gives!(0, SYS_prctl, PR_CAP_AMBIENT, lower, CAP_KILL, 0, 0);
    gives!(0, SYS_prctl, PR_CAP_AMBIENT, is_set, CAP_KILL, 0, 0);
    // What is no longer inheritable is no longer ambient.
    own.inheritable = 0;
    same!(set(own), 0);
    gives!(0, SYS_prctl, PR_CAP_AMBIENT, is_set, CAP_CHOWN, 0, 0);
    gives!(0, SYS_prctl, PR_CAP_AMBIENT, clear, 0, 0, 0);
    fails!(EINVAL, SYS_prctl, PR_CAP_AMBIENT, clear, 1, 0, 0);
    fails!(EINVAL, SYS_prctl, PR_CAP_AMBIENT, raise, 64, 0, 0);
    fails!(EINVAL, SYS_prctl, PR_CAP_AMBIENT, is_set, 1, 1, 0);
    fails!(EINVAL, SYS_prctl, PR_CAP_AMBIENT, 9, 1, 0, 0);
    Ok(())
}

fn secure_bits_rules() -> Outcome {
    const NO_SETUID_FIXUP: u32 = 1 << 2;
    const NO_SETUID_FIXUP_LOCKED: u32 = 1 << 3;
    const NO_CAP_AMBIENT_RAISE: u32 = 1 << 6;
    gives!(0, SYS_prctl, PR_GET_SECUREBITS, 0, 0, 0, 0);
    fails!(EPERM, SYS_prctl, PR_SET_SECUREBITS, 1 << 20, 0, 0, 0);
    gives!(0, SYS_prctl, PR_SET_SECUREBITS, NO_SETUID_FIXUP, 0, 0, 0);
    gives!(0, SYS_prctl, PR_SET_SECUREBITS, 0, 0, 0, 0);
    let both = NO_SETUID_FIXUP | NO_SETUID_FIXUP_LOCKED;
    gives!(0, SYS_prctl, PR_SET_SECUREBITS, both, 0, 0, 0);
    gives!(both, SYS_prctl, PR_GET_SECUREBITS, 0, 0, 0, 0);
    fails!(
        EPERM,
        SYS_prctl,
        PR_SET_SECUREBITS,
        NO_SETUID_FIXUP_LOCKED,
        0,
        0,
        0
    );
    fails!(
        EPERM,
        SYS_prctl,
        PR_SET_SECUREBITS,
        NO_SETUID_FIXUP,
        0,
        0,
        0
    );
    gives!(
        0,
        SYS_prctl,
        PR_SET_SECUREBITS,
        both | NO_CAP_AMBIENT_RAISE,
        0,
        0,
        0
    );
    let mut own = sets()?;
    own.inheritable = 1 << CAP_KILL;
    same!(set(own), 0);
    fails!(
        EPERM,
        SYS_prctl,
        PR_CAP_AMBIENT,
        PR_CAP_AMBIENT_RAISE,
        CAP_KILL,
        0,
        0
    );
    without(&[CAP_SETPCAP])?;
    fails!(EPERM, SYS_prctl, PR_SET_SECUREBITS, both, 0, 0, 0);
    Ok(())
}

fn keep_capabilities_locked() -> Outcome {
    const KEEP_CAPS: u32 = 1 << 4;
    const KEEP_CAPS_LOCKED: u32 = 1 << 5;
    gives!(0, SYS_prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0);
    gives!(KEEP_CAPS, SYS_prctl, PR_GET_SECUREBITS, 0, 0, 0, 0);
    gives!(0, SYS_prctl, PR_SET_SECUREBITS, KEEP_CAPS_LOCKED, 0, 0, 0);
    gives!(0, SYS_prctl, PR_GET_KEEPCAPS, 0, 0, 0, 0);
    fails!(EPERM, SYS_prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0);
    Ok(())
}

fn user_ids_take_them_along() -> Outcome {
    let full = sets()?;
    // Only the effective user: what was in force is not, and comes back.
    gives!(0, SYS_setresuid, -1, 1000, -1);
    same!((sets()?.effective, sets()?.permitted), (0, full.permitted));
    gives!(0, SYS_setresuid, -1, 0, -1);
    same!(sets()?, full);
    // In force by hand, without being root.
    gives!(0, SYS_setresuid, -1, 1000, -1);
    same!(set(full), 0);
    gives!(0, SYS_setresuid, -1, 2000, -1);
    same!(sets()?, full);
    gives!(0, SYS_setresuid, 1000, 1000, 1000);
    same!((sets()?.effective, sets()?.permitted), (0, 0));
    Ok(())
}

fn keep_capabilities_over_setuid() -> Outcome {
    let full = sets()?;
    gives!(0, SYS_prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0);
    gives!(0, SYS_setuid, 1000);
    same!((sets()?.effective, sets()?.permitted), (0, full.permitted));
    let mut one = full;
    (one.effective, one.permitted) = (1 << CAP_CHOWN, 1 << CAP_CHOWN);
    same!(set(one), 0);
    Ok(())
}

fn no_setuid_fixup() -> Outcome {
    let full = sets()?;
    gives!(0, SYS_prctl, PR_SET_SECUREBITS, 1 << 2, 0, 0, 0);
    gives!(0, SYS_setuid, 1000);
    same!(sets()?, full);
    Ok(())
}

fn file_user_takes_those_of_files() -> Outcome {
    let full = sets()?.effective;
    gives!(0, SYS_setfsuid, 1000);
    let files = [
        CAP_CHOWN,
        CAP_DAC_OVERRIDE,
        CAP_FOWNER,
        CAP_FSETID,
        CAP_MKNOD,
    ];
    let left = sets()?.effective;
    same!(files.map(|number| left >> number & 1), [0; 5]);
    holds!(left >> CAP_KILL & 1 == 1);
    gives!(1000, SYS_setfsuid, 0);
    same!(sets()?.effective, full);
    Ok(())
}

fn exec_as_root_gives_the_bounding_set() -> Outcome {
    let full = sets()?.permitted;
    let bit = 1_u64 << CAP_MKNOD;
    let drop_one = || {
        sys!(SYS_prctl, PR_CAPBSET_DROP, CAP_MKNOD, 0, 0, 0);
        let _ = only(&[CAP_CHOWN]);
    };
    let [inheritable, permitted, effective, bounding, ambient] = of_program(drop_one)?;
    same!((inheritable, ambient), (0, 0));
    same!(
        (permitted, effective, bounding),
        (full & !bit, full & !bit, full & !bit)
    );
    // Only the effective user is root: both; only the real one: permitted.
    let as_real = || {
        sys!(SYS_setresuid, 0, 1000, 1000);
    };
    let [_, permitted, effective, ..] = of_program(as_real)?;
    same!((permitted, effective), (full, 0));
    Ok(())
}

fn exec_as_user_keeps_the_ambient_ones() -> Outcome {
    let become_user = || {
        sys!(SYS_prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0);
        sys!(SYS_setuid, 1000);
        let bits = 1 << CAP_KILL | 1 << CAP_CHOWN;
        let (effective, permitted, inheritable) = (bits, bits, bits);
        set(Sets {
            effective,
            permitted,
            inheritable,
        });
    };
    let both = 1_u64 << CAP_KILL | 1 << CAP_CHOWN;
    let [inheritable, permitted, effective, _, ambient] = of_program(become_user)?;
    same!(
        (inheritable, permitted, effective, ambient),
        (both, 0, 0, 0)
    );
    let with_one = || {
        become_user();
        sys!(
            SYS_prctl,
            PR_CAP_AMBIENT,
            PR_CAP_AMBIENT_RAISE,
            CAP_KILL,
            0,
            0
        );
    };
    let one = 1_u64 << CAP_KILL;
    let [_, permitted, effective, _, ambient] = of_program(with_one)?;
    same!((permitted, effective, ambient), (one, one, one));
    Ok(())
}

fn exec_with_no_root_gives_nothing() -> Outcome {
    let [_, permitted, effective, ..] = of_program(|| {
        sys!(SYS_prctl, PR_SET_SECUREBITS, 1, 0, 0, 0);
    })?;
    same!((permitted, effective), (0, 0));
    Ok(())
}

fn exec_with_no_new_privileges_gives_nothing_back() -> Outcome {
    let [_, permitted, effective, ..] = of_program(|| {
        let _ = only(&[CAP_CHOWN]);
        sys!(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    })?;
    same!((permitted, effective), (1 << CAP_CHOWN, 1 << CAP_CHOWN));
    let status = helper::output_of(|| {
        sys!(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        helper::again(&["show", "/proc/self/status"])
    })?;
    holds!(status.contains("\nNoNewPrivs:\t1\n"));
    Ok(())
}

fn status_shows_all_five() -> Outcome {
    let full = sets()?.permitted;
    let own = Sets {
        effective: 1 << CAP_KILL,
        permitted: 1 << CAP_KILL | 1 << CAP_SETPCAP,
        inheritable: 1 << CAP_KILL,
    };
    sys!(SYS_prctl, PR_CAPBSET_DROP, CAP_MKNOD, 0, 0, 0);
    same!(set(own), 0);
    works!(
        SYS_prctl,
        PR_CAP_AMBIENT,
        PR_CAP_AMBIENT_RAISE,
        CAP_KILL,
        0,
        0
    );
    let seen = lines_of(&std::fs::read_to_string("/proc/self/status")?);
    let bounding = full & !(1 << CAP_MKNOD);
    let kill = 1 << CAP_KILL;
    same!(seen, [kill, own.permitted, kill, bounding, kill]);
    Ok(())
}
