//! The files of `/proc` that speak of the whole machine.
use super::text::Text;
use core::fmt::{Result, Write};

/// `/proc/uptime`, in hundredths of a second.
#[derive(Clone, Copy, Debug)]
pub struct Uptime {
    /// Since the machine started.
    pub running: u64,
    /// Spent idle, all processors together.
    pub idle: u64,
}

impl Uptime {
    /// Writes the line.
    pub fn write(&self, text: &mut Text) -> Result {
        let Self { running, idle } = self;
        writeln!(
            text,
            "{}.{:02} {}.{:02}",
            running / 100,
            running % 100,
            idle / 100,
            idle % 100
        )
    }
}

/// `/proc/loadavg`.
#[derive(Clone, Copy, Debug)]
pub struct LoadAverage {
    /// Over 1, 5 and 15 minutes, in hundredths.
    pub hundredths: [u64; 3],
    /// Tasks that run or want to.
    pub running: u32,
    /// All tasks.
    pub tasks: u32,
    /// The newest process id.
    pub last_pid: u32,
}

impl LoadAverage {
    /// Writes the line.
    pub fn write(&self, text: &mut Text) -> Result {
        for average in self.hundredths {
            write!(text, "{}.{:02} ", average / 100, average % 100)?;
        }
        writeln!(text, "{}/{} {}", self.running, self.tasks, self.last_pid)
    }
}

/// `/proc/meminfo`, in KiB.
#[derive(Clone, Copy, Debug, Default)]
pub struct MemoryInformation {
    /// All memory.
    pub total: u64,
    /// In no use.
    pub free: u64,
    /// Pages of files, those of tmpfs included.
    pub cached: u64,
    /// Pages of tmpfs and shared memory.
    pub shared: u64,
    /// Anonymous pages of programs.
    pub anonymous: u64,
    /// The kernel's own heap.
    pub kernel_heap: u64,
    /// The kernel's stacks.
    pub kernel_stacks: u64,
    /// Page tables.
    pub page_tables: u64,
    /// What all programs together have been promised.
    pub committed: u64,
}

impl MemoryInformation {
    /// Writes the lines.
    pub fn write(&self, text: &mut Text) -> Result {
        // Nothing but free memory can be had without taking it from someone: there is no swap,
        // and the pages of files are the files themselves.
        for (name, kilobytes) in [
            ("MemTotal", self.total),
            ("MemFree", self.free),
            ("MemAvailable", self.free),
            ("Buffers", 0),
            ("Cached", self.cached),
            ("SwapCached", 0),
            ("Active", self.anonymous),
            ("Inactive", self.cached),
            ("SwapTotal", 0),
            ("SwapFree", 0),
            ("Dirty", 0),
            ("Writeback", 0),
            ("AnonPages", self.anonymous),
            ("Mapped", 0),
            ("Shmem", self.shared),
            ("KReclaimable", 0),
            ("Slab", self.kernel_heap),
            ("SReclaimable", 0),
            ("SUnreclaim", self.kernel_heap),
            ("KernelStack", self.kernel_stacks),
            ("PageTables", self.page_tables),
            ("CommitLimit", self.total),
            ("Committed_AS", self.committed),
        ] {
            let line_start = text.len();
            write!(text, "{name}:")?;
            text.pad(line_start, 16)?;
            writeln!(text, "{kilobytes:8} kB")?;
        }
        Ok(())
    }
}

/// Times of one processor, in ticks.
#[derive(Clone, Copy, Debug, Default)]
pub struct CpuTimes {
    /// In programs.
    pub user: u64,
    /// In programs of lowered priority.
    pub nice: u64,
    /// In the kernel.
    pub system: u64,
    /// With nothing to do.
    pub idle: u64,
}

impl CpuTimes {
    fn write(&self, text: &mut Text) -> Result {
        let Self {
            user,
            nice,
            system,
            idle,
        } = self;
        writeln!(text, " {user} {nice} {system} {idle} 0 0 0 0 0 0")
    }
}

/// `/proc/stat`.
#[derive(Clone, Copy, Debug)]
pub struct SystemStat<'a> {
    /// Times of each processor.
    pub processors: &'a [CpuTimes],
    /// Interrupts since the start.
    pub interrupts: u64,
    /// Switches from one task to another since the start.
    pub switches: u64,
    /// When the machine started, in seconds since 1970.
    pub started: i64,
    /// Processes and threads made since the start.
    pub forks: u64,
    /// Tasks that run or want to.
    pub running: u32,
    /// Tasks that wait without being woken by signals.
    pub blocked: u32,
}

