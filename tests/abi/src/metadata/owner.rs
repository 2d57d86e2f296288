//! chmod, chown, umask, and what they do to the set-id bits. Source: chmod(2), chown(2), inode(7).

use abi_tests::check::Outcome;
use abi_tests::process::inside_child;
use abi_tests::{cases, fails, gives, same, works};
use libc::*;
use std::os::unix::fs::MetadataExt;

cases![
    chmod_sets_twelve_bits,
    chmod_errors,
    chmod_only_by_owner,
    chmod_drops_set_group_id_of_strangers,
    chmod_follows_symlink,
    fchmod_and_fchmodat,
    chown_both_and_one,
    chown_clears_set_ids,
    chown_keeps_set_group_id_without_execute,
    chown_by_user,
    chown_group_by_owner,
    lchown_symlink,
    fchown_and_fchownat,
    chown_errors,
    write_clears_set_ids,
    umask_returns_previous,
    umask_masks_nine_bits,
    new_file_takes_effective_ids,
];

fn mode(name: &str) -> Result<u32, std::io::Error> {
    Ok(std::fs::symlink_metadata(name)?.mode() & 0o7777)
}

fn owner(name: &str) -> Result<(u32, u32), std::io::Error> {
    let stat = std::fs::symlink_metadata(name)?;
    Ok((stat.uid(), stat.gid()))
}

fn chmod_sets_twelve_bits() -> Outcome {
    works!(SYS_creat, c"f", 0o644);
    for bits in [0, 0o777, 0o4755, 0o2755, 0o1644, 0o7777] {
        gives!(0, SYS_chmod, c"f", bits);
        same!(mode("f")?, bits);
    }
    gives!(0, SYS_chmod, c"f", 0o170644);
    same!(mode("f")?, 0o644);
    Ok(())
}

fn chmod_errors() -> Outcome {
    fails!(ENOENT, SYS_chmod, c"missing", 0o644);
    fails!(EFAULT, SYS_chmod, 8, 0o644);
    fails!(EBADF, SYS_fchmod, 99, 0o644);
    Ok(())
}

fn chmod_only_by_owner() -> Outcome {
    works!(SYS_creat, c"f", 0o666);
    inside_child(|| {
        works!(SYS_setuid, 1000);
        fails!(EPERM, SYS_chmod, c"f", 0o600);
        Ok(())
    })
}

/// Setting the set-group-id bit of a file whose group one is not in silently does not set it.
fn chmod_drops_set_group_id_of_strangers() -> Outcome {
    works!(SYS_creat, c"f", 0o644);
    works!(SYS_chown, c"f", 1000, 77);
    inside_child(|| {
        works!(SYS_setgroups, 0, 0);
        works!(SYS_setgid, 1000);
        works!(SYS_setuid, 1000);
        gives!(0, SYS_chmod, c"f", 0o2755);
        same!(mode("f")?, 0o755);
        Ok(())
    })
}

fn chmod_follows_symlink() -> Outcome {
    works!(SYS_creat, c"f", 0o644);
    works!(SYS_symlink, c"f", c"l");
    gives!(0, SYS_chmod, c"l", 0o600);
    same!((mode("f")?, mode("l")?), (0o600, 0o777));
    Ok(())
}

fn fchmod_and_fchmodat() -> Outcome {
    let fd = works!(SYS_creat, c"f", 0o644);
    gives!(0, SYS_fchmod, fd, 0o640);
    same!(mode("f")?, 0o640);
    gives!(0, SYS_fchmodat, AT_FDCWD, c"f", 0o604);
    same!(mode("f")?, 0o604);
    fails!(EBADF, SYS_fchmodat, 99, c"f", 0o604);
    Ok(())
}

fn chown_both_and_one() -> Outcome {
    works!(SYS_creat, c"f", 0o644);
    gives!(0, SYS_chown, c"f", 11, 22);
    same!(owner("f")?, (11, 22));
    gives!(0, SYS_chown, c"f", -1, 33);
    same!(owner("f")?, (11, 33));
    gives!(0, SYS_chown, c"f", 44, -1);
    same!(owner("f")?, (44, 33));
    gives!(0, SYS_chown, c"f", -1, -1);
    same!(owner("f")?, (44, 33));
    Ok(())
}

fn chown_clears_set_ids() -> Outcome {
    works!(SYS_creat, c"f", 0o644);
    works!(SYS_chmod, c"f", 0o6755);
    gives!(0, SYS_chown, c"f", 11, 22);
    same!(mode("f")?, 0o755);
    Ok(())
}

