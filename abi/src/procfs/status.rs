//! `/proc/PID/status`: the same as `stat` and more, for people and for `ps`.
use super::process::TaskState;
use super::text::Text;
use core::fmt::{Result, Write};

/// Signals as masks; bit 0 is signal 1.
#[derive(Clone, Copy, Debug, Default)]
pub struct SignalSets {
    /// Pending for this thread.
    pub pending: u64,
    /// Pending for the process.
    pub process_pending: u64,
    /// Blocked.
    pub blocked: u64,
    /// Ignored.
    pub ignored: u64,
    /// With a handler.
    pub caught: u64,
    /// How many are queued for this user, and the limit.
    pub queued: (u64, u64),
}

/// Capabilities as masks.
#[derive(Clone, Copy, Debug, Default)]
pub struct CapabilitySets {
    /// Kept across `execve(2)` by programs that ask for them.
    pub inheritable: u64,
    /// What it may take.
    pub permitted: u64,
    /// What counts.
    pub effective: u64,
    /// The most it can ever have.
    pub bounding: u64,
    /// Kept across `execve(2)` by programs that know nothing of capabilities.
    pub ambient: u64,
}

/// Sizes in KiB.
#[derive(Clone, Copy, Debug, Default)]
pub struct MemoryUse {
    /// Largest size the address space had.
    pub peak: u64,
    /// Size of the address space.
    pub size: u64,
    /// Locked in memory.
    pub locked: u64,
    /// Most it ever had in memory.
    pub resident_peak: u64,
    /// In memory: anonymous, of files, and shared.
    pub anonymous: u64,
    /// Pages of files in memory.
    pub file: u64,
    /// Shared anonymous pages in memory.
    pub shared: u64,
    /// Private data.
    pub data: u64,
    /// Stack.
    pub stack: u64,
    /// Code.
    pub code: u64,
    /// Page tables.
    pub page_tables: u64,
}

/// The lines of `/proc/PID/status`.
#[derive(Clone, Copy, Debug)]
pub struct ProcessStatus<'a> {
    /// Command name.
    pub name: &'a [u8],
    /// File mode creation mask; none for a process that has ended.
    pub umask: Option<u32>,
    /// What it is doing.
    pub state: TaskState,
    /// Process id.
    pub process: u32,
    /// Thread id, in each pid namespace from the reader's to its own.
    pub threads_ids: &'a [u32],
    /// Process id, likewise.
    pub process_ids: &'a [u32],
    /// Process group, likewise.
    pub group_ids: &'a [u32],
    /// Session, likewise.
    pub session_ids: &'a [u32],
    /// Parent.
    pub parent: u32,
    /// User ids: real, effective, saved, file system.
    pub users: [u32; 4],
    /// Group ids: real, effective, saved, file system.
    pub groups: [u32; 4],
    /// Supplementary groups.
    pub supplementary: &'a [u32],
    /// Room in its table of descriptors.
    pub descriptor_slots: usize,
    /// Sizes; none for a task without memory (one that has ended).
    pub memory: Option<MemoryUse>,
    /// Threads of the process.
    pub threads: u32,
    /// Signals.
    pub signals: SignalSets,
    /// Capabilities.
    pub capabilities: CapabilitySets,
    /// Whether `execve(2)` may not give it more rights.
    pub no_new_privileges: bool,
    /// Number of processors it may use: the first so many.
    pub processors: u32,
    /// How often it gave up the processor by itself, and how often it was taken.
    pub switches: (u64, u64),
}

impl ProcessStatus<'_> {
    /// Writes the lines.
    pub fn write(&self, text: &mut Text) -> Result {
        text.write_str("Name:\t")?;
        text.escaped(self.name, b"\n\\")?;
        text.write_str("\n")?;
        if let Some(umask) = self.umask {
            writeln!(text, "Umask:\t{umask:04o}")?;
        }
        self.write_ids(text)?;
        if let Some(memory) = &self.memory {
            memory.write(text)?;
        }
        writeln!(text, "CoreDumping:\t0\nTHP_enabled:\t0")?;
        writeln!(text, "Threads:\t{}", self.threads)?;
        self.signals.write(text)?;
        self.capabilities.write(text)?;
        writeln!(text, "NoNewPrivs:\t{}", u32::from(self.no_new_privileges))?;
        writeln!(text, "Seccomp:\t0\nSeccomp_filters:\t0")?;
        self.write_processors(text)?;
        writeln!(text, "voluntary_ctxt_switches:\t{}", self.switches.0)?;
        writeln!(text, "nonvoluntary_ctxt_switches:\t{}", self.switches.1)
    }

    fn write_ids(&self, text: &mut Text) -> Result {
        writeln!(text, "State:\t{}", self.state.description())?;
        writeln!(text, "Tgid:\t{}\nNgid:\t0", self.process)?;
        writeln!(
            text,
            "Pid:\t{}",
            self.threads_ids.first().copied().unwrap_or(0)
        )?;
        writeln!(text, "PPid:\t{}\nTracerPid:\t0", self.parent)?;
        for (name, [real, effective, saved, file]) in [("Uid", self.users), ("Gid", self.groups)] {
            writeln!(text, "{name}:\t{real}\t{effective}\t{saved}\t{file}")?;
        }
        write!(text, "FDSize:\t{}\nGroups:\t", self.descriptor_slots)?;
        for group in self.supplementary {
            write!(text, "{group} ")?;
        }
        // Linux writes one blank too many when there is no group, and programs have seen it.
        text.write_str(if self.supplementary.is_empty() {
            " \n"
        } else {
            "\n"
        })?;
        for (name, ids) in [
            ("NStgid", self.process_ids),
            ("NSpid", self.threads_ids),
            ("NSpgid", self.group_ids),
            ("NSsid", self.session_ids),
        ] {
            write!(text, "{name}:")?;
            ids.iter().try_for_each(|id| write!(text, "\t{id}"))?;
            text.write_str("\n")?;
        }
        Ok(())
    }

    fn write_processors(&self, text: &mut Text) -> Result {
        let mask = u64::MAX >> 64_u32.saturating_sub(self.processors.max(1)).min(63);
        writeln!(text, "Cpus_allowed:\t{mask:x}")?;
        match self.processors {
            0 | 1 => writeln!(text, "Cpus_allowed_list:\t0")?,
            many => writeln!(text, "Cpus_allowed_list:\t0-{}", many - 1)?,
        }
        writeln!(text, "Mems_allowed:\t1\nMems_allowed_list:\t0")
    }
}

