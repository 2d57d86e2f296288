//! Who a call is said to come from, when files are handed down and namespaces differ.
//!
//! It is the process that opened the file, whoever uses it; and its number is that which the
//! reader's pid namespace has for it.

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{self, spawn, spawn_by};
use abi_tests::{cases, gives, same, sys};
use libc::*;

use crate::commands::Commands;
use crate::endpoint::Endpoint;
use crate::expect::saw;
use crate::manager::become_manager;
use crate::parcel::Parcel;
use crate::protocol::{bc, ioctl, tf};

cases![
    child_calls_by_an_inherited_file,
    thread_calls,
    reader_in_a_nested_pid_namespace,
    euid_is_that_of_the_moment,
    euid_of_an_inherited_file,
    reply_has_no_pid,
    child_becomes_manager_by_an_inherited_file,
    child_serves_by_an_inherited_file,
];

fn call(client: &Endpoint, code: u32) -> Outcome {
    client.write(&Commands::new().transaction(0, code, 0, &Parcel::default()))
}

/// The exit status that says whether `body` was well.
fn status(body: impl FnOnce() -> Outcome) -> i32 {
    i32::from(body().is_err())
}

fn child_calls_by_an_inherited_file() -> Outcome {
    let manager = become_manager()?;
    let opener = spawn(|| {
        status(|| {
            let client = Endpoint::open()?;
            let caller = spawn(|| status(|| call(&client, 7)))?;
            same!(process::wait(caller)?, 0);
            process::pause(5000);
            Ok(())
        })
    })?;
    let asked = manager.transaction()?;
    same!((asked.code, asked.sender_pid), (7, opener));
    Ok(())
}

fn thread_calls() -> Outcome {
    let manager = become_manager()?;
    let caller = spawn(|| {
        status(|| {
            let client = Endpoint::open()?;
            let called = std::thread::scope(|threads| threads.spawn(|| call(&client, 7)).join());
            process::pause(5000);
            called.unwrap_or(Err(Failure::Skipped))
        })
    })?;
    // The process, not the thread.
    same!(manager.transaction()?.sender_pid, caller);
    Ok(())
}

fn reader_in_a_nested_pid_namespace() -> Outcome {
    let manager = become_manager()?;
    let caller = spawn(|| {
        status(|| {
            call(&Endpoint::open()?, 7)?;
            process::pause(5000);
            Ok(())
        })
    })?;
    // Another namespace than the caller's, which has no number there.
    let fork = || sys!(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
    let reader = spawn_by(fork, || {
        status(|| {
            let asked = manager.transaction()?;
            same!((asked.code, asked.sender_pid), (7, 0));
            Ok(())
        })
    })?;
    same!(process::wait(reader)?, 0);
    gives!(0, SYS_kill, caller, SIGKILL);
    Ok(())
}

fn euid_is_that_of_the_moment() -> Outcome {
    let manager = become_manager()?;
    spawn(|| {
        status(|| {
            let client = Endpoint::open()?;
            for (code, uid) in [(0u32, 0), (1, 1000), (2, 0)] {
                gives!(0, SYS_setresuid, -1, uid, -1);
                client.write(&Commands::new().transaction(0, code, 1, &Parcel::default()))?;
            }
            process::pause(5000);
            Ok(())
        })
    })?;
    for (code, uid) in [(0, 0), (1, 1000), (2, 0)] {
        let asked = manager.transaction()?;
        same!((asked.code, asked.sender_euid), (code, uid));
        manager.free(asked.buffer)?;
    }
    Ok(())
}

fn euid_of_an_inherited_file() -> Outcome {
    let manager = become_manager()?;
    spawn(|| {
        status(|| {
            let client = Endpoint::open()?;
            let caller = spawn(|| {
                status(|| {
                    gives!(0, SYS_setresuid, 1000, 1000, 1000);
                    call(&client, 7)
                })
            })?;
            same!(process::wait(caller)?, 0);
            process::pause(5000);
            Ok(())
        })
    })?;
    let asked = manager.transaction()?;
    // The opener's, who is root still.
    same!((asked.code, asked.sender_euid), (7, 0));
    Ok(())
}

fn reply_has_no_pid() -> Outcome {
    let pair = crate::pair::Pair::new()?;
    let (_, answer) = pair.round(&Parcel::default(), &Parcel::default())?;
    same!(answer.sender_pid, 0);
    Ok(())
}

fn child_becomes_manager_by_an_inherited_file() -> Outcome {
    // Made and gone first, so that nobody else is it.
    crate::manager::Manager::start()?.kill()?;
    let endpoint = Endpoint::open()?;
    let child = spawn(|| {
        let done = process::until(|| endpoint.ioctl(ioctl::SET_CONTEXT_MGR, 0usize) == 0);
        i32::from(!done)
    })?;
    same!(process::wait(child)?, 0);
    // The file is the manager, and this process has it still.
    let caller = spawn(|| {
        status(|| {
            let client = Endpoint::open()?;
            let parcel = Parcel::default();
            client.write(&Commands::new().transaction(0, 7, tf::ONE_WAY, &parcel))?;
            saw(&client.read()?, "TRANSACTION_COMPLETE")
        })
    })?;
    same!(process::wait(caller)?, 0);
    same!(endpoint.transaction()?.code, 7);
    Ok(())
}

fn child_serves_by_an_inherited_file() -> Outcome {
    let manager = become_manager()?;
    let server = spawn(|| {
        status(|| {
            manager.write(&Commands::new().bare(bc::ENTER_LOOPER))?;
            let asked = manager.transaction()?;
            same!(asked.code, 7);
            manager.write(&Commands::new().reply(0, &Parcel::bytes(b"from the child")))
        })
    })?;
    let caller = spawn(|| {
        status(|| {
            let client = Endpoint::open()?;
            call(&client, 7)?;
            same!(client.reply()?.data(), b"from the child");
            Ok(())
        })
    })?;
    same!(process::wait(caller)?, 0);
    same!(process::wait(server)?, 0);
    Ok(())
}
