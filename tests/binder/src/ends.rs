//! Processes that are killed, or become another program, in the middle of something.

use abi_tests::check::{Failure, Outcome};
use abi_tests::process::{self, pause, until_asleep};
use abi_tests::{cases, gives, holds, same, sys};
use libc::*;

use crate::commands::Commands;
use crate::endpoint::Endpoint;
use crate::expect::saw;
use crate::manager::{ECHO, GET, Manager, become_manager, in_child};
use crate::pair::{Pair, look_up, publish};
use crate::parcel::{Parcel, binder, descriptor};
use crate::protocol::{bc, tf};
use crate::returns::Return;

cases![
    server_killed_while_it_serves,
    server_killed_before_it_looks,
    server_killed_while_it_waits_for_another,
    client_killed_while_it_waits,
    client_killed_before_the_reply_is_read,
    both_killed,
    killed_with_one_way_calls_in_the_queue,
    killed_with_a_descriptor_on_its_way,
    killed_while_another_waits_for_its_thread,
    manager_killed_and_replaced_many_times,
    exec_closes_it,
    descriptor_kept_by_a_child,
    exit_of_one_thread_of_two,
    killed_holder_lets_go,
    mapping_outlives_the_descriptor,
];

fn kill(pid: i32) -> Outcome {
    gives!(0, SYS_kill, pid, SIGKILL);
    process::wait(pid).map(|_| ())
}

/// A client that has sent the manager a call, and read that it is complete.
fn caller(code: u32) -> Result<Endpoint, Failure> {
    let client = Endpoint::open()?;
    client.write(&Commands::new().transaction(0, code, 0, &Parcel::bytes(b"1234")))?;
    Ok(client)
}

/// A manager that takes one call and then does nothing.
fn idle_after_one() -> Result<i32, Failure> {
    in_child(become_manager, |endpoint| {
        endpoint.transaction()?;
        loop {
            pause(1000);
        }
    })
}

fn server_killed_while_it_serves() -> Outcome {
    let pid = idle_after_one()?;
    let client = caller(1)?;
    pause(100);
    kill(pid)?;
    saw(&client.read()?, "TRANSACTION_COMPLETE DEAD_REPLY")
}

fn server_killed_before_it_looks() -> Outcome {
    let pid = in_child(become_manager, |_| {
        loop {
            pause(1000);
        }
    })?;
    let client = caller(1)?;
    kill(pid)?;
    saw(&client.read()?, "TRANSACTION_COMPLETE DEAD_REPLY")
}

fn server_killed_while_it_waits_for_another() -> Outcome {
    let _manager = Manager::start()?;
    let last = Endpoint::open()?;
    publish(&last, 1, &binder(0x1000, 0))?;
    // The middle one takes a call and makes one of its own to the last, which never replies.
    let middle = in_child(
        || {
            let endpoint = Endpoint::open()?;
            publish(&endpoint, 2, &binder(0x2000, 0))?;
            Ok(endpoint)
        },
        |endpoint| {
            let onward = look_up(endpoint, 1)?;
            endpoint.transaction()?;
            endpoint.write(&Commands::new().transaction(onward, 7, 0, &Parcel::default()))?;
            endpoint.reply().map(|_| ())
        },
    )?;
    let client = Endpoint::open()?;
    let handle = look_up(&client, 2)?;
    client.write(&Commands::new().transaction(handle, 1, 0, &Parcel::default()))?;
    let asked = last.transaction()?;
    same!(asked.code, 7);
    kill(middle)?;
    pause(100);
    // The first of the three does not hear of it before the last has replied.
    saw(&client.take()?, "")?;
    last.write(&Commands::new().reply(0, &Parcel::default()))?;
    saw(&last.take()?, "TRANSACTION_COMPLETE")?;
    saw(&client.read()?, "TRANSACTION_COMPLETE DEAD_REPLY")
}

fn client_killed_while_it_waits() -> Outcome {
    let manager = become_manager()?;
    let client = process::spawn(|| {
        let waited = caller(5).and_then(|client| client.reply());
        i32::from(waited.is_err())
    })?;
    let asked = manager.transaction()?;
    until_asleep(client);
    kill(client)?;
    pause(100);
    manager.write(&Commands::new().reply(0, &Parcel::default()))?;
    saw(&manager.take()?, "TRANSACTION_COMPLETE")?;
    manager.free(asked.buffer)
}

fn client_killed_before_the_reply_is_read() -> Outcome {
    let manager = become_manager()?;
    let client = process::spawn(|| match caller(5) {
        Ok(_client) => loop {
            pause(1000);
        },
        Err(_) => 1,
    })?;
    manager.transaction()?;
    manager.write(&Commands::new().reply(0, &Parcel::default()))?;
    kill(client)?;
    saw(&manager.take()?, "TRANSACTION_COMPLETE")?;
    // The next caller is served as if nothing had been.
    let next = process::spawn(|| {
        let served = caller(6).and_then(|client| client.reply());
        i32::from(served.is_err())
    })?;
    same!(manager.transaction()?.code, 6);
    manager.write(&Commands::new().reply(0, &Parcel::default()))?;
    same!(process::wait(next)?, 0);
    Ok(())
}

fn both_killed() -> Outcome {
    let pid = idle_after_one()?;
    let client = process::spawn(|| {
        let waited = caller(5).and_then(|client| client.reply());
        i32::from(waited.is_err())
    })?;
    until_asleep(client);
    kill(client)?;
    kill(pid)?;
    let _manager = Manager::start()?;
    same!(caller(ECHO)?.reply()?.data(), b"1234");
    Ok(())
}

