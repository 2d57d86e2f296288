//! The UTS namespace: the names of the system.
//!
//! Source: `uts_namespaces(7)`, `uname(2)`, `sethostname(2)`.
use crate::error::{Errno, Result};
use crate::sync::SpinLock;
use abi::system::{NAME_LENGTH, Utsname};

/// What `uname` calls the system: programs are built for Linux.
pub const SYSTEM: &str = "Linux";
/// The release whose interface this kernel follows.
pub const RELEASE: &str = "6.1.0-janus";
/// Which build this is.
pub const VERSION: &str = concat!("#1 PREEMPT Janus ", env!("CARGO_PKG_VERSION"));
/// The machine.
pub const MACHINE: &str = "x86_64";

/// A name of at most 64 bytes.
#[derive(Clone, Copy)]
pub struct Name {
    bytes: [u8; NAME_LENGTH - 1],
    length: usize,
}

impl Name {
    const fn new(name: &[u8]) -> Self {
        let mut bytes = [0; NAME_LENGTH - 1];
        let mut length = 0;
        while length < name.len() && length < bytes.len() {
            bytes[length] = name[length];
            length += 1;
        }
        Self { bytes, length }
    }

    /// The name's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// The names that can be changed.
struct Names {
    host: Name,
    domain: Name,
}

static NAMES: SpinLock<Names> = SpinLock::new(Names {
    host: Name::new(b"janus"),
    domain: Name::new(b"(none)"),
});

/// The host name.
pub fn host_name() -> Name {
    NAMES.lock().host
}

/// The NIS domain name.
pub fn domain_name() -> Name {
    NAMES.lock().domain
}

fn checked(name: &[u8]) -> Result<Name> {
    if name.len() < NAME_LENGTH {
        Ok(Name::new(name))
    } else {
        Err(Errno::EINVAL)
    }
}

/// Sets the host name. `EINVAL`: longer than 64 bytes.
pub fn set_host_name(name: &[u8]) -> Result<()> {
    let name = checked(name)?;
    NAMES.lock().host = name;
    Ok(())
}

/// Sets the NIS domain name. `EINVAL`: longer than 64 bytes.
pub fn set_domain_name(name: &[u8]) -> Result<()> {
    let name = checked(name)?;
    NAMES.lock().domain = name;
    Ok(())
}

/// What `uname(2)` answers.
pub fn names() -> Utsname {
    let names = NAMES.lock();
    Utsname::new([
        SYSTEM.as_bytes(),
        names.host.as_bytes(),
        RELEASE.as_bytes(),
        VERSION.as_bytes(),
        MACHINE.as_bytes(),
        names.domain.as_bytes(),
    ])
}
