//! The files of `/proc` that speak of the whole machine.
use super::status::ticks;
use super::sysctl;
use super::{kernel_log, load, memory, system_request};
use crate::device::rtc;
use crate::error::Result;
use crate::file::generated::{Entry, Node, no_memory};
use crate::file::{self, FileKind};
use crate::memory::PAGE_SIZE;
use crate::namespace::uts;
use crate::process::{self, scheduler, table};
use crate::time::{self, Nanoseconds};
use abi::procfs::{
    CpuInformation, CpuTimes, LoadAverage, MemoryInformation, SystemStat, Text, Uptime,
};
use alloc::string::String;
use core::fmt::Write;
use spin::Once;

#[rustfmt::skip]
pub(super) const ENTRIES: &[Entry] = &[
    #[cfg(feature = "devns")]
    Entry { name: "bus",         permissions: 0o555, node: Node::Directory(BUS_ENTRIES) },
    Entry { name: "cmdline",     permissions: 0o444, node: Node::Read(show_command_line) },
    Entry { name: "cpuinfo",     permissions: 0o444, node: Node::Read(show_processors) },
    #[cfg(feature = "devns")]
    Entry { name: "dev_ns",      permissions: 0o555, node: Node::Directory(super::device_namespaces::ENTRIES) },
    Entry { name: "devices",     permissions: 0o444, node: Node::Read(show_devices) },
    Entry { name: "driver",      permissions: 0o555, node: Node::Directory(DRIVER_ENTRIES) },
    #[cfg(feature = "devns")]
    Entry { name: "fb",          permissions: 0o444, node: Node::Read(crate::device::display::show_list) },
    Entry { name: "filesystems", permissions: 0o444, node: Node::Read(show_file_systems) },
    Entry { name: "interrupts",  permissions: 0o444, node: Node::Read(show_interrupts) },
    Entry { name: "kmsg",        permissions: 0o400, node: Node::Opened(kernel_log::open) },
    Entry { name: "loadavg",     permissions: 0o444, node: Node::Read(show_load) },
    Entry { name: "meminfo",     permissions: 0o444, node: Node::Read(show_memory) },
    Entry { name: "mounts",      permissions: 0o777, node: Node::Link(|| b"self/mounts".to_vec()) },
    Entry { name: "partitions",  permissions: 0o444, node: Node::Read(show_partitions) },
    Entry { name: "stat",        permissions: 0o444, node: Node::Read(show_stat) },
    Entry { name: "swaps",       permissions: 0o444, node: Node::Read(show_swaps) },
    Entry { name: "sys",         permissions: 0o555, node: Node::Directory(sysctl::ENTRIES) },
    Entry { name: "sysrq-trigger", permissions: 0o200, node: Node::Opened(system_request::open) },
    Entry { name: "uptime",      permissions: 0o444, node: Node::Read(show_uptime) },
    Entry { name: "version",     permissions: 0o444, node: Node::Read(show_version) },
];

#[rustfmt::skip]
const DRIVER_ENTRIES: &[Entry] = &[
    Entry { name: "rtc",         permissions: 0o444, node: Node::ReadIf(rtc::is_there, rtc::show_proc) },
];

#[cfg(feature = "devns")]
#[rustfmt::skip]
const BUS_ENTRIES: &[Entry] = &[
    Entry { name: "input",       permissions: 0o555, node: Node::Directory(INPUT_ENTRIES) },
];

#[cfg(feature = "devns")]
#[rustfmt::skip]
const INPUT_ENTRIES: &[Entry] = &[
    Entry { name: "devices",     permissions: 0o444, node: Node::Read(crate::device::input::show_devices) },
    Entry { name: "handlers",    permissions: 0o444, node: Node::Read(crate::device::input::show_handlers) },
];

static COMMAND_LINE: Once<String> = Once::new();

/// Remembers what the boot loader passed, for `cmdline`. To be called once.
pub fn set_command_line(command_line: &[u8]) {
    COMMAND_LINE.call_once(|| String::from_utf8_lossy(command_line).into_owned());
}

