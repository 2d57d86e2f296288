//! The commands of a thread: one BINDER_WRITE_READ's.

use abi::binder::WriteRead;
use abi::binder::command::*;
use abi::binder::{BINDER_WRITE_READ, TransactionDataSg};
use zerocopy::{Immutable, IntoBytes};

use crate::area::{Area, CALL, COMMANDS, RETURNS, RETURNS_BYTES, bad_address};
use crate::objects::{handle, lay_out};
use crate::{Ioctl, Player, Random};

/// Commands in one call, at most.
const COMMANDS_MAX: u64 = 4;
/// Different cookies of death notifications.
const COOKIES: u64 = 4;

/// Commands being collected.
struct Collected {
    bytes: Vec<u8>,
    count: u32,
    /// What is sent: one call's transactions carry the same.
    sent: Option<TransactionDataSg>,
}

impl Collected {
    fn add(&mut self, number: u32, payload: &(impl IntoBytes + Immutable + ?Sized)) {
        self.bytes.extend_from_slice(number.as_bytes());
        self.bytes.extend_from_slice(payload.as_bytes());
        self.count += 1;
    }
}

/// Bytes of a handle and a cookie, as commands have them.
fn with_cookie(handle: u32, cookie: u64) -> [u8; HANDLE_COOKIE_BYTES] {
    let mut bytes = [0; HANDLE_COOKIE_BYTES];
    bytes[..4].copy_from_slice(handle.as_bytes());
    bytes[4..].copy_from_slice(cookie.as_bytes());
    bytes
}

/// Some commands, and sometimes a read in the same call.
pub(crate) fn write(
    player: &mut Player,
    thread: usize,
    random: &mut Random,
    area: &mut Area,
) -> Ioctl {
    let mut collected = Collected {
        bytes: Vec::new(),
        count: 0,
        sent: None,
    };
    for _ in 0..1 + random.below(COMMANDS_MAX).min(random.below(COMMANDS_MAX)) {
        add_one(player, thread, random, area, &mut collected);
    }
    let Collected {
        mut bytes, count, ..
    } = collected;
    if random.one_in(40) {
        bytes.truncate(random.below(bytes.len() as u64 + 1) as usize);
    }
    area.put(COMMANDS, &bytes[..]);
    let read_size = match random.one_in(4) {
        true => RETURNS_BYTES as u64,
        false => 0,
    };
    call(random, area, [bytes.len() as u64, read_size], count)
}

/// A read.
pub(crate) fn read(random: &mut Random, area: &mut Area) -> Ioctl {
    let read_size = match random.one_in(20) {
        true => random.below(200),
        false => RETURNS_BYTES as u64,
    };
    call(random, area, [0, read_size], 0)
}

fn call(random: &mut Random, area: &mut Area, sizes: [u64; 2], commands: u32) -> Ioctl {
    let mut call = WriteRead {
        write_size: sizes[0],
        write_buffer: area.base + COMMANDS as u64,
        read_size: sizes[1],
        read_buffer: area.base + RETURNS as u64,
        ..WriteRead::default()
    };
    let mut argument = area.base + CALL as u64;
    if random.one_in(60) {
        let wrong = random.pick(&[1, 4, 68, 1000, 1 << 40, u64::MAX - 3, u64::MAX]);
        match random.below(7) {
            0 => call.write_buffer = bad_address(random),
            // What would be read far behind the area is read where nothing is.
            1 => (call.read_size, call.read_buffer) = (wrong, bad_address(random)),
            2 => call.read_buffer = bad_address(random),
            3 => call.write_consumed = wrong,
            4 => call.read_consumed = wrong.min(RETURNS_BYTES as u64),
            5 => call.read_consumed = call.read_size.saturating_sub(random.below(16)),
            _ => argument = bad_address(random),
        }
    }
    area.put(CALL, &call);
    Ioctl {
        number: BINDER_WRITE_READ,
        argument,
        commands,
    }
}

fn add_one(
    player: &mut Player,
    thread: usize,
    random: &mut Random,
    area: &mut Area,
    collected: &mut Collected,
) {
    let handle = handle(random);
    let cookie = random.below(COOKIES);
    match random.below(32) {
        0..=8 => {
            let is_reply = player.answers(thread, random);
            send(random, area, collected, is_reply);
        }
        9 => send(random, area, collected, true),
        10..=16 => {
            let buffer = player.take_buffer(random);
            collected.add(BC_FREE_BUFFER, &buffer.unwrap_or_else(|| random.next()));
        }
        17..=20 => {
            if let Some((number, node)) = player.take_notice() {
                collected.add(number, &node);
            }
        }
        21 | 22 => collected.add(random.pick(&[BC_INCREFS, BC_ACQUIRE]), &handle),
        23 | 24 => collected.add(random.pick(&[BC_RELEASE, BC_DECREFS]), &handle),
        25 | 26 => collected.add(BC_REQUEST_DEATH_NOTIFICATION, &with_cookie(handle, cookie)),
        27 => collected.add(BC_CLEAR_DEATH_NOTIFICATION, &with_cookie(handle, cookie)),
        28 => collected.add(BC_DEAD_BINDER_DONE, &player.take_death().unwrap_or(cookie)),
        29 | 30 => {
            let looper = [BC_ENTER_LOOPER, BC_REGISTER_LOOPER, BC_EXIT_LOOPER];
            collected.add(random.pick(&looper), &());
        }
        _ => senseless(random, collected, handle, cookie),
    }
}

/// A transaction or a reply.
fn send(random: &mut Random, area: &mut Area, collected: &mut Collected, is_reply: bool) {
    let sent = *collected.sent.get_or_insert_with(|| lay_out(random, area));
    let has_buffers = sent.buffers_size > 0;
    let with_buffers = has_buffers != random.one_in(20);
    match (is_reply, with_buffers) {
        (false, false) => collected.add(BC_TRANSACTION, &sent.transaction),
        (true, false) => collected.add(BC_REPLY, &sent.transaction),
        (false, true) => collected.add(BC_TRANSACTION_SG, &sent),
        (true, true) => collected.add(BC_REPLY_SG, &sent),
    }
}

/// What no program gives.
fn senseless(random: &mut Random, collected: &mut Collected, handle: u32, cookie: u64) {
    match random.below(4) {
        0 => collected.add(random.next() as u32, &with_cookie(handle, cookie)),
        1 => collected.add(BC_ATTEMPT_ACQUIRE, &cookie),
        2 => collected.add(
            random.pick(&[BC_INCREFS_DONE, BC_ACQUIRE_DONE]),
            &[0x1000 * (1 + random.below(5)), cookie],
        ),
        _ => collected.add(BC_FREE_BUFFER, &random.next()),
    }
}
