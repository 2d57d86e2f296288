//! Freezing a process: what it does to those who call it.

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::pause;
use abi_tests::{cases, same};
use libc::*;

use crate::commands::Commands;
use crate::endpoint::Endpoint;
use crate::expect::{answered, saw};
use crate::manager::{ECHO, Manager, become_manager, in_child};
use crate::parcel::Parcel;
use crate::protocol::{bc, ioctl, tf};
use crate::returns::{Return, half};

cases![
    call_to_a_frozen_one,
    call_after_thawing,
    one_way_call_to_a_frozen_one,
    information,
    information_of_a_stranger,
    freezing_a_stranger,
    bad_addresses,
    thawing_what_was_not_frozen,
    freezing_twice,
    with_a_call_in_hand,
    frozen_one_calls_others,
    by_any_process,
];

/// BINDER_FREEZE.
fn freeze(endpoint: &Endpoint, pid: i32, enable: u32, timeout_ms: u32) -> isize {
    endpoint.ioctl(ioctl::FREEZE, &[pid as u32, enable, timeout_ms])
}

/// BINDER_GET_FROZEN_INFO: what was received while it was frozen, by calls and one-way calls.
fn frozen(endpoint: &Endpoint, pid: i32) -> Result<(u32, u32), Failure> {
    let mut bytes = [0u8; 12];
    bytes[..4].copy_from_slice(&pid.to_ne_bytes());
    same!(endpoint.ioctl(ioctl::GET_FROZEN_INFO, &mut bytes), 0);
    Ok((half(&bytes, 4), half(&bytes, 8)))
}

fn call(client: &Endpoint, flags: u32) -> Outcome {
    client.write(&Commands::new().transaction(0, ECHO, flags, &Parcel::bytes(b"1234")))
}

fn call_to_a_frozen_one() -> Outcome {
    let manager = Manager::start()?;
    let client = Endpoint::open()?;
    same!(freeze(&client, manager.pid, 1, 0), 0);
    call(&client, 0)?;
    saw(&client.take()?, "FROZEN_REPLY")
}

fn call_after_thawing() -> Outcome {
    let manager = Manager::start()?;
    let client = Endpoint::open()?;
    same!(freeze(&client, manager.pid, 1, 0), 0);
    same!(freeze(&client, manager.pid, 0, 0), 0);
    call(&client, 0)?;
    same!(client.reply()?.data(), b"1234");
    Ok(())
}

/// Linux 6.1 answers BR_TRANSACTION_COMPLETE; later ones, and perhaps Janus, say by
/// BR_TRANSACTION_PENDING_FROZEN that it will wait.
fn one_way_call_to_a_frozen_one() -> Outcome {
    let manager = Manager::start()?;
    let client = Endpoint::open()?;
    same!(freeze(&client, manager.pid, 1, 0), 0);
    call(&client, tf::ONE_WAY)?;
    let seen = client.take()?;
    let known = [
        Return::TransactionComplete,
        Return::TransactionPendingFrozen,
    ];
    same!(seen.len(), 1);
    same!(known.contains(&seen[0]), true);
    Ok(())
}

fn information() -> Outcome {
    // A manager that leaves everything in its queue: the calls, not the process, are frozen.
    let pid = in_child(become_manager, |_| {
        loop {
            pause(1000);
        }
    })?;
    let client = Endpoint::open()?;
    same!(frozen(&client, pid)?, (0, 0));
    same!(freeze(&client, pid, 1, 0), 0);
    same!(frozen(&client, pid)?, (0, 0));
    call(&client, tf::ONE_WAY)?;
    // Bit 1 of the first: something is under way.
    same!(frozen(&client, pid)?, (2, 1));
    call(&client, 0)?;
    same!(frozen(&client, pid)?, (3, 1));
    same!(freeze(&client, pid, 0, 0), 0);
    Ok(())
}

fn information_of_a_stranger() -> Outcome {
    let client = Endpoint::open()?;
    let seen = client.ioctl(ioctl::GET_FROZEN_INFO, &mut [1u32, 0, 0]);
    answered("GET_FROZEN_INFO", seen, EINVAL)
}

fn freezing_a_stranger() -> Outcome {
    let client = Endpoint::open()?;
    answered("FREEZE", freeze(&client, 1, 1, 0), EINVAL)?;
    answered("FREEZE", freeze(&client, -1, 1, 0), EINVAL)
}

fn bad_addresses() -> Outcome {
    let client = Endpoint::open()?;
    answered("FREEZE", client.ioctl(ioctl::FREEZE, 8usize), EFAULT)?;
    answered(
        "GET_FROZEN_INFO",
        client.ioctl(ioctl::GET_FROZEN_INFO, 8usize),
        EFAULT,
    )
}

fn thawing_what_was_not_frozen() -> Outcome {
    let manager = Manager::start()?;
    let client = Endpoint::open()?;
    same!(freeze(&client, manager.pid, 0, 0), 0);
    call(&client, 0)?;
    same!(client.reply()?.data(), b"1234");
    Ok(())
}

fn freezing_twice() -> Outcome {
    let manager = Manager::start()?;
    let client = Endpoint::open()?;
    same!(freeze(&client, manager.pid, 1, 0), 0);
    same!(freeze(&client, manager.pid, 1, 0), 0);
    same!(freeze(&client, manager.pid, 0, 0), 0);
    call(&client, 0)?;
    client.reply().map(|_| ())
}

fn with_a_call_in_hand() -> Outcome {
    // A manager that takes a call and never replies.
    let pid = in_child(become_manager, |endpoint| {
        endpoint.transaction()?;
        loop {
            pause(1000);
        }
    })?;
    let client = Endpoint::open()?;
    call(&client, 0)?;
    pause(100);
    answered("FREEZE", freeze(&client, pid, 1, 50), EAGAIN)?;
    // It was not frozen then.
    let other = Endpoint::open()?;
    call(&other, 0)?;
    saw(&other.take()?, "")
}

fn frozen_one_calls_others() -> Outcome {
    let _manager = Manager::start()?;
    let client = Endpoint::open()?;
    let me = std::process::id() as i32;
    same!(freeze(&client, me, 1, 0), 0);
    call(&client, 0)?;
    let seen = client.wait_for(|one| matches!(one, Return::Reply(_)).then_some(()));
    same!(freeze(&client, me, 0, 0), 0);
    seen
}

fn by_any_process() -> Outcome {
    let manager = Manager::start()?;
    let client = Endpoint::open()?;
    let me = Endpoint::unmapped()?;
    abi_tests::gives!(0, SYS_setresuid, 1000, 1000, 1000);
    same!(freeze(&me, manager.pid, 1, 0), 0);
    call(&client, 0)?;
    saw(&client.take()?, "FROZEN_REPLY")?;
    let _ = bc::ENTER_LOOPER;
    Ok(())
}
