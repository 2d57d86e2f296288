//! `ulimit` and `times`: what the processes may use and have used.
//! Source: POSIX.1-2017 XCU `times`; the letters of `ulimit` are those of dash and bash.

use crate::ast::Bytes;
use crate::error::Outcome;
use crate::shell::{Shell, error_text};
use crate::text::{number, shown};
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Letter, what it limits, the unit in bytes (1: no bytes), a description.
const LIMITS: [(u8, Resource, u64, &str); 10] = [
    (
        b'c',
        Resource::Core,
        512,
        "core file size (512-byte blocks)",
    ),
    (b'd', Resource::Data, 1024, "data segment (KiB)"),
    (b'f', Resource::Fsize, 512, "file size (512-byte blocks)"),
    (b'l', Resource::Memlock, 1024, "locked memory (KiB)"),
    (b'm', Resource::Rss, 1024, "resident memory (KiB)"),
    (b'n', Resource::Nofile, 1, "open files"),
    (b's', Resource::Stack, 1024, "stack (KiB)"),
    (b't', Resource::Cpu, 1, "processor time (seconds)"),
    (b'u', Resource::Nproc, 1, "processes of this user"),
    (b'v', Resource::As, 1024, "address space (KiB)"),
];

/// `ulimit [-H|-S] [-a | -letter [limit]]`.
pub fn ulimit(shell: &mut Shell, arguments: &[Bytes]) -> Outcome<i32> {
    let (mut hard, mut soft, mut all, mut letter, mut value) = (false, false, false, b'f', None);
    for word in arguments.get(1..).unwrap_or_default() {
        match word.as_slice() {
            [b'-', letters @ ..] if !letters.is_empty() => {
                for &option in letters {
                    match option {
                        b'H' => hard = true,
                        b'S' => soft = true,
                        b'a' => all = true,
                        _ if LIMITS.iter().any(|limit| limit.0 == option) => letter = option,
                        _ => {
                            return Ok(shell.misuse(
                                "ulimit",
                                format!(
                                    "-{}: unknown option; `ulimit -a` lists them",
                                    shown(&[option])
                                ),
                            ));
                        }
                    }
                }
            }
            text => value = Some(text.to_vec()),
        }
    }
    if all {
        let lines = LIMITS.iter().map(|(letter, resource, unit, text)| {
            format!(
                "-{}: {text:<34}{}\n",
                char::from(*letter),
                shown_limit(*resource, hard, *unit)
            )
        });
        let text: String = lines.collect();
        return Ok(shell.write_out(text.as_bytes()));
    }
    let Some((_, resource, unit, _)) = LIMITS.iter().find(|limit| limit.0 == letter) else {
        return Ok(shell.misuse("ulimit", "unknown limit"));
    };
    match value {
        None => {
            Ok(shell.write_out(format!("{}\n", shown_limit(*resource, hard, *unit)).as_bytes()))
        }
        Some(text) => Ok(change(
            shell,
            *resource,
            *unit,
            &text,
            hard || !soft,
            soft || !hard,
        )),
    }
}

fn shown_limit(resource: Resource, hard: bool, unit: u64) -> String {
    let limits = getrlimit(resource);
    let limit = if hard { limits.maximum } else { limits.current };
    limit.map_or("unlimited".to_owned(), |limit| (limit / unit).to_string())
}

fn change(
    shell: &Shell,
    resource: Resource,
    unit: u64,
    text: &[u8],
    hard: bool,
    soft: bool,
) -> i32 {
    let limit = match (text, number::<u64>(text)) {
        (b"unlimited", _) => None,
        (_, Some(limit)) if limit.checked_mul(unit).is_some() => Some(limit * unit),
        _ => {
            return shell.misuse(
                "ulimit",
                format!("{}: expected a number or unlimited", shown(text)),
            );
        }
    };
    let now = getrlimit(resource);
    let new = Rlimit {
        current: if soft { limit } else { now.current },
        maximum: if hard { limit } else { now.maximum },
    };
    match setrlimit(resource, new) {
        Ok(()) => 0,
        Err(error) => shell.refuse("ulimit", error_text(error)),
    }
}

/// `times`.
pub fn times(shell: &mut Shell, _: &[Bytes]) -> Outcome<i32> {
    let used = getrusage(UsageWho::RUSAGE_SELF)
        .and_then(|own| Ok((own, getrusage(UsageWho::RUSAGE_CHILDREN)?)));
    match used {
        Ok((own, children)) => {
            let text = format!("{}\n{}\n", line(&own), line(&children));
            Ok(shell.write_out(text.as_bytes()))
        }
        Err(error) => Ok(shell.refuse("times", error.desc())),
    }
}

fn line(usage: &Usage) -> String {
    let time = |milliseconds: i64| {
        let (minutes, rest) = (milliseconds / 60_000, milliseconds % 60_000);
        format!("{minutes}m{}.{:03}s", rest / 1000, rest % 1000)
    };
    format!(
        "{} {}",
        time(usage.user_time().num_milliseconds()),
        time(usage.system_time().num_milliseconds())
    )
}
