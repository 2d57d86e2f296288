//! Threads: looper states, when more are asked for, and who gets the work in nested calls.

use std::thread::{ScopedJoinHandle, scope};

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::pause;
use abi_tests::{cases, holds, same};
use libc::*;

use crate::commands::Commands;
use crate::endpoint::Endpoint;
use crate::expect::saw;
use crate::pair::{Pair, look_up, publish};
use crate::parcel::{Parcel, binder};
use crate::protocol::{bc, ioctl, tf};
use crate::returns::Return;

cases![
    asked_for_when_all_are_busy,
    not_asked_for_without_a_limit,
    not_asked_for_while_one_waits,
    asked_for_once_until_it_registers,
    asked_for_up_to_the_limit,
    registered_without_being_asked,
    entered_and_registered,
    left_and_entered_again,
    thread_that_is_no_looper_reads,
    reply_goes_to_the_thread_that_called,
    new_calls_do_not_go_to_it,
    nested_call_goes_to_the_waiting_thread,
    nested_three_deep,
    nested_reply_out_of_order,
    nested_one_way_goes_to_the_process,
    nested_across_three_processes,
    two_threads_share_the_calls,
    calls_of_two_threads_at_once,
    thread_exit_forgets_the_looper,
    thread_exit_returns_its_work,
];

fn limit(endpoint: &Endpoint, threads: u32) -> Outcome {
    same!(endpoint.ioctl(ioctl::SET_MAX_THREADS, &threads), 0);
    Ok(())
}

fn enter(endpoint: &Endpoint) -> Outcome {
    endpoint.write(&Commands::new().bare(bc::ENTER_LOOPER))
}

fn call(pair: &Pair, code: u32, flags: u32) -> Outcome {
    let parcel = Parcel::default();
    pair.client
        .write(&Commands::new().transaction(pair.handle, code, flags, &parcel))
}

/// What a raw read gives, BR_NOOP included: BR_SPAWN_LOOPER stands in its place.
fn raw_read(endpoint: &Endpoint) -> Result<Vec<Return>, Failure> {
    let mut buffer = [0u8; 512];
    let done = endpoint.exchange(&[], &mut buffer);
    same!(done.result, 0);
    Ok(Return::parse(&buffer[..done.read as usize]))
}

fn asked_for_when_all_are_busy() -> Outcome {
    let pair = Pair::new()?;
    limit(&pair.server, 1)?;
    enter(&pair.server)?;
    call(&pair, 1, 0)?;
    // It comes first, where BR_NOOP was.
    saw(&raw_read(&pair.server)?, "SPAWN_LOOPER TRANSACTION")
}

fn not_asked_for_without_a_limit() -> Outcome {
    let pair = Pair::new()?;
    enter(&pair.server)?;
    call(&pair, 1, 0)?;
    saw(&raw_read(&pair.server)?, "NOOP TRANSACTION")
}

fn not_asked_for_while_one_waits() -> Outcome {
    let pair = Pair::new()?;
    limit(&pair.server, 5)?;
    enter(&pair.server)?;
    let (first, second) = scope(|threads| {
        let waiting = threads.spawn(|| {
            enter(&pair.server)?;
            raw_read(&pair.server)
        });
        pause(50);
        let sent = call(&pair, 1, tf::ONE_WAY);
        let first = joined(waiting);
        (first, sent)
    });
    second?;
    // It was the only one that waited, so another is wanted.
    saw(&first?, "SPAWN_LOOPER TRANSACTION")
}

fn joined<T>(handle: ScopedJoinHandle<'_, Result<T, Failure>>) -> Result<T, Failure> {
    handle
        .join()
        .unwrap_or_else(|_| Err(Failure::Wrong("a thread panicked".into())))
}

fn asked_for_once_until_it_registers() -> Outcome {
    let pair = Pair::new()?;
    limit(&pair.server, 5)?;
    enter(&pair.server)?;
    call(&pair, 1, 0)?;
    saw(&raw_read(&pair.server)?, "SPAWN_LOOPER TRANSACTION")?;
    pair.server
        .write(&Commands::new().reply(0, &Parcel::default()))?;
    pair.client.reply()?;
    saw(&raw_read(&pair.server)?, "NOOP TRANSACTION_COMPLETE")?;
    call(&pair, 2, 0)?;
    saw(&raw_read(&pair.server)?, "NOOP TRANSACTION")
}

fn asked_for_up_to_the_limit() -> Outcome {
    let pair = Pair::new()?;
    limit(&pair.server, 1)?;
    enter(&pair.server)?;
    call(&pair, 1, 0)?;
    saw(&raw_read(&pair.server)?, "SPAWN_LOOPER TRANSACTION")?;
    let seen = scope(|threads| {
        joined(threads.spawn(|| {
            pair.server
                .write(&Commands::new().bare(bc::REGISTER_LOOPER))?;
            pair.call_one_way_raw(2)?;
            raw_read(&pair.server)
        }))
    });
    saw(&seen?, "NOOP TRANSACTION")
}

