//! The buffers in which transactions arrive: what frees them, and what does not.

use abi_tests::check::Outcome;
use abi_tests::{cases, holds, raw, same};

use crate::commands::Commands;
use crate::expect::saw;
use crate::pair::Pair;
use crate::parcel::Parcel;
use crate::protocol::tf;

cases![
    free_of_what_is_no_buffer,
    free_twice,
    free_of_a_place_inside,
    free_of_somebody_elses,
    free_before_it_was_read,
    free_before_the_reply,
    free_in_another_order,
    free_of_a_reply,
    buffers_do_not_overlap,
    zeroed_when_asked_for,
    unfreed_ones_fill_it_up,
];

fn free_of_what_is_no_buffer() -> Outcome {
    let pair = Pair::new()?;
    let map = pair.server.map as u64;
    // Each is complained of in the log, and the next is taken.
    for address in [0, 8, map, map + 4096, map - 8, u64::MAX, 1 << 63] {
        pair.server.free(address)?;
    }
    pair.round(&Parcel::default(), &Parcel::default())
        .map(|_| ())
}

fn free_twice() -> Outcome {
    let pair = Pair::new()?;
    let asked = pair.call_one_way(1, &Parcel::bytes(b"12345678"))?;
    pair.server
        .write(&Commands::new().free(asked.buffer).free(asked.buffer))?;
    let again = pair.call_one_way(2, &Parcel::bytes(b"87654321"))?;
    same!(again.data(), b"87654321");
    Ok(())
}

fn free_of_a_place_inside() -> Outcome {
    let pair = Pair::new()?;
    let asked = pair.call_one_way(1, &Parcel::bytes([7; 64]))?;
    for offset in [1, 8, 16, 64] {
        pair.server.free(asked.buffer + offset)?;
    }
    // It is as it was, and so the node's next call waits.
    pair.call_one_way_raw(2)?;
    saw(&pair.server.take()?, "")?;
    same!(asked.data(), [7; 64]);
    pair.server.free(asked.buffer)?;
    same!(pair.server.transaction()?.code, 2);
    Ok(())
}

fn free_of_somebody_elses() -> Outcome {
    let pair = Pair::new()?;
    let asked = pair.call_one_way(1, &Parcel::bytes([7; 64]))?;
    pair.client.free(asked.buffer)?;
    pair.call_one_way_raw(2)?;
    saw(&pair.server.take()?, "")
}

fn free_before_it_was_read() -> Outcome {
    let pair = Pair::new()?;
    let first = pair.call_one_way(1, &Parcel::bytes(b"12345678"))?;
    pair.server.free(first.buffer)?;
    // The next one most likely lies at the same place, and is not the receiver's before it has
    // read of it.
    let parcel = Parcel::bytes(b"87654321");
    pair.client
        .write(&Commands::new().transaction(pair.handle, 2, tf::ONE_WAY, &parcel))?;
    pair.server.free(first.buffer)?;
    let second = pair.server.transaction()?;
    same!(second.data(), b"87654321");
    Ok(())
}

fn free_before_the_reply() -> Outcome {
    let pair = Pair::new()?;
    let asked = pair.call(1, 0, &Parcel::bytes(b"12345678"))?;
    pair.server.free(asked.buffer)?;
    pair.server
        .write(&Commands::new().reply(0, &Parcel::bytes(b"answer")))?;
    same!(pair.client.reply()?.data(), b"answer");
    Ok(())
}

fn free_in_another_order() -> Outcome {
    let pair = Pair::new()?;
    let mut held = Vec::new();
    for code in 0..5u32 {
        let asked = pair.call(code, 0, &Parcel::bytes(vec![code as u8; 5000]))?;
        pair.server
            .write(&Commands::new().reply(0, &Parcel::default()))?;
        pair.client.reply()?;
        held.push(asked);
    }
    for index in [3, 0, 4, 1, 2] {
        same!(held[index].data() == vec![index as u8; 5000], true);
        pair.server.free(held[index].buffer)?;
    }
    // All of it is one piece again.
    let large = Parcel::bytes(vec![9; crate::endpoint::MAP_BYTES - 4096]);
    pair.call(1, 0, &large).map(|_| ())
}

fn free_of_a_reply() -> Outcome {
    let pair = Pair::new()?;
    for _ in 0..10 {
        let answer = Parcel::bytes(vec![1; crate::endpoint::MAP_BYTES / 2]);
        let (_, came) = pair.round(&Parcel::default(), &answer)?;
        pair.client.free(came.buffer)?;
    }
    Ok(())
}

fn buffers_do_not_overlap() -> Outcome {
    let pair = Pair::new()?;
    let mut held = Vec::new();
    for code in 0..40u32 {
        let asked = pair.call(code, 0, &Parcel::bytes(vec![code as u8; 1001]))?;
        pair.server
            .write(&Commands::new().reply(0, &Parcel::default()))?;
        let reply = pair.client.reply()?;
        pair.client.free(reply.buffer)?;
        held.push(asked);
    }
    for (code, asked) in held.iter().enumerate() {
        same!((code, asked.data() == vec![code as u8; 1001]), (code, true));
    }
    Ok(())
}

fn zeroed_when_asked_for() -> Outcome {
    let pair = Pair::new()?;
    // Two that most likely lie in one page, so that the page stays when the first is freed.
    let secret = pair.call(1, tf::CLEAR_BUF, &Parcel::bytes(b"a secret"))?;
    pair.server
        .write(&Commands::new().reply(0, &Parcel::default()))?;
    pair.call(2, 0, &Parcel::bytes(b"no secret at all"))?;
    same!(secret.data(), b"a secret");
    pair.server.free(secret.buffer)?;
    // Where the page did go, nothing is copied.
    let left = raw::copy_of(secret.buffer as usize, 8);
    holds!(left.iter().all(|byte| *byte == 0), "saw {left:?}");
    Ok(())
}

fn unfreed_ones_fill_it_up() -> Outcome {
    let pair = Pair::new()?;
    let parcel = Parcel::bytes(vec![0; crate::endpoint::MAP_BYTES / 4 - 64]);
    for code in 0..4 {
        pair.call(code, 0, &parcel)?;
        pair.server
            .write(&Commands::new().reply(0, &Parcel::default()))?;
        pair.client.reply()?;
    }
    pair.client
        .write(&Commands::new().transaction(pair.handle, 9, 0, &parcel))?;
    crate::expect::failed(&pair.client, "FAILED_REPLY", libc::ENOSPC)
}
