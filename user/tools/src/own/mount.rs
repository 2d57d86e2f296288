//! mount: mounts file systems, and shows what is mounted.
//!
//! Source: mount(8), mount(2), fstab(5).

use std::ffi::CString;
use std::path::{Path, PathBuf};

use lexopt::prelude::*;
use rustix::io::Errno;
use rustix::mount::{
    MountFlags, mount, mount_bind, mount_bind_recursive, mount_move, mount_remount,
};

use super::mounts::{self, Line, Wish};
use super::{Context, Failure, reason};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: mount [-t TYPE]                          show what is mounted
       mount [-t TYPE] [-o OPTIONS] SOURCE DIR  mount SOURCE on DIR
       mount [-o OPTIONS] SOURCE | DIR          mount what /etc/fstab says of it
       mount -a [-t TYPE]                       mount all that /etc/fstab says
  -o OPTIONS  ro rw nosuid nodev noexec sync noatime remount bind rbind move …;
              what is not known here is handed to the file system
  -r, -w      read-only; writable
  -B, -M      --bind, --move
  -v          say what is done
";

const TABLE: &str = "/etc/fstab";
/// The status of mount(8) when a mount failed.
const MOUNT_FAILED: i32 = 32;

#[derive(Default)]
struct Request {
    kind: Option<String>,
    wish: Wish,
    all: bool,
    verbose: bool,
    operands: Vec<PathBuf>,
}

/// Mounts or shows.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let request = parse(context)?;
    if request.all {
        return mount_all(context, &request);
    }
    match &request.operands[..] {
        [] => show(request.kind.as_deref()),
        [one] => {
            let line = in_tables(one, &request.wish)?;
            let mut wish = Wish::default();
            wish.add(&line.options);
            let asked = &request.wish;
            wish.flags |= asked.flags;
            wish.remount = asked.remount;
            mount_one(
                &line.source,
                Path::new(&line.target),
                &line.kind,
                &wish,
                request.verbose,
            )?;
            Ok(0)
        }
        [source, target] => {
            let source = source.to_string_lossy();
            let kind = request.kind.as_deref().unwrap_or("");
            mount_one(&source, target, kind, &request.wish, request.verbose)?;
            Ok(0)
        }
        _ => Err(Failure::Usage("bad usage: too many operands".into())),
    }
}

fn parse(context: &mut Context) -> Result<Request, Failure> {
    let mut request = Request::default();
    let arguments = &mut context.arguments;
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('t') | Long("types") => request.kind = Some(arguments.value()?.string()?),
            Short('o') | Long("options") => request.wish.add(&arguments.value()?.string()?),
            Short('r') | Long("read-only") => request.wish.add("ro"),
            Short('w') | Long("rw") => request.wish.add("rw"),
            Short('B') | Long("bind") => request.wish.add("bind"),
            Short('R') | Long("rbind") => request.wish.add("rbind"),
            Short('M') | Long("move") => request.wish.add("move"),
            Short('a') | Long("all") => request.all = true,
            Short('v') | Long("verbose") => request.verbose = true,
            Short('n') => {}
            Long("help") => return Err(Failure::Help),
            Value(operand) => request.operands.push(operand.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(request)
}

fn show(kind: Option<&str>) -> Result<i32, Failure> {
    for line in mounts::mounted()? {
        if kind.is_none_or(|kind| kind.split(',').any(|kind| kind == line.kind)) {
            println!(
                "{} on {} type {} ({})",
                line.source, line.target, line.kind, line.options
            );
        }
    }
    Ok(0)
}

/// With one operand the rest comes from /etc/fstab; for a remount, from what is mounted.
fn in_tables(operand: &Path, wish: &Wish) -> Result<Line, Failure> {
    let name = mounts::canonical(operand);
    let plain = operand.to_string_lossy();
    let matches = |line: &Line| line.target == name || line.source == name || line.source == plain;
    if wish.remount {
        let found = mounts::mounted()?.into_iter().rfind(matches);
        return found.ok_or_else(|| {
            Failure::Trouble(MOUNT_FAILED, format!("{plain}: mount point not mounted"))
        });
    }
    let text = std::fs::read_to_string(TABLE).unwrap_or_default();
    mounts::parse(&text)
        .into_iter()
        .find(matches)
        .ok_or_else(|| Failure::Message(format!("{plain}: can't find in {TABLE}.")))
}

fn mount_all(context: &Context, request: &Request) -> Result<i32, Failure> {
    let table = Path::new(TABLE);
    let text = std::fs::read_to_string(table).map_err(|error| Failure::of(table, &error))?;
    let mounted = mounts::mounted()?;
    let mut status = 0;
    for line in mounts::parse(&text) {
        let mut wish = Wish::default();
        wish.add(&line.options);
        let there = mounted.iter().any(|other| other.target == line.target);
        let wanted = request.kind.as_deref().is_none_or(|kind| kind == line.kind);
        if there || !wanted || wish.not_by_all || line.kind == "swap" {
            continue;
        }
        let target = Path::new(&line.target);
        if let Err(error) = mount_one(&line.source, target, &line.kind, &wish, request.verbose) {
            context.complain(error.text());
            status = MOUNT_FAILED;
        }
    }
    Ok(status)
}

fn mount_one(
    source: &str,
    target: &Path,
    kind: &str,
    wish: &Wish,
    verbose: bool,
) -> Result<(), Failure> {
    let data = CString::new(wish.data.as_str())
        .map_err(|_| Failure::Usage("an option holds a NUL byte".into()))?;
    let done = if wish.remount {
        mount_remount(target, wish.flags, &data)
    } else if wish.shift {
        mount_move(source, target)
    } else if wish.bind {
        let bound = if wish.recursive {
            mount_bind_recursive
        } else {
            mount_bind
        };
        // The kernel takes no other flags with a bind; they come with a remount of it.
        bound(source, target).and_then(|()| match wish.flags.is_empty() {
            true => Ok(()),
            false => mount_remount(target, wish.flags | MountFlags::BIND, c""),
        })
    } else {
        mount(source, target, kind, wish.flags, Some(data.as_c_str()))
    };
    done.map_err(|error| {
        let text = explain(source, target, kind, error);
        Failure::Trouble(MOUNT_FAILED, text)
    })?;
    if verbose {
        println!("mount: {source} mounted on {}.", target.display());
    }
    Ok(())
}

/// mount(2) says little by its number alone.
fn explain(source: &str, target: &Path, kind: &str, error: Errno) -> String {
    let target_text = target.display();
    match error {
        Errno::NODEV if kind.is_empty() => {
            format!("{target_text}: the type of '{source}' is not known; say it with -t")
        }
        Errno::NODEV => format!("{target_text}: unknown filesystem type '{kind}'."),
        Errno::NOENT if !target.exists() => format!("{target_text}: mount point does not exist."),
        Errno::NOENT => format!("{target_text}: special device {source} does not exist."),
        Errno::NOTDIR => format!("{target_text}: mount point is not a directory."),
        Errno::PERM => format!("{target_text}: must be superuser to use mount."),
        Errno::BUSY => format!("{target_text}: {source} already mounted or mount point busy."),
        other => format!("{target_text}: {}.", reason(&other.into())),
    }
}
