//! Many at once: threads and processes that call each other as programs do, each answer checked.

use std::thread::scope;

use abi_tests::check::{Failure, Outcome};
use abi_tests::process;
use abi_tests::{cases, same};

use crate::commands::Commands;
use crate::endpoint::Endpoint;
use crate::manager::{ECHO, Manager, in_child};
use crate::pair::{NODE, look_up, publish};
use crate::parcel::{Parcel, binder};
use crate::protocol::{bc, ioctl, tf};
use crate::returns::Return;

cases![
    processes_call_the_manager,
    threads_call_the_manager,
    clients_of_a_server_with_threads,
    one_way_calls_of_many,
    handles_come_and_go,
    files_come_and_go,
];

/// Calls the manager `rounds` times and checks what it echoes; `seed` makes each caller's bytes
/// its own.
fn echo(client: &Endpoint, seed: u32, rounds: u32) -> Outcome {
    for round in 0..rounds {
        let sent = Parcel::bytes([seed, round].map(u32::to_ne_bytes).concat());
        client.write(&Commands::new().transaction(0, ECHO, 0, &sent))?;
        let answer = client.reply()?;
        same!(answer.data() == sent.data, true);
        client.free(answer.buffer)?;
    }
    Ok(())
}

fn processes_call_the_manager() -> Outcome {
    let _manager = Manager::start()?;
    let callers: Vec<_> = (0..8)
        .map(|seed| {
            process::spawn(move || {
                let called = Endpoint::open().and_then(|client| echo(&client, seed, 50));
                i32::from(called.is_err())
            })
        })
        .collect();
    for caller in callers {
        same!(process::wait(caller?)?, 0);
    }
    Ok(())
}

fn threads_call_the_manager() -> Outcome {
    let _manager = Manager::start()?;
    let client = Endpoint::open()?;
    scope(|threads| {
        let calling: Vec<_> = (0..8)
            .map(|seed| {
                let client = &client;
                threads.spawn(move || echo(client, seed, 50))
            })
            .collect();
        calling.into_iter().try_for_each(|one| {
            one.join()
                .unwrap_or_else(|_| Err(Failure::Wrong("a thread panicked".into())))
        })
    })
}

/// One of a server's threads: replies to each call with its own data, starts another when asked.
fn serve<'scope, 'env>(
    threads: &'scope std::thread::Scope<'scope, 'env>,
    server: &'env Endpoint,
    enter: u32,
) -> Outcome {
    server.write(&Commands::new().bare(enter))?;
    loop {
        let mut buffer = [0u8; 256];
        let done = server.exchange(&[], &mut buffer);
        if done.result != 0 {
            continue;
        }
        for one in Return::parse(&buffer[..done.read as usize]) {
            match one {
                Return::SpawnLooper => {
                    threads.spawn(move || serve(threads, server, bc::REGISTER_LOOPER));
                }
                Return::Transaction(asked) => {
                    let answer = Parcel::bytes(asked.data());
                    server.write(&Commands::new().free(asked.buffer).reply(0, &answer))?;
                }
                _ => {}
            }
        }
    }
}

fn clients_of_a_server_with_threads() -> Outcome {
    let _manager = Manager::start()?;
    in_child(
        || {
            let server = Endpoint::open()?;
            same!(server.ioctl(ioctl::SET_MAX_THREADS, &3u32), 0);
            publish(&server, 0, &binder(NODE.0, NODE.1))?;
            Ok(server)
        },
        |server| scope(|threads| serve(threads, server, bc::ENTER_LOOPER)),
    )?;
    let callers: Vec<_> = (0..8u32)
        .map(|seed| {
            process::spawn(move || {
                let called = Endpoint::open().and_then(|client| {
                    let handle = look_up(&client, 0)?;
                    for round in 0..40 {
                        let sent = Parcel::bytes([seed, round].map(u32::to_ne_bytes).concat());
                        client.write(&Commands::new().transaction(handle, 1, 0, &sent))?;
                        let answer = client.reply()?;
                        same!(answer.data() == sent.data, true);
                        client.free(answer.buffer)?;
                    }
                    Ok(())
                });
                i32::from(called.is_err())
            })
        })
        .collect();
    for caller in callers {
        same!(process::wait(caller?)?, 0);
    }
    Ok(())
}

fn one_way_calls_of_many() -> Outcome {
    const SENDERS: u32 = 4;
    const CALLS: u32 = 50;
    let _manager = Manager::start()?;
    let server = Endpoint::open()?;
    publish(&server, 0, &binder(NODE.0, NODE.1))?;
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            process::spawn(move || {
                let sent = Endpoint::open().and_then(|client| {
                    let handle = look_up(&client, 0)?;
                    for call in 0..CALLS {
                        let parcel = Parcel::bytes(call.to_ne_bytes());
                        let flags = tf::ONE_WAY;
                        client
                            .write(&Commands::new().transaction(handle, sender, flags, &parcel))?;
                        same!(client.read()?, [Return::TransactionComplete]);
                    }
                    Ok(())
                });
                i32::from(sent.is_err())
            })
        })
        .collect();
    // Each sender's calls come in the order in which it sent them.
    let mut next = [0; SENDERS as usize];
    for _ in 0..SENDERS * CALLS {
        let asked = server.transaction()?;
        let sender = asked.code as usize;
        same!((sender, asked.number(0)), (sender, next[sender]));
        next[sender] += 1;
        server.free(asked.buffer)?;
    }
    for sender in senders {
        same!(process::wait(sender?)?, 0);
    }
    Ok(())
}

fn handles_come_and_go() -> Outcome {
    let _manager = Manager::start()?;
    let (server, client) = (Endpoint::open()?, Endpoint::open()?);
    for round in 0..100u64 {
        publish(&server, 0, &binder(0x1000 + round % 7 * 16, round % 7))?;
        let handle = look_up(&client, 0)?;
        client.write(&Commands::new().with_handle(bc::RELEASE, handle))?;
        let returns = server.take()?;
        server.acknowledge(&returns)?;
    }
    Ok(())
}

fn files_come_and_go() -> Outcome {
    let _manager = Manager::start()?;
    for seed in 0..100 {
        let client = Endpoint::open()?;
        echo(&client, seed, 2)?;
        publish(&client, seed % 256, &binder(u64::from(seed) + 8, 0))?;
    }
    Ok(())
}
