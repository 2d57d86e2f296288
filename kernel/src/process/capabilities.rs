//! The pieces that the superuser's rights are divided into, and who has which.
//!
//! Every thread has five sets of them. Only those in its *effective* set count. It may put any of
//! its *permitted* set in force, and never gets one back that it took out of there. The
//! *bounding* set is what a program may give it at most, *inheritable* and *ambient* say what it
//! keeps over execve(2). A user id of 0 means nothing by itself: it only makes execve(2) and the
//! setuid(2) family fill the sets, unless the secure bits say that they shall not.
//!
//! Source: capabilities(7), capset(2), credentials(7).

use core::ops::{BitAnd, BitOr};

use abi::raw::general as linux;

use crate::error::{Errno, Result};

/// One of them. What each allows is told in capabilities(7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Capability {
    /// Give files to others.
    Chown = linux::CAP_CHOWN,
    /// Read, write and search whatever the permission bits say.
    DacOverride = linux::CAP_DAC_OVERRIDE,
    /// Read and search whatever the permission bits say.
    DacReadSearch = linux::CAP_DAC_READ_SEARCH,
    /// Do what only a file's owner may.
    Fowner = linux::CAP_FOWNER,
    /// Keep set-id bits that would be taken away.
    Fsetid = linux::CAP_FSETID,
    /// Send signals to anybody.
    Kill = linux::CAP_KILL,
    /// Take any group.
    Setgid = linux::CAP_SETGID,
    /// Take any user.
    Setuid = linux::CAP_SETUID,
    /// Change what programs may be given.
    Setpcap = linux::CAP_SETPCAP,
    /// Lock as much memory as there is.
    IpcLock = linux::CAP_IPC_LOCK,
    /// Map memory where null pointers lead.
    SysRawio = linux::CAP_SYS_RAWIO,
    /// Change the root directory.
    SysChroot = linux::CAP_SYS_CHROOT,
    /// Look into anybody's process.
    SysPtrace = linux::CAP_SYS_PTRACE,
    /// Mounts, names of the machine, namespaces, terminals of others.
    SysAdmin = linux::CAP_SYS_ADMIN,
    /// Switch the machine off.
    SysBoot = linux::CAP_SYS_BOOT,
    /// Run before others.
    SysNice = linux::CAP_SYS_NICE,
    /// Go over limits.
    SysResource = linux::CAP_SYS_RESOURCE,
    /// Set the clock.
    SysTime = linux::CAP_SYS_TIME,
    /// Hang up a terminal.
    SysTtyConfig = linux::CAP_SYS_TTY_CONFIG,
    /// Make device nodes.
    Mknod = linux::CAP_MKNOD,
    /// Read and clear the kernel's log.
    Syslog = linux::CAP_SYSLOG,
    /// Set timers that wake the machine.
    WakeAlarm = linux::CAP_WAKE_ALARM,
}

/// Some of them: bit N is the capability with number N.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CapabilitySet(u64);

impl CapabilitySet {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// All of them.
    pub const ALL: Self = Self((1 << (linux::CAP_LAST_CAP + 1)) - 1);
    /// Those about files, which go with the user id that files are opened with.
    const FILES: Self = Self(
        1 << linux::CAP_CHOWN
            | 1 << linux::CAP_MKNOD
            | 1 << linux::CAP_DAC_OVERRIDE
            | 1 << linux::CAP_DAC_READ_SEARCH
            | 1 << linux::CAP_FOWNER
            | 1 << linux::CAP_FSETID
            | 1 << linux::CAP_LINUX_IMMUTABLE
            | 1 << linux::CAP_MAC_OVERRIDE,
    );

    /// Those of these bits that are capabilities.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// A set of one. `EINVAL`: there is no capability with this number.
    pub fn of_number(number: usize) -> Result<Self> {
        if number > linux::CAP_LAST_CAP as usize {
            return Err(Errno::EINVAL);
        }
        Ok(Self(1 << number))
    }

    /// A set of some.
    pub const fn of(members: &[Capability]) -> Self {
        let mut bits = 0;
        let mut index = 0;
        while index < members.len() {
            bits |= 1 << members[index] as u32;
            index += 1;
        }
        Self(bits)
    }

    /// As a mask.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether all of `other` are among them.
    pub const fn contains(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// Whether any of `other` is among them.
    pub const fn intersects(self, other: Self) -> bool {
        other.0 & self.0 != 0
    }

    /// Those that are not in `other`.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl BitAnd for CapabilitySet {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitOr for CapabilitySet {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

bitflags::bitflags! {
    /// What user id 0 means to a thread, and what it may change about that (linux/securebits.h):
    /// each has a bit that holds it fixed.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct SecureBits: u32 {
        /// execve(2) gives the superuser nothing.
        const NO_ROOT = 1;
        /// As it is for good.
        const NO_ROOT_LOCKED = 1 << 1;
        /// Changing user ids changes no capabilities.
        const NO_SETUID_FIXUP = 1 << 2;
        /// As it is for good.
        const NO_SETUID_FIXUP_LOCKED = 1 << 3;
        /// What is permitted stays so when all user ids stop being 0 (PR_SET_KEEPCAPS).
        const KEEP_CAPS = 1 << 4;
        /// As it is for good.
        const KEEP_CAPS_LOCKED = 1 << 5;
        /// Nothing can be made ambient.
        const NO_AMBIENT_RAISE = 1 << 6;
        /// As it is for good.
        const NO_AMBIENT_RAISE_LOCKED = 1 << 7;
    }
}

impl SecureBits {
    const LOCKS: Self = Self::NO_ROOT_LOCKED
        .union(Self::NO_SETUID_FIXUP_LOCKED)
        .union(Self::KEEP_CAPS_LOCKED)
        .union(Self::NO_AMBIENT_RAISE_LOCKED);

