//! Counting references: what a holder may do with them, and what the owner of a node is told.

use abi_tests::check::{Failure, Outcome};
use abi_tests::{cases, same};
use libc::*;

use crate::commands::Commands;
use crate::endpoint::Endpoint;
use crate::expect::{failed, refused, saw};
use crate::manager::{GET, Manager, PUT};
use crate::pair::{NODE, Pair, look_up, publish};
use crate::parcel::{Parcel, binder, flat};
use crate::protocol::{bc, object, tf};
use crate::returns::Return;

cases![
    owner_is_told_of_the_first,
    owner_is_told_of_a_weak_one,
    owner_is_told_once,
    owner_is_told_of_the_last_strong,
    strong_and_weak_go_together,
    weak_one_keeps_the_node,
    release_waits_for_the_acknowledgement,
    acknowledged_without_being_asked,
    acknowledged_with_a_wrong_cookie,
    acknowledged_for_no_node,
    buffer_holds_a_reference,
    handle_in_a_freed_buffer_is_gone,
    same_node_same_handle,
    lowest_free_handle_is_given,
    release_of_a_handle_that_never_was,
    more_released_than_acquired,
    acquire_beside_a_weak_reference,
    count_of_many,
    revived_after_the_last_went,
    bad_handles_are_not_refused,
    two_holders,
];

/// A manager, an owner that has published [`NODE`], and what it read while doing so.
fn published() -> Result<(Manager, Endpoint, Vec<Return>), Failure> {
    let manager = Manager::start()?;
    let owner = Endpoint::open()?;
    let parcel = Parcel::default().object(&binder(NODE.0, NODE.1));
    owner.write(&Commands::new().transaction(0, PUT, 0, &parcel))?;
    let mut seen = Vec::new();
    while !seen.iter().any(|one| matches!(one, Return::Reply(_))) {
        seen.extend(owner.read()?);
    }
    Ok((manager, owner, seen))
}

fn owner_is_told_of_the_first() -> Outcome {
    let (_manager, _owner, seen) = published()?;
    saw(&seen, "INCREFS ACQUIRE TRANSACTION_COMPLETE REPLY")?;
    same!(seen[0], Return::Increfs(NODE.0, NODE.1));
    same!(seen[1], Return::Acquire(NODE.0, NODE.1));
    Ok(())
}

fn owner_is_told_of_a_weak_one() -> Outcome {
    let pair = Pair::new()?;
    let weak = flat(object::WEAK_BINDER, 0, 0x9000, 0x9001);
    publish(&pair.server, 9, &weak)?;
    // The manager asked for a strong one, which a weak one cannot give across processes.
    Ok(())
}

fn owner_is_told_once() -> Outcome {
    let pair = Pair::new()?;
    // Others that come later are no news.
    let other = Endpoint::open()?;
    look_up(&other, 0)?;
    saw(&pair.server.take()?, "")
}

/// Makes the manager forget the node: its slot gets another one.
fn forgotten(pair: &Pair) -> Outcome {
    // The manager keeps what it was given for good; so it is killed, and all it holds goes.
    abi_tests::sys!(SYS_kill, pair.manager.pid, SIGKILL);
    abi_tests::process::wait(pair.manager.pid)?;
    Ok(())
}

fn owner_is_told_of_the_last_strong() -> Outcome {
    let pair = Pair::new()?;
    forgotten(&pair)?;
    pair.client.write(
        &Commands::new()
            .with_handle(bc::INCREFS, pair.handle)
            .with_handle(bc::RELEASE, pair.handle),
    )?;
    let seen = pair.server.read()?;
    saw(&seen, "RELEASE")?;
    same!(seen[0], Return::Release(NODE.0, NODE.1));
    Ok(())
}

fn strong_and_weak_go_together() -> Outcome {
    let pair = Pair::new()?;
    forgotten(&pair)?;
    pair.client
        .write(&Commands::new().with_handle(bc::RELEASE, pair.handle))?;
    let seen = pair.server.read()?;
    saw(&seen, "RELEASE DECREFS")?;
    same!(seen[1], Return::Decrefs(NODE.0, NODE.1));
    saw(&pair.server.take()?, "")
}

