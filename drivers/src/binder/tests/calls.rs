//! Transactions and replies.

use abi::Errno;
use abi::binder::command::*;
use abi::binder::reply::*;
use abi::binder::*;

use super::super::fake::{DATA, Program, ROOM};
use super::*;

#[test]
fn a_call_goes_there_and_its_answer_comes_back() {
    let pair = Pair::new();
    pair.client.put(DATA, b"ping");
    pair.caller().write(&command(BC_TRANSACTION, &to(0, 4, 0)));
    let taken = pair.server().read();
    assert_eq!(taken[0].command, BR_TRANSACTION);
    let data = taken[0].data();
    assert_eq!(
        (data.code, data.sender_pid, data.sender_euid),
        (7, 20, 1000)
    );
    assert_eq!(pair.manager.room(data.buffer, data.data_size), b"ping");
    pair.manager.put(DATA, b"pong");
    pair.server()
        .write(&[free(&data), command(BC_REPLY, &to(0, 4, 0))].concat());
    let returns = pair.caller().read();
    let commands: Vec<_> = returns.iter().map(|returned| returned.command).collect();
    assert_eq!(commands, [BR_TRANSACTION_COMPLETE, BR_REPLY]);
    let data = returns[1].data();
    assert_eq!(pair.client.room(data.buffer, data.data_size), b"pong");
    assert_eq!(data.sender_pid, 0);
    pair.caller().write(&free(&data));
    assert_eq!(pair.server().read_commands(), [BR_TRANSACTION_COMPLETE]);
    pair.context.check();
}

#[test]
fn without_a_manager_a_call_is_dead() {
    let context = Arc::<Context>::default();
    let client = Program::new(&context, 1, 0);
    client
        .thread(1)
        .write(&command(BC_TRANSACTION, &to(0, 0, 0)));
    assert_eq!(client.thread(1).read_commands(), [BR_DEAD_REPLY]);
}

#[test]
fn a_handle_that_leads_nowhere_fails() {
    let pair = Pair::new();
    pair.caller().write(&command(BC_TRANSACTION, &to(5, 0, 0)));
    assert_eq!(pair.caller().read_commands(), [BR_FAILED_REPLY]);
    pair.server().write(&command(BC_TRANSACTION, &to(0, 0, 0)));
    assert_eq!(pair.server().read_commands(), [BR_FAILED_REPLY]);
}

#[test]
fn a_reply_to_nothing_fails() {
    let pair = Pair::new();
    pair.server().write(&command(BC_REPLY, &to(0, 0, 0)));
    assert_eq!(pair.server().read_commands(), [BR_FAILED_REPLY]);
}

#[test]
fn bad_data_fails_and_leaves_nothing() {
    let pair = Pair::new();
    let wild = TransactionData {
        buffer: 8,
        ..to(0, 100, 0)
    };
    pair.caller().write(&command(BC_TRANSACTION, &wild));
    assert_eq!(pair.caller().read_commands(), [BR_FAILED_REPLY]);
    assert!(pair.server().read().is_empty());
    pair.caller()
        .write(&command(BC_TRANSACTION, &to(0, u64::MAX, 0)));
    assert_eq!(pair.caller().read_commands(), [BR_FAILED_REPLY]);
    pair.context.check();
    assert_eq!(pair.context.lock().transactions.len(), 0);
}

#[test]
fn the_answer_to_a_thread_that_is_gone_is_dead_for_nobody() {
    let pair = Pair::new();
    let taken = pair.call(to(0, 0, 0));
    pair.caller().ioctl(BINDER_THREAD_EXIT, 0).unwrap();
    pair.server()
        .write(&[free(&taken.data()), command(BC_REPLY, &to(0, 0, 0))].concat());
    assert_eq!(pair.server().read_commands(), [BR_TRANSACTION_COMPLETE]);
    assert_eq!(pair.context.lock().transactions.len(), 0);
    pair.context.check();
}

#[test]
fn a_server_that_ends_is_dead_for_its_callers() {
    let Pair {
        context,
        manager,
        client,
    } = Pair::new();
    client
        .thread(20)
        .write(&command(BC_TRANSACTION, &to(0, 0, 0)));
    client
        .thread(21)
        .write(&command(BC_TRANSACTION, &to(0, 0, 0)));
    assert_eq!(manager.thread(10).read_commands(), [BR_TRANSACTION]);
    drop(manager);
    let told = [BR_TRANSACTION_COMPLETE, BR_DEAD_REPLY];
    assert_eq!(client.thread(20).read_commands(), told);
    assert_eq!(client.thread(21).read_commands(), told);
    context.check();
    drop(client);
    context.check_empty();
}

