//! Parcels whose offsets or objects are wrong: each is refused, and nothing arrives.

use abi_tests::check::{Outcome, note, result_text};
use abi_tests::{cases, same};
use libc::*;

use crate::commands::{Commands, transaction_data};
use crate::expect::{answered, extended_error, failed, saw};
use crate::pair::Pair;
use crate::parcel::{Parcel, binder, buffer_at, descriptors, flat};
use crate::protocol::{bc, object, tf};
use crate::returns::Return;

cases![
    offset_not_aligned,
    offset_beyond_the_data,
    offset_far_beyond,
    offset_near_the_end,
    object_that_ends_with_the_data,
    objects_that_overlap,
    offsets_out_of_order,
    same_offset_twice,
    unknown_kind,
    kind_zero,
    data_shorter_than_an_object,
    offsets_without_data,
    offsets_at_a_bad_address,
    more_offsets_than_memory,
    sizes_that_overflow,
    negative_sizes,
    buffer_object_in_a_plain_transaction,
    array_object_in_a_plain_transaction,
    in_a_reply,
    in_a_one_way_call,
    refused_one_is_not_received,
    refused_one_takes_no_room,
];

/// Sends `parcel` and expects a failed reply with EINVAL.
fn refuses(pair: &Pair, parcel: &Parcel) -> Outcome {
    refuses_with(pair, parcel, EINVAL)
}

/// The same with another error.
fn refuses_with(pair: &Pair, parcel: &Parcel, errno: i32) -> Outcome {
    pair.client
        .write(&Commands::new().transaction(pair.handle, 1, 0, parcel))?;
    let seen = pair.client.take()?;
    let seen: Vec<_> = seen
        .into_iter()
        .filter(|one| matches!(one, Return::FailedReply | Return::TransactionComplete))
        .collect();
    saw(&seen, "FAILED_REPLY")?;
    let (_, _, parameter) = extended_error(&pair.client)?;
    answered("the extended error", parameter as isize, errno)
}

fn with_offsets(size: usize, offsets: &[u64]) -> Parcel {
    let mut parcel = Parcel::bytes(vec![0u8; size]);
    for at in offsets {
        let at = *at as usize;
        let object = binder(0x8000 + at as u64 * 16, 0);
        if at + object.len() <= size {
            parcel.data[at..at + object.len()].copy_from_slice(&object);
        }
    }
    parcel.offsets = offsets.to_vec();
    parcel
}

fn offset_not_aligned() -> Outcome {
    let pair = Pair::new()?;
    for at in [1, 2, 3] {
        refuses(&pair, &with_offsets(64, &[at]))?;
    }
    Ok(())
}

fn offset_beyond_the_data() -> Outcome {
    let pair = Pair::new()?;
    // Nothing but data lies before the first object, and there are no such data.
    refuses(&pair, &with_offsets(64, &[64]))?;
    refuses_with(&pair, &with_offsets(64, &[128]), EFAULT)
}

fn offset_far_beyond() -> Outcome {
    let pair = Pair::new()?;
    for at in [u64::MAX, u64::MAX - 3, 1 << 63, u64::from(u32::MAX) - 3] {
        let mut parcel = Parcel::bytes([0u8; 64]);
        parcel.offsets = vec![at];
        refuses_with(&pair, &parcel, EFAULT)?;
    }
    Ok(())
}

fn offset_near_the_end() -> Outcome {
    let pair = Pair::new()?;
    for at in [44, 60] {
        let mut parcel = Parcel::bytes([0u8; 64]);
        let start = binder(0x8000, 0);
        parcel.data[at..].copy_from_slice(&start[..64 - at]);
        parcel.offsets = vec![at as u64];
        refuses(&pair, &parcel)?;
    }
    Ok(())
}

fn object_that_ends_with_the_data() -> Outcome {
    let pair = Pair::new()?;
    let asked = pair.call(1, 0, &with_offsets(64, &[40]))?;
    same!(asked.number(40), object::HANDLE);
    Ok(())
}

fn objects_that_overlap() -> Outcome {
    let pair = Pair::new()?;
    let mut parcel = with_offsets(64, &[0]);
    parcel.offsets.push(16);
    parcel.data[16..20].copy_from_slice(&object::BINDER.to_ne_bytes());
    refuses_with(&pair, &parcel, EFAULT)
}

fn offsets_out_of_order() -> Outcome {
    let pair = Pair::new()?;
    refuses_with(&pair, &with_offsets(64, &[32, 0]), EFAULT)
}

fn same_offset_twice() -> Outcome {
    let pair = Pair::new()?;
    refuses_with(&pair, &with_offsets(64, &[0, 0]), EFAULT)
}

fn unknown_kind() -> Outcome {
    let pair = Pair::new()?;
    let parcel = Parcel::default().object(&flat(0x1234_5678, 0, 0, 0));
    refuses(&pair, &parcel)
}

