//! `/proc/PID/stat` and `/proc/PID/statm`: one line of numbers each.
use super::text::Text;
use core::fmt::{Result, Write};

/// What a task is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// Running, or waiting for a processor.
    Running,
    /// Waiting for something, and signals wake it.
    Sleeping,
    /// Waiting for something that signals do not end.
    DiskSleep,
    /// Stopped by a signal.
    Stopped,
    /// Ended and not yet waited for.
    Zombie,
}

impl TaskState {
    /// The letter that `stat` shows.
    pub const fn letter(self) -> char {
        match self {
            Self::Running => 'R',
            Self::Sleeping => 'S',
            Self::DiskSleep => 'D',
            Self::Stopped => 'T',
            Self::Zombie => 'Z',
        }
    }

    /// The letter and the word that `status` shows.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Running => "R (running)",
            Self::Sleeping => "S (sleeping)",
            Self::DiskSleep => "D (disk sleep)",
            Self::Stopped => "T (stopped)",
            Self::Zombie => "Z (zombie)",
        }
    }
}

/// The line of `/proc/PID/stat`. Times are in ticks, addresses and sizes in bytes.
#[derive(Clone, Copy, Debug)]
pub struct ProcessStat<'a> {
    /// Process or thread id.
    pub pid: u32,
    /// Command name.
    pub name: &'a [u8],
    /// What it is doing.
    pub state: TaskState,
    /// Parent; 0 when it has none in sight.
    pub parent: u32,
    /// Process group.
    pub group: u32,
    /// Session.
    pub session: u32,
    /// Device number of the controlling terminal; 0 without one.
    pub terminal: u32,
    /// Foreground group of that terminal; -1 without one.
    pub foreground_group: i32,
    /// Page faults served without reading a file, and those with.
    pub minor_faults: u64,
    /// Page faults that had to read a file.
    pub major_faults: u64,
    /// The same of children that were waited for.
    pub children_minor_faults: u64,
    /// The same of children that were waited for.
    pub children_major_faults: u64,
    /// Time in user mode.
    pub user_ticks: u64,
    /// Time in the kernel.
    pub system_ticks: u64,
    /// The same of children that were waited for.
    pub children_user_ticks: u64,
    /// The same of children that were waited for.
    pub children_system_ticks: u64,
    /// Nice value, -20 to 19.
    pub nice: i32,
    /// Threads of the process.
    pub threads: u32,
    /// When it started, in ticks since the machine did.
    pub start_ticks: u64,
    /// Size of the address space.
    pub virtual_bytes: u64,
    /// Pages of it in memory.
    pub resident_pages: u64,
    /// Soft limit of the above.
    pub resident_limit: u64,
    /// Where the code begins and ends.
    pub code: (u64, u64),
    /// Bottom of the stack.
    pub start_stack: u64,
    /// Masks of signals: pending, blocked, ignored, caught (those below 33).
    pub signals: [u64; 4],
    /// Signal sent to the parent at the end.
    pub exit_signal: i32,
    /// Processor it last ran on.
    pub processor: u32,
    /// Where the data begins and ends.
    pub data: (u64, u64),
    /// Where the heap begins.
    pub start_heap: u64,
    /// Where the arguments begin and end.
    pub arguments: (u64, u64),
    /// Where the environment begins and ends.
    pub environment: (u64, u64),
    /// Exit status as `waitpid(2)` gives it.
    pub exit_status: u32,
}

/// What `task_struct.flags` shows for every ordinary task: PF_RANDOMIZE.
const FLAGS: u32 = 0x0040_0000;

