//! Two-way transactions: what arrives, in what order, and how they fail.

use abi_tests::check::{Outcome, note};
use abi_tests::process::inside_child;
use abi_tests::{cases, gives, holds, same, sys};
use libc::*;

use crate::commands::{Commands, transaction_data};
use crate::endpoint::{Endpoint, MAP_BYTES};
use crate::expect::{extended_error, failed, refused, saw};
use crate::manager::{Manager, WHO};
use crate::pair::{NODE, Pair};
use crate::parcel::Parcel;
use crate::protocol::{bc, ioctl, tf};
use crate::returns::{Return, half};

cases![
    what_arrives,
    what_comes_back,
    order_for_the_sender,
    order_for_the_one_who_replies,
    completion_waits_for_the_reply,
    flags_arrive_as_sent,
    status_code_reply,
    empty_both_ways,
    sender_pid_and_euid,
    euid_of_an_ordinary_user,
    sender_fields_cannot_be_forged,
    handle_that_never_was,
    extended_error_is_read_once,
    ids_of_extended_errors_differ,
    reply_to_nothing,
    reply_twice,
    reply_by_another_thread_of_the_process,
    second_call_before_the_reply,
    one_way_call_before_the_reply,
    reply_too_large,
    data_at_a_bad_address,
    reply_data_at_a_bad_address,
    wrong_size_of_offsets,
    thread_exit_with_a_call_in_hand,
    close_with_a_call_in_hand,
    close_with_a_call_in_the_queue,
    reply_after_the_caller_closed,
    reply_after_the_calling_thread_left,
    call_through_a_weak_reference,
    call_to_oneself_by_a_handle,
    failed_call_leaves_the_thread_free,
    many_rounds,
    reply_with_the_one_way_flag,
];

fn what_arrives() -> Outcome {
    let pair = Pair::new()?;
    let asked = pair.call(0x1234_5678, 0, &Parcel::bytes(b"some data"))?;
    same!((asked.target, asked.cookie), NODE);
    same!((asked.code, asked.flags), (0x1234_5678, 0));
    same!((asked.data_size, asked.offsets_size), (9, 0));
    // The offsets come after the data, aligned to eight bytes.
    same!(asked.offsets, asked.buffer + 16);
    same!(asked.data(), b"some data");
    Ok(())
}

fn what_comes_back() -> Outcome {
    let pair = Pair::new()?;
    let (_, answer) = pair.round(&Parcel::default(), &Parcel::bytes(b"back"))?;
    same!((answer.target, answer.cookie, answer.code), (0, 0, 0));
    same!((answer.flags, answer.sender_pid), (0, 0));
    same!(answer.sender_euid, sys!(SYS_geteuid) as u32);
    same!(answer.data(), b"back");
    Ok(())
}

fn order_for_the_sender() -> Outcome {
    let pair = Pair::new()?;
    pair.call(1, 0, &Parcel::default())?;
    pair.server
        .write(&Commands::new().reply(0, &Parcel::default()))?;
    saw(&pair.client.take()?, "TRANSACTION_COMPLETE REPLY")
}

fn order_for_the_one_who_replies() -> Outcome {
    let pair = Pair::new()?;
    pair.call(1, 0, &Parcel::default())?;
    pair.server
        .write(&Commands::new().reply(0, &Parcel::default()))?;
    saw(&pair.server.take()?, "TRANSACTION_COMPLETE")
}

fn completion_waits_for_the_reply() -> Outcome {
    let pair = Pair::new()?;
    // There is nothing that a reader would be woken for: it comes along with what comes next.
    pair.client
        .write(&Commands::new().transaction(pair.handle, 1, 0, &Parcel::default()))?;
    saw(&pair.client.take()?, "")
}

fn flags_arrive_as_sent() -> Outcome {
    let pair = Pair::new()?;
    let flags = tf::ACCEPT_FDS | tf::ROOT_OBJECT | tf::CLEAR_BUF | 0x80;
    let asked = pair.call(1, flags, &Parcel::default())?;
    same!(asked.flags, flags);
    note(format!("{flags:#x}"));
    Ok(())
}

