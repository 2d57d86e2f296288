//! The buffer's mapping: who may map it how, and what lies in it.

use abi_tests::check::{Outcome, note, result_text};
use abi_tests::{cases, fails, gives, holds, process, raw, same, sys};
use libc::*;

use crate::commands::Commands;
use crate::endpoint::Endpoint;
use crate::expect::{answered, failed, saw};
use crate::manager::Manager;
use crate::pair::{NODE, Pair, look_up, publish};
use crate::parcel::{Parcel, binder};
use crate::protocol::tf;

cases![
    writable,
    made_writable_later,
    second_mapping,
    mapping_again_after_unmapping,
    shared_mapping,
    with_an_offset,
    four_mebibytes_at_most,
    one_byte,
    untouched_pages_are_no_memory,
    what_was_sent_can_be_read,
    beyond_the_data_of_a_buffer,
    not_inherited_by_a_child,
    child_cannot_map_it,
    receiver_without_a_mapping,
    receiver_that_unmapped,
    sender_needs_none_for_one_way,
    larger_than_the_buffer,
    freed_space_is_used_again,
    kernel_writes_for_a_system_call,
];

fn writable() -> Outcome {
    let endpoint = Endpoint::unmapped()?;
    for protection in [PROT_READ | PROT_WRITE, PROT_WRITE] {
        let seen = endpoint.map(4096, protection, MAP_PRIVATE);
        same!(result_text(seen), "EPERM");
    }
    answered("mmap", endpoint.map(4096, PROT_WRITE, MAP_SHARED), EPERM)?;
    // A refusal is not held against it.
    holds!(endpoint.map(4096, PROT_READ, MAP_PRIVATE) > 0);
    Ok(())
}

fn made_writable_later() -> Outcome {
    let endpoint = Endpoint::open()?;
    fails!(
        EACCES,
        SYS_mprotect,
        endpoint.map,
        4096,
        PROT_READ | PROT_WRITE
    );
    note("EACCES");
    Ok(())
}

fn second_mapping() -> Outcome {
    let endpoint = Endpoint::open()?;
    answered("mmap", endpoint.map(4096, PROT_READ, MAP_PRIVATE), EBUSY)
}

fn mapping_again_after_unmapping() -> Outcome {
    let endpoint = Endpoint::unmapped()?;
    let map = endpoint.map(8192, PROT_READ, MAP_PRIVATE);
    holds!(map > 0);
    gives!(0, SYS_munmap, map, 8192);
    answered("mmap", endpoint.map(8192, PROT_READ, MAP_PRIVATE), EBUSY)
}

fn shared_mapping() -> Outcome {
    let endpoint = Endpoint::unmapped()?;
    holds!(endpoint.map(8192, PROT_READ, MAP_SHARED) > 0);
    Ok(())
}

fn with_an_offset() -> Outcome {
    let endpoint = Endpoint::unmapped()?;
    let (size, offset) = (8192, 4096);
    let map = sys!(
        SYS_mmap,
        0,
        size,
        PROT_READ,
        MAP_PRIVATE,
        endpoint.fd,
        offset
    );
    holds!(map > 0, "saw {}", result_text(map));
    Ok(())
}

/// How a child ends that reads the byte at `address`.
fn reading(address: usize) -> Result<String, abi_tests::check::Failure> {
    let status = process::status_of(|| i32::from(raw::peek(address)))?;
    Ok(process::ending(status))
}

fn four_mebibytes_at_most() -> Outcome {
    let manager = Manager::start()?;
    let server = Endpoint::open_sized(8 << 20)?;
    let client = Endpoint::open()?;
    publish(&server, 0, &binder(NODE.0, NODE.1))?;
    let handle = look_up(&client, 0)?;
    let much = Parcel::bytes(vec![1u8; (4 << 20) - 4096]);
    client.write(&Commands::new().transaction(handle, 1, 0, &much))?;
    let asked = server.transaction()?;
    holds!(asked.buffer < server.map as u64 + (4 << 20));
    server.write(
        &Commands::new()
            .reply(0, &Parcel::default())
            .free(asked.buffer),
    )?;
    client.reply()?;
    let more = Parcel::bytes(vec![1u8; (4 << 20) + 8]);
    client.write(&Commands::new().transaction(handle, 1, 0, &more))?;
    failed(&client, "FAILED_REPLY", ENOSPC)?;
    manager.kill()
}

fn one_byte() -> Outcome {
    let endpoint = Endpoint::unmapped()?;
    holds!(endpoint.map(1, PROT_READ, MAP_PRIVATE) > 0);
    Ok(())
}