fn killed_with_one_way_calls_in_the_queue() -> Outcome {
    let pid = in_child(become_manager, |_| {
        loop {
            pause(1000);
        }
    })?;
    let client = Endpoint::open()?;
    for code in 0..20 {
        let parcel = Parcel::bytes([0; 100]);
        client.write(&Commands::new().transaction(0, code, tf::ONE_WAY, &parcel))?;
    }
    client.take()?;
    kill(pid)?;
    pause(50);
    saw(&client.take()?, "")
}

fn killed_with_a_descriptor_on_its_way() -> Outcome {
    let pid = in_child(become_manager, |_| {
        loop {
            pause(1000);
        }
    })?;
    let mut ends = [0i32; 2];
    gives!(0, SYS_pipe2, &mut ends, O_CLOEXEC);
    let client = Endpoint::open()?;
    let parcel = Parcel::default().object(&descriptor(ends[1]));
    client.write(&Commands::new().transaction(0, 1, tf::ONE_WAY, &parcel))?;
    // The manager's node takes no descriptors.
    saw(&client.take()?, "FAILED_REPLY")?;
    gives!(0, SYS_close, ends[1]);
    let mut byte = [0u8];
    gives!(0, SYS_read, ends[0], &mut byte, 1);
    kill(pid)
}

fn killed_while_another_waits_for_its_thread() -> Outcome {
    let pid = idle_after_one()?;
    let first = caller(1)?;
    pause(100);
    // The second waits in the queue of a process whose only thread is busy.
    let second = caller(2)?;
    kill(pid)?;
    saw(&first.read()?, "TRANSACTION_COMPLETE DEAD_REPLY")?;
    saw(&second.read()?, "TRANSACTION_COMPLETE DEAD_REPLY")
}

fn manager_killed_and_replaced_many_times() -> Outcome {
    for _ in 0..10 {
        let manager = Manager::start()?;
        same!(caller(ECHO)?.reply()?.data(), b"1234");
        manager.kill()?;
    }
    Ok(())
}

fn exec_closes_it() -> Outcome {
    let manager = Manager::start()?;
    // A child that publishes a node and then becomes a program that stays for a while.
    let server = in_child(
        || {
            let endpoint = Endpoint::open()?;
            publish(&endpoint, 1, &binder(0x1000, 0))?;
            Ok(endpoint)
        },
        |_| {
            pause(200);
            let arguments: [*const u8; 3] = [
                c"binder".as_ptr().cast(),
                c"--list".as_ptr().cast(),
                std::ptr::null(),
            ];
            let null = [0usize; 1];
            sys!(SYS_close, 1);
            sys!(SYS_execve, c"/proc/self/exe", &arguments, &null);
            Ok(())
        },
    )?;
    let client = Endpoint::open()?;
    let handle = look_up(&client, 1)?;
    client.write(&Commands::new().with_death(bc::REQUEST_DEATH_NOTIFICATION, handle, 9))?;
    same!(client.read()?, [Return::DeadBinder(9)]);
    process::wait(server)?;
    manager.kill()
}

fn descriptor_kept_by_a_child() -> Outcome {
    let Pair {
        server,
        client,
        handle,
        ..
    } = Pair::new()?;
    client.write(&Commands::new().with_death(bc::REQUEST_DEATH_NOTIFICATION, handle, 9))?;
    let child = process::spawn(|| {
        loop {
            pause(1000);
        }
    })?;
    drop(server);
    pause(100);
    // The child has it open still, though it can do little with it.
    saw(&client.take()?, "")?;
    kill(child)?;
    saw(&client.read()?, "DEAD_BINDER")
}

fn exit_of_one_thread_of_two() -> Outcome {
    let pair = Pair::new()?;
    let done = std::thread::scope(|threads| {
        let serving = threads.spawn(|| -> Outcome {
            let asked = pair.server.transaction()?;
            same!(asked.code, 1);
            Ok(())
        });
        let parcel = Parcel::default();
        let sent = pair
            .client
            .write(&Commands::new().transaction(pair.handle, 1, 0, &parcel));
        (serving.join(), sent)
    });
    done.1?;
    holds!(matches!(done.0, Ok(Ok(()))));
    // The thread has ended without a word to the driver, which does not notice: the call hangs
    // until the file is closed.
    saw(&pair.client.take()?, "")?;
    let Pair { server, client, .. } = pair;
    drop(server);
    saw(&client.read()?, "TRANSACTION_COMPLETE DEAD_REPLY")
}

fn killed_holder_lets_go() -> Outcome {
    let manager = Manager::start()?;
    let server = Endpoint::open()?;
    publish(&server, 0, &binder(0x1000, 1))?;
    let holder = in_child(Endpoint::open, |endpoint| {
        look_up(endpoint, 0)?;
        loop {
            pause(1000);
        }
    })?;
    pause(100);
    manager.kill()?;
    pause(100);
    saw(&server.take()?, "")?;
    kill(holder)?;
    saw(&server.read()?, "RELEASE DECREFS")
}

fn mapping_outlives_the_descriptor() -> Outcome {
    let pair = Pair::new()?;
    pair.client.write(&Commands::new().with_death(
        bc::REQUEST_DEATH_NOTIFICATION,
        pair.handle,
        9,
    ))?;
    let other = pair.call(GET, 0, &Parcel::bytes(b"12345678"))?;
    gives!(0, SYS_close, pair.server.fd);
    pause(100);
    // It is the file that counts, and the mapping has it.
    saw(&pair.client.take()?, "")?;
    same!(other.data(), b"12345678");
    gives!(0, SYS_munmap, pair.server.map, crate::endpoint::MAP_BYTES);
    let seen = [pair.client.read()?, pair.client.read()?].concat();
    saw(&seen, "TRANSACTION_COMPLETE DEAD_REPLY DEAD_BINDER")
}