fn status_code_reply() -> Outcome {
    let pair = Pair::new()?;
    pair.call(1, 0, &Parcel::default())?;
    let status = Parcel::bytes((-22i32).to_ne_bytes());
    pair.server
        .write(&Commands::new().reply(tf::STATUS_CODE, &status))?;
    let answer = pair.client.reply()?;
    same!((answer.flags, answer.data_size), (tf::STATUS_CODE, 4));
    same!(answer.number(0) as i32, -22);
    Ok(())
}

fn empty_both_ways() -> Outcome {
    let pair = Pair::new()?;
    let (asked, answer) = pair.round(&Parcel::default(), &Parcel::default())?;
    for incoming in [asked, answer] {
        same!((incoming.data_size, incoming.offsets_size), (0, 0));
        holds!(incoming.buffer != 0);
    }
    pair.server.free(asked.buffer)?;
    pair.client.free(answer.buffer)
}

fn sender_pid_and_euid() -> Outcome {
    let _manager = Manager::start()?;
    inside_child(|| {
        let client = Endpoint::open()?;
        client.write(&Commands::new().transaction(0, WHO, 0, &Parcel::default()))?;
        let answer = client.reply()?;
        same!(answer.number(0), std::process::id());
        same!(answer.number(4), 0);
        Ok(())
    })
}

fn euid_of_an_ordinary_user() -> Outcome {
    let _manager = Manager::start()?;
    inside_child(|| {
        let client = Endpoint::open()?;
        // The real one differs, and does not count; nor does who opened the file.
        gives!(0, SYS_setresuid, 1, 1000, 0);
        client.write(&Commands::new().transaction(0, WHO, 0, &Parcel::default()))?;
        same!(client.reply()?.number(4), 1000);
        Ok(())
    })
}

fn sender_fields_cannot_be_forged() -> Outcome {
    let _manager = Manager::start()?;
    let client = Endpoint::open()?;
    let mut data = transaction_data(0, WHO, 0, Parcel::default().words());
    data[24..32].fill(0x55);
    client.write(&Commands::new().command(bc::TRANSACTION, &data))?;
    let answer = client.reply()?;
    same!(
        (answer.number(0), answer.number(4)),
        (std::process::id(), 0)
    );
    Ok(())
}

fn handle_that_never_was() -> Outcome {
    let pair = Pair::new()?;
    for handle in [77, u32::MAX] {
        pair.client
            .write(&Commands::new().transaction(handle, 1, 0, &Parcel::default()))?;
        failed(&pair.client, "FAILED_REPLY", EINVAL)?;
    }
    Ok(())
}

fn extended_error_is_read_once() -> Outcome {
    let pair = Pair::new()?;
    pair.client
        .write(&Commands::new().transaction(77, 1, 0, &Parcel::default()))?;
    failed(&pair.client, "FAILED_REPLY", EINVAL)?;
    let (id, command, parameter) = extended_error(&pair.client)?;
    // BR_OK.
    same!((id, command, parameter), (0, 0x7201, 0));
    Ok(())
}

fn ids_of_extended_errors_differ() -> Outcome {
    let pair = Pair::new()?;
    let mut ids = Vec::new();
    for _ in 0..2 {
        pair.client
            .write(&Commands::new().transaction(77, 1, 0, &Parcel::default()))?;
        saw(&pair.client.take()?, "FAILED_REPLY")?;
        ids.push(extended_error(&pair.client)?.0);
    }
    holds!(ids[0] != ids[1] && ids[0] != 0, "saw {ids:?}");
    Ok(())
}

fn reply_to_nothing() -> Outcome {
    let pair = Pair::new()?;
    pair.server
        .write(&Commands::new().reply(0, &Parcel::default()))?;
    failed(&pair.server, "FAILED_REPLY", EPROTO)
}

fn reply_twice() -> Outcome {
    let pair = Pair::new()?;
    let empty = Parcel::default();
    pair.call(1, 0, &empty)?;
    pair.server.write(&Commands::new().reply(0, &empty))?;
    saw(&pair.server.take()?, "TRANSACTION_COMPLETE")?;
    pair.server.write(&Commands::new().reply(0, &empty))?;
    failed(&pair.server, "FAILED_REPLY", EPROTO)
}

