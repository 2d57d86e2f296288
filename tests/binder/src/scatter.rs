//! Scatter-gather: memory that travels beside the parcel, with the pointers to it mended, and
//! arrays of descriptors in it.

use abi_tests::call::Word;
use abi_tests::check::Outcome;
use abi_tests::{cases, gives, holds, same};
use libc::*;

use crate::commands::Commands;
use crate::expect::{failed, saw};
use crate::pair::Pair;
use crate::parcel::{Parcel, buffer, buffer_at, descriptors};
use crate::protocol::object;
use crate::returns::{Incoming, Return, mapped};

cases![
    one_buffer,
    buffer_without_bytes,
    several_buffers,
    in_a_reply,
    pointer_in_the_parent_is_mended,
    chain_of_three,
    two_pointers_in_one_parent,
    pointers_out_of_order,
    pointer_beyond_the_parent,
    pointer_across_the_end_of_the_parent,
    parent_that_is_none,
    parent_that_comes_later,
    parent_that_is_the_buffer_itself,
    parent_that_was_left,
    not_enough_room,
    room_left_over,
    room_not_aligned,
    room_that_overflows,
    buffer_at_a_bad_address,
    buffer_of_a_huge_length,
    descriptors_in_a_buffer,
    no_descriptors,
    descriptor_that_is_not_open,
    descriptors_beyond_the_parent,
    descriptors_not_aligned,
    descriptors_without_a_parent,
    huge_count_of_descriptors,
    descriptors_where_none_are_taken,
    plain_parcel,
    parent_at_the_very_beginning,
];

/// A parcel whose objects do not begin at offset 0: there Linux takes a buffer for one that has
/// nothing to be mended in, which a case of its own looks at.
fn headed() -> Parcel {
    Parcel::bytes(b"headhead")
}

/// Sends with scatter-gather; the server has it.
fn sent(pair: &Pair, parcel: &Parcel) -> Result<Incoming, abi_tests::check::Failure> {
    pair.client
        .write(&Commands::new().transaction_sg(pair.handle, 1, 0, parcel))?;
    pair.server.transaction()
}

/// Sends with scatter-gather, and expects a failed reply with this error.
fn refuses(pair: &Pair, parcel: &Parcel, errno: i32) -> Outcome {
    pair.client
        .write(&Commands::new().transaction_sg(pair.handle, 1, 0, parcel))?;
    failed(&pair.client, "FAILED_REPLY", errno)
}

fn one_buffer() -> Outcome {
    let pair = Pair::new()?;
    let asked = sent(
        &pair,
        &Parcel::default()
            .object(&buffer(b"beside it", None))
            .room(16),
    )?;
    same!(asked.number(0), object::PTR);
    same!((asked.data_size, asked.offsets_size), (40, 8));
    let (address, length) = (asked.word(8), asked.word(16));
    same!(mapped(address, length), b"beside it");
    // It lies after the offsets.
    same!(address, asked.offsets + 8);
    Ok(())
}

fn buffer_without_bytes() -> Outcome {
    let pair = Pair::new()?;
    let asked = sent(&pair, &Parcel::default().object(&buffer(b"", None)).room(0))?;
    same!(asked.word(16), 0);
    same!(asked.word(8), asked.offsets + 8);
    Ok(())
}

fn several_buffers() -> Outcome {
    let pair = Pair::new()?;
    let parcel = Parcel::default()
        .object(&buffer(b"one", None))
        .object(&buffer(b"second!", None))
        .room(16);
    let asked = sent(&pair, &parcel)?;
    let (first, second) = (asked.word(8), asked.word(48));
    same!(mapped(first, 3), b"one");
    same!(mapped(second, 7), b"second!");
    // Each begins at a multiple of eight bytes.
    same!(second - first, 8);
    Ok(())
}

fn in_a_reply() -> Outcome {
    let pair = Pair::new()?;
    pair.call(1, 0, &Parcel::default())?;
    let answer = Parcel::default().object(&buffer(b"12345678", None)).room(8);
    pair.server.write(&Commands::new().reply_sg(0, &answer))?;
    let came = pair.client.reply()?;
    same!(mapped(came.word(8), 8), b"12345678");
    Ok(())
}

