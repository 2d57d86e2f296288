//! Handles whose node's owner is dead: they stay good for counting and passing on.

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::until;
use abi_tests::{cases, holds, same};
use libc::EINVAL;

use crate::commands::Commands;
use crate::endpoint::Endpoint;
use crate::expect::{extended_error, failed, saw};
use crate::manager::Manager;
use crate::pair::{Pair, look_up, publish};
use crate::parcel::{Parcel, binder, flat, handle};
use crate::protocol::{bc, object, tf};
use crate::returns::Return;

cases![
    call,
    one_way_call,
    counting,
    handle_is_not_given_anew,
    passed_on,
    passed_on_weakly,
    notification_of_one_passed_on,
    sent_to_the_manager_and_back,
    last_reference_goes,
];

/// A client with a handle of a node whose owner has died, all of which is settled; and a manager
/// who has that reference too.
fn bereaved() -> Result<(Manager, Endpoint, u32), Failure> {
    let Pair {
        manager,
        server,
        client,
        handle,
    } = Pair::new()?;
    drop(server);
    let empty = Parcel::default();
    // While it is taken apart, the error is another one.
    let died = until(|| {
        let sent = client.write(&Commands::new().transaction(handle, 1, tf::ONE_WAY, &empty));
        let seen = client.take();
        sent.is_ok()
            && seen.is_ok_and(|seen| seen == [Return::DeadReply])
            && extended_error(&client).is_ok_and(|(_, _, errno)| errno == -EINVAL)
    });
    holds!(died);
    Ok((manager, client, handle))
}

fn call() -> Outcome {
    let (_manager, client, handle) = bereaved()?;
    client.write(&Commands::new().transaction(handle, 1, 0, &Parcel::default()))?;
    failed(&client, "DEAD_REPLY", EINVAL)
}

fn one_way_call() -> Outcome {
    let (_manager, client, handle) = bereaved()?;
    let empty = Parcel::default();
    client.write(&Commands::new().transaction(handle, 1, tf::ONE_WAY, &empty))?;
    failed(&client, "DEAD_REPLY", EINVAL)
}

fn counting() -> Outcome {
    let (_manager, client, handle) = bereaved()?;
    client.write(
        &Commands::new()
            .with_handle(bc::INCREFS, handle)
            .with_handle(bc::ACQUIRE, handle)
            .with_handle(bc::RELEASE, handle)
            .with_handle(bc::DECREFS, handle),
    )?;
    client.write(&Commands::new().transaction(handle, 1, 0, &Parcel::default()))?;
    failed(&client, "DEAD_REPLY", EINVAL)
}

fn handle_is_not_given_anew() -> Outcome {
    let (_manager, client, dead) = bereaved()?;
    let server = Endpoint::open()?;
    publish(&server, 1, &binder(0x5000, 0))?;
    let alive = look_up(&client, 1)?;
    same!((dead, alive), (1, 2));
    Ok(())
}

/// Another endpoint, and the client's handle of a node of it.
fn other(client: &Endpoint) -> Result<(Endpoint, u32), Failure> {
    let other = Endpoint::open()?;
    publish(&other, 1, &binder(0x5000, 0))?;
    Ok((other, look_up(client, 1)?))
}

fn passed_on() -> Outcome {
    let (_manager, client, dead) = bereaved()?;
    let (other, theirs) = other(&client)?;
    let parcel = Parcel::default().object(&handle(dead));
    client.write(&Commands::new().transaction(theirs, 1, tf::ONE_WAY, &parcel))?;
    let asked = other.transaction()?;
    same!((asked.number(0), asked.word(8)), (object::HANDLE, 1));
    other.write(&Commands::new().transaction(1, 1, 0, &Parcel::default()))?;
    failed(&other, "DEAD_REPLY", EINVAL)
}

fn passed_on_weakly() -> Outcome {
    let (_manager, client, dead) = bereaved()?;
    let (other, theirs) = other(&client)?;
    let parcel = Parcel::default().object(&flat(object::WEAK_HANDLE, 0, u64::from(dead), 0));
    client.write(&Commands::new().transaction(theirs, 1, tf::ONE_WAY, &parcel))?;
    let asked = other.transaction()?;
    same!((asked.number(0), asked.word(8)), (object::WEAK_HANDLE, 1));
    Ok(())
}

fn notification_of_one_passed_on() -> Outcome {
    let (_manager, client, dead) = bereaved()?;
    let (other, theirs) = other(&client)?;
    let parcel = Parcel::default().object(&handle(dead));
    client.write(&Commands::new().transaction(theirs, 1, tf::ONE_WAY, &parcel))?;
    other.transaction()?;
    other.write(&Commands::new().with_death(bc::REQUEST_DEATH_NOTIFICATION, 1, 77))?;
    same!(other.take()?, [Return::DeadBinder(77)]);
    Ok(())
}

fn sent_to_the_manager_and_back() -> Outcome {
    let (_manager, client, dead) = bereaved()?;
    // The same node is the same handle again.
    same!(look_up(&client, 0)?, dead);
    Ok(())
}

fn last_reference_goes() -> Outcome {
    let (manager, client, dead) = bereaved()?;
    manager.kill()?;
    client.write(&Commands::new().with_handle(bc::RELEASE, dead))?;
    client.write(&Commands::new().transaction(dead, 1, 0, &Parcel::default()))?;
    saw(&client.take()?, "FAILED_REPLY")
}