fn kind_zero() -> Outcome {
    let pair = Pair::new()?;
    refuses(&pair, &Parcel::default().object(&[0; 24]))
}

fn data_shorter_than_an_object() -> Outcome {
    let pair = Pair::new()?;
    for size in [4, 8, 16, 23] {
        let mut parcel = Parcel::bytes(&binder(0x8000, 0)[..size]);
        parcel.offsets = vec![0];
        refuses(&pair, &parcel)?;
    }
    Ok(())
}

fn offsets_without_data() -> Outcome {
    let pair = Pair::new()?;
    let parcel = Parcel {
        offsets: vec![0],
        ..Parcel::default()
    };
    refuses(&pair, &parcel)
}

fn offsets_at_a_bad_address() -> Outcome {
    let pair = Pair::new()?;
    let parcel = with_offsets(64, &[0]);
    let [size, offsets_size, address, _] = parcel.words();
    let words = [size, offsets_size, address, 8];
    let data = transaction_data(u64::from(pair.handle), 1, 0, words);
    pair.client
        .write(&Commands::new().command(bc::TRANSACTION, &data))?;
    failed(&pair.client, "FAILED_REPLY", EFAULT)
}

/// Sends a transaction with these sizes and expects a failed reply; notes the error.
fn with_sizes(pair: &Pair, size: u64, offsets_size: u64) -> Outcome {
    let parcel = Parcel::bytes([0u8; 64]);
    let [_, _, address, _] = parcel.words();
    let words = [size, offsets_size, address, address];
    let data = transaction_data(u64::from(pair.handle), 1, 0, words);
    pair.client
        .write(&Commands::new().command(bc::TRANSACTION, &data))?;
    saw(&pair.client.take()?, "FAILED_REPLY")?;
    let (_, _, errno) = extended_error(&pair.client)?;
    note(result_text(errno as isize));
    Ok(())
}

fn more_offsets_than_memory() -> Outcome {
    let pair = Pair::new()?;
    with_sizes(&pair, 8, 8 << 20)
}

fn sizes_that_overflow() -> Outcome {
    let pair = Pair::new()?;
    with_sizes(&pair, u64::MAX, 8)?;
    with_sizes(&pair, 8, u64::MAX)?;
    with_sizes(&pair, u64::MAX - 7, u64::MAX - 7)?;
    with_sizes(&pair, 1 << 63, 1 << 63)
}

fn negative_sizes() -> Outcome {
    let pair = Pair::new()?;
    with_sizes(&pair, -8i64 as u64, 0)?;
    with_sizes(&pair, 0, -8i64 as u64)
}

fn buffer_object_in_a_plain_transaction() -> Outcome {
    let pair = Pair::new()?;
    let bytes = [1u8; 8];
    let object = crate::parcel::buffer(&bytes, None);
    refuses(&pair, &Parcel::default().object(&object))
}

fn array_object_in_a_plain_transaction() -> Outcome {
    let pair = Pair::new()?;
    refuses(&pair, &Parcel::default().object(&descriptors(0, 0, 0)))?;
    refuses(
        &pair,
        &Parcel::default().object(&buffer_at(0, 8, 1, [0, 0])),
    )
}

fn in_a_reply() -> Outcome {
    let pair = Pair::new()?;
    pair.call(1, 0, &Parcel::default())?;
    let bad = with_offsets(64, &[1]);
    pair.server.write(&Commands::new().reply(0, &bad))?;
    saw(&pair.server.take()?, "TRANSACTION_COMPLETE")?;
    failed(&pair.client, "TRANSACTION_COMPLETE FAILED_REPLY", EINVAL)
}

fn in_a_one_way_call() -> Outcome {
    let pair = Pair::new()?;
    let bad = with_offsets(64, &[1]);
    pair.client
        .write(&Commands::new().transaction(pair.handle, 1, tf::ONE_WAY, &bad))?;
    failed(&pair.client, "FAILED_REPLY", EINVAL)?;
    // The node is not held up by it.
    pair.call_one_way(2, &Parcel::default()).map(|_| ())
}

fn refused_one_is_not_received() -> Outcome {
    let pair = Pair::new()?;
    refuses(&pair, &with_offsets(64, &[1]))?;
    saw(&pair.server.take()?, "")
}

fn refused_one_takes_no_room() -> Outcome {
    let pair = Pair::new()?;
    let bad = with_offsets(crate::endpoint::MAP_BYTES / 3, &[0, 1]);
    for _ in 0..10 {
        pair.client
            .write(&Commands::new().transaction(pair.handle, 1, 0, &bad))?;
        pair.client.take()?;
    }
    let large = Parcel::bytes(vec![0; crate::endpoint::MAP_BYTES - 4096]);
    pair.call(1, 0, &large).map(|_| ())
}
