//! BINDER_WRITE_READ: sizes, addresses, and what it says of how far it came.

use abi_tests::call::Word;
use abi_tests::check::{Failure, Outcome, note};
use abi_tests::{cases, gives, holds, raw, same, sys};
use libc::*;

use crate::commands::Commands;
use crate::endpoint::Endpoint;
use crate::expect::{answered, refused, saw};
use crate::pair::Pair;
use crate::parcel::Parcel;
use crate::protocol::{bc, br, ioctl, tf};
use crate::returns::{Return, half};

cases![
    nothing_at_all,
    structure_at_a_bad_address,
    write_from_a_bad_address,
    read_into_a_bad_address,
    unknown_command,
    commands_before_a_bad_one_count,
    a_return_is_no_command,
    command_cut_off_by_the_end_of_memory,
    argument_cut_off_by_the_end_of_memory,
    write_goes_on_where_consumed_says,
    consumed_beyond_the_size,
    read_begins_with_a_noop,
    read_goes_on_where_consumed_says,
    no_room_for_a_transaction,
    just_room_for_a_transaction,
    write_comes_before_read,
    failed_write_reads_nothing,
    nothing_there_and_no_waiting,
    signal_ends_the_wait,
    restarting_handler_does_not_restart,
    several_returns_in_one_read,
    obsolete_commands,
    failed_call_ends_the_write,
    nothing_is_written_before_the_error_is_read,
    failed_call_is_told_in_the_same_exchange,
    first_read_of_a_thread,
    closing_a_descriptor_wakes_who_waits,
];

const NOWHERE: u64 = 8;

fn nothing_at_all() -> Outcome {
    let endpoint = Endpoint::open()?;
    let done = endpoint.exchange(&[], &mut []);
    same!((done.result, done.written, done.read), (0, 0, 0));
    Ok(())
}

fn structure_at_a_bad_address() -> Outcome {
    let endpoint = Endpoint::open()?;
    let seen = endpoint.ioctl(ioctl::WRITE_READ, NOWHERE as usize);
    answered("WRITE_READ", seen, EFAULT)
}

fn write_from_a_bad_address() -> Outcome {
    let endpoint = Endpoint::open()?;
    let done = endpoint.exchange_words([4, 0, NOWHERE, 0, 0, 0]);
    same!(done.written, 0);
    answered("the write", done.result, EFAULT)
}

fn read_into_a_bad_address() -> Outcome {
    let endpoint = Endpoint::open()?;
    let done = endpoint.exchange_words([0, 0, 0, 256, 0, NOWHERE]);
    same!(done.read, 0);
    answered("the read", done.result, EFAULT)
}

fn unknown_command() -> Outcome {
    let endpoint = Endpoint::open()?;
    for command in [0, 0x6313, bc::FREE_BUFFER ^ 4 << 16, 0xffff_ffff] {
        let (error, consumed) = endpoint.refused(&Commands::new().bare(command))?;
        same!((command, error, consumed), (command, -(EINVAL as isize), 0));
    }
    note("EINVAL");
    Ok(())
}

fn commands_before_a_bad_one_count() -> Outcome {
    let endpoint = Endpoint::open()?;
    let commands = Commands::new().bare(bc::ENTER_LOOPER).bare(0x6313);
    refused(&endpoint, &commands, EINVAL, 4)
}

fn a_return_is_no_command() -> Outcome {
    let endpoint = Endpoint::open()?;
    refused(&endpoint, &Commands::new().bare(br::NOOP), EINVAL, 0)
}

/// The last bytes of a page with nothing mapped after it, holding the end of `bytes`.
fn at_the_end_of_memory(bytes: &[u8]) -> Result<usize, Failure> {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS;
    let map = sys!(SYS_mmap, 0, 8192, PROT_READ | PROT_WRITE, flags, -1, 0);
    holds!(map > 0);
    gives!(0, SYS_munmap, map + 4096, 4096);
    let start = map as usize + 4096 - bytes.len();
    for (at, byte) in bytes.iter().enumerate() {
        raw::poke(start + at, *byte);
    }
    Ok(start)
}

fn command_cut_off_by_the_end_of_memory() -> Outcome {
    let endpoint = Endpoint::open()?;
    let bytes = Commands::new().bare(bc::ENTER_LOOPER).bytes;
    let both = [&bytes[..], &bytes[..2]].concat();
    let start = at_the_end_of_memory(&both)?;
    let done = endpoint.exchange_words([both.len() as u64, 0, start as u64, 0, 0, 0]);
    same!(done.written, 4);
    answered("the write", done.result, EFAULT)
}

fn argument_cut_off_by_the_end_of_memory() -> Outcome {
    let endpoint = Endpoint::open()?;
    for whole in [
        Commands::new().with_handle(bc::INCREFS, 0),
        Commands::new().free(0),
        Commands::new().with_node(bc::INCREFS_DONE, (1, 1)),
        Commands::new().with_death(bc::REQUEST_DEATH_NOTIFICATION, 0, 0),
        Commands::new().transaction(0, 0, 0, &Parcel::default()),
        Commands::new().transaction_sg(0, 0, 0, &Parcel::default()),
    ] {
        let bytes = &whole.bytes[..whole.bytes.len() - 1];
        let start = at_the_end_of_memory(bytes)?;
        let done = endpoint.exchange_words([bytes.len() as u64, 0, start as u64, 0, 0, 0]);
        same!((done.result, done.written), (-(EFAULT as isize), 0));
    }
    note("EFAULT");
    Ok(())
}