fn registered_without_being_asked() -> Outcome {
    let pair = Pair::new()?;
    // Complained of in the log; the thread is marked as invalid, and works all the same.
    pair.server
        .write(&Commands::new().bare(bc::REGISTER_LOOPER))?;
    pair.round(&Parcel::default(), &Parcel::default())
        .map(|_| ())
}

fn entered_and_registered() -> Outcome {
    let pair = Pair::new()?;
    pair.server.write(
        &Commands::new()
            .bare(bc::ENTER_LOOPER)
            .bare(bc::REGISTER_LOOPER)
            .bare(bc::ENTER_LOOPER),
    )?;
    pair.round(&Parcel::default(), &Parcel::default())
        .map(|_| ())
}

fn left_and_entered_again() -> Outcome {
    let pair = Pair::new()?;
    pair.server.write(
        &Commands::new()
            .bare(bc::ENTER_LOOPER)
            .bare(bc::EXIT_LOOPER)
            .bare(bc::ENTER_LOOPER),
    )?;
    pair.round(&Parcel::default(), &Parcel::default())
        .map(|_| ())
}

fn thread_that_is_no_looper_reads() -> Outcome {
    let pair = Pair::new()?;
    limit(&pair.server, 5)?;
    call(&pair, 3, 0)?;
    // It gets the call, and is not asked to start another thread.
    saw(&raw_read(&pair.server)?, "NOOP TRANSACTION")
}

fn reply_goes_to_the_thread_that_called() -> Outcome {
    let pair = Pair::new()?;
    let seen = scope(|threads| {
        let calling = threads.spawn(|| {
            call(&pair, 1, 0)?;
            pair.client.reply()
        });
        let asked = pair.server.transaction()?;
        // This thread does not get it, though it looks first.
        let answer = Parcel::bytes(asked.code.to_ne_bytes());
        pair.server.write(&Commands::new().reply(0, &answer))?;
        let mine = pair.client.take();
        let theirs = joined(calling)?;
        same!(theirs.number(0), 1);
        mine
    });
    saw(&seen?, "")
}

fn new_calls_do_not_go_to_it() -> Outcome {
    let pair = Pair::new()?;
    publish(&pair.client, 3, &binder(0xd000, 0))?;
    let stranger = Endpoint::open()?;
    let handle = look_up(&stranger, 3)?;
    pair.call(1, 0, &Parcel::default())?;
    // A call of somebody who has nothing to do with the one that this thread waits for.
    stranger.write(&Commands::new().transaction(handle, 9, 0, &Parcel::default()))?;
    saw(&pair.client.take()?, "")?;
    let seen = scope(|threads| joined(threads.spawn(|| pair.client.take())));
    saw(&seen?, "TRANSACTION")
}

/// A pair whose server has a handle of a node of the client's.
fn both_ways() -> Result<(Pair, u32), Failure> {
    let pair = Pair::new()?;
    publish(&pair.client, 3, &binder(0xd000, 0xd001))?;
    let back = look_up(&pair.server, 3)?;
    Ok((pair, back))
}

fn nested_call_goes_to_the_waiting_thread() -> Outcome {
    let (pair, back) = both_ways()?;
    let empty = Parcel::default();
    let (other, seen) = scope(|threads| {
        // A thread of the client that waits for work, and must not get this.
        let waiting = threads.spawn(|| {
            enter(&pair.client)?;
            pair.client.read()
        });
        pause(50);
        let steps = || -> Result<Vec<Return>, Failure> {
            pair.call(1, 0, &empty)?;
            pair.server
                .write(&Commands::new().transaction(back, 2, 0, &empty))?;
            let seen = pair.client.take()?;
            pair.client.write(&Commands::new().reply(0, &empty))?;
            pair.server.reply()?;
            pair.server.write(&Commands::new().reply(0, &empty))?;
            pair.client.reply()?;
            // Something for the one that waits.
            pair.server
                .write(&Commands::new().transaction(back, 3, tf::ONE_WAY, &empty))?;
            Ok(seen)
        };
        let seen = steps();
        (joined(waiting), seen)
    });
    saw(&seen?, "TRANSACTION_COMPLETE TRANSACTION")?;
    saw(&other?, "TRANSACTION")
}

fn nested_three_deep() -> Outcome {
    let (pair, back) = both_ways()?;
    let empty = Parcel::default();
    pair.call(1, 0, &empty)?;
    pair.server
        .write(&Commands::new().transaction(back, 2, 0, &empty))?;
    same!(pair.client.transaction()?.code, 2);
    call(&pair, 3, 0)?;
    same!(pair.server.transaction()?.code, 3);
    for depth in [&pair.server, &pair.client, &pair.server] {
        depth.write(&Commands::new().reply(0, &empty))?;
        let other = match std::ptr::eq(depth, &pair.server) {
            true => &pair.client,
            false => &pair.server,
        };
        other.reply()?;
    }
    saw(&pair.client.take()?, "")
}

