//! Tests of binder on the host, with make-believe programs.

mod calls;
mod counts;
mod deaths;
mod fuzz;
mod invariants;
mod objects;

use alloc::sync::Arc;
use alloc::vec::Vec;

use abi::binder::command::{BC_FREE_BUFFER, BC_REPLY, BC_TRANSACTION};
use abi::binder::object::{BINDER_TYPE_BINDER, BINDER_TYPE_HANDLE, FlatObject};
use abi::binder::reply::{BR_REPLY, BR_TRANSACTION, BR_TRANSACTION_COMPLETE};
use abi::binder::{BINDER_SET_CONTEXT_MGR, TransactionData};
use zerocopy::{Immutable, IntoBytes};

use super::context::Context;
use super::fake::{Actor, DATA, Program, Return};

/// A command and what goes with it, as bytes.
fn command(number: u32, payload: &(impl IntoBytes + Immutable + ?Sized)) -> Vec<u8> {
    [number.as_bytes(), payload.as_bytes()].concat()
}

/// A command for a handle and a cookie.
fn with_cookie(number: u32, handle: u32, cookie: u64) -> Vec<u8> {
    [number.as_bytes(), handle.as_bytes(), cookie.as_bytes()].concat()
}

/// What is sent to a handle; the data lies where tests put it.
fn to(handle: u32, data_size: u64, objects: u64) -> TransactionData {
    TransactionData {
        target: handle.into(),
        code: 7,
        data_size,
        offsets_size: 8 * objects,
        buffer: DATA as u64,
        offsets: DATA as u64 + 0x1000,
        ..TransactionData::default()
    }
}

/// Puts objects side by side where data is sent from, and their offsets where those are.
fn lay_out<T: IntoBytes + Immutable>(program: &Program, objects: &[T]) -> TransactionData {
    program.put(DATA, objects.as_bytes());
    let places = (0..objects.len()).map(|number| (number * size_of::<T>()) as u64);
    let places: Vec<u64> = places.collect();
    program.put(DATA + 0x1000, places.as_bytes());
    to(0, size_of_val(objects) as u64, objects.len() as u64)
}

fn node(ptr: u64) -> FlatObject {
    FlatObject {
        kind: BINDER_TYPE_BINDER,
        flags: 0x100,
        binder: ptr,
        cookie: ptr + 1,
    }
}

fn handle(handle: u32) -> FlatObject {
    FlatObject {
        kind: BINDER_TYPE_HANDLE,
        flags: 0,
        binder: handle.into(),
        cookie: 0,
    }
}

/// A context manager and a client.
struct Pair {
    context: Arc<Context>,
    manager: Program,
    client: Program,
}

impl Pair {
    fn new() -> Self {
        let context = Arc::<Context>::default();
        let manager = Program::new(&context, 10, 0);
        let client = Program::new(&context, 20, 1000);
        manager.thread(10).ioctl(BINDER_SET_CONTEXT_MGR, 0).unwrap();
        Self {
            context,
            manager,
            client,
        }
    }

    fn server(&self) -> Actor<'_> {
        self.manager.thread(10)
    }

    fn caller(&self) -> Actor<'_> {
        self.client.thread(20)
    }

    /// The client calls the manager, which takes it.
    fn call(&self, data: TransactionData) -> Return {
        self.caller().write(&command(BC_TRANSACTION, &data));
        let returned = self.server().read().pop().unwrap();
        assert_eq!(returned.command, BR_TRANSACTION);
        returned
    }

    /// The manager answers, and the client takes it.
    fn answer(&self, data: TransactionData) -> Return {
        self.server().write(&command(BC_REPLY, &data));
        assert_eq!(self.server().read_commands(), [BR_TRANSACTION_COMPLETE]);
        let mut returns = self.caller().read();
        let last = returns.pop().unwrap();
        assert_eq!(last.command, BR_REPLY);
        last
    }

    /// The client gives the manager its node at `ptr`; returns the manager's handle. The buffer is
    /// freed unless the manager is to hold the handle by it.
    fn give_node(&self, ptr: u64) -> u32 {
        let given = self.call(lay_out(&self.client, &[node(ptr)]));
        let handle = received_handle(&self.manager, &given.data());
        self.answer(to(0, 0, 0));
        handle
    }
}

fn received_object(program: &Program, data: &TransactionData, index: u64) -> FlatObject {
    use zerocopy::FromBytes;
    let offset = program.room(data.offsets + 8 * index, 8);
    let offset = u64::read_from_bytes(&offset).unwrap();
    let bytes = program.room(data.buffer + offset, size_of::<FlatObject>() as u64);
    FlatObject::read_from_bytes(&bytes).unwrap()
}

fn received_handle(program: &Program, data: &TransactionData) -> u32 {
    let object = received_object(program, data, 0);
    assert_eq!(object.kind, BINDER_TYPE_HANDLE);
    object.binder as u32
}

fn free(data: &TransactionData) -> Vec<u8> {
    command(BC_FREE_BUFFER, &data.buffer)
}
