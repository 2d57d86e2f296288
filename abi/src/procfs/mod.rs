//! The texts of `/proc`, in exactly the form programs parse.
//!
//! Plain structures of numbers and names, each with a function that writes it. Whoever has the
//! numbers (the kernel) and whoever reads the text (the tests on the host) meet here.
//!
//! Source: `proc(5)`, and a Linux 6.1's answers where the page is silent.
mod limits;
mod maps;
mod mounts;
mod process;
mod status;
mod system;
mod text;

pub use limits::{Limit, write_limits};
pub use maps::Mapping;
pub use mounts::Mount;
pub use process::{ProcessStat, ProcessStatm, TaskState};
pub use status::{CapabilitySets, MemoryUse, ProcessStatus, SignalSets};
pub use system::{CpuInformation, CpuTimes, LoadAverage, MemoryInformation, SystemStat, Uptime};
pub use text::Text;

/// Clock ticks in a second, as `/proc` and `times(2)` count (`sysconf(_SC_CLK_TCK)`).
pub const TICKS_PER_SECOND: u64 = 100;