/// Two words of which the second is to be a pointer to `to`.
fn pointing_to(to: &[u8]) -> Vec<u8> {
    [1u64.to_ne_bytes(), (to.word() as u64).to_ne_bytes()].concat()
}

fn pointer_in_the_parent_is_mended() -> Outcome {
    let pair = Pair::new()?;
    let child = *b"childish";
    let parent = pointing_to(&child);
    let parcel = headed()
        .object(&buffer(&parent, None))
        .object(&buffer(&child, Some((0, 8))))
        .room(24);
    let asked = sent(&pair, &parcel)?;
    let (parent, child) = (asked.word(16), asked.word(56));
    let words = mapped(parent, 16);
    same!(crate::returns::word(&words, 0), 1);
    same!(crate::returns::word(&words, 8), child);
    same!(mapped(child, 8), b"childish");
    Ok(())
}

fn chain_of_three() -> Outcome {
    let pair = Pair::new()?;
    let last = *b"the last";
    let middle = pointing_to(&last);
    let first = pointing_to(&middle);
    let parcel = headed()
        .object(&buffer(&first, None))
        .object(&buffer(&middle, Some((0, 8))))
        .object(&buffer(&last, Some((1, 8))))
        .room(40);
    let asked = sent(&pair, &parcel)?;
    let middle = crate::returns::word(&mapped(asked.word(16), 16), 8);
    let last = crate::returns::word(&mapped(middle, 16), 8);
    same!(mapped(last, 8), b"the last");
    Ok(())
}

fn two_pointers_in_one_parent() -> Outcome {
    let pair = Pair::new()?;
    let parent = [0u64; 2].map(u64::to_ne_bytes).concat();
    let parcel = headed()
        .object(&buffer(&parent, None))
        .object(&buffer(b"11111111", Some((0, 0))))
        .object(&buffer(b"22222222", Some((0, 8))))
        .room(32);
    let asked = sent(&pair, &parcel)?;
    let words = mapped(asked.word(16), 16);
    same!(mapped(crate::returns::word(&words, 0), 8), b"11111111");
    same!(mapped(crate::returns::word(&words, 8), 8), b"22222222");
    Ok(())
}

fn pointers_out_of_order() -> Outcome {
    let pair = Pair::new()?;
    let parcel = headed()
        .object(&buffer(&[0; 16], None))
        .object(&buffer(b"11111111", Some((0, 8))))
        .object(&buffer(b"22222222", Some((0, 0))))
        .room(32);
    refuses(&pair, &parcel, EINVAL)
}

fn pointer_beyond_the_parent() -> Outcome {
    let pair = Pair::new()?;
    for offset in [16, 24, u64::MAX, u64::MAX - 7] {
        let parcel = headed()
            .object(&buffer(&[0; 16], None))
            .object(&buffer(b"11111111", Some((0, offset))))
            .room(24);
        refuses(&pair, &parcel, EINVAL)?;
    }
    Ok(())
}

fn pointer_across_the_end_of_the_parent() -> Outcome {
    let pair = Pair::new()?;
    let parcel = headed()
        .object(&buffer(&[0; 16], None))
        .object(&buffer(b"11111111", Some((0, 12))))
        .room(24);
    refuses(&pair, &parcel, EINVAL)
}

fn parent_that_is_none() -> Outcome {
    let pair = Pair::new()?;
    for index in [7, u64::MAX] {
        let parcel = headed()
            .object(&buffer(&[0; 16], None))
            .object(&buffer(b"11111111", Some((index, 0))))
            .room(24);
        refuses(&pair, &parcel, EINVAL)?;
    }
    // One that is something else.
    let parcel = headed()
        .object(&crate::parcel::binder(0x8000, 0))
        .object(&buffer(b"11111111", Some((0, 0))))
        .room(24);
    pair.client
        .write(&Commands::new().transaction_sg(pair.handle, 1, 0, &parcel))?;
    let seen = pair.client.take()?;
    holds!(seen.contains(&Return::FailedReply), "saw {seen:?}");
    Ok(())
}

