//! Nodes and handles in parcels: what they become on the other side.

use abi_tests::check::{Outcome, note};
use abi_tests::{cases, same};
use libc::*;

use crate::commands::Commands;
use crate::endpoint::Endpoint;
use crate::expect::{failed, saw};
use crate::pair::{NODE, Pair, look_up, publish};
use crate::parcel::{Parcel, binder, flat, handle};
use crate::protocol::{bc, object, tf};
use crate::returns::Incoming;

cases![
    node_becomes_a_handle,
    weak_node_becomes_a_weak_handle,
    handle_becomes_the_node,
    weak_handle_becomes_the_weak_node,
    handle_of_a_third_becomes_a_handle,
    weak_handle_of_a_third,
    handle_in_a_reply,
    several_objects,
    same_node_twice,
    same_node_with_another_cookie,
    node_with_pointer_zero,
    flags_of_an_object,
    handle_that_never_was,
    weakly_held_handle_as_a_strong_one,
    weakly_held_handle_as_a_weak_one,
    bytes_around_objects,
    object_without_an_offset_is_bytes,
    failed_call_leaves_no_references,
    manager_as_an_object,
    bytes_of_a_handle_beyond_its_32_bits,
    node_in_a_one_way_call,
    node_in_a_buffer_that_is_freed,
    node_kept_beyond_the_buffer,
    weak_node_in_a_buffer_that_is_freed,
];

/// Lets the server reply: what the client reads then is `expected`.
fn answered(pair: &Pair, expected: &str) -> Outcome {
    pair.server
        .write(&Commands::new().reply(0, &Parcel::default()))?;
    saw(&pair.client.take()?, expected)
}

/// The object at `offset`: kind, flags, value, cookie.
fn object_at(incoming: &Incoming, offset: usize) -> (u32, u32, u64, u64) {
    (
        incoming.number(offset),
        incoming.number(offset + 4),
        incoming.word(offset + 8),
        incoming.word(offset + 16),
    )
}

fn node_becomes_a_handle() -> Outcome {
    let pair = Pair::new()?;
    let parcel = Parcel::default().object(&binder(0x8000, 0x8001));
    let asked = pair.call(1, 0, &parcel)?;
    same!(asked.places(), [0]);
    let (kind, flags, value, cookie) = object_at(&asked, 0);
    same!((kind, cookie), (object::HANDLE, 0));
    same!(value, 1);
    note(format!("flags {flags:#x}, handle {value}"));
    answered(&pair, "INCREFS ACQUIRE TRANSACTION_COMPLETE REPLY")
}

fn weak_node_becomes_a_weak_handle() -> Outcome {
    let pair = Pair::new()?;
    let parcel = Parcel::default().object(&flat(object::WEAK_BINDER, 0, 0x8000, 0x8001));
    let asked = pair.call(1, 0, &parcel)?;
    let (kind, flags, value, cookie) = object_at(&asked, 0);
    same!((kind, flags, cookie), (object::WEAK_HANDLE, 0, 0));
    same!(value, 1);
    answered(&pair, "INCREFS TRANSACTION_COMPLETE REPLY")
}

fn handle_becomes_the_node() -> Outcome {
    let pair = Pair::new()?;
    let asked = pair.call(1, 0, &Parcel::default().object(&handle(pair.handle)))?;
    let (kind, flags, value, cookie) = object_at(&asked, 0);
    same!(kind, object::BINDER);
    same!((value, cookie), NODE);
    note(format!("flags {flags:#x}"));
    answered(&pair, "TRANSACTION_COMPLETE REPLY")
}

fn weak_handle_becomes_the_weak_node() -> Outcome {
    let pair = Pair::new()?;
    let weak = flat(object::WEAK_HANDLE, 0, u64::from(pair.handle), 0);
    let asked = pair.call(1, 0, &Parcel::default().object(&weak))?;
    let (kind, _, value, cookie) = object_at(&asked, 0);
    same!(kind, object::WEAK_BINDER);
    same!((value, cookie), NODE);
    Ok(())
}

/// A third endpoint with a node of which the pair's client has a handle.
fn third(pair: &Pair) -> Result<(Endpoint, u32), abi_tests::check::Failure> {
    let third = Endpoint::open()?;
    publish(&third, 7, &binder(0xa000, 0xa001))?;
    let handle = look_up(&pair.client, 7)?;
    Ok((third, handle))
}

fn handle_of_a_third_becomes_a_handle() -> Outcome {
    let pair = Pair::new()?;
    let (third, theirs) = third(&pair)?;
    let asked = pair.call(1, 0, &Parcel::default().object(&handle(theirs)))?;
    let (kind, _, value, _) = object_at(&asked, 0);
    same!((kind, value), (object::HANDLE, 1));
    // And it is the third's.
    let empty = Parcel::default();
    pair.server
        .write(&Commands::new().transaction(1, 6, tf::ONE_WAY, &empty))?;
    same!(third.transaction()?.code, 6);
    Ok(())
}

