//! One-way transactions: nobody waits, a node gets them one at a time, and half of the buffer is
//! all that they may fill.

use abi_tests::check::{Outcome, note};
use abi_tests::{cases, holds, same};
use libc::*;

use crate::commands::Commands;
use crate::endpoint::{Endpoint, MAP_BYTES};
use crate::expect::{failed, saw};
use crate::pair::{NODE, Pair, look_up, publish};
use crate::parcel::{Parcel, binder};
use crate::protocol::{ioctl, tf};
use crate::returns::{Incoming, Return};

cases![
    complete_at_once,
    arrives_without_a_sender,
    second_waits_for_the_first_to_be_freed,
    order_is_kept,
    other_nodes_do_not_wait,
    two_way_does_not_wait,
    freed_before_the_next_is_sent,
    no_reply_to_it,
    half_of_the_buffer_at_most,
    two_way_may_have_the_rest,
    space_comes_back,
    dropped_with_the_receiver,
    spam_is_not_told_unless_asked_for,
    spam_is_told_when_asked_for,
    spam_is_told_to_the_sender_only,
    spam_detection_switched_off_again,
    spam_is_told_again_when_space_was_free,
    sent_while_serving_a_call,
    two_senders_one_node,
];

fn send(pair: &Pair, code: u32, parcel: &Parcel) -> Outcome {
    pair.client
        .write(&Commands::new().transaction(pair.handle, code, tf::ONE_WAY, parcel))
}

fn complete_at_once() -> Outcome {
    let pair = Pair::new()?;
    send(&pair, 1, &Parcel::bytes(b"12345678"))?;
    saw(&pair.client.take()?, "TRANSACTION_COMPLETE")?;
    saw(&pair.client.take()?, "")
}

fn arrives_without_a_sender() -> Outcome {
    let pair = Pair::new()?;
    let asked = pair.call_one_way(9, &Parcel::bytes(b"1234"))?;
    same!((asked.target, asked.cookie), NODE);
    same!(
        (asked.code, asked.flags, asked.sender_pid),
        (9, tf::ONE_WAY, 0)
    );
    same!(asked.sender_euid, 0);
    Ok(())
}

/// The transactions that can be read now, by their codes.
fn codes(endpoint: &Endpoint) -> Result<Vec<Incoming>, abi_tests::check::Failure> {
    let returns = endpoint.take()?;
    let came = returns.iter().filter_map(|one| match one {
        Return::Transaction(incoming) => Some(*incoming),
        _ => None,
    });
    Ok(came.collect())
}

fn second_waits_for_the_first_to_be_freed() -> Outcome {
    let pair = Pair::new()?;
    send(&pair, 1, &Parcel::default())?;
    send(&pair, 2, &Parcel::default())?;
    saw(
        &pair.client.take()?,
        "TRANSACTION_COMPLETE TRANSACTION_COMPLETE",
    )?;
    let first = pair.server.transaction()?;
    same!(first.code, 1);
    saw(&pair.server.take()?, "")?;
    pair.server.free(first.buffer)?;
    same!(pair.server.transaction()?.code, 2);
    Ok(())
}

fn order_is_kept() -> Outcome {
    let pair = Pair::new()?;
    for code in 0..50 {
        send(&pair, code, &Parcel::bytes(code.to_ne_bytes()))?;
    }
    for code in 0..50 {
        let asked = pair.server.transaction()?;
        same!((asked.code, asked.number(0)), (code, code));
        pair.server.free(asked.buffer)?;
    }
    Ok(())
}

fn other_nodes_do_not_wait() -> Outcome {
    let pair = Pair::new()?;
    publish(&pair.server, 1, &binder(0x5000, 0x5001))?;
    let other = look_up(&pair.client, 1)?;
    holds!(other != pair.handle);
    send(&pair, 1, &Parcel::default())?;
    send(&pair, 2, &Parcel::default())?;
    pair.client
        .write(&Commands::new().transaction(other, 3, tf::ONE_WAY, &Parcel::default()))?;
    let came: Vec<_> = codes(&pair.server)?.iter().map(|one| one.code).collect();
    same!(came, [1, 3]);
    Ok(())
}

fn two_way_does_not_wait() -> Outcome {
    let pair = Pair::new()?;
    send(&pair, 1, &Parcel::default())?;
    send(&pair, 2, &Parcel::default())?;
    pair.client
        .write(&Commands::new().transaction(pair.handle, 3, 0, &Parcel::default()))?;
    let came: Vec<_> = codes(&pair.server)?.iter().map(|one| one.code).collect();
    same!(came, [1, 3]);
    Ok(())
}

fn freed_before_the_next_is_sent() -> Outcome {
    let pair = Pair::new()?;
    for code in 0..3 {
        let asked = pair.call_one_way(code, &Parcel::default())?;
        pair.server.free(asked.buffer)?;
    }
    Ok(())
}

fn no_reply_to_it() -> Outcome {
    let pair = Pair::new()?;
    pair.call_one_way(1, &Parcel::default())?;
    pair.server
        .write(&Commands::new().reply(0, &Parcel::default()))?;
    failed(&pair.server, "FAILED_REPLY", EPROTO)
}

