//! What transactions carry.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering};

use abi::binder::command::*;
use abi::binder::object::*;
use abi::binder::reply::*;
use abi::binder::*;
use zerocopy::FromBytes;

use super::super::fake::{DATA, FakeFile, Program};
use super::*;

fn fails(pair: &Pair, data: TransactionData) {
    pair.caller().write(&command(BC_TRANSACTION, &data));
    let told = pair.caller().read_commands();
    assert_eq!(told.last(), Some(&BR_FAILED_REPLY));
    assert!(pair.server().read().is_empty());
    pair.context.check();
}

#[test]
fn a_node_comes_home_as_itself() {
    let pair = Pair::new();
    let given = pair.give_node(0x1000);
    let back = pair.call(to(0, 0, 0));
    pair.server().write(&free(&back.data()));
    let answer = pair.answer(TransactionData {
        target: 0,
        ..lay_out(&pair.manager, &[handle(given)])
    });
    let object = received_object(&pair.client, &answer.data(), 0);
    assert_eq!(
        (object.kind, object.binder, object.cookie),
        (BINDER_TYPE_BINDER, 0x1000, 0x1001)
    );
    pair.context.check();
}

#[test]
fn a_handle_passed_on_leads_to_the_same_node() {
    let pair = Pair::new();
    let third = Program::new(&pair.context, 30, 0);
    let given = pair.give_node(0x1000);
    third
        .thread(30)
        .write(&command(BC_TRANSACTION, &to(0, 0, 0)));
    assert_eq!(pair.server().read_commands(), [BR_TRANSACTION]);
    pair.server().write(&command(
        BC_REPLY,
        &lay_out(&pair.manager, &[handle(given)]),
    ));
    let answer = third.thread(30).read().pop().unwrap();
    let own = received_handle(&third, &answer.data());
    third
        .thread(30)
        .write(&command(BC_TRANSACTION, &to(own, 0, 0)));
    let taken = pair.client.thread(21).read();
    assert_eq!(taken.last().unwrap().data().target, 0x1000);
    pair.context.check();
}

#[test]
fn offsets_without_sense_are_refused() {
    let pair = Pair::new();
    let objects = [node(0x1000), node(0x2000)];
    let base = lay_out(&pair.client, &objects);
    for places in [
        [0u64, 8],
        [2, 24],
        [0, 40],
        [24, 0],
        [0, u64::MAX],
        [48, 48],
    ] {
        pair.client.put(DATA + 0x1000, places.as_bytes());
        fails(&pair, base);
    }
    pair.client.put(DATA + 0x1000, [0u64, 24].as_bytes());
    fails(
        &pair,
        TransactionData {
            offsets_size: 12,
            ..base
        },
    );
    fails(&pair, TransactionData { offsets: 8, ..base });
    pair.client.put(DATA, &0x1234u32.to_ne_bytes());
    fails(&pair, base);
    assert_eq!(pair.context.lock().nodes.len(), 1);
}

#[test]
fn a_cookie_that_does_not_fit_and_a_handle_that_leads_nowhere_are_refused() {
    let pair = Pair::new();
    pair.give_node(0x1000);
    let wrong = FlatObject {
        cookie: 1,
        ..node(0x1000)
    };
    fails(&pair, lay_out(&pair.client, &[wrong]));
    fails(&pair, lay_out(&pair.client, &[handle(9)]));
}

fn fd_object(fd: u32) -> FdObject {
    FdObject {
        kind: BINDER_TYPE_FD,
        fd,
        pad_binder: 0xffff,
        ..FdObject::default()
    }
}

#[test]
fn files_are_installed_where_they_arrive() {
    let pair = Pair::new();
    let open = Arc::new(AtomicU32::new(0));
    pair.client
        .files
        .borrow_mut()
        .insert(5, FakeFile::passed(&open));
    // The manager's node takes none; an answer to one who accepts them may bring some.
    fails(&pair, lay_out(&pair.client, &[fd_object(5)]));
    let given = pair.give_node(0x1000);
    pair.manager
        .files
        .borrow_mut()
        .insert(3, FakeFile::passed(&open));
    let sent = TransactionData {
        target: given.into(),
        ..lay_out(&pair.manager, &[fd_object(3)])
    };
    pair.server().write(&command(BC_TRANSACTION, &sent));
    let taken = pair.client.thread(21).read().pop().unwrap().data();
    let bytes = pair.client.room(taken.buffer, 24);
    let object = FdObject::read_from_bytes(&bytes).unwrap();
    assert_eq!((object.fd, object.pad_binder), (0, 0));
    assert_eq!(pair.client.files.borrow().len(), 2);
    pair.context.check();
}

