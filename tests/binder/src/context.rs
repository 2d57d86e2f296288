//! The context manager: who may be it, what handle 0 means, what happens when it goes.

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{self, inside_child, until};
use abi_tests::{cases, gives, holds, raw, same};
use libc::*;

use crate::commands::Commands;
use crate::endpoint::{Endpoint, MAP_BYTES};
use crate::expect::{answered, extended_error, failed, refused, saw};
use crate::manager::{ECHO, Manager, become_manager};
use crate::pair::NODE;
use crate::parcel::{Parcel, binder, flat, handle};
use crate::protocol::{bc, ioctl, object, tf};
use crate::returns::Return;

cases![
    second_manager,
    same_file_twice,
    second_manager_in_the_same_process,
    second_manager_by_another_user,
    another_user_after_the_first_is_gone,
    same_user_after_the_first_is_gone,
    extended_form,
    extended_form_at_a_bad_address,
    extended_form_when_there_is_one,
    no_manager,
    no_manager_one_way,
    manager_calls_itself,
    manager_gone_before_the_call,
    next_manager_takes_over,
    manager_node_is_zero,
    manager_without_a_mapping,
    references_to_handle_zero,
    manager_is_sent_to_itself,
    manager_acquires_itself,
    manager_that_wants_security_contexts,
];

fn second_manager() -> Outcome {
    let _manager = Manager::start()?;
    let endpoint = Endpoint::open()?;
    answered(
        "SET_CONTEXT_MGR",
        endpoint.ioctl(ioctl::SET_CONTEXT_MGR, 0usize),
        EBUSY,
    )
}

fn same_file_twice() -> Outcome {
    let endpoint = become_manager()?;
    answered(
        "SET_CONTEXT_MGR",
        endpoint.ioctl(ioctl::SET_CONTEXT_MGR, 0usize),
        EBUSY,
    )
}

fn second_manager_in_the_same_process() -> Outcome {
    let _first = become_manager()?;
    let second = Endpoint::open()?;
    answered(
        "SET_CONTEXT_MGR",
        second.ioctl(ioctl::SET_CONTEXT_MGR, 0usize),
        EBUSY,
    )
}

/// Becomes an ordinary user, as whom the device cannot be opened anew.
fn drop_privileges() -> Outcome {
    gives!(0, SYS_setresuid, 1000, 1000, 1000);
    Ok(())
}

fn second_manager_by_another_user() -> Outcome {
    let _manager = Manager::start()?;
    inside_child(|| {
        let endpoint = Endpoint::open()?;
        drop_privileges()?;
        answered("it", endpoint.ioctl(ioctl::SET_CONTEXT_MGR, 0usize), EBUSY)
    })
}

fn another_user_after_the_first_is_gone() -> Outcome {
    Manager::start()?.kill()?;
    inside_child(|| {
        let endpoint = Endpoint::open()?;
        drop_privileges()?;
        let mut seen = 0;
        until(|| {
            seen = endpoint.ioctl(ioctl::SET_CONTEXT_MGR, 0usize);
            seen != -(EBUSY as isize)
        });
        answered("SET_CONTEXT_MGR", seen, EPERM)
    })
}

fn same_user_after_the_first_is_gone() -> Outcome {
    for _ in 0..3 {
        Manager::start()?.kill()?;
    }
    Ok(())
}

/// Waits until the managers of earlier cases are gone, and becomes one by the extended call.
fn extended(object: &[u8]) -> Result<(Endpoint, isize), Failure> {
    let endpoint = Endpoint::open()?;
    let mut seen = 0;
    until(|| {
        seen = endpoint.ioctl(ioctl::SET_CONTEXT_MGR_EXT, object);
        seen != -(EBUSY as isize)
    });
    Ok((endpoint, seen))
}

fn extended_form() -> Outcome {
    let object = flat(object::BINDER, object::ACCEPTS_FDS, NODE.0, NODE.1);
    let manager = Manager::start_by(|| extended(&object).map(|(endpoint, _)| endpoint))?;
    let client = Endpoint::open()?;
    client.write(&Commands::new().transaction(0, ECHO, 0, &Parcel::bytes(b"1234")))?;
    same!(client.reply()?.data(), b"1234");
    manager.kill()
}

fn extended_form_at_a_bad_address() -> Outcome {
    let endpoint = Endpoint::open()?;
    let seen = endpoint.ioctl(ioctl::SET_CONTEXT_MGR_EXT, 8usize);
    answered("SET_CONTEXT_MGR_EXT", seen, EINVAL)
}

fn extended_form_when_there_is_one() -> Outcome {
    let _manager = Manager::start()?;
    let endpoint = Endpoint::open()?;
    let seen = endpoint.ioctl(ioctl::SET_CONTEXT_MGR_EXT, &binder(0, 0)[..]);
    answered("SET_CONTEXT_MGR_EXT", seen, EBUSY)
}

/// Waits until the managers of earlier cases are gone.
fn without_manager() -> Outcome {
    Manager::start()?.kill()?;
    let client = Endpoint::open()?;
    let empty = Parcel::default();
    let gone = until(|| {
        let sent = client.write(&Commands::new().transaction(0, 0, 0, &empty));
        // While it is taken apart, the error is another one.
        sent.is_ok()
            && client.read().is_ok_and(|seen| seen == [Return::DeadReply])
            && extended_error(&client).is_ok_and(|(_, _, errno)| errno == -EINVAL)
    });
    holds!(gone, "the manager that was killed is still there");
    Ok(())
}