fn reply_by_another_thread_of_the_process() -> Outcome {
    let pair = Pair::new()?;
    pair.call(1, 0, &Parcel::default())?;
    let other = std::thread::scope(|scope| {
        let replying = scope.spawn(|| {
            let empty = Parcel::default();
            pair.server.write(&Commands::new().reply(0, &empty))?;
            pair.server.take()
        });
        replying.join()
    });
    let seen = other.unwrap_or_else(|_| Ok(Vec::new()))?;
    saw(&seen, "FAILED_REPLY")?;
    // The one that took the call can still reply.
    pair.server
        .write(&Commands::new().reply(0, &Parcel::default()))?;
    pair.client.reply().map(|_| ())
}

fn second_call_before_the_reply() -> Outcome {
    let pair = Pair::new()?;
    let empty = Parcel::default();
    pair.client
        .write(&Commands::new().transaction(pair.handle, 1, 0, &empty))?;
    pair.client
        .write(&Commands::new().transaction(pair.handle, 2, 0, &empty))?;
    failed(&pair.client, "TRANSACTION_COMPLETE FAILED_REPLY", EPROTO)?;
    // The first goes on.
    same!(pair.server.transaction()?.code, 1);
    pair.server.write(&Commands::new().reply(0, &empty))?;
    pair.client.reply().map(|_| ())
}

fn one_way_call_before_the_reply() -> Outcome {
    let pair = Pair::new()?;
    pair.call(1, 0, &Parcel::default())?;
    let (handle, empty) = (pair.handle, Parcel::default());
    pair.client
        .write(&Commands::new().transaction(handle, 2, tf::ONE_WAY, &empty))?;
    saw(
        &pair.client.take()?,
        "TRANSACTION_COMPLETE TRANSACTION_COMPLETE",
    )
}

fn reply_too_large() -> Outcome {
    let pair = Pair::new()?;
    pair.call(1, 0, &Parcel::default())?;
    let large = Parcel::bytes(vec![0u8; MAP_BYTES + 8]);
    pair.server.write(&Commands::new().reply(0, &large))?;
    // Only the caller is told.
    saw(&pair.server.take()?, "TRANSACTION_COMPLETE")?;
    failed(&pair.client, "TRANSACTION_COMPLETE FAILED_REPLY", ENOSPC)
}

fn data_at_a_bad_address() -> Outcome {
    let pair = Pair::new()?;
    let data = transaction_data(u64::from(pair.handle), 1, 0, [16, 0, 8, 0]);
    pair.client
        .write(&Commands::new().command(bc::TRANSACTION, &data))?;
    failed(&pair.client, "FAILED_REPLY", EFAULT)?;
    saw(&pair.server.take()?, "")
}

fn reply_data_at_a_bad_address() -> Outcome {
    let pair = Pair::new()?;
    pair.call(1, 0, &Parcel::default())?;
    let data = transaction_data(0, 0, 0, [16, 0, 8, 0]);
    pair.server
        .write(&Commands::new().command(bc::REPLY, &data))?;
    saw(&pair.server.take()?, "TRANSACTION_COMPLETE")?;
    failed(&pair.client, "TRANSACTION_COMPLETE FAILED_REPLY", EFAULT)
}

fn wrong_size_of_offsets() -> Outcome {
    let pair = Pair::new()?;
    let mut parcel = Parcel::bytes([0u8; 32]);
    parcel.offsets = vec![0];
    parcel.offsets_size = Some(7);
    pair.client
        .write(&Commands::new().transaction(pair.handle, 1, 0, &parcel))?;
    failed(&pair.client, "FAILED_REPLY", EINVAL)
}

fn thread_exit_with_a_call_in_hand() -> Outcome {
    let pair = Pair::new()?;
    pair.call(1, 0, &Parcel::default())?;
    same!(pair.server.ioctl(ioctl::THREAD_EXIT, 0usize), 0);
    saw(&pair.client.take()?, "TRANSACTION_COMPLETE DEAD_REPLY")
}

fn close_with_a_call_in_hand() -> Outcome {
    let Pair {
        server,
        client,
        handle,
        ..
    } = Pair::new()?;
    client.write(&Commands::new().transaction(handle, 1, 0, &Parcel::default()))?;
    server.transaction()?;
    drop(server);
    saw(&client.read()?, "TRANSACTION_COMPLETE DEAD_REPLY")
}

