//! `/proc/sys`: settings of the kernel, those that have a meaning here.
//!
//! Source: `proc(5)`, Linux's `Documentation/admin-guide/sysctl/`.
use crate::device::{kmsg, random};
use crate::error::{Errno, Result};
use crate::file::generated::{Entry, Node, no_memory};
use crate::file::{DESCRIPTORS_MAX, MOUNTS_MAX, pipe_limits};
use crate::log;
use crate::namespace::{UtsNamespace, uts};
use crate::process;
use crate::process::capabilities::Capability;
use crate::process::real_time;
use crate::process::table::PROCESS_ID_MAX;
use abi::procfs::Text;
use alloc::sync::Arc;
use core::fmt::Write;
use core::str;
use spin::Once;

#[rustfmt::skip]
pub(super) const ENTRIES: &[Entry] = &[
    Entry { name: "fs",     permissions: 0o555, node: Node::Directory(FILES) },
    Entry { name: "kernel", permissions: 0o555, node: Node::Directory(KERNEL) },
    Entry { name: "vm",     permissions: 0o555, node: Node::Directory(MEMORY) },
];

#[rustfmt::skip]
const FILES: &[Entry] = &[
    Entry { name: "file-max",      permissions: 0o444, node: Node::Read(|text| line(text, i64::MAX)) },
    Entry { name: "mount-max",     permissions: 0o444, node: Node::Read(|text| line(text, MOUNTS_MAX)) },
    Entry { name: "nr_open",       permissions: 0o444, node: Node::Read(|text| line(text, DESCRIPTORS_MAX)) },
    Entry { name: "pipe-max-size", permissions: 0o444, node: Node::Read(|text| line(text, 1_048_576)) },
    Entry { name: "pipe-user-pages-hard", permissions: 0o644, node: Node::ReadWrite(|text| line(text, pipe_limits::hard()), |bytes| count(bytes).map(pipe_limits::set_hard)) },
    Entry { name: "pipe-user-pages-soft", permissions: 0o644, node: Node::ReadWrite(|text| line(text, pipe_limits::soft()), |bytes| count(bytes).map(pipe_limits::set_soft)) },
];

#[rustfmt::skip]
const KERNEL: &[Entry] = &[
    Entry { name: "cap_last_cap",     permissions: 0o444, node: Node::Read(|text| line(text, 40)) },
    Entry { name: "dmesg_restrict",   permissions: 0o644, node: Node::ReadWrite(|text| line(text, u8::from(log::is_restricted())), store_log_restriction) },
    Entry { name: "domainname",       permissions: 0o644, node: Node::ReadWrite(|text| name(text, &names().domain_name()), |bytes| names().set_domain_name(word(bytes))) },
    Entry { name: "hostname",         permissions: 0o644, node: Node::ReadWrite(|text| name(text, &names().host_name()), |bytes| names().set_host_name(word(bytes))) },
    Entry { name: "ngroups_max",      permissions: 0o444, node: Node::Read(|text| line(text, 65_536)) },
    Entry { name: "osrelease",        permissions: 0o444, node: Node::Read(|text| line(text, uts::RELEASE)) },
    Entry { name: "ostype",           permissions: 0o444, node: Node::Read(|text| line(text, uts::SYSTEM)) },
    Entry { name: "overflowgid",      permissions: 0o444, node: Node::Read(|text| line(text, 65_534)) },
    Entry { name: "overflowuid",      permissions: 0o444, node: Node::Read(|text| line(text, 65_534)) },
    Entry { name: "pid_max",          permissions: 0o444, node: Node::Read(|text| line(text, PROCESS_ID_MAX)) },
    Entry { name: "printk",           permissions: 0o644, node: Node::ReadWrite(show_log_level, store_log_level) },
    Entry { name: "printk_devkmsg",   permissions: 0o644, node: Node::ReadWrite(|text| line(text, kmsg::policy().name()), store_kmsg_policy) },
    Entry { name: "random",           permissions: 0o555, node: Node::Directory(RANDOM) },
    Entry { name: "randomize_va_space", permissions: 0o444, node: Node::Read(|text| line(text, 0)) },
    Entry { name: "sched_rr_timeslice_ms", permissions: 0o444, node: Node::Read(|text| line(text, 100)) },
    Entry { name: "sched_rt_period_us", permissions: 0o644, node: Node::ReadWrite(|text| line(text, real_time::period_microseconds()), |bytes| real_time::set_period_microseconds(number(bytes)?)) },
    Entry { name: "sched_rt_runtime_us", permissions: 0o644, node: Node::ReadWrite(|text| line(text, real_time::share_microseconds()), |bytes| real_time::set_share_microseconds(number(bytes)?)) },
    Entry { name: "version",          permissions: 0o444, node: Node::Read(|text| line(text, uts::VERSION)) },
];

