//! Running a program: execve(2).
//!
//! All that can fail for a reason of the file's is done first, in a new address space that
//! nobody sees. Then the other threads are ended, and from there on there is no way back: an
//! error kills the process, as on Linux.
//!
//! Source: execve(2), getauxval(3), the System V x86-64 psABI section 3.4 (process
//! initialisation).

mod elf;
mod identity;
mod script;
mod stack;
mod strings;

pub use strings::Strings;

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::Ordering;

use abi::raw::general::{AT_FDCWD, SIGSEGV};
use metal::context::UserState;
use metal::user::UserContext;

use self::identity::Identity;
use super::credentials::Credentials;
use super::limits::{Limits, Resource};
use super::session::Session;
use super::signal::{self, ProcessSignals};
use super::thread::ThreadParts;
use super::{ExitStatus, Process, Thread, exit, personality, scheduler, table, timer};
use crate::error::{Errno, Result};
use crate::file::{self, FileTable, OpenFile};
use crate::memory::AddressSpace;
use crate::namespace::PidNamespace;
use crate::namespace::device::Membership;

/// What a program is started with.
pub struct Arguments {
    /// The file's name as the caller gave it (AT_EXECFN).
    pub file_name: Vec<u8>,
    /// `argv`.
    pub arguments: Strings,
    /// `envp`.
    pub environment: Strings,
}

/// A program in memory, ready to run.
struct Loaded {
    space: Arc<AddressSpace>,
    entry: usize,
    stack: usize,
    executable: Arc<OpenFile>,
    name: Vec<u8>,
    credentials: Credentials,
}

/// The most that arguments and environment may take, as on Linux: a quarter of the stack's
/// limit, and never less than 128 KiB or more than 6 MiB.
pub fn arguments_max(process: &Process) -> usize {
    let quarter = process.limit(Resource::Stack) as usize / 4;
    quarter.clamp(128 << 10, 6 << 20)
}

/// Replaces the program of the calling thread's process.
///
/// # Errors
/// As execve(2) has them; the old program goes on then.
pub fn execute(
    thread: &Arc<Thread>,
    registers: &mut UserContext,
    executable: Arc<OpenFile>,
    arguments: Arguments,
) -> Result<()> {
    let credentials = thread.credentials();
    let limit = thread.process.limit(Resource::Stack);
    let loaded = load(thread, executable, arguments, &credentials, limit)?;
    if !exit::end_other_threads(thread) {
        return Err(Errno::EINTR); // the whole process ends: nobody will see this
    }
    thread.become_leader();
    if let Err(error) = take_own_files(thread) {
        // There is no program left that the error could be told to.
        exit::exit_process(thread, ExitStatus::Killed(SIGSEGV as u8));
        return Err(error);
    }
    take_on(thread, &loaded);
    *registers = UserContext::new(loaded.entry, loaded.stack);
    UserState::initial().load();
    Ok(())
}

/// Closes what the new program is not to have, in a table that is the process's own: one that
/// another process shares (CLONE_FILES) stays the other's.
fn take_own_files(thread: &Thread) -> Result<()> {
    let files = thread.files()?;
    let own = if Arc::strong_count(&files) > 2 {
        Arc::new(files.fork_copy()?)
    } else {
        files
    };
    own.close_on_exec();
    thread.set_files(Some(own));
    Ok(())
}

/// From here on the thread is the new program.
fn take_on(thread: &Arc<Thread>, loaded: &Loaded) {
    exit::leave_memory(thread);
    loaded.space.activate();
    thread.set_address_space(Some(Arc::clone(&loaded.space)));
    thread.finish_vfork();
    *thread.restartable.lock() = None;
    thread.set_name(&loaded.name);
    let before = thread.credentials();
    let changed = before.is_left_for(&loaded.credentials);
    if changed {
        thread.process.dumpable.store(0, Ordering::Relaxed);
        thread
            .process
            .parent_death_signal
            .store(0, Ordering::Relaxed);
    } else {
        thread.process.dumpable.store(1, Ordering::Relaxed);
    }
    personality::start_program(&thread.process, changed);
    thread.set_credentials(loaded.credentials.clone());
    signal::reset_for_exec(thread);
    timer::delete_created(&thread.process);
    let executable = Some(Arc::clone(&loaded.executable));
    let old = core::mem::replace(&mut *thread.process.executable.lock(), executable);
    drop(old);
    thread.process.has_executed.store(true, Ordering::Relaxed);
    thread
        .process
        .exit_signal
        .store(abi::raw::general::SIGCHLD, Ordering::Relaxed);
}