/// Without the group's execute bit the set-group-id bit once meant mandatory locking. Linux keeps
/// it when root changes the owner.
fn chown_keeps_set_group_id_without_execute() -> Outcome {
    works!(SYS_creat, c"f", 0o644);
    works!(SYS_chmod, c"f", 0o6744);
    gives!(0, SYS_chown, c"f", 11, 22);
    same!(mode("f")?, 0o2744);
    works!(SYS_mkdir, c"d", 0o755);
    works!(SYS_chmod, c"d", 0o6755);
    gives!(0, SYS_chown, c"d", 11, 22);
    same!(mode("d")?, 0o6755);
    Ok(())
}

fn chown_by_user() -> Outcome {
    works!(SYS_creat, c"f", 0o644);
    works!(SYS_chown, c"f", 1000, 1000);
    inside_child(|| {
        works!(SYS_setgid, 1000);
        works!(SYS_setuid, 1000);
        fails!(EPERM, SYS_chown, c"f", 1001, -1);
        fails!(EPERM, SYS_chown, c"f", -1, 55);
        gives!(0, SYS_chown, c"f", 1000, 1000);
        gives!(0, SYS_chown, c"f", -1, -1);
        Ok(())
    })
}

fn chown_group_by_owner() -> Outcome {
    works!(SYS_creat, c"f", 0o644);
    works!(SYS_chown, c"f", 1000, 1000);
    inside_child(|| {
        works!(SYS_setgroups, 1, &[55u32]);
        works!(SYS_setgid, 1000);
        works!(SYS_setuid, 1000);
        works!(SYS_chmod, c"f", 0o4755);
        gives!(0, SYS_chown, c"f", -1, 55);
        same!((owner("f")?, mode("f")?), ((1000, 55), 0o755));
        Ok(())
    })
}

fn lchown_symlink() -> Outcome {
    works!(SYS_creat, c"f", 0o644);
    works!(SYS_symlink, c"f", c"l");
    gives!(0, SYS_lchown, c"l", 11, 22);
    same!((owner("f")?, owner("l")?), ((0, 0), (11, 22)));
    gives!(0, SYS_chown, c"l", 33, 44);
    same!((owner("f")?, owner("l")?), ((33, 44), (11, 22)));
    Ok(())
}

fn fchown_and_fchownat() -> Outcome {
    let fd = works!(SYS_creat, c"f", 0o644);
    gives!(0, SYS_fchown, fd, 1, 2);
    same!(owner("f")?, (1, 2));
    gives!(0, SYS_fchownat, fd, c"", 3, 4, AT_EMPTY_PATH);
    same!(owner("f")?, (3, 4));
    works!(SYS_symlink, c"f", c"l");
    gives!(0, SYS_fchownat, AT_FDCWD, c"l", 5, 6, AT_SYMLINK_NOFOLLOW);
    same!((owner("f")?, owner("l")?), ((3, 4), (5, 6)));
    fails!(EINVAL, SYS_fchownat, AT_FDCWD, c"f", 1, 2, 0x4000_0000);
    Ok(())
}

fn chown_errors() -> Outcome {
    fails!(ENOENT, SYS_chown, c"missing", 1, 2);
    fails!(EBADF, SYS_fchown, 99, 1, 2);
    fails!(EFAULT, SYS_chown, 8, 1, 2);
    Ok(())
}

/// A write by someone without privilege takes the set-id bits away.
fn write_clears_set_ids() -> Outcome {
    works!(SYS_creat, c"f", 0o644);
    works!(SYS_chmod, c"f", 0o6777);
    inside_child(|| {
        works!(SYS_setuid, 1000);
        let fd = works!(SYS_open, c"f", O_RDWR);
        same!(mode("f")?, 0o6777);
        gives!(1, SYS_write, fd, b"x", 1);
        same!(mode("f")?, 0o777);
        Ok(())
    })
}

fn umask_returns_previous() -> Outcome {
    gives!(0o022, SYS_umask, 0o077);
    gives!(0o077, SYS_umask, 0o7777);
    gives!(0o777, SYS_umask, 0o022);
    Ok(())
}

fn umask_masks_nine_bits() -> Outcome {
    works!(SYS_umask, 0o777);
    works!(SYS_open, c"f", O_CREAT | O_RDWR, 0o7777);
    same!(mode("f")?, 0o7000);
    works!(SYS_mknod, c"p", S_IFIFO | 0o666, 0);
    same!(mode("p")?, 0);
    Ok(())
}

fn new_file_takes_effective_ids() -> Outcome {
    works!(SYS_chmod, c".", 0o777);
    inside_child(|| {
        works!(SYS_setresgid, 1, 2, 3);
        works!(SYS_setresuid, 10, 20, 30);
        works!(SYS_creat, c"f", 0o644);
        same!(owner("f")?, (20, 2));
        Ok(())
    })
}
