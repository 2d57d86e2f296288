//! User and group ids and supplementary groups. Source: credentials(7), setresuid(2).

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::inside_child;
use abi_tests::{cases, fails, gives, same, works};
use libc::*;

cases![
    ids_of_root,
    setuid_as_root_sets_all,
    setuid_as_user_only_switches,
    setreuid_rules,
    setresuid_rules,
    setresuid_minus_one_keeps,
    seteuid_and_back,
    setgid_family,
    setregid_saves,
    setfsuid_returns_previous,
    groups_set_and_get,
    groups_errors,
    groups_inherited,
    ids_bad_addresses,
    ids_out_of_range,
    pid_calls,
];

fn users() -> Result<[u32; 3], Failure> {
    let (mut a, mut b, mut c) = (9u32, 9u32, 9u32);
    gives!(0, SYS_getresuid, &mut a, &mut b, &mut c);
    Ok([a, b, c])
}

fn groups() -> Result<[u32; 3], Failure> {
    let (mut a, mut b, mut c) = (9u32, 9u32, 9u32);
    gives!(0, SYS_getresgid, &mut a, &mut b, &mut c);
    Ok([a, b, c])
}

fn ids_of_root() -> Outcome {
    same!((users()?, groups()?), ([0; 3], [0; 3]));
    gives!(0, SYS_getuid);
    gives!(0, SYS_geteuid);
    gives!(0, SYS_getgid);
    gives!(0, SYS_getegid);
    Ok(())
}

fn setuid_as_root_sets_all() -> Outcome {
    gives!(0, SYS_setuid, 1000);
    same!(users()?, [1000; 3]);
    fails!(EPERM, SYS_setuid, 0);
    fails!(EPERM, SYS_setuid, 1001);
    gives!(0, SYS_setuid, 1000);
    Ok(())
}

fn setuid_as_user_only_switches() -> Outcome {
    gives!(0, SYS_setresuid, 1000, 2000, 3000);
    gives!(0, SYS_setuid, 3000);
    same!(users()?, [1000, 3000, 3000]);
    gives!(0, SYS_setuid, 1000);
    same!(users()?, [1000, 1000, 3000]);
    fails!(EPERM, SYS_setuid, 2000);
    Ok(())
}

/// If the real id is set, or the effective one to something else than the real, the saved one
/// follows the effective.
fn setreuid_rules() -> Outcome {
    inside_child(|| {
        gives!(0, SYS_setreuid, 1000, 2000);
        same!(users()?, [1000, 2000, 2000]);
        gives!(0, SYS_setreuid, -1, 1000);
        same!(users()?, [1000, 1000, 2000]);
        gives!(0, SYS_setreuid, -1, 2000);
        fails!(EPERM, SYS_setreuid, 3000, -1);
        fails!(EPERM, SYS_setreuid, -1, 3000);
        Ok(())
    })?;
    gives!(0, SYS_setreuid, -1, 1000);
    same!(users()?, [0, 1000, 1000]);
    gives!(0, SYS_setreuid, 1000, 0);
    same!(users()?, [1000, 0, 0]);
    Ok(())
}

fn setresuid_rules() -> Outcome {
    gives!(0, SYS_setresuid, 1, 2, 3);
    same!(users()?, [1, 2, 3]);
    gives!(0, SYS_setresuid, 3, 1, 2);
    same!(users()?, [3, 1, 2]);
    fails!(EPERM, SYS_setresuid, 4, -1, -1);
    fails!(EPERM, SYS_setresuid, -1, 0, -1);
    fails!(EPERM, SYS_setresuid, -1, -1, 4);
    Ok(())
}

fn setresuid_minus_one_keeps() -> Outcome {
    gives!(0, SYS_setresuid, -1, -1, 5);
    same!(users()?, [0, 0, 5]);
    gives!(0, SYS_setresgid, 7, -1, -1);
    same!(groups()?, [7, 0, 0]);
    Ok(())
}