#[rustfmt::skip]
const RANDOM: &[Entry] = &[
    Entry { name: "boot_id",       permissions: 0o444, node: Node::Read(show_boot_identifier) },
    Entry { name: "entropy_avail", permissions: 0o444, node: Node::Read(|text| line(text, 256)) },
    Entry { name: "poolsize",      permissions: 0o444, node: Node::Read(|text| line(text, 256)) },
    Entry { name: "uuid",          permissions: 0o444, node: Node::Read(|text| identifier(text, new_identifier())) },
];

#[rustfmt::skip]
const MEMORY: &[Entry] = &[
    Entry { name: "max_map_count",     permissions: 0o444, node: Node::Read(|text| line(text, 65_530)) },
    Entry { name: "mmap_min_addr",     permissions: 0o444, node: Node::Read(|text| line(text, 65_536)) },
    Entry { name: "overcommit_memory", permissions: 0o444, node: Node::Read(|text| line(text, 1)) },
    Entry { name: "overcommit_ratio",  permissions: 0o444, node: Node::Read(|text| line(text, 50)) },
    Entry { name: "swappiness",        permissions: 0o444, node: Node::Read(|text| line(text, 0)) },
];

fn line(text: &mut Text, value: impl core::fmt::Display) -> Result<()> {
    writeln!(text, "{value}").map_err(no_memory)
}

fn name(text: &mut Text, name: &uts::Name) -> Result<()> {
    text.bytes(name.as_bytes()).map_err(no_memory)?;
    text.bytes(b"\n").map_err(no_memory)
}

/// The names of the system that the caller sees.
fn names() -> Arc<UtsNamespace> {
    Arc::clone(&process::current().namespaces().uts)
}

/// The number that was written.
fn count(bytes: &[u8]) -> Result<usize> {
    usize::try_from(number(bytes)?).map_err(|_| Errno::EINVAL)
}

fn number(bytes: &[u8]) -> Result<i64> {
    let written = str::from_utf8(bytes).map_err(|_| Errno::EINVAL)?;
    written.trim().parse().map_err(|_| Errno::EINVAL)
}

/// What was written, up to the first line feed or NUL; longer than a name may be is cut.
fn word(bytes: &[u8]) -> &[u8] {
    let end = bytes
        .iter()
        .position(|byte| b"\n\0".contains(byte))
        .unwrap_or(bytes.len());
    &bytes[..end.min(abi::system::NAME_LENGTH - 1)]
}

/// The four numbers of `printk`: only the first can be changed here.
fn show_log_level(text: &mut Text) -> Result<()> {
    writeln!(text, "{}\t4\t1\t7", log::console_level()).map_err(no_memory)
}

fn store_log_level(bytes: &[u8]) -> Result<()> {
    let written = str::from_utf8(bytes).map_err(|_| Errno::EINVAL)?;
    let first = written.split_whitespace().next().ok_or(Errno::EINVAL)?;
    log::set_console_level(first.parse().map_err(|_| Errno::EINVAL)?);
    Ok(())
}

/// Whether only the privileged may look at the log. Those who may not themselves cannot change it.
fn store_log_restriction(bytes: &[u8]) -> Result<()> {
    let on = match number(bytes)? {
        0 => false,
        1 => true,
        _ => return Err(Errno::EINVAL),
    };
    process::current()
        .credentials()
        .require(Capability::SysAdmin)?;
    log::restrict(on);
    Ok(())
}

/// What becomes of what programs write to /dev/kmsg: `on`, `off` or `ratelimit`.
fn store_kmsg_policy(bytes: &[u8]) -> Result<()> {
    let name = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    kmsg::set_policy(kmsg::Policy::named(name).ok_or(Errno::EINVAL)?);
    Ok(())
}

/// A random identifier (RFC 9562, version 4).
fn new_identifier() -> u128 {
    let mut bytes = [0; 16];
    random::fill(&mut bytes);
    let random = u128::from_be_bytes(bytes);
    random & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62
}

fn identifier(text: &mut Text, identifier: u128) -> Result<()> {
    let part = |shift: u32, digits: u32| (identifier >> shift) as u64 & ((1 << (4 * digits)) - 1);
    writeln!(
        text,
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        part(96, 8),
        part(80, 4),
        part(64, 4),
        part(48, 4),
        part(0, 12)
    )
    .map_err(no_memory)
}

fn show_boot_identifier(text: &mut Text) -> Result<()> {
    static BOOT: Once<u128> = Once::new();
    identifier(text, *BOOT.call_once(new_identifier))
}
