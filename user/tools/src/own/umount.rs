//! umount: takes mounts away.
//!
//! Source: umount(8), umount2(2).

use std::path::{Path, PathBuf};

use lexopt::prelude::*;
use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags, mount_remount, unmount};

use super::mounts;
use super::{Context, Failure, reason};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: umount [-f] [-l] [-r] DIR|SOURCE...
       umount -a [-t TYPE]
Take away what is mounted on DIR, or from SOURCE.
  -f       by force
  -l       at once from sight, in fact when nobody uses it any more
  -r       make it read-only where it cannot be taken away
  -a       all but /, /proc, /sys and /dev
  -t TYPE  with -a: only of that type
";

const UNMOUNT_FAILED: i32 = 32;

/// Unmounts the operands.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let (mut flags, mut all, mut read_only) = (UnmountFlags::empty(), false, false);
    let mut kind = None;
    let mut operands: Vec<PathBuf> = Vec::new();
    let arguments = &mut context.arguments;
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('f') | Long("force") => flags |= UnmountFlags::FORCE,
            Short('l') | Long("lazy") => flags |= UnmountFlags::DETACH,
            Short('r') | Long("read-only") => read_only = true,
            Short('a') | Long("all") => all = true,
            Short('t') | Long("types") => kind = Some(arguments.value()?.string()?),
            Short('n' | 'v') => {}
            Long("help") => return Err(Failure::Help),
            Value(operand) => operands.push(operand.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    if all {
        operands = everything(kind.as_deref())?;
    } else if operands.is_empty() {
        return Err(Failure::Usage("bad usage: what shall be unmounted?".into()));
    }
    let mut status = 0;
    for operand in &operands {
        if let Err(message) = take_away(operand, flags, read_only) {
            context.complain(message);
            status = UNMOUNT_FAILED;
        }
    }
    Ok(status)
}

/// The targets of all mounts, the last first.
fn everything(kind: Option<&str>) -> Result<Vec<PathBuf>, Failure> {
    const KEPT: [&str; 4] = ["/", "/proc", "/sys", "/dev"];
    let lines = mounts::mounted()?.into_iter().rev();
    Ok(lines
        .filter(|line| kind.is_none_or(|kind| kind == line.kind))
        .filter(|line| !KEPT.contains(&line.target.as_str()))
        .map(|line| line.target.into())
        .collect())
}

fn take_away(operand: &Path, flags: UnmountFlags, read_only: bool) -> Result<(), String> {
    // A source stands for the place where it was mounted last.
    let name = mounts::canonical(operand);
    let table = mounts::mounted().unwrap_or_default();
    let by_target = table.iter().any(|line| line.target == name);
    let by_source = table.iter().rfind(|line| line.source == name);
    let target = match by_source {
        Some(line) if !by_target => PathBuf::from(&line.target),
        _ => operand.to_path_buf(),
    };
    let text = operand.display();
    match unmount(&target, flags) {
        Ok(()) => Ok(()),
        Err(Errno::BUSY) if read_only => mount_remount(&target, MountFlags::RDONLY, c"")
            .map_err(|error| format!("{text}: {}.", reason(&error.into()))),
        Err(Errno::BUSY) => Err(format!("{text}: target is busy.")),
        Err(Errno::INVAL) => Err(format!("{text}: not mounted.")),
        Err(Errno::NOENT) => Err(format!("{text}: no mount point specified.")),
        Err(Errno::PERM) => Err(format!("{text}: must be superuser to unmount.")),
        Err(error) => Err(format!("{text}: {}.", reason(&error.into()))),
    }
}