fn nested_reply_out_of_order() -> Outcome {
    let (pair, back) = both_ways()?;
    let empty = Parcel::default();
    pair.call(1, 0, &empty)?;
    pair.server
        .write(&Commands::new().transaction(back, 2, 0, &empty))?;
    same!(pair.client.transaction()?.code, 2);
    // The server owes a reply, but waits for one itself and so has none to give.
    pair.server.write(&Commands::new().reply(0, &empty))?;
    let seen = pair.server.take()?;
    saw(&seen, "TRANSACTION_COMPLETE FAILED_REPLY")
}

fn nested_one_way_goes_to_the_process() -> Outcome {
    let (pair, back) = both_ways()?;
    let empty = Parcel::default();
    pair.call(1, 0, &empty)?;
    pair.server
        .write(&Commands::new().transaction(back, 2, tf::ONE_WAY, &empty))?;
    saw(&pair.client.take()?, "")?;
    let seen = scope(|threads| joined(threads.spawn(|| pair.client.take())));
    saw(&seen?, "TRANSACTION")
}

fn nested_across_three_processes() -> Outcome {
    let (pair, _) = both_ways()?;
    let third = Endpoint::open()?;
    publish(&third, 4, &binder(0xe000, 0))?;
    let onward = look_up(&pair.server, 4)?;
    let back = look_up(&third, 3)?;
    let empty = Parcel::default();
    // Client, server, third, and from there back to the client: its waiting thread serves it.
    pair.call(1, 0, &empty)?;
    pair.server
        .write(&Commands::new().transaction(onward, 2, 0, &empty))?;
    third.transaction()?;
    third.write(&Commands::new().transaction(back, 3, 0, &empty))?;
    same!(pair.client.transaction()?.code, 3);
    pair.client.write(&Commands::new().reply(0, &empty))?;
    third.reply()?;
    third.write(&Commands::new().reply(0, &empty))?;
    pair.server.reply()?;
    pair.server.write(&Commands::new().reply(0, &empty))?;
    pair.client.reply().map(|_| ())
}

fn two_threads_share_the_calls() -> Outcome {
    let pair = Pair::new()?;
    let (first, second) = scope(|threads| {
        let waiting: Vec<_> = (0..2)
            .map(|_| {
                threads.spawn(|| {
                    enter(&pair.server)?;
                    pair.server.transaction()
                })
            })
            .collect();
        pause(50);
        let sent = call(&pair, 1, tf::ONE_WAY).and_then(|()| call(&pair, 2, 0));
        let mut came: Vec<_> = waiting.into_iter().map(joined).collect();
        (came.pop(), (came.pop(), sent))
    });
    let (other, sent) = second;
    sent?;
    let mut codes = Vec::new();
    for one in [first, other].into_iter().flatten() {
        codes.push(one?.code);
    }
    codes.sort_unstable();
    same!(codes, [1, 2]);
    Ok(())
}

fn calls_of_two_threads_at_once() -> Outcome {
    let pair = Pair::new()?;
    let (handle, client, server) = (pair.handle, &pair.client, &pair.server);
    let answers = scope(|threads| {
        let calling: Vec<_> = [10u32, 20]
            .into_iter()
            .map(|code| {
                threads.spawn(move || {
                    let empty = Parcel::default();
                    client.write(&Commands::new().transaction(handle, code, 0, &empty))?;
                    Ok((code, client.reply()?.number(0)))
                })
            })
            .collect();
        // Each is served before the next is looked at.
        for _ in 0..2 {
            let asked = server.transaction()?;
            let answer = Parcel::bytes((asked.code + 1).to_ne_bytes());
            server.write(&Commands::new().reply(0, &answer))?;
        }
        calling
            .into_iter()
            .map(joined)
            .collect::<Result<Vec<_>, _>>()
    })?;
    same!(answers, [(10, 11), (20, 21)]);
    Ok(())
}

fn thread_exit_forgets_the_looper() -> Outcome {
    let pair = Pair::new()?;
    limit(&pair.server, 5)?;
    enter(&pair.server)?;
    same!(pair.server.ioctl(ioctl::THREAD_EXIT, 0usize), 0);
    call(&pair, 1, 0)?;
    saw(&raw_read(&pair.server)?, "NOOP TRANSACTION")
}

fn thread_exit_returns_its_work() -> Outcome {
    let pair = Pair::new()?;
    call(&pair, 1, 0)?;
    // The call is in the queue of the process, not of this thread, which may leave.
    same!(pair.server.ioctl(ioctl::THREAD_EXIT, 0usize), 0);
    same!(pair.server.transaction()?.code, 1);
    holds!(EINVAL > 0);
    Ok(())
}