fn parent_that_comes_later() -> Outcome {
    let pair = Pair::new()?;
    let parcel = headed()
        .object(&buffer(b"11111111", Some((1, 0))))
        .object(&buffer(&[0; 16], None))
        .room(24);
    refuses(&pair, &parcel, EINVAL)
}

fn parent_that_is_the_buffer_itself() -> Outcome {
    let pair = Pair::new()?;
    let parcel = headed().object(&buffer(b"11111111", Some((0, 0)))).room(24);
    refuses(&pair, &parcel, EINVAL)
}

fn parent_that_was_left() -> Outcome {
    let pair = Pair::new()?;
    // Once a pointer was mended in a later buffer, an earlier one that is not above it is closed.
    let parcel = headed()
        .object(&buffer(&[0; 16], None))
        .object(&buffer(&[0; 16], None))
        .object(&buffer(b"11111111", Some((1, 0))))
        .object(&buffer(b"22222222", Some((0, 0))))
        .room(64);
    refuses(&pair, &parcel, EINVAL)
}

fn not_enough_room() -> Outcome {
    let pair = Pair::new()?;
    refuses(
        &pair,
        &Parcel::default().object(&buffer(&[0; 16], None)).room(8),
        EINVAL,
    )?;
    refuses(
        &pair,
        &Parcel::default().object(&buffer(&[0; 16], None)).room(0),
        EINVAL,
    )
}

fn room_left_over() -> Outcome {
    let pair = Pair::new()?;
    let asked = sent(
        &pair,
        &Parcel::default()
            .object(&buffer(b"12345678", None))
            .room(4096),
    )?;
    same!(mapped(asked.word(8), 8), b"12345678");
    Ok(())
}

fn room_not_aligned() -> Outcome {
    let pair = Pair::new()?;
    refuses(
        &pair,
        &Parcel::default()
            .object(&buffer(b"12345678", None))
            .room(15),
        EINVAL,
    )
}

fn room_that_overflows() -> Outcome {
    let pair = Pair::new()?;
    for room in [u64::MAX - 7, 1 << 63] {
        let parcel = Parcel::default()
            .object(&buffer(b"12345678", None))
            .room(room);
        pair.client
            .write(&Commands::new().transaction_sg(pair.handle, 1, 0, &parcel))?;
        saw(&pair.client.take()?, "FAILED_REPLY")?;
    }
    Ok(())
}

fn buffer_at_a_bad_address() -> Outcome {
    let pair = Pair::new()?;
    // Not EFAULT, as for the parcel itself.
    let object = buffer_at(8, 16, 0, [0, 0]);
    refuses(&pair, &Parcel::default().object(&object).room(16), EINVAL)
}

fn buffer_of_a_huge_length() -> Outcome {
    let pair = Pair::new()?;
    for length in [u64::MAX, u64::MAX - 7, 1 << 40] {
        let object = buffer_at([0u8; 8].word() as u64, length, 0, [0, 0]);
        refuses(&pair, &Parcel::default().object(&object).room(64), EINVAL)?;
    }
    Ok(())
}

/// A pipe, and its two ends as an array of 32-bit numbers.
fn pipe() -> Result<([i32; 2], Vec<u8>), abi_tests::check::Failure> {
    let mut ends = [0i32; 2];
    gives!(0, SYS_pipe2, &mut ends, O_CLOEXEC);
    Ok((ends, ends.map(i32::to_ne_bytes).concat()))
}

