//! TF_UPDATE_TXN: while the receiver is frozen, a one-way call takes the place of an earlier one
//! of the same code that still waits.
//!
//! A process is frozen by its pid, and both ends here are one process; one-way calls go on.

use abi_tests::check::{Failure, Outcome};
use abi_tests::{cases, same};

use crate::commands::Commands;
use crate::endpoint::Endpoint;
use crate::pair::{Pair, look_up, publish};
use crate::parcel::{Parcel, binder};
use crate::protocol::{ioctl, tf};

cases![
    takes_the_place,
    not_while_thawed,
    not_of_another_code,
    not_without_the_flag,
    not_of_one_without_the_flag,
    not_at_another_node,
    not_of_one_that_was_read,
];

const UPDATE: u32 = tf::ONE_WAY | tf::UPDATE_TXN;

fn freeze(pair: &Pair, on: u32) -> Outcome {
    let me = std::process::id();
    same!(pair.server.ioctl(ioctl::FREEZE, &[me, on, 0]), 0);
    Ok(())
}

fn send(pair: &Pair, handle: u32, code: u32, flags: u32, byte: u8) -> Outcome {
    let parcel = Parcel::bytes([byte; 8]);
    pair.client
        .write(&Commands::new().transaction(handle, code, flags, &parcel))
}

/// The codes and first bytes of all that arrive.
fn arrived(server: &Endpoint, count: usize) -> Result<Vec<(u32, u8)>, Failure> {
    let mut all = Vec::new();
    for _ in 0..count {
        let asked = server.transaction()?;
        all.push((asked.code, asked.data()[0]));
        server.free(asked.buffer)?;
    }
    same!(server.take()?, []);
    Ok(all)
}

/// Sends three to a frozen process, of which the first is on its way at once, and thaws it.
fn three(second: (u32, u32), third: (u32, u32)) -> Result<Pair, Failure> {
    let pair = Pair::new()?;
    freeze(&pair, 1)?;
    send(&pair, pair.handle, 1, UPDATE, 1)?;
    send(&pair, pair.handle, second.0, second.1, 2)?;
    send(&pair, pair.handle, third.0, third.1, 3)?;
    freeze(&pair, 0)?;
    Ok(pair)
}

fn takes_the_place() -> Outcome {
    let pair = three((2, UPDATE), (2, UPDATE))?;
    same!(arrived(&pair.server, 2)?, [(1, 1), (2, 3)]);
    Ok(())
}

fn not_while_thawed() -> Outcome {
    let pair = Pair::new()?;
    for byte in 1..4 {
        send(&pair, pair.handle, 2, UPDATE, byte)?;
    }
    same!(arrived(&pair.server, 3)?, [(2, 1), (2, 2), (2, 3)]);
    Ok(())
}

fn not_of_another_code() -> Outcome {
    let pair = three((2, UPDATE), (3, UPDATE))?;
    same!(arrived(&pair.server, 3)?, [(1, 1), (2, 2), (3, 3)]);
    Ok(())
}

fn not_without_the_flag() -> Outcome {
    let pair = three((2, UPDATE), (2, tf::ONE_WAY))?;
    same!(arrived(&pair.server, 3)?, [(1, 1), (2, 2), (2, 3)]);
    Ok(())
}

fn not_of_one_without_the_flag() -> Outcome {
    let pair = three((2, tf::ONE_WAY), (2, UPDATE))?;
    same!(arrived(&pair.server, 3)?, [(1, 1), (2, 2), (2, 3)]);
    Ok(())
}

fn not_at_another_node() -> Outcome {
    let pair = Pair::new()?;
    publish(&pair.server, 1, &binder(0x5000, 0))?;
    let other = look_up(&pair.client, 1)?;
    freeze(&pair, 1)?;
    for (handle, byte) in [(pair.handle, 1), (other, 2), (pair.handle, 3), (other, 4)] {
        send(&pair, handle, 2, UPDATE, byte)?;
    }
    freeze(&pair, 0)?;
    let mut came = arrived(&pair.server, 4)?;
    came.sort_unstable();
    same!(came, [(2, 1), (2, 2), (2, 3), (2, 4)]);
    Ok(())
}

fn not_of_one_that_was_read() -> Outcome {
    let pair = Pair::new()?;
    send(&pair, pair.handle, 2, UPDATE, 1)?;
    let first = pair.server.transaction()?;
    freeze(&pair, 1)?;
    send(&pair, pair.handle, 2, UPDATE, 2)?;
    freeze(&pair, 0)?;
    same!(first.data()[0], 1);
    pair.server.free(first.buffer)?;
    same!(arrived(&pair.server, 1)?, [(2, 2)]);
    Ok(())
}
