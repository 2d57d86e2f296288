//! Death notifications.

use abi::binder::command::*;
use abi::binder::reply::*;

use super::*;

/// The manager holds a node of the client and wants to be told of its death.
fn watched() -> (Pair, u32) {
    let pair = Pair::new();
    let taken = pair.call(lay_out(&pair.client, &[node(0x1000)]));
    let handle = received_handle(&pair.manager, &taken.data());
    pair.answer(to(0, 0, 0));
    pair.server().write(&command(BC_ENTER_LOOPER, &()));
    pair.server()
        .write(&with_cookie(BC_REQUEST_DEATH_NOTIFICATION, handle, 0x77));
    (pair, handle)
}

#[test]
fn a_death_is_told_once() {
    let (
        Pair {
            context,
            manager,
            client,
        },
        handle,
    ) = watched();
    let server = manager.thread(10);
    assert!(server.read().is_empty());
    drop(client);
    let told = server.read();
    assert_eq!((told[0].command, told[0].number()), (BR_DEAD_BINDER, 0x77));
    server.write(&command(BC_DEAD_BINDER_DONE, &0x77u64));
    assert!(server.read().is_empty());
    server.write(&command(BC_TRANSACTION, &to(handle, 0, 0)));
    assert_eq!(server.read_commands(), [BR_DEAD_REPLY]);
    context.check();
    drop(manager);
    context.check_empty();
}

#[test]
fn a_request_for_the_dead_is_told_at_once() {
    let (
        Pair {
            manager,
            client,
            context,
        },
        handle,
    ) = watched();
    let server = manager.thread(10);
    server.write(&with_cookie(BC_CLEAR_DEATH_NOTIFICATION, handle, 0x77));
    let told = server.read();
    assert_eq!(
        (told[0].command, told[0].number()),
        (BR_CLEAR_DEATH_NOTIFICATION_DONE, 0x77)
    );
    drop(client);
    assert!(server.read().is_empty());
    server.write(&with_cookie(BC_REQUEST_DEATH_NOTIFICATION, handle, 0x78));
    assert_eq!(server.read_commands(), [BR_DEAD_BINDER]);
    context.check();
}

#[test]
fn what_is_cleared_after_a_death_is_confirmed_when_it_is_done() {
    let (
        Pair {
            manager,
            client,
            context,
        },
        handle,
    ) = watched();
    let server = manager.thread(10);
    drop(client);
    server.write(&with_cookie(BC_CLEAR_DEATH_NOTIFICATION, handle, 0x77));
    assert_eq!(server.read_commands(), [BR_DEAD_BINDER]);
    assert!(server.read().is_empty());
    server.write(&command(BC_DEAD_BINDER_DONE, &0x77u64));
    assert_eq!(server.read_commands(), [BR_CLEAR_DEATH_NOTIFICATION_DONE]);
    context.check();
}

#[test]
fn senseless_requests_are_passed_over() {
    let (pair, handle) = watched();
    let server = pair.server();
    server.write(&with_cookie(BC_REQUEST_DEATH_NOTIFICATION, handle, 0x99));
    server.write(&with_cookie(BC_CLEAR_DEATH_NOTIFICATION, handle, 0x99));
    server.write(&with_cookie(BC_REQUEST_DEATH_NOTIFICATION, 50, 0x99));
    server.write(&with_cookie(BC_CLEAR_DEATH_NOTIFICATION, 50, 0x99));
    server.write(&command(BC_DEAD_BINDER_DONE, &0x77u64));
    assert!(server.read().is_empty());
    pair.context.check();
}

#[test]
fn the_end_of_a_handle_ends_its_request() {
    let (
        Pair {
            manager,
            client,
            context,
        },
        handle,
    ) = watched();
    let server = manager.thread(10);
    let data = context.lock();
    let deaths = data.deaths.len();
    drop(data);
    assert_eq!(deaths, 1);
    drop(client);
    // It was acquired by its buffer alone.
    server.write(&command(BC_RELEASE, &handle));
    assert!(server.read().is_empty());
    context.check();
    assert_eq!(context.lock().deaths.len(), 0);
}