#[test]
fn one_way_transactions_of_a_node_come_one_after_the_other() {
    let pair = Pair::new();
    for number in 0..3u32 {
        let data = TransactionData {
            code: number,
            flags: TF_ONE_WAY,
            ..to(0, 0, 0)
        };
        pair.caller().write(&command(BC_TRANSACTION, &data));
        assert_eq!(pair.caller().read_commands(), [BR_TRANSACTION_COMPLETE]);
    }
    for number in 0..3u32 {
        let taken = pair.server().read();
        let data = taken[0].data();
        assert_eq!((data.code, data.sender_pid), (number, 0));
        assert!(pair.server().read().is_empty());
        pair.server().write(&free(&data));
    }
    pair.context.check();
}

#[test]
fn a_nested_call_goes_to_the_thread_that_waits() {
    let pair = Pair::new();
    let handle = pair.give_node(0x1000);
    assert_eq!(pair.caller().read_commands(), []);
    let taken = pair.call(to(0, 0, 0));
    pair.server()
        .write(&command(BC_TRANSACTION, &to(handle, 0, 0)));
    // Another thread of the client would take what is for all.
    let other = pair.client.thread(21);
    other.write(&command(BC_ENTER_LOOPER, &()));
    assert!(!other.read_commands().contains(&BR_TRANSACTION));
    let nested = pair.caller().read();
    assert_eq!(nested.last().unwrap().command, BR_TRANSACTION);
    pair.caller().write(&command(BC_REPLY, &to(0, 0, 0)));
    let back = pair.server().read_commands();
    assert_eq!(back, [BR_TRANSACTION_COMPLETE, BR_REPLY]);
    pair.answer(to(0, 0, 0));
    pair.server().write(&free(&taken.data()));
    pair.context.check();
}

#[test]
fn another_thread_is_asked_for_once() {
    let pair = Pair::new();
    pair.manager.put(DATA, &4u32.to_ne_bytes());
    pair.server().ioctl(BINDER_SET_MAX_THREADS, DATA).unwrap();
    pair.server().write(&command(BC_ENTER_LOOPER, &()));
    for asked in [true, false] {
        pair.caller().write(&command(BC_TRANSACTION, &to(0, 0, 0)));
        assert_eq!(
            pair.server().read_commands().contains(&BR_SPAWN_LOOPER),
            asked
        );
        pair.answer(to(0, 0, 0));
    }
    let second = pair.manager.thread(11);
    second.write(&command(BC_REGISTER_LOOPER, &()));
    pair.caller().write(&command(BC_TRANSACTION, &to(0, 0, 0)));
    assert_eq!(second.read_commands(), [BR_SPAWN_LOOPER, BR_TRANSACTION]);
}

#[test]
fn a_frozen_process_takes_no_calls_and_one_way_ones_later() {
    let pair = Pair::new();
    let freeze = |enable| {
        let info = FreezeInfo {
            pid: 10,
            enable,
            timeout_ms: 0,
        };
        pair.client.put(DATA, info.as_bytes());
        pair.caller().ioctl(BINDER_FREEZE, DATA)
    };
    let taken = pair.call(to(0, 0, 0));
    let other = pair.client.thread(21);
    assert_eq!(freeze(1), Err(Errno::EAGAIN));
    pair.answer(to(0, 0, 0));
    pair.server().write(&free(&taken.data()));
    assert_eq!(freeze(1), Ok(0));
    other.write(&command(BC_TRANSACTION, &to(0, 0, 0)));
    assert_eq!(other.read_commands(), [BR_FROZEN_REPLY]);
    let one_way = TransactionData {
        flags: TF_ONE_WAY,
        ..to(0, 0, 0)
    };
    other.write(&command(BC_TRANSACTION, &one_way));
    assert_eq!(other.read_commands(), [BR_TRANSACTION_PENDING_FROZEN]);
    pair.client.put(
        DATA,
        FrozenStatusInfo {
            pid: 10,
            ..Default::default()
        }
        .as_bytes(),
    );
    pair.caller().ioctl(BINDER_GET_FROZEN_INFO, DATA).unwrap();
    let mut told = [0; 12];
    crate::user::UserMemory::read(&pair.caller(), DATA, &mut told).unwrap();
    assert_eq!(told, *[10u32, 3, 1].as_bytes());
    assert_eq!(freeze(0), Ok(0));
    assert_eq!(pair.server().read_commands(), [BR_TRANSACTION]);
    pair.context.check();
}