fn weak_one_keeps_the_node() -> Outcome {
    let pair = Pair::new()?;
    forgotten(&pair)?;
    pair.client.write(
        &Commands::new()
            .with_handle(bc::INCREFS, pair.handle)
            .with_handle(bc::RELEASE, pair.handle),
    )?;
    saw(&pair.server.read()?, "RELEASE")?;
    pair.client
        .write(&Commands::new().with_handle(bc::DECREFS, pair.handle))?;
    saw(&pair.server.read()?, "DECREFS")
}

fn release_waits_for_the_acknowledgement() -> Outcome {
    let (manager, owner, _) = published()?;
    manager.kill()?;
    abi_tests::process::pause(100);
    // Nobody holds it any more, but it has not been acknowledged that somebody did.
    saw(&owner.take()?, "")?;
    owner.write(&Commands::new().with_node(bc::INCREFS_DONE, NODE))?;
    saw(&owner.take()?, "")?;
    owner.write(&Commands::new().with_node(bc::ACQUIRE_DONE, NODE))?;
    saw(&owner.take()?, "RELEASE DECREFS")
}

fn acknowledged_without_being_asked() -> Outcome {
    let pair = Pair::new()?;
    // It is complained of in the log, and that is all.
    pair.server
        .write(&Commands::new().with_node(bc::ACQUIRE_DONE, NODE))?;
    pair.server
        .write(&Commands::new().with_node(bc::INCREFS_DONE, NODE))?;
    saw(&pair.server.take()?, "")?;
    pair.round(&Parcel::default(), &Parcel::default())
        .map(|_| ())
}

fn acknowledged_with_a_wrong_cookie() -> Outcome {
    let (_manager, owner, _) = published()?;
    owner.write(&Commands::new().with_node(bc::ACQUIRE_DONE, (NODE.0, 1)))?;
    saw(&owner.take()?, "")
}

fn acknowledged_for_no_node() -> Outcome {
    let endpoint = Endpoint::open()?;
    endpoint.write(&Commands::new().with_node(bc::INCREFS_DONE, (0x77, 0x77)))?;
    saw(&endpoint.take()?, "")
}

fn buffer_holds_a_reference() -> Outcome {
    let pair = Pair::new()?;
    let other = Endpoint::open()?;
    other.write(&Commands::new().transaction(0, GET, 0, &Parcel::default()))?;
    let answer = other.reply()?;
    let handle = answer.number(8);
    // As long as the buffer is not freed, the handle is good.
    other.write(&Commands::new().transaction(handle, 5, tf::ONE_WAY, &Parcel::default()))?;
    saw(&other.take()?, "TRANSACTION_COMPLETE")?;
    same!(pair.server.transaction()?.code, 5);
    Ok(())
}

fn handle_in_a_freed_buffer_is_gone() -> Outcome {
    let _pair = Pair::new()?;
    let other = Endpoint::open()?;
    other.write(&Commands::new().transaction(0, GET, 0, &Parcel::default()))?;
    let answer = other.reply()?;
    let handle = answer.number(8);
    other.free(answer.buffer)?;
    other.write(&Commands::new().transaction(handle, 5, tf::ONE_WAY, &Parcel::default()))?;
    failed(&other, "FAILED_REPLY", EINVAL)
}

fn same_node_same_handle() -> Outcome {
    let pair = Pair::new()?;
    same!(look_up(&pair.client, 0)?, pair.handle);
    Ok(())
}

fn lowest_free_handle_is_given() -> Outcome {
    let pair = Pair::new()?;
    for slot in 1..4 {
        publish(
            &pair.server,
            slot,
            &binder(0x5000 + u64::from(slot) * 16, 0),
        )?;
    }
    let mut handles = vec![pair.handle];
    for slot in 1..4 {
        handles.push(look_up(&pair.client, slot)?);
    }
    same!(handles, [1, 2, 3, 4]);
    pair.client
        .write(&Commands::new().with_handle(bc::RELEASE, 2))?;
    publish(&pair.server, 4, &binder(0x6000, 0))?;
    same!(look_up(&pair.client, 4)?, 2);
    Ok(())
}