impl SystemStat<'_> {
    /// Writes the lines.
    pub fn write(&self, text: &mut Text) -> Result {
        let sum = |part: fn(&CpuTimes) -> u64| self.processors.iter().map(part).sum();
        let all = CpuTimes {
            user: sum(|times| times.user),
            nice: sum(|times| times.nice),
            system: sum(|times| times.system),
            idle: sum(|times| times.idle),
        };
        text.write_str("cpu ")?;
        all.write(text)?;
        for (number, times) in self.processors.iter().enumerate() {
            write!(text, "cpu{number}")?;
            times.write(text)?;
        }
        writeln!(text, "intr {}\nctxt {}", self.interrupts, self.switches)?;
        writeln!(text, "btime {}\nprocesses {}", self.started, self.forks)?;
        writeln!(
            text,
            "procs_running {}\nprocs_blocked {}",
            self.running, self.blocked
        )?;
        writeln!(text, "softirq 0 0 0 0 0 0 0 0 0 0 0")
    }
}

/// One processor in `/proc/cpuinfo`.
#[derive(Clone, Copy, Debug)]
pub struct CpuInformation<'a> {
    /// Its number.
    pub number: u32,
    /// Maker, as `CPUID` says it.
    pub vendor: &'a str,
    /// Family, model and stepping.
    pub family: u32,
    /// Model within the family.
    pub model: u32,
    /// Revision of the model.
    pub stepping: u32,
    /// Name of the model.
    pub model_name: &'a str,
    /// Speed in kHz.
    pub kilohertz: u64,
    /// What it can do, names with blanks between.
    pub flags: &'a str,
    /// Bits of a physical and of a virtual address.
    pub address_bits: (u32, u32),
}

impl CpuInformation<'_> {
    /// Writes the lines and the empty one behind them.
    pub fn write(&self, text: &mut Text) -> Result {
        writeln!(
            text,
            "processor\t: {}\nvendor_id\t: {}",
            self.number, self.vendor
        )?;
        writeln!(
            text,
            "cpu family\t: {}\nmodel\t\t: {}",
            self.family, self.model
        )?;
        writeln!(
            text,
            "model name\t: {}\nstepping\t: {}",
            self.model_name, self.stepping
        )?;
        let (megahertz, rest) = (self.kilohertz / 1000, self.kilohertz % 1000);
        writeln!(text, "cpu MHz\t\t: {megahertz}.{rest:03}")?;
        writeln!(
            text,
            "physical id\t: {}\nsiblings\t: 1\ncore id\t\t: 0",
            self.number
        )?;
        writeln!(text, "cpu cores\t: 1\napicid\t\t: {}", self.number)?;
        writeln!(text, "fpu\t\t: yes\nfpu_exception\t: yes\nwp\t\t: yes")?;
        writeln!(text, "flags\t\t: {}", self.flags)?;
        let bogomips = self.kilohertz / 5;
        writeln!(text, "bogomips\t: {}.{:02}", bogomips / 100, bogomips % 100)?;
        writeln!(text, "clflush size\t: 64\ncache_alignment\t: 64")?;
        let (physical, linear) = self.address_bits;
        writeln!(
            text,
            "address sizes\t: {physical} bits physical, {linear} bits virtual\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::written;
    use super::*;

    #[test]
    fn uptime_and_load_have_two_decimals() {
        let uptime = Uptime {
            running: 12_345,
            idle: 7,
        };
        assert_eq!(written(|text| uptime.write(text)), "123.45 0.07\n");
        let load = LoadAverage {
            hundredths: [5, 100, 1234],
            running: 1,
            tasks: 20,
            last_pid: 99,
        };
        assert_eq!(
            written(|text| load.write(text)),
            "0.05 1.00 12.34 1/20 99\n"
        );
    }

    #[test]
    fn meminfo_is_aligned_as_on_linux() {
        let information = MemoryInformation {
            total: 24_684_092,
            free: 5,
            ..MemoryInformation::default()
        };
        let text = written(|text| information.write(text));
        assert!(text.starts_with(
            "MemTotal:       24684092 kB\nMemFree:               5 kB\nMemAvailable:          5 kB\n"
        ));
    }

    #[test]
    fn stat_adds_the_processors_up() {
        let one = CpuTimes {
            user: 1,
            nice: 2,
            system: 3,
            idle: 4,
        };
        let stat = SystemStat {
            processors: &[one, one],
            interrupts: 9,
            switches: 8,
            started: 7,
            forks: 6,
            running: 1,
            blocked: 0,
        };
        let text = written(|text| stat.write(text));
        assert!(text.starts_with(
            "cpu  2 4 6 8 0 0 0 0 0 0\ncpu0 1 2 3 4 0 0 0 0 0 0\ncpu1 1 2 3 4 0 0 0 0 0 0\nintr 9\n"
        ));
    }

    #[test]
    fn cpuinfo_names_the_speed() {
        let information = CpuInformation {
            number: 0,
            vendor: "GenuineIntel",
            family: 6,
            model: 6,
            stepping: 3,
            model_name: "QEMU Virtual CPU",
            kilohertz: 2_992_972,
            flags: "fpu tsc",
            address_bits: (40, 48),
        };
        let text = written(|text| information.write(text));
        assert!(text.contains("cpu MHz\t\t: 2992.972\n"));
        assert!(text.contains("bogomips\t: 5985.94\n"));
        assert!(text.ends_with("virtual\n\n"));
    }
}