fn untouched_pages_are_no_memory() -> Outcome {
    // A child, since a fault ends it; its own endpoint, since a mapping is not inherited.
    let status = process::status_of(|| match Endpoint::open() {
        Ok(endpoint) => i32::from(raw::peek(endpoint.map + 4096)),
        Err(_) => 99,
    })?;
    same!(process::ending(status), format!("died of signal {SIGBUS}"));
    note("SIGBUS");
    Ok(())
}

fn what_was_sent_can_be_read() -> Outcome {
    let pair = Pair::new()?;
    let bytes: Vec<u8> = (0..9000u32).map(|n| (n % 251) as u8).collect();
    let asked = pair.call(1, 0, &Parcel::bytes(&bytes))?;
    same!(asked.data_size, 9000);
    same!(asked.data() == bytes, true);
    let (map, buffer) = (pair.server.map as u64, asked.buffer);
    holds!((map..map + crate::endpoint::MAP_BYTES as u64).contains(&buffer));
    same!(buffer % 8, 0);
    Ok(())
}

fn beyond_the_data_of_a_buffer() -> Outcome {
    let pair = Pair::new()?;
    let asked = pair.call_one_way(1, &Parcel::bytes(b"secret--"))?;
    pair.server.free(asked.buffer)?;
    let again = pair.call_one_way(1, &Parcel::bytes(b"x"))?;
    // The same place, and nothing is said of what lies after the data; but it is our own page.
    same!(again.data(), b"x");
    Ok(())
}

fn not_inherited_by_a_child() -> Outcome {
    let pair = Pair::new()?;
    let asked = pair.call(1, 0, &Parcel::bytes(b"12345678"))?;
    same!(raw::peek(asked.buffer as usize), b'1');
    let ended = reading(asked.buffer as usize)?;
    same!(ended, format!("died of signal {SIGSEGV}"));
    note("SIGSEGV");
    Ok(())
}

fn child_cannot_map_it() -> Outcome {
    let endpoint = Endpoint::unmapped()?;
    process::inside_child(|| answered("mmap", endpoint.map(4096, PROT_READ, MAP_PRIVATE), EINVAL))
}

fn receiver_without_a_mapping() -> Outcome {
    let pair = Pair::new()?;
    // A reply needs room in the client's mapping, and this one has none.
    let client = Endpoint::unmapped()?;
    client.write(&Commands::new().transaction(
        0,
        crate::manager::ECHO,
        0,
        &Parcel::bytes(b"1234"),
    ))?;
    saw(&client.read()?, "TRANSACTION_COMPLETE DEAD_REPLY")?;
    pair.manager.kill()
}

fn receiver_that_unmapped() -> Outcome {
    let pair = Pair::new()?;
    gives!(0, SYS_munmap, pair.server.map, crate::endpoint::MAP_BYTES);
    let parcel = Parcel::bytes(b"1234");
    pair.client
        .write(&Commands::new().transaction(pair.handle, 1, 0, &parcel))?;
    failed(&pair.client, "DEAD_REPLY", ESRCH)
}

fn sender_needs_none_for_one_way() -> Outcome {
    let manager = Manager::start()?;
    let client = Endpoint::unmapped()?;
    client.write(&Commands::new().transaction(0, 0, tf::ONE_WAY, &Parcel::bytes(b"1234")))?;
    saw(&client.take()?, "TRANSACTION_COMPLETE")?;
    manager.kill()
}

fn larger_than_the_buffer() -> Outcome {
    let pair = Pair::new()?;
    let parcel = Parcel::bytes(vec![0u8; crate::endpoint::MAP_BYTES + 8]);
    pair.client
        .write(&Commands::new().transaction(pair.handle, 1, 0, &parcel))?;
    failed(&pair.client, "FAILED_REPLY", ENOSPC)
}

fn freed_space_is_used_again() -> Outcome {
    let pair = Pair::new()?;
    // Two thirds of the buffer each time.
    let parcel = Parcel::bytes(vec![5u8; crate::endpoint::MAP_BYTES * 2 / 3]);
    for round in 0..20 {
        let asked = pair.call(round, 0, &parcel)?;
        let answer = Parcel::default();
        pair.server
            .write(&Commands::new().free(asked.buffer).reply(0, &answer))?;
        let reply = pair.client.reply()?;
        pair.client.free(reply.buffer)?;
    }
    Ok(())
}

fn kernel_writes_for_a_system_call() -> Outcome {
    let pair = Pair::new()?;
    let asked = pair.call(1, 0, &Parcel::bytes(b"12345678"))?;
    // read(2) into it is refused like any write would be; write(2) from it works.
    let mut ends = [0i32; 2];
    gives!(0, SYS_pipe2, &mut ends, O_CLOEXEC);
    gives!(8, SYS_write, ends[1], asked.buffer, 8);
    fails!(EFAULT, SYS_read, ends[0], asked.buffer, 8);
    Ok(())
}
