//! The personas that live: what the kernel lists, with the names of the registry.

use std::ffi::OsString;
use std::os::fd::OwnedFd;

use rustix::process::{Pid, PidfdFlags, pidfd_open};

use crate::device::{self, JIFFIES_PER_SECOND, Namespace};
use crate::failure::{Failure, cannot};
use crate::registry::{Record, Registry};
use crate::table::{self, Row};
use crate::{Done, menu, name, process, suggest};

/// A persona.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Persona {
    /// Its name; none if it was not made by `persona create`.
    pub name: Option<String>,
    /// What the kernel says of it.
    pub device: Namespace,
}

impl Persona {
    /// What it is called in a sentence.
    pub fn called(&self) -> String {
        match &self.name {
            Some(name) => name.clone(),
            None => format!("the persona of process {}", self.device.init_pid),
        }
    }

    /// Whether it is the machine itself.
    pub fn is_root(&self) -> bool {
        self.device.init_pid == 1
    }
}

/// All of them, the one in the foreground first.
pub fn all() -> Result<Vec<Persona>, Failure> {
    let namespaces = device::namespaces()?;
    let named = Registry::of_machine().living();
    Ok(join(namespaces, &named))
}

fn join(namespaces: Vec<Namespace>, named: &[(String, Record)]) -> Vec<Persona> {
    let name_of = |init_pid: i32| match init_pid {
        1 => Some(name::ROOT.to_owned()),
        pid => named
            .iter()
            .find(|(_, record)| record.init_pid == pid)
            .map(|(name, _)| name.clone()),
    };
    let personas = namespaces.into_iter().map(|device| Persona {
        // One that has ended may still be held, and its pid have gone to another process.
        name: (device.processes > 0)
            .then(|| name_of(device.init_pid))
            .flatten(),
        device,
    });
    personas.collect()
}

/// The one that is called `name`.
pub fn find<'all>(personas: &'all [Persona], name: &str) -> Result<&'all Persona, Failure> {
    let found = personas
        .iter()
        .find(|persona| persona.name.as_deref() == Some(name));
    found.ok_or_else(|| {
        let names = personas
            .iter()
            .filter_map(|persona| persona.name.as_deref());
        let hint = suggest::hint(name, names);
        Failure::new(format!(
            "there is no persona '{name}'{hint} ('persona list' shows who is there)"
        ))
    })
}

/// A descriptor of its init, which stays that process whatever happens to the pid.
pub fn hold(persona: &Persona) -> Result<OwnedFd, Failure> {
    let gone = || Failure::new(format!("{} has just ended", persona.called()));
    let init_pid = persona.device.init_pid;
    let start = process::start_ticks(init_pid).ok_or_else(gone)?;
    let pid = Pid::from_raw(init_pid).ok_or_else(gone)?;
    let held = pidfd_open(pid, PidfdFlags::empty()).map_err(cannot(format!(
        "cannot take hold of process {init_pid}, the init of {}",
        persona.called()
    )))?;
    // Was it that process all the time, and does the persona still go by it?
    let same = process::start_ticks(init_pid) == Some(start);
    let known = same && all()?.iter().any(|other| other.name == persona.name);
    if known { Ok(held) } else { Err(gone()) }
}

/// `persona list`.
pub fn list(arguments: &[OsString]) -> Result<Done, Failure> {
    if !arguments.is_empty() {
        return Err(menu::misused("list"));
    }
    let now = jiffies_now();
    let rows: Vec<Row> = all()?.iter().map(|persona| row(persona, now)).collect();
    Ok(Done::said(table::print(&rows)))
}

/// A persona that was never in the foreground is in the background since its init started, and
/// the machine in the foreground since it was.
fn row(persona: &Persona, now: u64) -> Row {
    let device = &persona.device;
    let lives = device.processes > 0;
    let since = match device.timestamp {
        0 if lives => process::start_ticks(device.init_pid),
        0 => None,
        timestamp => Some(timestamp),
    };
    Row {
        name: persona.name.clone(),
        tag: device.tag.clone(),
        init_pid: device.init_pid,
        is_active: device.is_active,
        seconds: since.map(|since| now.saturating_sub(since) / JIFFIES_PER_SECOND),
        processes: device.processes,
        devices: device.classes.clone(),
        command: if lives {
            process::command_line(device.init_pid)
        } else {
            String::new()
        },
    }
}

/// The kernel counts time from its boot, as this clock does.
fn jiffies_now() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let hundredths = now.tv_nsec / 10_000_000;
    u64::try_from(now.tv_sec * 100 + hundredths).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn namespace(init_pid: i32, processes: u64) -> Namespace {
        Namespace {
            init_pid,
            processes,
            ..Namespace::default()
        }
    }

    fn named(name: &str, init_pid: i32) -> (String, Record) {
        let start_ticks = 5;
        (
            name.into(),
            Record {
                init_pid,
                start_ticks,
            },
        )
    }

    #[test]
    fn names_come_to_the_namespaces_by_the_pid_of_their_init() {
        let namespaces = vec![
            namespace(41, 2),
            namespace(1, 7),
            namespace(50, 1),
            namespace(60, 0),
        ];
        let personas = join(
            namespaces,
            &[named("demo", 41), named("late", 60), named("lost", 99)],
        );
        let names: Vec<_> = personas.iter().map(|p| p.name.as_deref()).collect();
        assert_eq!(names, [Some("demo"), Some("root"), None, None]);
        assert_eq!(personas[2].called(), "the persona of process 50");
        assert!(personas[1].is_root());
    }

    #[test]
    fn a_wrong_name_suggests_the_nearest() {
        let personas = join(
            vec![namespace(1, 7), namespace(41, 2)],
            &[named("demo", 41)],
        );
        assert_eq!(
            find(&personas, "demo").map(|found| found.device.init_pid),
            Ok(41)
        );
        let text = find(&personas, "dmeo").expect_err("misspelt").text;
        assert!(text.contains("did you mean demo?"), "{text}");
        let text = find(&personas, "unlike").expect_err("none such").text;
        assert!(
            text.contains("persona list") && !text.contains("mean"),
            "{text}"
        );
    }
}
