//! `/proc/dev_ns/list`: one line for each namespace, the one in front first, the others in the
//! order of their creation. The form is that of `ns_tag`, `key: value` with a space between:
//!
//! ```text
//! init_pid: 41 tag: demo state: active timestamp: 1200 processes: 3 classes: input,screen
//! init_pid: 1 tag: - state: background timestamp: 1200 processes: 7 classes: -
//! ```
//!
//! - `init_pid`: a process of the root pid namespace, 0 while there has been none.
//! - `state`: `active` or `background`.
//! - `timestamp`: jiffies of the last activation or deactivation, 0 before the first.
//! - `processes`: how many are in it; 0 for one that has ended and is still held.
//! - `classes`: the device classes that keep a state for it, with commas, in the order of
//!   their registration.
//!
//! Every line has the same keys in the same order, and no value is empty or has a space in it,
//! so `awk '{ print $2, $4 }'` does. A value of nothing is `-`. In a tag or a name, a byte that is no
//! printable ASCII character, a space, a comma, a backslash, and a `-` that is the whole value
//! are written `\ooo` in octal, as in `/proc/mounts`.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::foreground::Foreground;
use crate::namespace::Namespace;
use crate::proc::{ProcError, open};

/// The whole text of the file, for a process of the namespace `caller`, whoever opened the file.
/// Waits for a switch that is under way.
///
/// # Errors
/// [`ProcError::NotRoot`], [`ProcError::Refused`].
pub fn list(foreground: &Foreground, caller: &Namespace) -> Result<Vec<u8>, ProcError> {
    open(caller)?;
    // Taken along to be let go of outside the gate.
    let (text, _namespaces) = foreground.settled(|active| {
        let namespaces = foreground.namespaces();
        let mut text = Vec::new();
        line(&mut text, active);
        let others = namespaces
            .iter()
            .filter(|other| !Arc::ptr_eq(other, active));
        others.for_each(|other| line(&mut text, other));
        (text, namespaces)
    })?;
    Ok(text)
}

fn line(text: &mut Vec<u8>, namespace: &Namespace) {
    let state = if namespace.is_active() {
        "active"
    } else {
        "background"
    };
    let (pid, processes) = (namespace.init_pid(), namespace.processes());
    let timestamp = namespace.timestamp().0.cast_signed();
    text.extend_from_slice(alloc::format!("init_pid: {pid} tag: ").as_bytes());
    escape(text, namespace.tag().as_bytes());
    let middle =
        alloc::format!(" state: {state} timestamp: {timestamp} processes: {processes} classes: ");
    text.extend_from_slice(middle.as_bytes());
    let classes = namespace.classes();
    if classes.is_empty() {
        text.push(b'-');
    }
    for (index, name) in classes.iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        escape(text, name.as_bytes());
    }
    text.push(b'\n');
}

fn escape(text: &mut Vec<u8>, value: &[u8]) {
    if value.is_empty() {
        text.push(b'-');
    }
    for byte in value {
        let plain = byte.is_ascii_graphic() && !matches!(byte, b'\\' | b',');
        if plain && value != b"-" {
            text.push(*byte);
        } else {
            text.extend_from_slice(alloc::format!("\\{byte:03o}").as_bytes());
        }
    }
}