fn half_of_the_buffer_at_most() -> Outcome {
    let pair = Pair::new()?;
    send(&pair, 1, &Parcel::bytes(vec![0; MAP_BYTES / 2 - 4096]))?;
    saw(&pair.client.take()?, "TRANSACTION_COMPLETE")?;
    send(&pair, 2, &Parcel::bytes(vec![0; 8192]))?;
    failed(&pair.client, "FAILED_REPLY", ENOSPC)
}

fn two_way_may_have_the_rest() -> Outcome {
    let pair = Pair::new()?;
    send(&pair, 1, &Parcel::bytes(vec![0; MAP_BYTES / 2 - 4096]))?;
    let large = Parcel::bytes(vec![0; MAP_BYTES / 2 - 4096]);
    pair.client
        .write(&Commands::new().transaction(pair.handle, 2, 0, &large))?;
    saw(
        &pair.client.take()?,
        "TRANSACTION_COMPLETE TRANSACTION_COMPLETE",
    )
}

fn space_comes_back() -> Outcome {
    let pair = Pair::new()?;
    let large = Parcel::bytes(vec![0; MAP_BYTES / 2 - 4096]);
    for code in 0..10 {
        let asked = pair.call_one_way(code, &large)?;
        pair.server.free(asked.buffer)?;
    }
    Ok(())
}

fn dropped_with_the_receiver() -> Outcome {
    let Pair {
        server,
        client,
        handle,
        ..
    } = Pair::new()?;
    for code in 0..3 {
        client.write(&Commands::new().transaction(
            handle,
            code,
            tf::ONE_WAY,
            &Parcel::default(),
        ))?;
    }
    drop(server);
    saw(
        &client.take()?,
        "TRANSACTION_COMPLETE TRANSACTION_COMPLETE TRANSACTION_COMPLETE",
    )
}

/// How many one-way calls of 1,900 bytes it takes until one is suspected, out of 30.
fn suspected_at(pair: &Pair) -> Result<Option<u32>, abi_tests::check::Failure> {
    for code in 1..=30 {
        send(pair, code, &Parcel::bytes([0; 1900]))?;
        if pair.client.take()? == [Return::OnewaySpamSuspect] {
            return Ok(Some(code));
        }
    }
    Ok(None)
}

fn spam_is_not_told_unless_asked_for() -> Outcome {
    let pair = Pair::new()?;
    same!(suspected_at(&pair)?, None);
    Ok(())
}

/// Switches the detection for those that `endpoint` sends.
fn detect(endpoint: &Endpoint, on: u32) -> Outcome {
    let number = ioctl::ENABLE_ONEWAY_SPAM_DETECTION;
    same!(endpoint.ioctl(number, &on), 0);
    Ok(())
}

fn spam_is_told_when_asked_for() -> Outcome {
    let pair = Pair::new()?;
    detect(&pair.client, 1)?;
    let at = suspected_at(&pair)?;
    holds!(at.is_some());
    note(format!("{at:?}"));
    // Once told, it is not told again.
    send(&pair, 99, &Parcel::bytes([0; 1900]))?;
    saw(&pair.client.take()?, "TRANSACTION_COMPLETE")
}

fn spam_is_told_to_the_sender_only() -> Outcome {
    let pair = Pair::new()?;
    detect(&pair.server, 1)?;
    same!(suspected_at(&pair)?, None);
    Ok(())
}

fn spam_detection_switched_off_again() -> Outcome {
    let pair = Pair::new()?;
    detect(&pair.client, 1)?;
    detect(&pair.client, 0)?;
    same!(suspected_at(&pair)?, None);
    Ok(())
}

fn spam_is_told_again_when_space_was_free() -> Outcome {
    let pair = Pair::new()?;
    detect(&pair.client, 1)?;
    let first = suspected_at(&pair)?;
    holds!(first.is_some());
    // The receiver catches up.
    for _ in 0..first.unwrap_or(0) {
        let asked = pair.server.transaction()?;
        pair.server.free(asked.buffer)?;
    }
    same!(suspected_at(&pair)?, first);
    Ok(())
}

fn sent_while_serving_a_call() -> Outcome {
    let pair = Pair::new()?;
    publish(&pair.client, 2, &binder(0x7000, 0))?;
    let back = look_up(&pair.server, 2)?;
    pair.call(1, 0, &Parcel::default())?;
    pair.server
        .write(&Commands::new().transaction(back, 8, tf::ONE_WAY, &Parcel::default()))?;
    saw(&pair.server.take()?, "TRANSACTION_COMPLETE")?;
    // The client's thread waits for its reply, and one-way calls go to threads that do not.
    saw(&pair.client.take()?, "")?;
    pair.server
        .write(&Commands::new().reply(0, &Parcel::default()))?;
    saw(
        &pair.client.take()?,
        "TRANSACTION_COMPLETE REPLY TRANSACTION",
    )
}

fn two_senders_one_node() -> Outcome {
    let pair = Pair::new()?;
    let other = Endpoint::open()?;
    let handle = look_up(&other, 0)?;
    send(&pair, 1, &Parcel::default())?;
    other.write(&Commands::new().transaction(handle, 2, tf::ONE_WAY, &Parcel::default()))?;
    let came = codes(&pair.server)?;
    same!(came.iter().map(|one| one.code).collect::<Vec<_>>(), [1]);
    pair.server.free(came[0].buffer)?;
    same!(pair.server.transaction()?.code, 2);
    Ok(())
}