fn show_command_line(text: &mut Text) -> Result<()> {
    let command_line = COMMAND_LINE.get().map_or("", String::as_str);
    writeln!(text, "{command_line}").map_err(no_memory)
}

/// Names of processor features: word of [`metal::cpu::Identification::features`], bit, name.
#[rustfmt::skip]
const FEATURES: [(usize, u32, &str); 62] = [
    (1, 0, "fpu"), (1, 1, "vme"), (1, 2, "de"), (1, 3, "pse"), (1, 4, "tsc"), (1, 5, "msr"),
    (1, 6, "pae"), (1, 7, "mce"), (1, 8, "cx8"), (1, 9, "apic"), (1, 11, "sep"), (1, 12, "mtrr"),
    (1, 13, "pge"), (1, 14, "mca"), (1, 15, "cmov"), (1, 16, "pat"), (1, 17, "pse36"),
    (1, 19, "clflush"), (1, 23, "mmx"), (1, 24, "fxsr"), (1, 25, "sse"), (1, 26, "sse2"),
    (1, 28, "ht"), (4, 11, "syscall"), (4, 20, "nx"), (4, 25, "fxsr_opt"), (4, 26, "pdpe1gb"),
    (4, 27, "rdtscp"), (4, 29, "lm"), (0, 0, "pni"), (0, 1, "pclmulqdq"), (0, 3, "monitor"),
    (0, 9, "ssse3"), (0, 12, "fma"), (0, 13, "cx16"), (0, 19, "sse4_1"), (0, 20, "sse4_2"),
    (0, 21, "x2apic"), (0, 22, "movbe"), (0, 23, "popcnt"), (0, 25, "aes"), (0, 26, "xsave"),
    (0, 28, "avx"), (0, 29, "f16c"), (0, 30, "rdrand"), (0, 31, "hypervisor"),
    (3, 0, "lahf_lm"), (3, 2, "svm"), (3, 5, "abm"), (3, 6, "sse4a"), (3, 8, "3dnowprefetch"),
    (2, 0, "fsgsbase"), (2, 3, "bmi1"), (2, 5, "avx2"), (2, 7, "smep"), (2, 8, "bmi2"),
    (2, 9, "erms"), (2, 18, "rdseed"), (2, 19, "adx"), (2, 20, "smap"), (2, 23, "clflushopt"),
    (2, 29, "sha_ni"),
];

fn show_processors(text: &mut Text) -> Result<()> {
    let processor = metal::cpu::identification();
    let mut flags = String::new();
    for (word, bit, name) in FEATURES {
        if processor.features[word] >> bit & 1 == 1 {
            flags += if flags.is_empty() { "" } else { " " };
            flags += name;
        }
    }
    let brand = String::from_utf8_lossy(&processor.brand);
    let information = CpuInformation {
        number: 0,
        vendor: &String::from_utf8_lossy(&processor.vendor),
        family: processor.family,
        model: processor.model,
        stepping: processor.stepping,
        model_name: brand.trim_matches(['\0', ' ']),
        kilohertz: metal::clock::time_stamp_hertz() / 1000,
        flags: &flags,
        address_bits: (40, 48),
    };
    information.write(text).map_err(no_memory)
}

fn show_devices(text: &mut Text) -> Result<()> {
    for (title, kind) in [
        ("Character", FileKind::CharacterDevice),
        ("\nBlock", FileKind::BlockDevice),
    ] {
        writeln!(text, "{title} devices:").map_err(no_memory)?;
        for (major, name) in file::device::majors(kind) {
            writeln!(text, "{major:3} {name}").map_err(no_memory)?;
        }
    }
    Ok(())
}

fn show_file_systems(text: &mut Text) -> Result<()> {
    let names = file::type_names();
    names
        .iter()
        .try_for_each(|name| writeln!(text, "nodev\t{name}"))
        .map_err(no_memory)
}