fn write_goes_on_where_consumed_says() -> Outcome {
    let endpoint = Endpoint::open()?;
    // The first command would be refused.
    let bytes = Commands::new().bare(0x6313).bare(bc::ENTER_LOOPER).bytes;
    let address = bytes.as_slice().word() as u64;
    let done = endpoint.exchange_words([8, 4, address, 0, 0, 0]);
    same!((done.result, done.written), (0, 8));
    Ok(())
}

fn consumed_beyond_the_size() -> Outcome {
    let endpoint = Endpoint::open()?;
    let bytes = Commands::new().bare(0x6313).bytes;
    let address = bytes.as_slice().word() as u64;
    let done = endpoint.exchange_words([4, 100, address, 0, 0, 0]);
    same!(done.result, 0);
    note(format!("written {}", done.written));
    Ok(())
}

fn read_begins_with_a_noop() -> Outcome {
    let pair = Pair::new()?;
    let commands = Commands::new()
        .transaction(pair.handle, 7, 0, &Parcel::default())
        .bytes;
    same!(pair.client.exchange(&commands, &mut []).result, 0);
    let mut buffer = [0u8; 256];
    let done = pair.server.exchange(&[], &mut buffer);
    same!((done.result, done.read), (0, 4 + 4 + 64));
    same!(half(&buffer, 0), br::NOOP);
    same!(half(&buffer, 4), br::TRANSACTION);
    Ok(())
}

fn read_goes_on_where_consumed_says() -> Outcome {
    let pair = Pair::new()?;
    pair.client
        .write(&Commands::new().transaction(pair.handle, 7, 0, &Parcel::default()))?;
    let mut buffer = [0xaau8; 256];
    let address = buffer.as_mut_slice().word() as u64;
    let done = pair.server.exchange_words([0, 0, 0, 256, 8, address]);
    same!((done.result, done.read), (0, 8 + 4 + 64));
    // No BR_NOOP, and what was there is as it was.
    same!(half(&buffer, 4), 0xaaaa_aaaa);
    same!(half(&buffer, 8), br::TRANSACTION);
    Ok(())
}

fn no_room_for_a_transaction() -> Outcome {
    let pair = Pair::new()?;
    pair.client
        .write(&Commands::new().transaction(pair.handle, 7, 0, &Parcel::default()))?;
    // One with a security context must fit, even where none will come.
    for size in [4, 72, 79] {
        let mut buffer = vec![0u8; size];
        let done = pair.server.exchange(&[], &mut buffer);
        same!((size, done.result, done.read), (size, 0, 4));
        same!(half(&buffer, 0), br::NOOP);
    }
    // It is still there.
    same!(pair.server.transaction()?.code, 7);
    Ok(())
}

fn just_room_for_a_transaction() -> Outcome {
    let pair = Pair::new()?;
    pair.client
        .write(&Commands::new().transaction(pair.handle, 7, 0, &Parcel::default()))?;
    let mut buffer = [0u8; 80];
    let done = pair.server.exchange(&[], &mut buffer);
    same!((done.result, done.read), (0, 72));
    Ok(())
}

fn write_comes_before_read() -> Outcome {
    let pair = Pair::new()?;
    let parcel = Parcel::bytes(b"1234");
    let commands = Commands::new().transaction(pair.handle, 7, tf::ONE_WAY, &parcel);
    let mut buffer = [0u8; 256];
    let done = pair.client.exchange(&commands.bytes, &mut buffer);
    same!(
        (done.result, done.written),
        (0, commands.bytes.len() as u64)
    );
    saw(
        &Return::parse(&buffer[..done.read as usize]),
        "NOOP TRANSACTION_COMPLETE",
    )
}

fn failed_write_reads_nothing() -> Outcome {
    let pair = Pair::new()?;
    pair.client
        .write(&Commands::new().transaction(pair.handle, 7, 0, &Parcel::default()))?;
    let bad = Commands::new().bare(0x6313).bytes;
    let mut buffer = [0u8; 256];
    let (write, read) = (bad.as_slice().word(), buffer.as_mut_slice().word());
    let done = pair
        .server
        .exchange_words([4, 0, write as u64, 256, 12, read as u64]);
    // What was said to be read already is forgotten.
    same!((done.written, done.read), (0, 0));
    answered("the write", done.result, EINVAL)?;
    same!(pair.server.transaction()?.code, 7);
    Ok(())
}