fn seteuid_and_back() -> Outcome {
    gives!(0, SYS_setresuid, -1, 1000, -1);
    same!(users()?, [0, 1000, 0]);
    gives!(0, SYS_setresuid, -1, 0, -1);
    same!(users()?, [0, 0, 0]);
    Ok(())
}

fn setgid_family() -> Outcome {
    gives!(0, SYS_setgid, 100);
    same!(groups()?, [100; 3]);
    gives!(0, SYS_setresgid, 1, 2, 3);
    same!(groups()?, [1, 2, 3]);
    gives!(0, SYS_setuid, 1000);
    gives!(0, SYS_setgid, 3);
    same!(groups()?, [1, 3, 3]);
    fails!(EPERM, SYS_setgid, 2);
    fails!(EPERM, SYS_setresgid, 9, -1, -1);
    Ok(())
}

fn setregid_saves() -> Outcome {
    gives!(0, SYS_setregid, 10, 20);
    same!(groups()?, [10, 20, 20]);
    gives!(0, SYS_setregid, -1, 10);
    same!(groups()?, [10, 10, 20]);
    Ok(())
}

fn setfsuid_returns_previous() -> Outcome {
    gives!(0, SYS_setfsuid, 1000);
    gives!(1000, SYS_setfsuid, -1);
    gives!(1000, SYS_setfsuid, 0);
    gives!(0, SYS_setfsgid, 50);
    gives!(50, SYS_setfsgid, -1);
    Ok(())
}

fn groups_set_and_get() -> Outcome {
    gives!(0, SYS_setgroups, 3, &[30u32, 10, 20]);
    gives!(3, SYS_getgroups, 0, 0);
    let mut seen = [0u32; 4];
    gives!(3, SYS_getgroups, 4, &mut seen);
    seen[..3].sort_unstable();
    same!(seen, [10, 20, 30, 0]);
    gives!(0, SYS_setgroups, 0, 0);
    gives!(0, SYS_getgroups, 4, &mut seen);
    Ok(())
}

fn groups_errors() -> Outcome {
    gives!(0, SYS_setgroups, 3, &[30u32, 10, 20]);
    let mut seen = [0u32; 4];
    fails!(EINVAL, SYS_getgroups, 2, &mut seen);
    fails!(EINVAL, SYS_getgroups, -1, &mut seen);
    fails!(EFAULT, SYS_getgroups, 3, 8);
    fails!(EINVAL, SYS_setgroups, 65_537, &seen);
    fails!(EFAULT, SYS_setgroups, 1, 8);
    works!(SYS_setuid, 1000);
    fails!(EPERM, SYS_setgroups, 0, 0);
    gives!(3, SYS_getgroups, 0, 0);
    Ok(())
}

fn groups_inherited() -> Outcome {
    gives!(0, SYS_setgroups, 1, &[77u32]);
    inside_child(|| {
        let mut seen = [0u32; 1];
        gives!(1, SYS_getgroups, 1, &mut seen);
        same!(seen, [77]);
        Ok(())
    })
}

fn ids_bad_addresses() -> Outcome {
    fails!(EFAULT, SYS_getresuid, 8, 8, 8);
    fails!(EFAULT, SYS_getresgid, 8, 8, 8);
    Ok(())
}

/// -1 is not an id, only the word for "leave it".
fn ids_out_of_range() -> Outcome {
    fails!(EINVAL, SYS_setuid, -1);
    fails!(EINVAL, SYS_setgid, -1);
    gives!(0, SYS_setresuid, -1, -1, -1);
    gives!(0, SYS_setuid, u32::MAX - 1);
    same!(users()?, [u32::MAX - 1; 3]);
    Ok(())
}

fn pid_calls() -> Outcome {
    let me = works!(SYS_getpid);
    gives!(me, SYS_gettid);
    gives!(me, SYS_set_tid_address, 0);
    let parent = works!(SYS_getppid);
    inside_child(|| {
        gives!(me, SYS_getppid);
        Ok(())
    })?;
    gives!(parent, SYS_getppid);
    Ok(())
}