fn no_manager() -> Outcome {
    without_manager()?;
    let client = Endpoint::open()?;
    client.write(&Commands::new().transaction(0, 0, 0, &Parcel::default()))?;
    failed(&client, "DEAD_REPLY", EINVAL)
}

fn no_manager_one_way() -> Outcome {
    without_manager()?;
    let client = Endpoint::open()?;
    client.write(&Commands::new().transaction(0, 0, 1, &Parcel::default()))?;
    saw(&client.take()?, "DEAD_REPLY")
}

fn manager_calls_itself() -> Outcome {
    let manager = become_manager()?;
    manager.write(&Commands::new().transaction(0, 0, 0, &Parcel::default()))?;
    failed(&manager, "FAILED_REPLY", EINVAL)?;
    // Nor may its process through another file.
    let other = Endpoint::open()?;
    other.write(&Commands::new().transaction(0, 0, 0, &Parcel::default()))?;
    failed(&other, "FAILED_REPLY", EINVAL)
}

fn manager_gone_before_the_call() -> Outcome {
    let manager = Manager::start()?;
    let client = Endpoint::open()?;
    client.write(&Commands::new().with_handle(bc::ACQUIRE, 0))?;
    manager.kill()?;
    let empty = Parcel::default();
    let mut seen = Vec::new();
    until(|| {
        let sent = client.write(&Commands::new().transaction(0, 0, 0, &empty));
        seen = client.read().unwrap_or_default();
        sent.is_ok() && seen == [Return::DeadReply]
    });
    saw(&seen, "DEAD_REPLY")
}

fn next_manager_takes_over() -> Outcome {
    let client = Endpoint::open()?;
    for _ in 0..2 {
        let manager = Manager::start()?;
        client.write(&Commands::new().transaction(0, ECHO, 0, &Parcel::bytes(b"1234")))?;
        same!(client.reply()?.data(), b"1234");
        manager.kill()?;
    }
    Ok(())
}

fn manager_node_is_zero() -> Outcome {
    let manager = become_manager()?;
    let child = process::spawn(|| {
        let sent = Endpoint::open().and_then(|client| {
            client.write(&Commands::new().transaction(0, 5, 1, &Parcel::default()))?;
            client.read()
        });
        i32::from(sent.is_err())
    })?;
    let asked = manager.transaction()?;
    same!((asked.target, asked.cookie, asked.code), (0, 0, 5));
    same!(process::wait(child)?, 0);
    Ok(())
}

fn manager_without_a_mapping() -> Outcome {
    let manager = Manager::start_by(|| {
        let endpoint = Endpoint::unmapped()?;
        until(|| endpoint.ioctl(ioctl::SET_CONTEXT_MGR, 0usize) == 0);
        Ok(endpoint)
    })?;
    let client = Endpoint::open()?;
    client.write(&Commands::new().transaction(0, ECHO, 0, &Parcel::bytes(b"1234")))?;
    failed(&client, "DEAD_REPLY", ESRCH)?;
    manager.kill()
}

fn references_to_handle_zero() -> Outcome {
    let _manager = Manager::start()?;
    let client = Endpoint::open()?;
    client.write(
        &Commands::new()
            .with_handle(bc::INCREFS, 0)
            .with_handle(bc::ACQUIRE, 0)
            .with_handle(bc::RELEASE, 0)
            .with_handle(bc::DECREFS, 0),
    )?;
    saw(&client.take()?, "")
}

fn manager_is_sent_to_itself() -> Outcome {
    let manager = Manager::start()?;
    let client = Endpoint::open()?;
    // A reference to the manager, given to the manager, is its own node.
    client.write(&Commands::new().with_handle(bc::ACQUIRE, 0))?;
    let parcel = Parcel::default().object(&handle(0));
    client.write(&Commands::new().transaction(0, ECHO, 0, &parcel))?;
    let answer = client.reply()?;
    same!(answer.number(0), object::BINDER);
    same!((answer.word(8), answer.word(16)), (0, 0));
    manager.kill()
}

fn manager_acquires_itself() -> Outcome {
    let manager = become_manager()?;
    for command in [bc::INCREFS, bc::ACQUIRE] {
        refused(
            &manager,
            &Commands::new().with_handle(command, 0),
            EINVAL,
            0,
        )?;
    }
    Ok(())
}

/// Whether there are such contexts depends on what security module the kernel has; Janus has
/// none. With one, a call arrives with its text; without, it fails. Nothing is noted of it.
fn manager_that_wants_security_contexts() -> Outcome {
    let object = flat(object::BINDER, object::TXN_SECURITY_CTX, 0, 0);
    let (manager, seen) = extended(&object)?;
    same!(seen, 0);
    let child = process::spawn(|| {
        let sent = Endpoint::open().and_then(|client| {
            client.write(&Commands::new().transaction(0, 5, tf::ONE_WAY, &Parcel::default()))?;
            client.read()
        });
        match sent.as_deref() {
            Ok([Return::TransactionComplete]) => 0,
            Ok([Return::FailedReply]) => 1,
            _ => 2,
        }
    })?;
    let status = process::wait(child)?;
    if status == 0 {
        let seen = manager.read()?;
        let [Return::TransactionSecCtx(asked, context)] = seen[..] else {
            return Err(Failure::Wrong(format!("saw {seen:?}")));
        };
        same!(asked.code, 5);
        let map = manager.map as u64;
        holds!((map..map + MAP_BYTES as u64).contains(&context));
        let text = raw::text_at(context as usize);
        holds!(!text.is_empty() && text.is_ascii());
    }
    holds!(status == 0 || process::ending(status) == "exited with status 1");
    Ok(())
}