fn descriptors_in_a_buffer() -> Outcome {
    let pair = Pair::new()?;
    let (ends, bytes) = pipe()?;
    let parcel = headed()
        .object(&buffer(&bytes, None))
        .object(&descriptors(2, 0, 0))
        .room(8);
    let asked = sent(&pair, &parcel)?;
    let came = mapped(asked.word(16), 8);
    let (from, to) = (
        crate::returns::half(&came, 0),
        crate::returns::half(&came, 4),
    );
    let mut read = [0u8; 4];
    gives!(4, SYS_write, ends[1], b"ping", 4);
    gives!(4, SYS_read, from, &mut read, 4);
    gives!(FD_CLOEXEC, SYS_fcntl, to, F_GETFD);
    same!((asked.number(48), asked.word(56)), (object::FDA, 2));
    // Freeing the buffer closes those of an array, as the receiver may not know of them.
    pair.server.write(
        &Commands::new()
            .free(asked.buffer)
            .reply(0, &Parcel::default()),
    )?;
    abi_tests::process::pause(10);
    abi_tests::fails!(EBADF, SYS_fcntl, from, F_GETFD);
    abi_tests::fails!(EBADF, SYS_fcntl, to, F_GETFD);
    Ok(())
}

fn no_descriptors() -> Outcome {
    let pair = Pair::new()?;
    let parcel = headed()
        .object(&buffer(&[0; 8], None))
        .object(&descriptors(0, 0, 0))
        .room(8);
    sent(&pair, &parcel).map(|_| ())
}

fn descriptor_that_is_not_open() -> Outcome {
    let pair = Pair::new()?;
    let bytes = [0i32, 199].map(i32::to_ne_bytes).concat();
    let parcel = headed()
        .object(&buffer(&bytes, None))
        .object(&descriptors(2, 0, 0))
        .room(8);
    refuses(&pair, &parcel, EBADF)
}

fn descriptors_beyond_the_parent() -> Outcome {
    let pair = Pair::new()?;
    for (count, offset) in [(3, 0), (2, 4), (1, 8), (1, u64::MAX - 3)] {
        let parcel = headed()
            .object(&buffer(&[0; 8], None))
            .object(&descriptors(count, 0, offset))
            .room(8);
        refuses(&pair, &parcel, EINVAL)?;
    }
    Ok(())
}

fn descriptors_not_aligned() -> Outcome {
    let pair = Pair::new()?;
    let parcel = headed()
        .object(&buffer(&[0; 8], None))
        .object(&descriptors(1, 0, 2))
        .room(8);
    refuses(&pair, &parcel, EINVAL)
}

fn descriptors_without_a_parent() -> Outcome {
    let pair = Pair::new()?;
    let parcel = headed().object(&descriptors(1, 0, 0)).room(8);
    refuses(&pair, &parcel, EINVAL)
}

fn huge_count_of_descriptors() -> Outcome {
    let pair = Pair::new()?;
    for count in [u64::MAX, 1 << 62, 1 << 61] {
        let parcel = headed()
            .object(&buffer(&[0; 8], None))
            .object(&descriptors(count, 0, 0))
            .room(8);
        refuses(&pair, &parcel, EINVAL)?;
    }
    Ok(())
}

fn descriptors_where_none_are_taken() -> Outcome {
    let pair = Pair::new()?;
    pair.call(1, 0, &Parcel::default())?;
    let answer = headed()
        .object(&buffer(&[0; 8], None))
        .object(&descriptors(1, 0, 0))
        .room(8);
    pair.server.write(&Commands::new().reply_sg(0, &answer))?;
    failed(&pair.client, "TRANSACTION_COMPLETE FAILED_REPLY", EPERM)
}

fn plain_parcel() -> Outcome {
    let pair = Pair::new()?;
    let asked = sent(&pair, &Parcel::bytes(b"no objects"))?;
    same!(asked.data(), b"no objects");
    Ok(())
}

/// Linux takes the offset 0 of the last buffer for the sign that there was none.
fn parent_at_the_very_beginning() -> Outcome {
    let pair = Pair::new()?;
    let parcel = Parcel::default()
        .object(&buffer(&[0; 16], None))
        .object(&buffer(b"11111111", Some((0, 0))))
        .room(24);
    refuses(&pair, &parcel, EINVAL)
}