/// Loads a program, or the interpreter that a script names, into a new address space.
fn load(
    thread: &Arc<Thread>,
    executable: Arc<OpenFile>,
    mut arguments: Arguments,
    credentials: &Credentials,
    stack_limit: u64,
) -> Result<Loaded> {
    /// A script's interpreter may be a script, but not without end (as on Linux).
    const INTERPRETERS_MAX: usize = 5;
    let mut executable = executable;
    // What is executed: the file named, then the interpreter, if that is a script its own. The
    // process goes by the first name all the same, and AT_EXECFN tells it.
    let mut path = arguments.file_name.clone();
    let name = base_name(&arguments.file_name).to_vec();
    for _ in 0..INTERPRETERS_MAX {
        let head = elf::read_head(&executable)?;
        let script = formats::script::parse(&head).map_err(|_| Errno::ENOEXEC)?;
        let Some(script) = script else {
            let identity = identity::for_program(&executable, thread, credentials)?;
            return load_elf(
                thread,
                executable,
                &head,
                arguments,
                name,
                identity,
                stack_limit,
            );
        };
        arguments.arguments = script::arguments(&script, &path, &arguments.arguments)?;
        executable = file::open_executable(thread, AT_FDCWD, script.interpreter, 0)?;
        path = script.interpreter.to_vec();
    }
    Err(Errno::ELOOP)
}

fn base_name(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or(path)
}

fn load_elf(
    thread: &Arc<Thread>,
    executable: Arc<OpenFile>,
    head: &[u8],
    arguments: Arguments,
    name: Vec<u8>,
    identity: Identity,
    stack_limit: u64,
) -> Result<Loaded> {
    let space = AddressSpace::new()?;
    let process = &thread.process;
    let image = elf::load(thread, &space, process, &executable, head)?;
    let stack = stack::build(&space, process, &image, &arguments, &identity, stack_limit)?;
    Ok(Loaded {
        space,
        entry: image.start,
        stack,
        executable,
        name,
        credentials: identity.credentials,
    })
}

/// Makes process 1 from the program `path`, with the standard descriptors open on `console`.
///
/// # Errors
/// As execve(2) has them.
pub fn start_first_process(
    path: &[u8],
    arguments: &[Vec<u8>],
    environment: &[&[u8]],
) -> Result<()> {
    let numbers = table::new_number(PidNamespace::root())?;
    let pid = numbers.number;
    let process = Arc::new(Process::new(
        &numbers,
        Membership::new(&numbers.namespace, None)?,
        Session::new(pid),
        Limits::initial(),
        ProcessSignals::new(),
    ));
    let fs = Arc::new(file::initial_context()?);
    let files = Arc::new(FileTable::new());
    // As on Linux, process 1 runs even where nobody can see it.
    match file::open_console() {
        Ok(console) => {
            for _ in 0..3 {
                files.install(Arc::clone(&console), false)?;
            }
        }
        Err(error) => log::warn!("no console for process 1: /dev/console: {error}"),
    }
    let thread = Thread::new(ThreadParts::of_kernel(pid, &process, files, fs)?)?;
    let executable = file::open_executable(&thread, AT_FDCWD, path, 0)?;
    let mut started_with = Arguments {
        file_name: path.to_vec(),
        arguments: Strings::new(),
        environment: Strings::new(),
    };
    for argument in arguments {
        started_with.arguments.push(argument)?;
    }
    for setting in environment {
        started_with.environment.push(setting)?;
    }
    let credentials = thread.credentials();
    let limit = process.limit(Resource::Stack);
    let loaded = load(&thread, executable, started_with, &credentials, limit)?;
    thread.set_initial_registers(UserContext::new(loaded.entry, loaded.stack));
    process.add_thread(&thread);
    table::add_process(&process, 0);
    table::add_thread(&thread);
    thread.set_address_space(Some(Arc::clone(&loaded.space)));
    thread.set_name(&loaded.name);
    *process.executable.lock() = Some(loaded.executable);
    scheduler::start(&thread);
    Ok(())
}
