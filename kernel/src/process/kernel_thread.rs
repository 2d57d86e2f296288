//! Threads that run no program but a function of the kernel.
//!
//! Such a thread is a process of its own for everybody who looks, with no memory and no files,
//! so that code which asks for the current thread works in it as anywhere.

use alloc::sync::Arc;

use super::limits::Limits;
#[cfg(feature = "devns")]
use super::policy::{Policy, Scheduling};
use super::session::Session;
use super::signal::ProcessSignals;
use super::thread::ThreadParts;
use super::{Process, Thread, scheduler, table};
use crate::error::Result;
use crate::file::{self, FileTable};
use crate::namespace::device::Membership;

/// Runs `function` in a thread of its own, which never ends by itself and which programs see as
/// a process.
///
/// # Errors
/// ENOMEM, EAGAIN, and ENOENT before there is a root file system.
#[cfg(feature = "ktest")]
pub fn start(name: &[u8], function: fn() -> !) -> Result<Arc<Thread>> {
    let thread = make(
        &table::new_number(crate::namespace::PidNamespace::root())?,
        name,
        function,
    )?;
    table::add_process(&thread.process, 0);
    table::add_thread(&thread);
    scheduler::start(&thread);
    Ok(thread)
}

/// The same for a thread that is part of the kernel's own work: it has no number, no program
/// sees it or can send it a signal, and it counts as nobody's process.
///
/// # Errors
/// ENOMEM, and ENOENT before there is a root file system.
#[cfg(feature = "devns")]
pub fn start_unseen(name: &[u8], function: fn() -> !) -> Result<()> {
    start_unseen_as(name, function, Scheduling::default())
}

/// The same for one that does little and that no program may keep waiting, whatever its priority.
///
/// # Errors
/// As [`start_unseen`].
#[cfg(feature = "devns")]
pub fn start_urgent(name: &[u8], function: fn() -> !) -> Result<()> {
    let before_all_programs = Scheduling {
        policy: Policy::Fifo,
        // Programs have 99 at most.
        priority: 100,
        ..Scheduling::default()
    };
    start_unseen_as(name, function, before_all_programs)
}

#[cfg(feature = "devns")]
fn start_unseen_as(name: &[u8], function: fn() -> !, scheduling: Scheduling) -> Result<()> {
    let thread = make(&table::no_number(), name, function)?;
    thread.process.membership.end();
    thread.set_scheduling(scheduling);
    scheduler::start(&thread);
    Ok(())
}

fn make(numbers: &table::Reserved, name: &[u8], function: fn() -> !) -> Result<Arc<Thread>> {
    let pid = numbers.number;
    let process = Process::new(
        numbers,
        Membership::new(&numbers.namespace, None)?,
        Session::new(pid),
        Limits::initial(),
        ProcessSignals::new(),
    );
    let process = Arc::new(process);
    let files = Arc::new(FileTable::new());
    let fs = Arc::new(file::initial_context()?);
    let thread = Thread::new(ThreadParts::of_kernel(pid, &process, files, fs)?)?;
    thread.set_name(name);
    *thread.kernel_function.lock() = Some(function);
    process.add_thread(&thread);
    Ok(thread)
}