fn close_with_a_call_in_the_queue() -> Outcome {
    let Pair {
        server,
        client,
        handle,
        ..
    } = Pair::new()?;
    client.write(&Commands::new().transaction(handle, 1, 0, &Parcel::default()))?;
    drop(server);
    saw(&client.read()?, "TRANSACTION_COMPLETE DEAD_REPLY")
}

fn reply_after_the_caller_closed() -> Outcome {
    let Pair {
        server,
        client,
        handle,
        ..
    } = Pair::new()?;
    client.write(&Commands::new().transaction(handle, 1, 0, &Parcel::default()))?;
    server.transaction()?;
    // What is closed is taken apart a little later.
    let other = Endpoint::open()?;
    drop(client);
    abi_tests::process::pause(100);
    drop(other);
    server.write(&Commands::new().reply(0, &Parcel::default()))?;
    let seen: Vec<_> = server
        .take()?
        .into_iter()
        .filter(|one| !is_count(one))
        .collect();
    // That it failed is no business of who replies.
    saw(&seen, "TRANSACTION_COMPLETE")
}

/// Whether it is about references to a node of ours.
fn is_count(one: &Return) -> bool {
    matches!(one, Return::Release(..) | Return::Decrefs(..))
}

fn reply_after_the_calling_thread_left() -> Outcome {
    let pair = Pair::new()?;
    pair.call(1, 0, &Parcel::default())?;
    same!(pair.client.ioctl(ioctl::THREAD_EXIT, 0usize), 0);
    pair.server
        .write(&Commands::new().reply(0, &Parcel::default()))?;
    saw(&pair.server.take()?, "TRANSACTION_COMPLETE")?;
    saw(&pair.client.take()?, "")
}

fn call_through_a_weak_reference() -> Outcome {
    let pair = Pair::new()?;
    pair.client.write(
        &Commands::new()
            .with_handle(bc::INCREFS, pair.handle)
            .with_handle(bc::RELEASE, pair.handle),
    )?;
    pair.client
        .write(&Commands::new().transaction(pair.handle, 1, 0, &Parcel::default()))?;
    failed(&pair.client, "FAILED_REPLY", EINVAL)
}

fn call_to_oneself_by_a_handle() -> Outcome {
    let pair = Pair::new()?;
    // The server asks the manager for its own node: it comes as a node, not as a handle; so the
    // only handles it could have are 0 and those of others.
    let get = crate::manager::GET;
    pair.server
        .write(&Commands::new().transaction(0, get, 0, &Parcel::default()))?;
    let answer = pair.server.reply()?;
    same!(answer.number(0), crate::protocol::object::BINDER);
    same!((answer.word(8), answer.word(16)), NODE);
    Ok(())
}

fn failed_call_leaves_the_thread_free() -> Outcome {
    let pair = Pair::new()?;
    pair.client
        .write(&Commands::new().transaction(77, 1, 0, &Parcel::default()))?;
    saw(&pair.client.take()?, "FAILED_REPLY")?;
    pair.round(&Parcel::default(), &Parcel::default())
        .map(|_| ())
}

fn many_rounds() -> Outcome {
    let pair = Pair::new()?;
    for round in 0u32..500 {
        let request = Parcel::bytes(round.to_ne_bytes());
        let (asked, answer) = pair.round(&request, &Parcel::bytes((round + 1).to_ne_bytes()))?;
        same!(half(&asked.data(), 0), round);
        same!(half(&answer.data(), 0), round + 1);
        pair.server.free(asked.buffer)?;
        pair.client.free(answer.buffer)?;
    }
    refused(&pair.server, &Commands::new().bare(0), EINVAL, 0)
}

fn reply_with_the_one_way_flag() -> Outcome {
    let pair = Pair::new()?;
    pair.call(1, 0, &Parcel::default())?;
    pair.server
        .write(&Commands::new().reply(tf::ONE_WAY, &Parcel::bytes(b"1234")))?;
    let answer = pair.client.reply()?;
    same!(
        (answer.flags, answer.number(0)),
        (tf::ONE_WAY, u32::from_ne_bytes(*b"1234"))
    );
    Ok(())
}