fn weak_handle_of_a_third() -> Outcome {
    let pair = Pair::new()?;
    let (_third, theirs) = third(&pair)?;
    let weak = flat(object::WEAK_HANDLE, 0, u64::from(theirs), 0);
    let asked = pair.call(1, 0, &Parcel::default().object(&weak))?;
    let (kind, _, value, _) = object_at(&asked, 0);
    same!((kind, value), (object::WEAK_HANDLE, 1));
    let empty = Parcel::default();
    pair.server
        .write(&Commands::new().transaction(1, 6, tf::ONE_WAY, &empty))?;
    failed(&pair.server, "FAILED_REPLY", EINVAL)
}

fn handle_in_a_reply() -> Outcome {
    let pair = Pair::new()?;
    let answer = Parcel::default().object(&binder(0x8000, 0x8001));
    let (_, came) = pair.round(&Parcel::default(), &answer)?;
    let (kind, _, value, _) = object_at(&came, 0);
    same!((kind, value), (object::HANDLE, 2));
    saw(&pair.server.take()?, "INCREFS ACQUIRE TRANSACTION_COMPLETE")
}

fn several_objects() -> Outcome {
    let pair = Pair::new()?;
    let parcel = Parcel::default()
        .object(&binder(0x8000, 0))
        .object(&handle(pair.handle))
        .object(&binder(0x8010, 0));
    let asked = pair.call(1, 0, &parcel)?;
    same!(asked.places(), [0, 24, 48]);
    let kinds = [0, 24, 48].map(|at| asked.number(at));
    same!(kinds, [object::HANDLE, object::BINDER, object::HANDLE]);
    same!((asked.word(8), asked.word(56)), (1, 2));
    answered(
        &pair,
        "INCREFS ACQUIRE INCREFS ACQUIRE TRANSACTION_COMPLETE REPLY",
    )
}

fn same_node_twice() -> Outcome {
    let pair = Pair::new()?;
    let node = binder(0x8000, 1);
    let asked = pair.call(1, 0, &Parcel::default().object(&node).object(&node))?;
    same!((asked.word(8), asked.word(32)), (1, 1));
    answered(&pair, "INCREFS ACQUIRE TRANSACTION_COMPLETE REPLY")
}

fn same_node_with_another_cookie() -> Outcome {
    let pair = Pair::new()?;
    let parcel = Parcel::default().object(&binder(NODE.0, NODE.1 + 1));
    let back = {
        publish(&pair.client, 5, &binder(0xc000, 0))?;
        look_up(&pair.server, 5)?
    };
    // The server's node, under another cookie than it was made with.
    pair.server
        .write(&Commands::new().transaction(back, 1, 0, &parcel))?;
    failed(&pair.server, "FAILED_REPLY", EINVAL)
}

fn node_with_pointer_zero() -> Outcome {
    let pair = Pair::new()?;
    let asked = pair.call(1, 0, &Parcel::default().object(&binder(0, 0)))?;
    same!(asked.number(0), object::HANDLE);
    answered(&pair, "INCREFS ACQUIRE TRANSACTION_COMPLETE REPLY")
}

fn flags_of_an_object() -> Outcome {
    let pair = Pair::new()?;
    let parcel = Parcel::default().object(&flat(object::BINDER, 0x1234_01ff, 0x8000, 0));
    let asked = pair.call(1, 0, &parcel)?;
    note(format!("{:#x}", asked.number(4)));
    Ok(())
}

fn handle_that_never_was() -> Outcome {
    let pair = Pair::new()?;
    for kind in [object::HANDLE, object::WEAK_HANDLE] {
        let parcel = Parcel::default().object(&flat(kind, 0, 4711, 0));
        pair.client
            .write(&Commands::new().transaction(pair.handle, 1, 0, &parcel))?;
        failed(&pair.client, "FAILED_REPLY", EINVAL)?;
    }
    Ok(())
}

fn weakly_held_handle_as_a_strong_one() -> Outcome {
    let pair = Pair::new()?;
    let (_third, theirs) = third(&pair)?;
    pair.client.write(
        &Commands::new()
            .with_handle(bc::INCREFS, theirs)
            .with_handle(bc::RELEASE, theirs),
    )?;
    let parcel = Parcel::default().object(&handle(theirs));
    pair.client
        .write(&Commands::new().transaction(pair.handle, 1, 0, &parcel))?;
    failed(&pair.client, "FAILED_REPLY", EINVAL)
}

