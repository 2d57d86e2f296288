//! The UTS namespace: the names of the system.
//!
//! Source: `uts_namespaces(7)`, `uname(2)`, `sethostname(2)`.

use alloc::sync::Arc;

use abi::raw::general::CLONE_NEWUTS;
use abi::system::{NAME_LENGTH, Utsname};
use spin::LazyLock;

use super::{Kind, Namespace, Plan, kind, new_number};
use crate::error::{Errno, Result};
use crate::process::Thread;
use crate::sync::SpinLock;

/// What `uname` calls the system: programs are built for Linux.
pub const SYSTEM: &str = "Linux";
/// The release whose interface this kernel follows.
pub const RELEASE: &str = "6.1.0-janus";
/// Which build this is.
pub const VERSION: &str = concat!("#1 PREEMPT Janus ", env!("CARGO_PKG_VERSION"));
/// The machine.
pub const MACHINE: &str = "x86_64";

/// The row of the list of kinds.
pub(super) const KIND: Kind = Kind {
    name: "uts",
    label: "uts",
    flag: CLONE_NEWUTS,
    first_number: 0xeffffffe,
    of: |thread| Ok(Arc::clone(&thread.namespaces().uts) as Arc<dyn Namespace>),
    create: Some(|plan| {
        plan.set_mut().uts = plan.set.uts.copy();
        Ok(())
    }),
};

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

    fn checked(name: &[u8]) -> Result<Self> {
        if name.len() < NAME_LENGTH {
            Ok(Self::new(name))
        } else {
            Err(Errno::EINVAL)
        }
    }

    /// The name's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// The names that can be changed.
#[derive(Clone, Copy)]
struct Names {
    host: Name,
    domain: Name,
}

/// A UTS namespace.
pub struct UtsNamespace {
    number: u64,
    names: SpinLock<Names>,
}

impl UtsNamespace {
    /// The one that exists from boot.
    pub fn root() -> &'static Arc<Self> {
        static ROOT: LazyLock<Arc<UtsNamespace>> = LazyLock::new(|| {
            let names = Names {
                host: Name::new(b"janus"),
                domain: Name::new(b"(none)"),
            };
            Arc::new(UtsNamespace {
                number: KIND.first_number,
                names: SpinLock::new(names),
            })
        });
        &ROOT
    }

    /// A new one that begins with the same names.
    pub(super) fn copy(&self) -> Arc<Self> {
        let names = *self.names.lock();
        Arc::new(Self {
            number: new_number(),
            names: SpinLock::new(names),
        })
    }

    /// The host name.
    pub fn host_name(&self) -> Name {
        self.names.lock().host
    }

    /// The NIS domain name.
    pub fn domain_name(&self) -> Name {
        self.names.lock().domain
    }

    /// Sets the host name. `EINVAL`: longer than 64 bytes.
    pub fn set_host_name(&self, name: &[u8]) -> Result<()> {
        let name = Name::checked(name)?;
        self.names.lock().host = name;
        Ok(())
    }

    /// Sets the NIS domain name. `EINVAL`: longer than 64 bytes.
    pub fn set_domain_name(&self, name: &[u8]) -> Result<()> {
        let name = Name::checked(name)?;
        self.names.lock().domain = name;
        Ok(())
    }

    /// What `uname(2)` answers.
    pub fn names(&self) -> Utsname {
        let names = *self.names.lock();
        Utsname::new([
            SYSTEM.as_bytes(),
            names.host.as_bytes(),
            RELEASE.as_bytes(),
            VERSION.as_bytes(),
            MACHINE.as_bytes(),
            names.domain.as_bytes(),
        ])
    }
}

impl Namespace for UtsNamespace {
    fn kind(&self) -> &'static Kind {
        kind(KIND.name)
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn enter(self: Arc<Self>, _thread: &Thread, plan: &mut Plan) -> Result<()> {
        plan.set_mut().uts = self;
        Ok(())
    }
}