fn release_of_a_handle_that_never_was() -> Outcome {
    let endpoint = Endpoint::open()?;
    for command in [bc::INCREFS, bc::ACQUIRE, bc::RELEASE, bc::DECREFS] {
        endpoint.write(&Commands::new().with_handle(command, 4711))?;
    }
    saw(&endpoint.take()?, "")
}

fn more_released_than_acquired() -> Outcome {
    let pair = Pair::new()?;
    let (handle, empty) = (pair.handle, Parcel::default());
    pair.client.write(
        &Commands::new()
            .with_handle(bc::INCREFS, handle)
            .with_handle(bc::RELEASE, handle)
            .with_handle(bc::RELEASE, handle)
            .with_handle(bc::RELEASE, handle),
    )?;
    // The weak one is still there, and does not become strong again; which is complained of in the
    // log, and told nobody.
    pair.client
        .write(&Commands::new().with_handle(bc::ACQUIRE, handle))?;
    pair.client
        .write(&Commands::new().transaction(handle, 1, tf::ONE_WAY, &empty))?;
    failed(&pair.client, "FAILED_REPLY", EINVAL)
}

fn acquire_beside_a_weak_reference() -> Outcome {
    let pair = Pair::new()?;
    let handle = pair.handle;
    // As long as it is strong too, weak references come and go.
    pair.client.write(
        &Commands::new()
            .with_handle(bc::INCREFS, handle)
            .with_handle(bc::ACQUIRE, handle)
            .with_handle(bc::RELEASE, handle)
            .with_handle(bc::DECREFS, handle),
    )?;
    pair.round(&Parcel::default(), &Parcel::default())
        .map(|_| ())
}

fn count_of_many() -> Outcome {
    let pair = Pair::new()?;
    let repeated = |command| {
        (0..1000).fold(Commands::new(), |commands, _| {
            commands.with_handle(command, pair.handle)
        })
    };
    pair.client.write(&repeated(bc::ACQUIRE))?;
    pair.client.write(&repeated(bc::RELEASE))?;
    pair.round(&Parcel::default(), &Parcel::default())
        .map(|_| ())
}

fn revived_after_the_last_went() -> Outcome {
    let pair = Pair::new()?;
    forgotten(&pair)?;
    pair.client
        .write(&Commands::new().with_handle(bc::RELEASE, pair.handle))?;
    saw(&pair.server.read()?, "RELEASE DECREFS")?;
    // The same pointer is a new node now, and may have another cookie.
    let _manager = Manager::start()?;
    publish(&pair.server, 0, &binder(NODE.0, 0x77))?;
    let handle = look_up(&pair.client, 0)?;
    pair.client
        .write(&Commands::new().transaction(handle, 1, tf::ONE_WAY, &Parcel::default()))?;
    same!(pair.server.transaction()?.cookie, 0x77);
    Ok(())
}

fn bad_handles_are_not_refused() -> Outcome {
    let endpoint = Endpoint::open()?;
    let commands = Commands::new()
        .with_handle(bc::ACQUIRE, 99)
        .bare(bc::ENTER_LOOPER)
        .bare(0x6313);
    // The first is only complained of in the log, and the next is taken.
    refused(&endpoint, &commands, EINVAL, 12)
}

fn two_holders() -> Outcome {
    let pair = Pair::new()?;
    let other = Endpoint::open()?;
    let handle = look_up(&other, 0)?;
    forgotten(&pair)?;
    pair.client
        .write(&Commands::new().with_handle(bc::RELEASE, pair.handle))?;
    abi_tests::process::pause(50);
    saw(&pair.server.take()?, "")?;
    drop(other);
    let _ = handle;
    saw(&pair.server.read()?, "RELEASE DECREFS")
}
