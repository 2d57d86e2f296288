//! Threads that run no program but a function of the kernel.
//!
//! Such a thread is a process of its own for everybody who looks, with no memory and no files,
//! so that code which asks for the current thread works in it as anywhere.

use alloc::sync::Arc;

use metal::context::UserState;
use metal::user::UserContext;

use super::credentials::Credentials;
use super::limits::Limits;
use super::session::Session;
use super::signal::{ProcessSignals, ThreadSignals};
use super::thread::ThreadParts;
use super::{Process, Thread, scheduler, table};
use crate::error::Result;
use crate::file::{self, FileTable};
use crate::memory::AddressSpace;
use crate::namespace::device::Membership;
use crate::namespace::{NamespaceSet, PidNamespace};

/// Runs `function` in a thread of its own, which never ends by itself.
///
/// # Errors
/// ENOMEM, EAGAIN, and ENOENT before there is a root file system.
pub fn start(name: &[u8], function: fn() -> !) -> Result<Arc<Thread>> {
    let numbers = table::new_number(PidNamespace::root())?;
    let pid = numbers.number;
    let process = Process::new(
        &numbers,
        Membership::new(&numbers.namespace, None)?,
        Session::new(pid),
        Limits::initial(),
        ProcessSignals::new(),
    );
    let process = Arc::new(process);
    let thread = Thread::new(ThreadParts {
        tid: pid,
        process: Arc::clone(&process),
        address_space: AddressSpace::new()?,
        files: Arc::new(FileTable::new()),
        fs: Arc::new(file::initial_context()?),
        namespaces: NamespaceSet::root(),
        credentials: Arc::new(Credentials::root()),
        signals: ThreadSignals::new(),
        name: [0; 16],
        nice: 0,
        scheduling: scheduler::Scheduling::default(),
        registers: UserContext::default(),
        user_state: UserState::initial(),
    })?;
    thread.set_name(name);
    *thread.kernel_function.lock() = Some(function);
    process.add_thread(&thread);
    table::add_process(&process, 0);
    table::add_thread(&thread);
    scheduler::start(&thread);
    Ok(thread)
}