fn show_interrupts(text: &mut Text) -> Result<()> {
    writeln!(text, "           CPU0       ").map_err(no_memory)?;
    for (number, count) in crate::device::interrupt::counts() {
        writeln!(text, "{number:3}: {count:10}   IO-APIC").map_err(no_memory)?;
    }
    Ok(())
}

fn show_load(text: &mut Text) -> Result<()> {
    let load = LoadAverage {
        hundredths: load::hundredths(),
        running: scheduler::runnable_count() as u32,
        tasks: table::thread_count() as u32,
        last_pid: crate::process::current().process.pid_namespace.last_seen(),
    };
    load.write(text).map_err(no_memory)
}

/// Pages that programs have for themselves, in KiB; one that a child still shares with its
/// parent counts twice.
fn anonymous_kilobytes() -> u64 {
    let bytes: usize = process::all()
        .filter_map(|process| process.leader()?.address_space())
        .map(|space| {
            let sizes = memory::sizes(&space);
            sizes.resident - sizes.shared
        })
        .sum();
    bytes as u64 / 1024
}

fn show_memory(text: &mut Text) -> Result<()> {
    let kilobytes = |frames: usize| (frames * PAGE_SIZE / 1024) as u64;
    let (total, free) = (metal::memory::total_frames(), metal::memory::free_frames());
    let anonymous = anonymous_kilobytes();
    let heap = metal::heap::held_bytes() as u64 / 1024;
    let stacks = table::thread_count() as u64 * metal::context::STACK_BYTES as u64 / 1024;
    let files = file::tmpfs::pages_of_files() * PAGE_SIZE as u64 / 1024;
    let information = MemoryInformation {
        total: kilobytes(total),
        free: kilobytes(free),
        cached: files,
        shared: files,
        anonymous,
        kernel_heap: heap,
        kernel_stacks: stacks,
        page_tables: 0,
        committed: anonymous,
    };
    information.write(text).map_err(no_memory)
}

/// Time spent in programs and in the kernel by all that ever ran.
fn busy() -> process::Times {
    process::all().fold(process::Times::default(), |sum, process| {
        sum.plus(process.times())
            .plus(*process.children_time.lock())
    })
}

fn idle(busy: process::Times) -> Nanoseconds {
    let running = time::monotonic_now().0;
    Nanoseconds(running.saturating_sub(busy.user.0 + busy.system.0))
}

fn show_stat(text: &mut Text) -> Result<()> {
    let busy = busy();
    let times = CpuTimes {
        user: ticks(busy.user),
        nice: 0,
        system: ticks(busy.system),
        idle: ticks(idle(busy)),
    };
    let stat = SystemStat {
        processors: &[times],
        interrupts: crate::device::interrupt::counts()
            .map(|(_, count)| count)
            .sum(),
        switches: scheduler::switch_count(),
        started: time::realtime_offset().to_timespec().tv_sec,
        forks: table::made_count(),
        running: scheduler::runnable_count() as u32,
        blocked: 0,
    };
    stat.write(text).map_err(no_memory)
}

fn show_partitions(text: &mut Text) -> Result<()> {
    text.write_str("major minor  #blocks  name\n\n")
        .map_err(no_memory)
}

fn show_swaps(text: &mut Text) -> Result<()> {
    text.write_str("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n")
        .map_err(no_memory)
}

fn show_uptime(text: &mut Text) -> Result<()> {
    let hundredths = |time: Nanoseconds| time.0 / 10_000_000;
    let running = Nanoseconds(time::monotonic_now().0);
    let uptime = Uptime {
        running: hundredths(running),
        idle: hundredths(idle(busy())),
    };
    uptime.write(text).map_err(no_memory)
}

fn show_version(text: &mut Text) -> Result<()> {
    writeln!(
        text,
        "{} version {} (janus@janus) (rustc) {}",
        uts::SYSTEM,
        uts::RELEASE,
        uts::VERSION
    )
    .map_err(no_memory)
}
