//! What an attempt is.

use abi_tests::check::Failure;
use abi_tests::sys;
use libc::*;
use std::ffi::CString;

/// The call that is an attempt, and what it answered. What it opens stays open until the
/// attempt is over.
pub type Act = fn() -> Result<isize, Failure>;
/// Looks, with what the call answered, for something of what the foreground did meanwhile.
pub type Look = fn(isize) -> Result<bool, Failure>;

/// Something that a persona in the background tries.
#[derive(Clone, Copy)]
pub struct Attempt {
    /// The class of device.
    pub class: &'static str,
    /// What it is, in words.
    pub what: &'static str,
    /// Does it.
    pub act: Act,
    /// Looks for what it brought to light.
    pub look: Look,
    /// Whether one must see it when a process of the persona in front does it, which shows that one
    /// could see here if it worked for others.
    pub seen_in_front: bool,
    /// Whether there are devices that have nothing for it to change, and say EINVAL.
    pub may_lack: bool,
    /// Whether the specification wants it to work from the background too.
    pub by_design: bool,
}

/// One that is to change something.
pub const fn change(class: &'static str, what: &'static str, act: Act) -> Attempt {
    Attempt {
        class,
        what,
        act,
        look: |_| Ok(false),
        seen_in_front: true,
        may_lack: false,
        by_design: false,
    }
}

/// One that is to see something.
pub const fn watch(class: &'static str, what: &'static str, act: Act, look: Look) -> Attempt {
    Attempt {
        look,
        ..change(class, what, act)
    }
}

impl Attempt {
    /// It is refused to some who are in front, changes nothing there in the state in which it is
    /// made, or nothing that the machine's inside shows, as a dark panel.
    pub const fn unseen_in_front(self) -> Self {
        Self {
            seen_in_front: false,
            ..self
        }
    }

    /// Not every device of this kind has what it would change.
    pub const fn may_lack(self) -> Self {
        Self {
            may_lack: true,
            ..self
        }
    }

    /// The specification says that it works.
    pub const fn shared(self) -> Self {
        Self {
            by_design: true,
            ..self
        }
    }

    /// Its name as a test's.
    pub fn name(&self) -> String {
        format!(
            "{}::{}",
            self.class,
            self.what.replace([' ', '/'], "_").replace(',', "")
        )
    }
}

/// Opens a file for good.
pub fn open(path: &str, flags: i32) -> isize {
    let path = CString::new(path).unwrap_or_default();
    sys!(SYS_open, path.as_c_str(), flags | O_NONBLOCK)
}

/// Writes to a file at once; what that answered.
pub fn store(path: &str, text: &str) -> isize {
    let file = open(path, O_WRONLY);
    if file < 0 {
        return file;
    }
    let answer = sys!(SYS_write, file, text.as_bytes(), text.len());
    sys!(SYS_close, file);
    answer
}

/// All that a file says; nothing where it may not be read.
pub fn text(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// The files with this name in all folders of a class below /sys whose names end like this.
pub fn of_class(class: &str, end: &str, file: &str) -> Vec<String> {
    let folders = std::fs::read_dir(format!("/sys/class/{class}"));
    let entries = folders.into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut paths: Vec<_> = names
        .filter(|name| name.ends_with(end))
        .map(|name| format!("/sys/class/{class}/{name}/{file}"))
        .collect();
    paths.sort();
    paths
}

/// Stores in all of these files; what the last store answered. ENODEV: there is none.
pub fn store_in_all(paths: &[String], text: &str) -> isize {
    paths
        .iter()
        .fold(-(ENODEV as isize), |_, path| store(path, text))
}

/// Reads once what there is; what that answered. It does not wait.
pub fn read(file: isize) -> isize {
    let mut bytes = [0_u8; 4096];
    sys!(SYS_read, file, &mut bytes, bytes.len())
}

/// Whether there is something to read.
pub fn has_data(file: isize) -> Result<bool, Failure> {
    Ok(read(file) > 0)
}