#[test]
fn a_receiver_without_descriptors_fails_the_call_and_keeps_none() {
    let pair = Pair::new();
    let open = Arc::new(AtomicU32::new(0));
    let given = pair.give_node(0x1000);
    pair.client.files_max.set(1);
    pair.manager
        .files
        .borrow_mut()
        .insert(3, FakeFile::passed(&open));
    let objects = [fd_object(3), fd_object(3)];
    let sent = TransactionData {
        target: given.into(),
        ..lay_out(&pair.manager, &objects)
    };
    pair.server().write(&command(BC_TRANSACTION, &sent));
    assert!(
        !pair
            .client
            .thread(21)
            .read_commands()
            .contains(&BR_TRANSACTION)
    );
    let told = pair.server().read_commands();
    assert_eq!(told, [BR_TRANSACTION_COMPLETE, BR_FAILED_REPLY]);
    assert!(pair.client.files.borrow().is_empty());
    pair.manager.files.borrow_mut().clear();
    assert_eq!(open.load(Ordering::Relaxed), 0);
    pair.context.check();
}

#[test]
fn files_of_what_nobody_took_are_closed() {
    let Pair {
        context,
        manager,
        client,
    } = Pair::new();
    let open = Arc::new(AtomicU32::new(0));
    let taken = client.thread(20);
    taken.write(&command(
        BC_TRANSACTION,
        &TransactionData {
            flags: TF_ACCEPT_FDS,
            ..to(0, 0, 0)
        },
    ));
    assert_eq!(manager.thread(10).read_commands(), [BR_TRANSACTION]);
    manager
        .files
        .borrow_mut()
        .insert(3, FakeFile::passed(&open));
    manager
        .thread(10)
        .write(&command(BC_REPLY, &lay_out(&manager, &[fd_object(3)])));
    manager.files.borrow_mut().clear();
    assert_eq!(open.load(Ordering::Relaxed), 1);
    drop(client);
    assert_eq!(open.load(Ordering::Relaxed), 0);
    drop(manager);
    context.check_empty();
}

/// Three buffers, of which the last lies in the second and that in the first, in a transaction
/// whose data begins with 8 bytes of something else.
fn nested(pair: &Pair) -> (TransactionDataSg, [BufferObject; 3]) {
    let buffer = |address: usize, length, parent, parent_offset, flags| BufferObject {
        kind: BINDER_TYPE_PTR,
        flags,
        buffer: address as u64,
        length,
        parent,
        parent_offset,
    };
    let objects = [
        buffer(DATA + 0x2000, 16, 0, 0, 0),
        buffer(DATA + 0x3000, 8, 0, 8, BINDER_BUFFER_FLAG_HAS_PARENT),
        buffer(DATA + 0x4000, 5, 1, 0, BINDER_BUFFER_FLAG_HAS_PARENT),
    ];
    pair.client.put(DATA + 0x4000, b"hello");
    pair.client.put(DATA + 8, objects.as_bytes());
    pair.client.put(DATA + 0x1000, [8u64, 48, 88].as_bytes());
    let sent = TransactionDataSg {
        transaction: to(0, 128, 3),
        buffers_size: 32,
    };
    (sent, objects)
}

#[test]
fn buffers_arrive_with_their_addresses_put_right() {
    let pair = Pair::new();
    let (sent, _) = nested(&pair);
    pair.caller().write(&command(BC_TRANSACTION_SG, &sent));
    let data = pair.server().read().pop().unwrap().data();
    let address = |at| u64::read_from_bytes(&pair.manager.room(at, 8)).unwrap();
    let first = address(data.buffer + 8 + 8);
    let second = address(first + 8);
    let third = address(second);
    assert_eq!(pair.manager.room(third, 5), b"hello");
    assert_eq!(first, data.offsets + 24);
    pair.context.check();
}