impl ProcessStat<'_> {
    /// Writes the line.
    pub fn write(&self, text: &mut Text) -> Result {
        write!(text, "{} (", self.pid)?;
        text.bytes(self.name)?;
        write!(
            text,
            ") {} {} {} {} {} {} {FLAGS}",
            self.state.letter(),
            self.parent,
            self.group,
            self.session,
            self.terminal,
            self.foreground_group,
        )?;
        self.write_times(text)?;
        self.write_memory(text)?;
        let [pending, blocked, ignored, caught] = self.signals;
        write!(
            text,
            " {pending} {blocked} {ignored} {caught} 0 0 0 {}",
            self.exit_signal
        )?;
        // Real-time priority, policy, delays and guest times: not kept.
        write!(text, " {} 0 0 0 0 0", self.processor)?;
        write!(text, " {} {} {}", self.data.0, self.data.1, self.start_heap)?;
        write!(text, " {} {}", self.arguments.0, self.arguments.1)?;
        write!(text, " {} {}", self.environment.0, self.environment.1)?;
        writeln!(text, " {}", self.exit_status)
    }

    fn write_times(&self, text: &mut Text) -> Result {
        write!(
            text,
            " {} {} {} {} {} {} {} {}",
            self.minor_faults,
            self.children_minor_faults,
            self.major_faults,
            self.children_major_faults,
            self.user_ticks,
            self.system_ticks,
            self.children_user_ticks,
            self.children_system_ticks,
        )?;
        let priority = 20 + self.nice;
        write!(
            text,
            " {priority} {} {} 0 {}",
            self.nice, self.threads, self.start_ticks
        )
    }

    fn write_memory(&self, text: &mut Text) -> Result {
        let (code_start, code_end) = self.code;
        write!(
            text,
            " {} {} {} {code_start} {code_end} {} 0 0",
            self.virtual_bytes, self.resident_pages, self.resident_limit, self.start_stack,
        )
    }
}

/// The line of `/proc/PID/statm`, all in pages.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessStatm {
    /// Size of the address space.
    pub size: u64,
    /// In memory.
    pub resident: u64,
    /// Of those, backed by a file or shared memory.
    pub shared: u64,
    /// Code.
    pub text: u64,
    /// Data and stack.
    pub data: u64,
}

impl ProcessStatm {
    /// Writes the line.
    pub fn write(&self, text: &mut Text) -> Result {
        let Self {
            size,
            resident,
            shared,
            text: code,
            data,
        } = self;
        writeln!(text, "{size} {resident} {shared} {code} 0 {data} 0")
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::written;
    use super::*;

    #[test]
    fn stat_has_its_fields_in_their_places() {
        let stat = ProcessStat {
            pid: 42,
            name: b"a (b) c",
            state: TaskState::Sleeping,
            parent: 1,
            group: 40,
            session: 39,
            terminal: 1088,
            foreground_group: 40,
            minor_faults: 10,
            major_faults: 12,
            children_minor_faults: 11,
            children_major_faults: 13,
            user_ticks: 14,
            system_ticks: 15,
            children_user_ticks: 16,
            children_system_ticks: 17,
            nice: -3,
            threads: 20,
            start_ticks: 22,
            virtual_bytes: 23,
            resident_pages: 24,
            resident_limit: 25,
            code: (26, 27),
            start_stack: 28,
            signals: [31, 32, 33, 34],
            exit_signal: 38,
            processor: 39,
            data: (45, 46),
            start_heap: 47,
            arguments: (48, 49),
            environment: (50, 51),
            exit_status: 52,
        };
        let line = written(|text| stat.write(text));
        let fields: Vec<&str> = line
            .rsplit_once(") ")
            .unwrap()
            .1
            .split_whitespace()
            .collect();
        assert!(line.starts_with("42 (a (b) c) S 1 40 39 1088 40 4194304 10 11 12 13 14 15"));
        assert_eq!(fields.len(), 50);
        for (number, value) in [(19, "-3"), (20, "20"), (22, "22"), (28, "28"), (31, "31")] {
            assert_eq!(fields[number - 3], value);
        }
        for number in [34_usize, 38, 39, 45, 46, 47, 48, 49, 50, 51, 52] {
            assert_eq!(fields[number - 3], number.to_string());
        }
        assert_eq!(fields[18 - 3], "17");
    }

    #[test]
    fn statm_has_seven_fields() {
        let statm = ProcessStatm {
            size: 1,
            resident: 2,
            shared: 3,
            text: 4,
            data: 6,
        };
        assert_eq!(written(|text| statm.write(text)), "1 2 3 4 0 6 0\n");
    }
}
