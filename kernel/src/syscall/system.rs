//! System calls about the system as a whole: its names, figures and log, random numbers, reboot.
//!
//! Source: `uname(2)`, `sethostname(2)`, `sysinfo(2)`, `syslog(2)`, `getrandom(2)`, `reboot(2)`,
//! `vhangup(2)`.
use super::log_reader;
use crate::device::random;
use crate::error::{Errno, Result};
use crate::file::procfs;
use crate::memory::PAGE_SIZE;
use crate::memory::io::UserRanges;
use crate::memory::user;
use crate::process::capabilities::Capability;
use crate::process::{ExitStatus, Thread, exit, personality, table};
use crate::terminal;
use crate::time::{self, NANOSECONDS_PER_SECOND};
use abi::raw::general as linux;
use abi::system::{NAME_LENGTH, Sysinfo};
use alloc::sync::Arc;

/// uname(2).
pub fn sys_uname(thread: &Arc<Thread>, address: usize) -> Result<usize> {
    let mut names = thread.namespaces().uts.names();
    personality::disguise(&thread.process, &mut names);
    user::write(address, &names)?;
    Ok(0)
}

/// A name that a program passes. `EINVAL`: longer than 64 bytes.
fn read_name(address: usize, length: usize) -> Result<([u8; NAME_LENGTH - 1], usize)> {
    let mut name = [0; NAME_LENGTH - 1];
    let part = name.get_mut(..length).ok_or(Errno::EINVAL)?;
    user::read_bytes(address, part)?;
    Ok((name, length))
}

/// sethostname(2).
pub fn sys_sethostname(thread: &Arc<Thread>, address: usize, length: usize) -> Result<usize> {
    thread.credentials().require(Capability::SysAdmin)?;
    let (name, length) = read_name(address, length)?;
    thread.namespaces().uts.set_host_name(&name[..length])?;
    Ok(0)
}

/// setdomainname(2).
pub fn sys_setdomainname(thread: &Arc<Thread>, address: usize, length: usize) -> Result<usize> {
    thread.credentials().require(Capability::SysAdmin)?;
    let (name, length) = read_name(address, length)?;
    thread.namespaces().uts.set_domain_name(&name[..length])?;
    Ok(0)
}

/// sysinfo(2).
pub fn sys_sysinfo(_thread: &Arc<Thread>, address: usize) -> Result<usize> {
    let bytes = |frames: usize| (frames * PAGE_SIZE) as u64;
    let information = Sysinfo {
        uptime: (time::monotonic_now().0 / NANOSECONDS_PER_SECOND) as i64,
        loads: procfs::load_averages(),
        totalram: bytes(metal::memory::total_frames()),
        freeram: bytes(metal::memory::free_frames()),
        procs: table::thread_count().min(u16::MAX.into()) as u16,
        mem_unit: 1,
        ..Sysinfo::default()
    };
    user::write(address, &information)?;
    Ok(0)
}

/// syslog(2).
pub fn sys_syslog(
    thread: &Arc<Thread>,
    action: usize,
    address: usize,
    length: usize,
) -> Result<usize> {
    log_reader::act(thread, action as i32, address, length as i32)
}

/// getrandom(2). The generator is always seeded, so no flag makes a difference.
pub fn sys_getrandom(
    _thread: &Arc<Thread>,
    address: usize,
    length: usize,
    flags: usize,
) -> Result<usize> {
    const EXCLUSIVE: u32 = linux::GRND_RANDOM | linux::GRND_INSECURE;
    let flags = flags as u32;
    if flags & !(EXCLUSIVE | linux::GRND_NONBLOCK) != 0 || flags & EXCLUSIVE == EXCLUSIVE {
        return Err(Errno::EINVAL);
    }
    random::read(&mut UserRanges::one(address, length).sink())
}

/// vhangup(2).
pub fn sys_vhangup(thread: &Arc<Thread>) -> Result<usize> {
    thread.credentials().require(Capability::SysTtyConfig)?;
    if let Ok(terminal) = terminal::controlling() {
        terminal.hang_up();
    }
    Ok(0)
}

/// reboot(2).
pub fn sys_reboot(
    thread: &Arc<Thread>,
    magic: usize,
    magic2: usize,
    command: usize,
    _argument: usize,
) -> Result<usize> {
    thread.credentials().require(Capability::SysBoot)?;
    let second = [
        linux::LINUX_REBOOT_MAGIC2,
        linux::LINUX_REBOOT_MAGIC2A,
        linux::LINUX_REBOOT_MAGIC2B,
        linux::LINUX_REBOOT_MAGIC2C,
    ];
    if magic as u32 != linux::LINUX_REBOOT_MAGIC1 || !second.contains(&(magic2 as u32)) {
        return Err(Errno::EINVAL);
    }
    if !thread.process.pid_namespace.is_root() {
        return reboot_namespace(thread, command as u32);
    }
    match command as u32 {
        linux::LINUX_REBOOT_CMD_POWER_OFF => power_off(),
        linux::LINUX_REBOOT_CMD_RESTART | linux::LINUX_REBOOT_CMD_RESTART2 => {
            log::info!("reboot: Restarting system");
            drain_console();
            metal::power::reset()
        }
        linux::LINUX_REBOOT_CMD_HALT => halt(),
        // There is no key combination that reboots, so there is nothing to allow or forbid.
        linux::LINUX_REBOOT_CMD_CAD_ON | linux::LINUX_REBOOT_CMD_CAD_OFF => Ok(0),
        _ => Err(Errno::EINVAL),
    }
}

/// reboot(2) in a pid namespace: the machine is not its to bring down. Its init ends as if by a
/// signal that tells which command it was, and everyone in it ends with that.
fn reboot_namespace(thread: &Arc<Thread>, command: u32) -> Result<usize> {
    let signal = match command {
        linux::LINUX_REBOOT_CMD_RESTART | linux::LINUX_REBOOT_CMD_RESTART2 => linux::SIGHUP,
        linux::LINUX_REBOOT_CMD_POWER_OFF | linux::LINUX_REBOOT_CMD_HALT => linux::SIGINT,
        _ => return Err(Errno::EINVAL),
    };
    let init = table::find(thread.process.pid_namespace.init());
    if let Some(init) = init.and_then(|init| init.leader()) {
        exit::exit_process(&init, ExitStatus::Killed(signal as u8));
    }
    exit::exit_thread(thread, ExitStatus::Exited(0));
    Ok(0)
}

fn power_off() -> ! {
    log::info!("reboot: Power down");
    drain_console();
    metal::power::power_off();
    log::warn!("reboot: this machine cannot power itself off");
    halt()
}

fn halt() -> ! {
    log::info!("reboot: System halted");
    drain_console();
    metal::power::halt()
}

/// Gives what programs wrote last a chance to reach the serial line.
fn drain_console() {
    if let Some(console) = terminal::console() {
        console.send_rest();
    }
}