#[test]
fn a_newer_one_way_transaction_takes_the_place_of_one_that_waits_for_a_frozen_process() {
    let pair = Pair::new();
    let info = FreezeInfo {
        pid: 10,
        enable: 1,
        timeout_ms: 0,
    };
    pair.client.put(DATA + 0x2000, info.as_bytes());
    pair.caller().ioctl(BINDER_FREEZE, DATA + 0x2000).unwrap();
    for byte in [1u8, 2, 3] {
        pair.client.put(DATA, &[byte]);
        let data = TransactionData {
            flags: TF_ONE_WAY | TF_UPDATE_TXN,
            ..to(0, 1, 0)
        };
        pair.caller().write(&command(BC_TRANSACTION, &data));
        assert_eq!(
            pair.caller().read_commands(),
            [BR_TRANSACTION_PENDING_FROZEN]
        );
    }
    // The first is with the process already; the second gave way to the third.
    for byte in [1u8, 3] {
        let data = pair.server().read()[0].data();
        assert_eq!(pair.manager.room(data.buffer, 1), [byte]);
        pair.server().write(&free(&data));
    }
    assert!(pair.server().read().is_empty());
    pair.context.check();
}

#[test]
fn a_buffer_is_freed_once_and_only_by_its_beginning() {
    let pair = Pair::new();
    let data = pair.call(to(0, 100, 0)).data();
    let wild = TransactionData {
        buffer: data.buffer + 8,
        ..data
    };
    pair.server().write(&free(&wild));
    pair.server().write(&command(BC_FREE_BUFFER, &0u64));
    let state = pair.context.lock();
    let key = state.manager_process().unwrap();
    assert!(
        state.processes[key]
            .space
            .buffer_at((data.buffer - ROOM) as usize)
            .is_some()
    );
    drop(state);
    pair.server().write(&free(&data));
    pair.server().write(&free(&data));
    pair.answer(to(0, 0, 0));
    pair.context.check();
}

#[test]
fn one_manager_at_a_time_and_always_of_one_user() {
    let Pair {
        context,
        manager,
        client,
    } = Pair::new();
    assert_eq!(
        client.thread(20).ioctl(BINDER_SET_CONTEXT_MGR, 0),
        Err(Errno::EBUSY)
    );
    drop(manager);
    // The make-believe user is the same.
    assert_eq!(client.thread(20).ioctl(BINDER_SET_CONTEXT_MGR, 0), Ok(0));
    drop(client);
    context.lock().manager_user = Some(5);
    let other = Program::new(&context, 30, 0);
    assert_eq!(
        other.thread(30).ioctl(BINDER_SET_CONTEXT_MGR, 0),
        Err(Errno::EPERM)
    );
}

#[test]
fn commands_are_refused_as_on_linux() {
    let pair = Pair::new();
    let thread = pair.caller();
    let count = |commands: &[u8]| {
        let (outcome, call) = thread.call(commands, false);
        (outcome, call.write_consumed)
    };
    assert_eq!(count(&command(0x1234, &())), (Err(Errno::EINVAL), 0));
    assert_eq!(
        count(&command(BC_ATTEMPT_ACQUIRE, &0u64)),
        (Err(Errno::EINVAL), 0)
    );
    let good_and_bad = [command(BC_ENTER_LOOPER, &()), command(0, &())].concat();
    assert_eq!(count(&good_and_bad), (Err(Errno::EINVAL), 4));
    assert_eq!(
        thread.ioctl(BINDER_SET_IDLE_TIMEOUT, DATA),
        Err(Errno::EINVAL)
    );
    assert_eq!(thread.ioctl(BINDER_SET_MAX_THREADS, 0), Err(Errno::EINVAL));
    assert_eq!(thread.ioctl(BINDER_WRITE_READ, 0), Err(Errno::EFAULT));
}

#[test]
fn a_program_that_cannot_be_told_loses_the_call_and_not_its_memory() {
    let pair = Pair::new();
    pair.caller().write(&command(BC_TRANSACTION, &to(0, 64, 0)));
    let call = WriteRead {
        read_size: 4096,
        read_buffer: 16,
        ..WriteRead::default()
    };
    pair.manager.put(DATA, call.as_bytes());
    assert_eq!(
        pair.server().ioctl(BINDER_WRITE_READ, DATA),
        Err(Errno::EFAULT)
    );
    assert_eq!(
        pair.caller().read_commands(),
        [BR_TRANSACTION_COMPLETE, BR_FAILED_REPLY]
    );
    pair.context.check();
    assert_eq!(pair.context.lock().transactions.len(), 0);
}

#[test]
fn returns_at_the_end_of_the_address_space_are_a_bad_address() {
    let pair = Pair::new();
    pair.caller().write(&command(BC_TRANSACTION, &to(0, 0, 0)));
    for address in [u64::MAX, u64::MAX - 3, u64::MAX - 70] {
        let call = WriteRead {
            read_size: 0x100,
            read_buffer: address,
            ..WriteRead::default()
        };
        pair.manager.put(DATA, call.as_bytes());
        let outcome = pair.server().ioctl(BINDER_WRITE_READ, DATA);
        assert_eq!(outcome, Err(Errno::EFAULT));
    }
}
