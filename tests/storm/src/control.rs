//! The other ioctls.

use crate::area::{Area, CALL, bad_address};
use crate::objects::{handle, node};
use crate::{Around, Ioctl, Random};
use abi::binder::object::BINDER_TYPE_BINDER;
use abi::binder::*;

/// Milliseconds that a freeze may wait for.
const FREEZE_MILLISECONDS: [u32; 4] = [0, 0, 1, 3];

/// One of them.
pub(crate) fn control(around: &Around<'_>, random: &mut Random, area: &mut Area) -> Ioctl {
    let number = put_argument(around, random, area);
    let argument = match random.one_in(40) {
        true => bad_address(random),
        false => area.base + CALL as u64,
    };
    Ioctl {
        number,
        argument,
        commands: 0,
    }
}

/// Writes an argument, and gives the number that it belongs to.
fn put_argument(around: &Around<'_>, random: &mut Random, area: &mut Area) -> u32 {
    match random.below(24) {
        0..=2 => BINDER_THREAD_EXIT,
        3..=6 => BINDER_SET_CONTEXT_MGR,
        7 => {
            area.put(CALL, &node(random, BINDER_TYPE_BINDER));
            BINDER_SET_CONTEXT_MGR_EXT
        }
        8..=10 => {
            area.put(CALL, &(random.below(4) as u32));
            BINDER_SET_MAX_THREADS
        }
        11..=15 => {
            area.put(
                CALL,
                &FreezeInfo {
                    pid: pid(around, random),
                    enable: u32::from(random.one_in(3)),
                    timeout_ms: random.pick(&FREEZE_MILLISECONDS),
                },
            );
            BINDER_FREEZE
        }
        16 => {
            area.put(
                CALL,
                &FrozenStatusInfo {
                    pid: pid(around, random),
                    ..FrozenStatusInfo::default()
                },
            );
            BINDER_GET_FROZEN_INFO
        }
        17 => BINDER_VERSION,
        18 => {
            area.put(
                CALL,
                &NodeDebugInfo {
                    ptr: 0x1000 * random.below(7),
                    ..NodeDebugInfo::default()
                },
            );
            BINDER_GET_NODE_DEBUG_INFO
        }
        19 => {
            area.put(
                CALL,
                &NodeInfoForRef {
                    handle: handle(random),
                    ..NodeInfoForRef::default()
                },
            );
            BINDER_GET_NODE_INFO_FOR_REF
        }
        20 => {
            area.put(CALL, &(random.below(2) as u32));
            BINDER_ENABLE_ONEWAY_SPAM_DETECTION
        }
        21 | 22 => BINDER_GET_EXTENDED_ERROR,
        _ => BINDER_VERSION ^ (random.next() as u32 & 0x1f),
    }
}

/// A process of the storm, or whatever.
fn pid(around: &Around<'_>, random: &mut Random) -> u32 {
    match random.one_in(30) || around.peers.is_empty() {
        true => random.pick(&[0, u32::MAX, 0x7fff_ffff]),
        false => random.pick(around.peers),
    }
}