impl MemoryUse {
    fn write(&self, text: &mut Text) -> Result {
        let resident = self.anonymous + self.file + self.shared;
        for (name, kilobytes) in [
            ("VmPeak", self.peak),
            ("VmSize", self.size),
            ("VmLck", self.locked),
            ("VmPin", 0),
            ("VmHWM", self.resident_peak.max(resident)),
            ("VmRSS", resident),
            ("RssAnon", self.anonymous),
            ("RssFile", self.file),
            ("RssShmem", self.shared),
            ("VmData", self.data),
            ("VmStk", self.stack),
            ("VmExe", self.code),
            ("VmLib", 0),
            ("VmPTE", self.page_tables),
            ("VmSwap", 0),
            ("HugetlbPages", 0),
        ] {
            writeln!(text, "{name}:\t{kilobytes:8} kB")?;
        }
        Ok(())
    }
}

impl SignalSets {
    fn write(&self, text: &mut Text) -> Result {
        writeln!(text, "SigQ:\t{}/{}", self.queued.0, self.queued.1)?;
        for (name, mask) in [
            ("SigPnd", self.pending),
            ("ShdPnd", self.process_pending),
            ("SigBlk", self.blocked),
            ("SigIgn", self.ignored),
            ("SigCgt", self.caught),
        ] {
            writeln!(text, "{name}:\t{mask:016x}")?;
        }
        Ok(())
    }
}

impl CapabilitySets {
    fn write(&self, text: &mut Text) -> Result {
        for (name, mask) in [
            ("CapInh", self.inheritable),
            ("CapPrm", self.permitted),
            ("CapEff", self.effective),
            ("CapBnd", self.bounding),
            ("CapAmb", self.ambient),
        ] {
            writeln!(text, "{name}:\t{mask:016x}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::written;
    use super::*;

    #[test]
    fn lines_are_those_of_linux() {
        let status = ProcessStatus {
            name: b"a\nb",
            umask: Some(0o22),
            state: TaskState::Running,
            process: 7,
            threads_ids: &[8, 2],
            process_ids: &[7, 1],
            group_ids: &[7, 1],
            session_ids: &[5, 0],
            parent: 1,
            users: [1, 2, 3, 4],
            groups: [0; 4],
            supplementary: &[],
            descriptor_slots: 64,
            memory: Some(MemoryUse {
                size: 2928,
                ..MemoryUse::default()
            }),
            threads: 1,
            signals: SignalSets {
                blocked: 0x10000,
                ..SignalSets::default()
            },
            capabilities: CapabilitySets::default(),
            no_new_privileges: false,
            processors: 1,
            switches: (3, 4),
        };
        let text = written(|text| status.write(text));
        assert!(text.starts_with(
            "Name:\ta\\012b\nUmask:\t0022\nState:\tR (running)\nTgid:\t7\nNgid:\t0\nPid:\t8\n\
             PPid:\t1\nTracerPid:\t0\nUid:\t1\t2\t3\t4\nGid:\t0\t0\t0\t0\nFDSize:\t64\n\
             Groups:\t \nNStgid:\t7\t1\nNSpid:\t8\t2\nNSpgid:\t7\t1\nNSsid:\t5\t0\n\
             VmPeak:\t       0 kB\nVmSize:\t    2928 kB\n"
        ));
        assert!(text.contains("SigBlk:\t0000000000010000\n"));
        assert!(text.contains("Cpus_allowed:\t1\nCpus_allowed_list:\t0\n"));
        assert!(text.ends_with("nonvoluntary_ctxt_switches:\t4\n"));
    }
}
