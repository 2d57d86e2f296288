//! Calls within calls that break off: one of the chain closes its file or leaves the driver.
//!
//! Linux tells the one that waits for a lost one only when nothing is under way beneath: its own
//! chain is followed down to where somebody still has a call to answer, and the word comes when
//! that one has answered.

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::pause;
use abi_tests::{cases, same};

use crate::commands::Commands;
use crate::endpoint::Endpoint;
use crate::expect::saw;
use crate::pair::{Pair, look_up, publish};
use crate::parcel::{Parcel, binder};
use crate::protocol::ioctl;
use crate::returns::Return;

cases![
    server_closes_while_its_caller_serves_it,
    server_thread_leaves_while_its_caller_serves_it,
    client_closes_while_it_serves,
    client_thread_leaves_while_it_serves,
    nested_call_fails,
    nested_reply_fails,
    nested_call_to_a_dead_node,
    call_after_a_broken_chain,
];

/// The client has called the server, which has called it back; the client has that call in hand.
fn chain() -> Result<(Endpoint, Endpoint, u32), Failure> {
    let pair = Pair::new()?;
    publish(&pair.client, 3, &binder(0xd000, 0))?;
    let back = look_up(&pair.server, 3)?;
    let empty = Parcel::default();
    pair.call(1, 0, &empty)?;
    pair.server
        .write(&Commands::new().transaction(back, 2, 0, &empty))?;
    same!(pair.client.transaction()?.code, 2);
    Ok((pair.server, pair.client, pair.handle))
}

fn reply(endpoint: &Endpoint) -> Outcome {
    endpoint.write(&Commands::new().reply(0, &Parcel::default()))
}

/// What can be read that is not about references to nodes.
fn news(endpoint: &Endpoint) -> Result<Vec<Return>, Failure> {
    let is_count = |one: &Return| {
        matches!(
            one,
            Return::Increfs(..) | Return::Acquire(..) | Return::Release(..) | Return::Decrefs(..)
        )
    };
    let returns = endpoint.take()?;
    Ok(returns.into_iter().filter(|one| !is_count(one)).collect())
}

fn server_closes_while_its_caller_serves_it() -> Outcome {
    let (server, client, _) = chain()?;
    drop(server);
    pause(100);
    saw(&news(&client)?, "")?;
    reply(&client)?;
    saw(&news(&client)?, "TRANSACTION_COMPLETE DEAD_REPLY")
}

fn server_thread_leaves_while_its_caller_serves_it() -> Outcome {
    let (server, client, _) = chain()?;
    same!(server.ioctl(ioctl::THREAD_EXIT, 0usize), 0);
    saw(&news(&client)?, "")?;
    reply(&client)?;
    saw(&news(&client)?, "TRANSACTION_COMPLETE DEAD_REPLY")
}

fn client_closes_while_it_serves() -> Outcome {
    let (server, client, _) = chain()?;
    drop(client);
    pause(100);
    saw(&news(&server)?, "TRANSACTION_COMPLETE DEAD_REPLY")?;
    // And its own reply goes nowhere.
    reply(&server)?;
    saw(&news(&server)?, "TRANSACTION_COMPLETE")
}

fn client_thread_leaves_while_it_serves() -> Outcome {
    let (server, client, _) = chain()?;
    same!(client.ioctl(ioctl::THREAD_EXIT, 0usize), 0);
    saw(&news(&server)?, "TRANSACTION_COMPLETE DEAD_REPLY")?;
    reply(&server)?;
    saw(&news(&server)?, "TRANSACTION_COMPLETE")?;
    saw(&news(&client)?, "")
}

fn nested_call_fails() -> Outcome {
    let pair = Pair::new()?;
    pair.call(1, 0, &Parcel::default())?;
    pair.server
        .write(&Commands::new().transaction(4711, 2, 0, &Parcel::default()))?;
    saw(&news(&pair.server)?, "FAILED_REPLY")?;
    // It can still answer.
    reply(&pair.server)?;
    saw(&news(&pair.client)?, "TRANSACTION_COMPLETE REPLY")
}

fn nested_reply_fails() -> Outcome {
    let (server, client, _) = chain()?;
    let large = Parcel::bytes(vec![0; crate::endpoint::MAP_BYTES + 8]);
    client.write(&Commands::new().reply(0, &large))?;
    saw(&news(&client)?, "TRANSACTION_COMPLETE")?;
    saw(&news(&server)?, "TRANSACTION_COMPLETE FAILED_REPLY")?;
    reply(&server)?;
    saw(&news(&client)?, "REPLY")
}

fn nested_call_to_a_dead_node() -> Outcome {
    let pair = Pair::new()?;
    let third = Endpoint::open()?;
    publish(&third, 4, &binder(0xe000, 0))?;
    let handle = look_up(&pair.server, 4)?;
    drop(third);
    pause(100);
    pair.call(1, 0, &Parcel::default())?;
    pair.server
        .write(&Commands::new().transaction(handle, 2, 0, &Parcel::default()))?;
    saw(&news(&pair.server)?, "DEAD_REPLY")?;
    reply(&pair.server)?;
    saw(&news(&pair.client)?, "TRANSACTION_COMPLETE REPLY")
}

fn call_after_a_broken_chain() -> Outcome {
    let (server, client, handle) = chain()?;
    same!(server.ioctl(ioctl::THREAD_EXIT, 0usize), 0);
    reply(&client)?;
    saw(&news(&client)?, "TRANSACTION_COMPLETE DEAD_REPLY")?;
    // Both threads are as new.
    client.write(&Commands::new().transaction(handle, 5, 0, &Parcel::default()))?;
    same!(server.transaction()?.code, 5);
    reply(&server)?;
    saw(&news(&client)?, "TRANSACTION_COMPLETE REPLY")
}