fn nothing_there_and_no_waiting() -> Outcome {
    let endpoint = Endpoint::open()?;
    let write = Commands::new().bare(bc::ENTER_LOOPER).bytes;
    endpoint.exchange(&write, &mut []);
    endpoint.set_nonblocking(true);
    let mut buffer = [0u8; 256];
    let done = endpoint.exchange(&write, &mut buffer);
    // The BR_NOOP that was to come first does not count.
    same!((done.written, done.read), (4, 0));
    answered("the read", done.result, EAGAIN)
}

fn interrupted(flags: i32) -> Outcome {
    extern "C" fn nothing(_: i32, _: &abi_tests::signal::Info, _: &mut abi_tests::signal::Context) {
    }
    let endpoint = Endpoint::open()?;
    // A thread's first read may come back at once, with a BR_NOOP only.
    endpoint.write(&Commands::new().bare(bc::ENTER_LOOPER))?;
    raw::set_handler(SIGUSR1, nothing, flags, 0);
    let me = std::process::id() as i32;
    abi_tests::process::spawn(|| {
        abi_tests::process::until_asleep(me);
        abi_tests::process::pause(20);
        sys!(SYS_kill, me, SIGUSR1);
        0
    })?;
    let mut buffer = [0u8; 256];
    let done = endpoint.exchange(&[], &mut buffer);
    same!(done.read, 0);
    answered("the read", done.result, EINTR)
}

fn signal_ends_the_wait() -> Outcome {
    interrupted(0)
}

fn restarting_handler_does_not_restart() -> Outcome {
    interrupted(SA_RESTART)
}

fn several_returns_in_one_read() -> Outcome {
    let pair = Pair::new()?;
    let parcel = Parcel::default();
    pair.call(1, 0, &parcel)?;
    pair.server.write(&Commands::new().reply(0, &parcel))?;
    let mut buffer = [0u8; 256];
    let done = pair.client.exchange(&[], &mut buffer);
    same!(done.result, 0);
    saw(
        &Return::parse(&buffer[..done.read as usize]),
        "NOOP TRANSACTION_COMPLETE REPLY",
    )
}

fn obsolete_commands() -> Outcome {
    let endpoint = Endpoint::open()?;
    let attempt = Commands::new().command(bc::ATTEMPT_ACQUIRE, &[0; 8]);
    refused(&endpoint, &attempt, EINVAL, 0)?;
    let result = Commands::new().command(bc::ACQUIRE_RESULT, &[0; 4]);
    refused(&endpoint, &result, EINVAL, 0)
}

fn failed_call_ends_the_write() -> Outcome {
    let endpoint = Endpoint::open()?;
    let empty = Parcel::default();
    let call = Commands::new().transaction(4711, 1, 0, &empty);
    let first = call.bytes.len() as u64;
    // The one after it would be refused; it is not even looked at.
    let done = endpoint.exchange(&call.bare(0x6313).bytes, &mut []);
    same!((done.result, done.written), (0, first));
    saw(&endpoint.take()?, "FAILED_REPLY")
}

fn nothing_is_written_before_the_error_is_read() -> Outcome {
    let endpoint = Endpoint::open()?;
    let empty = Parcel::default();
    endpoint.write(&Commands::new().transaction(4711, 1, 0, &empty))?;
    let bad = Commands::new().bare(0x6313);
    let done = endpoint.exchange(&bad.bytes, &mut []);
    same!((done.result, done.written), (0, 0));
    saw(&endpoint.take()?, "FAILED_REPLY")?;
    refused(&endpoint, &bad, EINVAL, 0)
}

fn failed_call_is_told_in_the_same_exchange() -> Outcome {
    let endpoint = Endpoint::open()?;
    let empty = Parcel::default();
    let mut buffer = [0u8; 256];
    let call = Commands::new().transaction(4711, 1, 0, &empty);
    let done = endpoint.exchange(&call.bytes, &mut buffer);
    same!(done.result, 0);
    saw(
        &Return::parse(&buffer[..done.read as usize]),
        "NOOP FAILED_REPLY",
    )
}

fn first_read_of_a_thread() -> Outcome {
    let endpoint = Endpoint::open()?;
    let mut buffer = [0u8; 256];
    // There is nothing to read, and it does not wait.
    let done = endpoint.exchange(&[], &mut buffer);
    same!((done.result, done.read), (0, 4));
    endpoint.set_nonblocking(true);
    let done = endpoint.exchange(&[], &mut buffer);
    answered("the second read", done.result, EAGAIN)
}

fn closing_a_descriptor_wakes_who_waits() -> Outcome {
    let endpoint = Endpoint::open()?;
    endpoint.write(&Commands::new().bare(bc::ENTER_LOOPER))?;
    let other = sys!(SYS_dup, endpoint.fd);
    let me = std::process::id() as i32;
    let (seen, closed) = std::thread::scope(|threads| {
        let closing = threads.spawn(|| {
            abi_tests::process::until_asleep(me);
            abi_tests::process::pause(50);
            sys!(SYS_close, other)
        });
        let mut buffer = [0u8; 256];
        let done = endpoint.exchange(&[], &mut buffer);
        (done, closing.join().unwrap_or(-1))
    });
    same!((closed, seen.result, seen.read), (0, 0, 4));
    Ok(())
}
