//! How nodes and references count each other.

use abi::binder::command::*;
use abi::binder::reply::*;
use abi::binder::*;

use super::super::fake::Program;
use super::*;

/// The manager gets a node of the client, and the client notes it.
fn given(pair: &Pair) -> (u32, TransactionData) {
    let taken = pair.call(lay_out(&pair.client, &[node(0x1000)]));
    // The client is told when it has its answer: until then nothing wakes it for that.
    assert!(pair.caller().read().is_empty());
    pair.server().write(&command(BC_REPLY, &to(0, 0, 0)));
    let told = pair.caller().read_commands();
    assert_eq!(
        told,
        [BR_INCREFS, BR_ACQUIRE, BR_TRANSACTION_COMPLETE, BR_REPLY]
    );
    let named = PtrCookie {
        ptr: 0x1000,
        cookie: 0x1001,
    };
    let done = [
        command(BC_INCREFS_DONE, &named),
        command(BC_ACQUIRE_DONE, &named),
    ]
    .concat();
    pair.caller().write(&done);
    (received_handle(&pair.manager, &taken.data()), taken.data())
}

#[test]
fn a_node_is_held_for_as_long_as_its_handle_is() {
    let pair = Pair::new();
    let (handle, data) = given(&pair);
    assert_eq!(handle, 1);
    pair.server().write(&command(BC_ACQUIRE, &handle));
    pair.server().write(&free(&data));
    assert!(pair.client.thread(21).read_commands().is_empty());
    pair.server().write(&command(BC_RELEASE, &handle));
    assert_eq!(
        pair.client.thread(21).read_commands(),
        [BR_RELEASE, BR_DECREFS]
    );
    pair.context.check();
    let nodes = pair.context.lock().nodes.len();
    assert_eq!(nodes, 1, "the manager's own");
}

#[test]
fn a_weak_handle_keeps_only_the_knowledge() {
    let pair = Pair::new();
    let (handle, data) = given(&pair);
    pair.server().write(&command(BC_INCREFS, &handle));
    pair.server().write(&free(&data));
    let other = pair.client.thread(21);
    assert_eq!(other.read_commands(), [BR_RELEASE]);
    // What is only known of cannot be called, nor held again.
    pair.server().write(&command(BC_ACQUIRE, &handle));
    pair.server().write(&command(BC_DECREFS, &handle));
    assert_eq!(other.read_commands(), [BR_DECREFS]);
    pair.context.check();
}

#[test]
fn releases_wait_for_what_was_told_before_to_be_noted() {
    let pair = Pair::new();
    let taken = pair.call(lay_out(&pair.client, &[node(0x1000)]));
    pair.answer(to(0, 0, 0));
    pair.server().write(&free(&taken.data()));
    let other = pair.client.thread(21);
    assert!(other.read_commands().is_empty());
    let named = PtrCookie {
        ptr: 0x1000,
        cookie: 0x1001,
    };
    let wrong = PtrCookie {
        ptr: 0x1000,
        cookie: 5,
    };
    other.write(&command(BC_ACQUIRE_DONE, &wrong));
    other.write(&command(BC_ACQUIRE_DONE, &named));
    assert_eq!(other.read_commands(), [BR_RELEASE]);
    other.write(&command(BC_INCREFS_DONE, &named));
    other.write(&command(BC_INCREFS_DONE, &named));
    assert_eq!(other.read_commands(), [BR_DECREFS]);
    pair.context.check();
}

#[test]
fn handle_zero_counts_the_manager_and_not_for_itself() {
    let pair = Pair::new();
    pair.caller().write(&command(BC_ACQUIRE, &0u32));
    pair.caller().write(&command(BC_INCREFS, &0u32));
    pair.caller().write(&command(BC_RELEASE, &0u32));
    pair.caller().write(&command(BC_DECREFS, &0u32));
    let (outcome, call) = pair.server().call(&command(BC_ACQUIRE, &0u32), false);
    assert_eq!((outcome, call.write_consumed), (Err(abi::Errno::EINVAL), 0));
    // The manager's node is always held.
    assert!(pair.server().read().is_empty());
    pair.context.check();
}

#[test]
fn senseless_counts_are_passed_over() {
    let pair = Pair::new();
    for number in [BC_INCREFS, BC_ACQUIRE, BC_RELEASE, BC_DECREFS] {
        pair.caller().write(&command(number, &77u32));
    }
    pair.caller()
        .write(&command(BC_INCREFS_DONE, &PtrCookie { ptr: 1, cookie: 1 }));
    pair.context.check();
}

#[test]
fn the_manager_is_told_of_what_its_handles_lead_to() {
    let pair = Pair::new();
    let (handle, _) = given(&pair);
    let third = Program::new(&pair.context, 30, 0);
    let ask = |actor: Actor<'_>, handle| {
        let info = NodeInfoForRef {
            handle,
            ..NodeInfoForRef::default()
        };
        actor.program.put(super::super::fake::DATA, info.as_bytes());
        actor.ioctl(BINDER_GET_NODE_INFO_FOR_REF, super::super::fake::DATA)
    };
    assert_eq!(ask(pair.server(), handle), Ok(0));
    assert_eq!(ask(pair.server(), 9), Err(abi::Errno::EINVAL));
    assert_eq!(ask(third.thread(30), handle), Err(abi::Errno::EPERM));
}

#[test]
fn without_memory_an_object_is_refused_and_nothing_is_left() {
    let pair = Pair::new();
    // A first call makes the threads known.
    let taken = pair.call(to(0, 0, 0));
    pair.answer(to(0, 0, 0));
    pair.server().write(&free(&taken.data()));
    pair.client.room_for.set(1);
    let objects = [node(0x1000), node(0x2000), node(0x3000)];
    pair.caller()
        .write(&command(BC_TRANSACTION, &lay_out(&pair.client, &objects)));
    let told = pair.caller().read_commands();
    assert_eq!(told.last(), Some(&BR_FAILED_REPLY));
    pair.context.check();
    assert_eq!(pair.context.lock().nodes.len(), 1);
}