    /// PR_SET_SECUREBITS: these instead.
    ///
    /// # Errors
    /// EPERM: there is no such bit, one that is locked would change, or a lock would open.
    pub fn replaced_by(self, bits: usize) -> Result<Self> {
        let wanted = u32::try_from(bits).ok().and_then(Self::from_bits);
        let wanted = wanted.ok_or(Errno::EPERM)?;
        let locks = self & Self::LOCKS;
        let fixed = locks.bits() >> 1;
        let changed = (self ^ wanted).bits();
        if fixed & changed != 0 || !wanted.contains(locks) {
            return Err(Errno::EPERM);
        }
        Ok(wanted)
    }
}

/// The five sets of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Those that count.
    pub effective: CapabilitySet,
    /// Those that may be put in force.
    pub permitted: CapabilitySet,
    /// Those that a program of the superuser keeps beyond the bounding set, and that may be
    /// ambient.
    pub inheritable: CapabilitySet,
    /// What programs may be given at most.
    pub bounding: CapabilitySet,
    /// Those that any program keeps; always both permitted and inheritable.
    pub ambient: CapabilitySet,
}

impl Capabilities {
    /// The superuser's, as process 1 has them.
    pub const FULL: Self = Self {
        effective: CapabilitySet::ALL,
        permitted: CapabilitySet::ALL,
        inheritable: CapabilitySet::NONE,
        bounding: CapabilitySet::ALL,
        ambient: CapabilitySet::NONE,
    };

    /// capset(2): the three sets that a thread may change at will, within what it has.
    ///
    /// # Errors
    /// EPERM: more than it may have.
    pub fn changed(
        &self,
        effective: CapabilitySet,
        permitted: CapabilitySet,
        inheritable: CapabilitySet,
    ) -> Result<Self> {
        let adds_freely = self
            .effective
            .intersects(CapabilitySet::of(&[Capability::Setpcap]));
        let inherits = adds_freely || (self.inheritable | self.permitted).contains(inheritable);
        let bounded = (self.inheritable | self.bounding).contains(inheritable);
        let no_more = self.permitted.contains(permitted) && permitted.contains(effective);
        if !inherits || !bounded || !no_more {
            return Err(Errno::EPERM);
        }
        Ok(Self {
            effective,
            permitted,
            inheritable,
            ambient: self.ambient & permitted & inheritable,
            ..*self
        })
    }

    /// What is left of them when the three user ids change from `before` to `after`: the
    /// superuser's rights go with the superuser's ids.
    #[must_use]
    pub fn after_user_change(
        mut self,
        bits: SecureBits,
        before: [u32; 3],
        after: [u32; 3],
    ) -> Self {
        if bits.contains(SecureBits::NO_SETUID_FIXUP) {
            return self;
        }
        if before.contains(&0) && !after.contains(&0) {
            if !bits.contains(SecureBits::KEEP_CAPS) {
                self.permitted = CapabilitySet::NONE;
                self.effective = CapabilitySet::NONE;
            }
            self.ambient = CapabilitySet::NONE;
        }
        let [_, effective_before, _] = before;
        let [_, effective_after, _] = after;
        if effective_before == 0 && effective_after != 0 {
            self.effective = CapabilitySet::NONE;
        } else if effective_before != 0 && effective_after == 0 {
            self.effective = self.permitted;
        }
        self
    }

    /// As [`Capabilities::after_user_change`], for setfsuid(2): only those about files.
    #[must_use]
    pub fn after_file_user_change(mut self, bits: SecureBits, before: u32, after: u32) -> Self {
        if bits.contains(SecureBits::NO_SETUID_FIXUP) {
            return self;
        }
        if before == 0 && after != 0 {
            self.effective = self.effective.without(CapabilitySet::FILES);
        } else if before != 0 && after == 0 {
            self.effective = self.effective | (self.permitted & CapabilitySet::FILES);
        }
        self
    }

    /// PR_CAP_AMBIENT_RAISE. `EPERM`: a program cannot inherit what is not permitted and
    /// inheritable.
    pub fn with_ambient(mut self, one: CapabilitySet) -> Result<Self> {
        if !(self.permitted & self.inheritable).contains(one) {
            return Err(Errno::EPERM);
        }
        self.ambient = self.ambient | one;
        Ok(self)
    }
}
