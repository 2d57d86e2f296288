//! poll(2) and epoll(7) on a binder file.

use abi_tests::check::Outcome;
use abi_tests::{cases, gives, holds, same, sys};
use libc::*;

use crate::commands::Commands;
use crate::endpoint::Endpoint;
use crate::expect::saw;
use crate::pair::Pair;
use crate::parcel::Parcel;
use crate::protocol::{bc, tf};

cases![
    nothing_there,
    transaction_there,
    ready_until_it_is_read,
    reply_there,
    completion_alone,
    never_writable,
    other_thread_in_the_middle_of_a_call,
    wakes_who_waits,
    epoll_tells,
    epoll_edge,
    after_the_peer_died,
    several_in_the_queue,
];

/// The events that poll(2) reports at once, of those asked for.
pub fn events(endpoint: &Endpoint, wanted: i16) -> i16 {
    waited(endpoint, wanted, 0)
}

fn waited(endpoint: &Endpoint, wanted: i16, milliseconds: i32) -> i16 {
    let mut entry = [pollfd {
        fd: endpoint.fd,
        events: wanted,
        revents: 0,
    }];
    sys!(SYS_poll, &mut entry, 1, milliseconds);
    entry[0].revents
}

fn one_way(pair: &Pair) -> Outcome {
    let parcel = Parcel::default();
    pair.client
        .write(&Commands::new().transaction(pair.handle, 1, tf::ONE_WAY, &parcel))
}

fn nothing_there() -> Outcome {
    let endpoint = Endpoint::open()?;
    endpoint.write(&Commands::new().bare(bc::ENTER_LOOPER))?;
    same!(events(&endpoint, POLLIN), 0);
    Ok(())
}

fn transaction_there() -> Outcome {
    let pair = Pair::new()?;
    one_way(&pair)?;
    same!(events(&pair.server, POLLIN), POLLIN);
    Ok(())
}

fn ready_until_it_is_read() -> Outcome {
    let pair = Pair::new()?;
    one_way(&pair)?;
    same!(events(&pair.server, POLLIN), POLLIN);
    same!(events(&pair.server, POLLIN), POLLIN);
    pair.server.transaction()?;
    same!(events(&pair.server, POLLIN), 0);
    Ok(())
}

fn reply_there() -> Outcome {
    let pair = Pair::new()?;
    pair.call(1, 0, &Parcel::default())?;
    same!(events(&pair.client, POLLIN), 0);
    pair.server
        .write(&Commands::new().reply(0, &Parcel::default()))?;
    same!(events(&pair.client, POLLIN), POLLIN);
    Ok(())
}

fn completion_alone() -> Outcome {
    let pair = Pair::new()?;
    one_way(&pair)?;
    same!(events(&pair.client, POLLIN), POLLIN);
    Ok(())
}

fn never_writable() -> Outcome {
    let pair = Pair::new()?;
    same!(events(&pair.server, POLLOUT), 0);
    one_way(&pair)?;
    same!(events(&pair.server, POLLIN | POLLOUT | POLLPRI), POLLIN);
    Ok(())
}

fn other_thread_in_the_middle_of_a_call() -> Outcome {
    let pair = Pair::new()?;
    pair.call(1, 0, &Parcel::default())?;
    one_way(&pair)?;
    // This thread owes a reply and so takes no new work; another would.
    same!(events(&pair.server, POLLIN), 0);
    let seen = std::thread::scope(|scope| scope.spawn(|| events(&pair.server, POLLIN)).join());
    same!(seen.ok(), Some(POLLIN));
    Ok(())
}

fn wakes_who_waits() -> Outcome {
    let pair = Pair::new()?;
    let (seen, sent) = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| waited(&pair.server, POLLIN, 5000));
        abi_tests::process::pause(50);
        let sent = one_way(&pair);
        (waiting.join().ok(), sent)
    });
    sent?;
    same!(seen, Some(POLLIN));
    Ok(())
}

/// An epoll that watches `endpoint`.
fn watching(endpoint: &Endpoint, flags: i32) -> Result<i32, abi_tests::check::Failure> {
    let epoll = sys!(SYS_epoll_create1, EPOLL_CLOEXEC) as i32;
    holds!(epoll >= 0);
    let event = epoll_event {
        events: (EPOLLIN | flags) as u32,
        u64: 7,
    };
    gives!(0, SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, endpoint.fd, &event);
    Ok(epoll)
}

fn ready(epoll: i32, milliseconds: i32) -> isize {
    let mut events = [epoll_event { events: 0, u64: 0 }; 4];
    sys!(SYS_epoll_wait, epoll, &mut events, 4, milliseconds)
}

fn epoll_tells() -> Outcome {
    let pair = Pair::new()?;
    let epoll = watching(&pair.server, 0)?;
    same!(ready(epoll, 0), 0);
    one_way(&pair)?;
    same!(ready(epoll, 1000), 1);
    pair.server.transaction()?;
    same!(ready(epoll, 0), 0);
    Ok(())
}

fn epoll_edge() -> Outcome {
    let pair = Pair::new()?;
    let epoll = watching(&pair.server, EPOLLET)?;
    one_way(&pair)?;
    same!(ready(epoll, 1000), 1);
    same!(ready(epoll, 0), 0);
    Ok(())
}

fn after_the_peer_died() -> Outcome {
    let Pair {
        server,
        client,
        handle,
        ..
    } = Pair::new()?;
    client.write(&Commands::new().transaction(handle, 1, 0, &Parcel::default()))?;
    same!(events(&client, POLLIN), 0);
    drop(server);
    same!(waited(&client, POLLIN, 5000), POLLIN);
    saw(&client.take()?, "TRANSACTION_COMPLETE DEAD_REPLY")
}

fn several_in_the_queue() -> Outcome {
    let pair = Pair::new()?;
    for _ in 0..3 {
        one_way(&pair)?;
    }
    for _ in 0..3 {
        same!(events(&pair.server, POLLIN), POLLIN);
        let asked = pair.server.transaction()?;
        same!(events(&pair.server, POLLIN), 0);
        pair.server.free(asked.buffer)?;
    }
    Ok(())
}