fn weakly_held_handle_as_a_weak_one() -> Outcome {
    let pair = Pair::new()?;
    let (_third, theirs) = third(&pair)?;
    pair.client.write(
        &Commands::new()
            .with_handle(bc::INCREFS, theirs)
            .with_handle(bc::RELEASE, theirs),
    )?;
    let weak = flat(object::WEAK_HANDLE, 0, u64::from(theirs), 0);
    let asked = pair.call(1, 0, &Parcel::default().object(&weak))?;
    same!(asked.number(0), object::WEAK_HANDLE);
    Ok(())
}

fn bytes_around_objects() -> Outcome {
    let pair = Pair::new()?;
    let mut parcel = Parcel::bytes(b"head").object(&binder(0x8000, 0));
    parcel.data.extend_from_slice(b"tail");
    let asked = pair.call(1, 0, &parcel)?;
    let data = asked.data();
    same!((&data[..4], &data[28..]), (&b"head"[..], &b"tail"[..]));
    same!(asked.number(4), object::HANDLE);
    Ok(())
}

fn object_without_an_offset_is_bytes() -> Outcome {
    let pair = Pair::new()?;
    let bytes = handle(4711);
    let asked = pair.call(1, 0, &Parcel::bytes(&bytes))?;
    same!(asked.data() == bytes, true);
    Ok(())
}

fn failed_call_leaves_no_references() -> Outcome {
    let pair = Pair::new()?;
    // The first object is fine, the second is not, and the first must be undone.
    let parcel = Parcel::default()
        .object(&binder(0x8000, 0))
        .object(&handle(4711));
    pair.client
        .write(&Commands::new().transaction(pair.handle, 1, 0, &parcel))?;
    let seen = pair.client.take()?;
    saw(&seen, "FAILED_REPLY")?;
    // The next node gets the first handle that is free: the one that was undone.
    let asked = pair.call(1, 0, &Parcel::default().object(&binder(0x9000, 0)))?;
    same!(asked.word(8), 1);
    Ok(())
}

fn manager_as_an_object() -> Outcome {
    let pair = Pair::new()?;
    pair.client
        .write(&Commands::new().with_handle(bc::ACQUIRE, 0))?;
    let asked = pair.call(1, 0, &Parcel::default().object(&handle(0)))?;
    let (kind, _, value, _) = object_at(&asked, 0);
    same!((kind, value), (object::HANDLE, 0));
    Ok(())
}

fn bytes_of_a_handle_beyond_its_32_bits() -> Outcome {
    let pair = Pair::new()?;
    let wide = flat(
        object::HANDLE,
        0,
        0xdead_0000_0000 | u64::from(pair.handle),
        0,
    );
    let asked = pair.call(1, 0, &Parcel::default().object(&wide))?;
    same!(asked.word(8), NODE.0);
    Ok(())
}

fn node_in_a_one_way_call() -> Outcome {
    let pair = Pair::new()?;
    let parcel = Parcel::default().object(&binder(0x8000, 0));
    pair.call_one_way(1, &parcel)?;
    saw(&pair.client.take()?, "INCREFS ACQUIRE TRANSACTION_COMPLETE")
}

/// Sends `object` one way; the client acknowledges it. Gives the buffer at the server.
fn acknowledged(pair: &Pair, object: &[u8]) -> Result<Incoming, abi_tests::check::Failure> {
    let asked = pair.call_one_way(1, &Parcel::default().object(object))?;
    let returns = pair.client.take()?;
    pair.client.acknowledge(&returns)?;
    Ok(asked)
}

fn node_in_a_buffer_that_is_freed() -> Outcome {
    let pair = Pair::new()?;
    let asked = acknowledged(&pair, &binder(0x8000, 0))?;
    saw(&pair.client.take()?, "")?;
    pair.server.free(asked.buffer)?;
    saw(&pair.client.take()?, "RELEASE DECREFS")
}

fn node_kept_beyond_the_buffer() -> Outcome {
    let pair = Pair::new()?;
    let asked = acknowledged(&pair, &binder(0x8000, 0))?;
    let handle = asked.number(8);
    pair.server.write(
        &Commands::new()
            .with_handle(bc::ACQUIRE, handle)
            .free(asked.buffer),
    )?;
    saw(&pair.client.take()?, "")?;
    pair.server
        .write(&Commands::new().with_handle(bc::RELEASE, handle))?;
    saw(&pair.client.take()?, "RELEASE DECREFS")
}

fn weak_node_in_a_buffer_that_is_freed() -> Outcome {
    let pair = Pair::new()?;
    let asked = acknowledged(&pair, &flat(object::WEAK_BINDER, 0, 0x8000, 0))?;
    pair.server.free(asked.buffer)?;
    saw(&pair.client.take()?, "DECREFS")
}
