//! `persona switch` and `persona tag`: what one write to `/proc/dev_ns` does.

use std::ffi::OsString;

use crate::device::{self, Namespace};
use crate::failure::{Failure, cannot};
use crate::known::{self, Persona};
use crate::registry::Registry;
use crate::{Done, menu, name};

/// `persona switch NAME | PID | -`.
pub fn switch(arguments: &[OsString]) -> Result<Done, Failure> {
    let [target] = arguments else {
        return Err(menu::misused("switch"));
    };
    let target = target.to_str().unwrap_or("?");
    let before = known::all()?;
    let registry = Registry::of_machine();
    let pid = match target {
        "-" => one_before(&before, registry.previous())?.device.init_pid,
        digits if is_pid(digits) => digits
            .parse()
            .map_err(|_| Failure::usage(format!("{digits} is no pid")))?,
        name => known::find(&before, name)?.device.init_pid,
    };
    device::switch_to(pid)?;
    let after = known::all()?;
    let (left, now) = (in_front(&before)?, in_front(&after)?);
    if left.device.init_pid == now.device.init_pid {
        let text = format!("{} is in the foreground already\n", now.called());
        return Ok(Done::said(text));
    }
    let text = format!("{} is in the foreground now\n", now.called());
    registry
        .note_previous(left.device.init_pid)
        .map_err(cannot(format!(
            "{} is in the foreground, but 'persona switch -' may not find back",
            now.called()
        )))?;
    Ok(Done::said(text))
}

fn is_pid(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn in_front(personas: &[Persona]) -> Result<&Persona, Failure> {
    let first = personas.iter().find(|persona| persona.device.is_active);
    first.ok_or_else(|| Failure::new("the kernel says that nobody is in the foreground"))
}

/// The persona that left the foreground last, however that came about: the kernel stamps each
/// one when it leaves. Stamps are a hundredth of a second apart; where two of them are the same,
/// the note of the last `persona switch` decides.
fn one_before(personas: &[Persona], noted: Option<i32>) -> Result<&Persona, Failure> {
    let left = |device: &Namespace| !device.is_active && device.processes > 0;
    let others = || personas.iter().filter(|other| left(&other.device));
    let last = others().map(|other| other.device.timestamp).max();
    let last = last.filter(|timestamp| *timestamp > 0).ok_or_else(|| {
        Failure::new("nobody was in the foreground before; 'persona switch NAME' brings one there")
    })?;
    let mut latest = others().filter(|other| other.device.timestamp == last);
    let chosen = latest
        .clone()
        .find(|other| Some(other.device.init_pid) == noted)
        .or_else(|| latest.next());
    chosen.ok_or_else(|| Failure::new("nobody was in the foreground before"))
}

/// `persona tag NAME TAG`.
pub fn tag(arguments: &[OsString]) -> Result<Done, Failure> {
    let [name, tag] = arguments else {
        return Err(menu::misused("tag"));
    };
    let personas = known::all()?;
    let persona = known::find(&personas, name.to_str().unwrap_or("?"))?;
    let tag = tag.to_str().unwrap_or("\n");
    name::check_tag(tag).map_err(Failure::usage)?;
    device::set_tag(persona.device.init_pid, tag)?;
    Ok(Done::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn persona(init_pid: i32, timestamp: u64, is_active: bool) -> Persona {
        let device = Namespace {
            init_pid,
            timestamp,
            is_active,
            processes: 1,
            ..Namespace::default()
        };
        Persona { name: None, device }
    }

    fn pid_before(personas: &[Persona], noted: Option<i32>) -> Option<i32> {
        let found = one_before(personas, noted).ok()?;
        Some(found.device.init_pid)
    }

    #[test]
    fn the_one_before_left_last() {
        let all = [
            persona(41, 900, true),
            persona(1, 900, false),
            persona(50, 700, false),
        ];
        assert_eq!(pid_before(&all, None), Some(1));
        assert_eq!(
            pid_before(&all, Some(50)),
            Some(1),
            "the stamps know better than the note"
        );
    }

    #[test]
    fn where_stamps_are_the_same_the_note_decides() {
        let all = [
            persona(60, 900, true),
            persona(1, 900, false),
            persona(41, 900, false),
        ];
        assert_eq!(pid_before(&all, Some(41)), Some(41));
        assert_eq!(pid_before(&all, Some(99)), Some(1));
    }

    #[test]
    fn without_a_switch_there_was_none_before() {
        let all = [persona(1, 0, true), persona(41, 0, false)];
        assert_eq!(pid_before(&all, Some(41)), None);
        let ended = Persona {
            device: Namespace {
                processes: 0,
                ..persona(41, 5, false).device
            },
            name: None,
        };
        assert_eq!(pid_before(&[persona(1, 5, true), ended], None), None);
    }
}
