//! touch: sets the times of files, and makes those that are missing.
//!
//! Source: touch(1) of POSIX; utimensat(2).

use std::fs::OpenOptions;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use lexopt::prelude::*;
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, utimensat};

use super::calendar::Zone;
use super::moment::{self, Moment};
use super::{Context, Failure, reason};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: touch [-acmh] [-r FILE | -t STAMP | -d WHEN] FILE...
Set the times of each FILE to now; make an empty one where there is none.
  -a, -m    only the time of last access; of last modification
  -c        make no file
  -h        a link itself, not what it points to
  -r FILE   to the times of FILE
  -t STAMP  to [[CC]YY]MMDDhhmm[.ss]
  -d WHEN   to a time as date -d takes it
";

/// The times to set and how.
struct Request {
    times: Timestamps,
    create: bool,
    link_itself: bool,
    files: Vec<PathBuf>,
}

/// Touches the operands.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let request = parse(context)?;
    let mut status = 0;
    for file in &request.files {
        if let Err(error) = touch(file, &request) {
            context.complain(format_args!(
                "cannot touch '{}': {}",
                file.display(),
                reason(&error)
            ));
            status = 1;
        }
    }
    Ok(status)
}

fn touch(file: &Path, request: &Request) -> std::io::Result<()> {
    let flags = if request.link_itself {
        AtFlags::SYMLINK_NOFOLLOW
    } else {
        AtFlags::empty()
    };
    match utimensat(CWD, file, &request.times, flags) {
        Err(rustix::io::Errno::NOENT) if request.create && !request.link_itself => {
            // Not truncated: another process may have made it meanwhile.
            OpenOptions::new()
                .create(true)
                .truncate(false)
                .write(true)
                .open(file)?;
            Ok(utimensat(CWD, file, &request.times, flags)?)
        }
        Err(rustix::io::Errno::NOENT) if !request.create => Ok(()),
        other => Ok(other?),
    }
}

fn parse(context: &mut Context) -> Result<Request, Failure> {
    let (mut access, mut modification) = (true, true);
    let mut times: Option<[Timespec; 2]> = None;
    let mut request = Request {
        times: both(special(UTIME_NOW), special(UTIME_NOW)),
        create: true,
        link_itself: false,
        files: Vec::new(),
    };
    let arguments = &mut context.arguments;
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('a') => modification = false,
            Short('m') => access = false,
            Short('c') | Long("no-create") => request.create = false,
            Short('h') | Long("no-dereference") => request.link_itself = true,
            Short('f') => {}
            Short('r') | Long("reference") => {
                times = Some(times_of(&PathBuf::from(arguments.value()?))?);
            }
            Short('t') => {
                let text = arguments.value()?.string()?;
                times = Some(given(&text, moment::parse_stamp)?);
            }
            Short('d') | Long("date") => {
                let text = arguments.value()?.string()?;
                times = Some(given(&text, moment::parse)?);
            }
            Long("help") => return Err(Failure::Help),
            Value(file) => request.files.push(file.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    if request.files.is_empty() {
        return Err(Failure::Usage("missing file operand".into()));
    }
    if !access && !modification {
        (access, modification) = (true, true);
    }
    let [read, written] = times.unwrap_or([special(UTIME_NOW); 2]);
    request.times = both(
        if access { read } else { special(UTIME_OMIT) },
        if modification {
            written
        } else {
            special(UTIME_OMIT)
        },
    );
    Ok(request)
}

fn both(last_access: Timespec, last_modification: Timespec) -> Timestamps {
    Timestamps {
        last_access,
        last_modification,
    }
}

fn special(nanoseconds: i64) -> Timespec {
    Timespec {
        tv_sec: 0,
        tv_nsec: nanoseconds,
    }
}

fn times_of(file: &Path) -> Result<[Timespec; 2], Failure> {
    let data = std::fs::metadata(file).map_err(|error| Failure::of(file, &error))?;
    Ok([
        Timespec {
            tv_sec: data.atime(),
            tv_nsec: data.atime_nsec(),
        },
        Timespec {
            tv_sec: data.mtime(),
            tv_nsec: data.mtime_nsec(),
        },
    ])
}

fn given(
    text: &str,
    read: fn(&str, Moment, &Zone) -> Option<Moment>,
) -> Result<[Timespec; 2], Failure> {
    let (seconds, nanoseconds) = read(text, moment::now(), &Zone::local())
        .ok_or_else(|| Failure::Message(format!("invalid date format '{text}'")))?;
    Ok([Timespec {
        tv_sec: seconds,
        tv_nsec: nanoseconds.into(),
    }; 2])
}