#[test]
fn buffers_that_do_not_fit_together_are_refused() {
    let pair = Pair::new();
    let (sent, objects) = nested(&pair);
    let fails = |sent: &TransactionDataSg| {
        pair.caller().write(&command(BC_TRANSACTION_SG, sent));
        assert_eq!(pair.caller().read_commands(), [BR_FAILED_REPLY]);
        pair.context.check();
    };
    fails(&TransactionDataSg {
        buffers_size: 24,
        ..sent
    });
    fails(&TransactionDataSg {
        buffers_size: 33,
        ..sent
    });
    fails(&TransactionDataSg {
        buffers_size: u64::MAX,
        ..sent
    });
    let with = |index: usize, change: fn(&mut BufferObject)| {
        let mut changed = objects;
        change(&mut changed[index]);
        pair.client.put(DATA + 8, changed.as_bytes());
        fails(&sent);
    };
    with(1, |object| object.parent = 1);
    with(1, |object| object.parent = u64::MAX);
    with(1, |object| object.parent_offset = 9);
    with(2, |object| object.parent_offset = u64::MAX);
    with(0, |object| object.buffer = 0);
    with(2, |object| (object.parent, object.parent_offset) = (0, 0));
}

#[test]
fn arrays_of_descriptors_are_installed_and_closed_with_their_buffer() {
    let pair = Pair::new();
    let open = Arc::new(AtomicU32::new(0));
    let given = pair.give_node(0x1000);
    pair.manager
        .files
        .borrow_mut()
        .insert(3, FakeFile::passed(&open));
    let parent = BufferObject {
        kind: BINDER_TYPE_PTR,
        buffer: DATA as u64 + 0x2000,
        length: 16,
        ..BufferObject::default()
    };
    let array = FdArrayObject {
        kind: BINDER_TYPE_FDA,
        num_fds: 2,
        parent_offset: 8,
        ..FdArrayObject::default()
    };
    let put = |array: &FdArrayObject| {
        pair.manager.put(DATA + 8, parent.as_bytes());
        pair.manager.put(DATA + 48, array.as_bytes());
        pair.manager.put(DATA + 0x1000, [8u64, 48].as_bytes());
        pair.manager.put(DATA + 0x2008, [3u32, 3].as_bytes());
    };
    let sent = TransactionDataSg {
        transaction: to(given, 80, 2),
        buffers_size: 16,
    };
    for wrong in [
        FdArrayObject {
            num_fds: 3,
            ..array
        },
        FdArrayObject {
            num_fds: u64::MAX,
            ..array
        },
        FdArrayObject { parent: 1, ..array },
        FdArrayObject {
            parent_offset: 6,
            ..array
        },
    ] {
        put(&wrong);
        pair.server().write(&command(BC_TRANSACTION_SG, &sent));
        assert_eq!(pair.server().read_commands(), [BR_FAILED_REPLY]);
    }
    put(&array);
    pair.server().write(&command(BC_TRANSACTION_SG, &sent));
    let receiver = pair.client.thread(21);
    let taken = receiver.read().pop().unwrap().data();
    assert_eq!(pair.client.files.borrow().len(), 2);
    receiver.write(&free(&taken));
    assert_eq!(pair.client.files.borrow().len(), 0);
    pair.context.check();
}

#[test]
fn the_senders_security_context_comes_where_it_is_wanted() {
    let context = Arc::<Context>::default();
    let manager = Program::new(&context, 10, 0);
    let client = Program::new(&context, 20, 1000);
    let wants = FlatObject {
        flags: FLAT_BINDER_FLAG_TXN_SECURITY_CTX,
        ..node(0)
    };
    manager.put(DATA, wants.as_bytes());
    manager
        .thread(10)
        .ioctl(BINDER_SET_CONTEXT_MGR_EXT, DATA)
        .unwrap();
    client
        .thread(20)
        .write(&command(BC_TRANSACTION, &to(0, 3, 0)));
    let taken = manager.thread(10).read().pop().unwrap();
    assert_eq!(taken.command, BR_TRANSACTION_SEC_CTX);
    let secctx = u64::read_from_bytes(&taken.payload[64..]).unwrap();
    assert_eq!(manager.room(secctx, 11), b"unconfined\0");
    context.check();
}
