//! A process: what its threads do next, and what they remember of what they were returned.

use abi::binder::command::{BC_ACQUIRE_DONE, BC_INCREFS_DONE};
use abi::binder::reply::*;
use abi::binder::{BINDER_THREAD_EXIT, BINDER_WRITE_READ, PtrCookie, TF_ONE_WAY, TransactionData};
use zerocopy::FromBytes;

use crate::area::Area;
use crate::{Random, THREADS, commands, control};

/// One ioctl(2).
#[derive(Clone, Copy, Debug)]
pub struct Ioctl {
    /// Which.
    pub number: u32,
    /// Its argument: an address in the thread's area, or a bad one.
    pub argument: u64,
    /// How many commands it gives.
    pub commands: u32,
}

impl Ioctl {
    /// Whether it returns what the player wants to see, if it goes well.
    pub fn returns(&self) -> bool {
        self.number == BINDER_WRITE_READ
    }
}

/// What a thread does next.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Puts its area in place and calls.
    Ioctl(Ioctl),
    /// Asks poll(2).
    Poll,
    /// Closes all descriptors that the process was passed.
    CloseFiles,
    /// Closes a duplicate of the descriptor of the device.
    Flush,
    /// Unmaps the room.
    Unmap,
    /// Closes the device and opens it again, with a new room.
    Reopen,
    /// Ends, and another thread takes its place.
    EndThread,
}

/// What a player has to know of the others.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// The processes of the storm, by the numbers that the thread sees.
    pub peers: &'a [u32],
}

/// A process.
#[derive(Debug, Default)]
pub struct Player {
    /// By thread, how many transactions wait for its answer, as far as it knows.
    owed: [u32; THREADS],
    buffers: Vec<u64>,
    notices: Vec<(u32, PtrCookie)>,
    deaths: Vec<u64>,
}

impl Player {
    /// What the thread with this number, below [`THREADS`], does next.
    pub fn next(
        &mut self,
        thread: usize,
        around: &Around<'_>,
        random: &mut Random,
        area: &mut Area,
    ) -> Step {
        area.clear();
        match random.below(4000) {
            0..2400 => Step::Ioctl(commands::write(self, thread, random, area)),
            2400..3780 => Step::Ioctl(commands::read(random, area)),
            3780..3960 => {
                let ioctl = control::control(around, random, area);
                if ioctl.number == BINDER_THREAD_EXIT {
                    self.owed[thread] = 0;
                }
                Step::Ioctl(ioctl)
            }
            3960..3975 => Step::CloseFiles,
            3975..3985 => Step::Poll,
            3994 if random.one_in(4) => Step::Unmap,
            3985..3995 => Step::Flush,
            3995..3998 => {
                self.owed[thread] = 0;
                Step::EndThread
            }
            _ => {
                // What was known of the old opening means nothing in the new one.
                *self = Self::default();
                Step::Reopen
            }
        }
    }

    /// Remembers what a thread was returned.
    pub fn note_returns(&mut self, thread: usize, mut bytes: &[u8]) {
        while let Ok((command, rest)) = u32::read_from_prefix(bytes) {
            let Some((payload, rest)) = rest.split_at_checked((command >> 16 & 0x3fff) as usize)
            else {
                return;
            };
            bytes = rest;
            self.note_return(thread, command, payload);
        }
    }

    fn note_return(&mut self, thread: usize, command: u32, payload: &[u8]) {
        let number = u64::read_from_prefix(payload).map_or(0, |(number, _)| number);
        let node = PtrCookie::read_from_prefix(payload).map_or_else(|_| <_>::default(), |it| it.0);
        match command {
            BR_TRANSACTION | BR_REPLY | BR_TRANSACTION_SEC_CTX => {
                let Ok((data, _)) = TransactionData::read_from_prefix(payload) else {
                    return;
                };
                self.buffers.push(data.buffer);
                if command != BR_REPLY && data.flags & TF_ONE_WAY == 0 {
                    self.owed[thread] += 1;
                }
            }
            BR_INCREFS => self.notices.push((BC_INCREFS_DONE, node)),
            BR_ACQUIRE => self.notices.push((BC_ACQUIRE_DONE, node)),
            BR_DEAD_BINDER => self.deaths.push(number),
            _ => {}
        }
    }

    /// Whether the thread now answers what it was asked. Otherwise it may ask others first.
    pub(crate) fn answers(&mut self, thread: usize, random: &mut Random) -> bool {
        let owed = &mut self.owed[thread];
        let answers = *owed > 0 && !random.one_in(3);
        *owed -= u32::from(answers);
        answers
    }

    /// A buffer that it was given, and from now on has freed.
    pub(crate) fn take_buffer(&mut self, random: &mut Random) -> Option<u64> {
        let count = self.buffers.len() as u64;
        let which = (count > 0).then(|| random.below(count) as usize);
        which.map(|which| self.buffers.swap_remove(which))
    }

    pub(crate) fn take_notice(&mut self) -> Option<(u32, PtrCookie)> {
        self.notices.pop()
    }

    pub(crate) fn take_death(&mut self) -> Option<u64> {
        self.deaths.pop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the first steps of a stream write, as one number, and how many commands they give.
    fn played(seed: u64) -> (u64, u32) {
        let (mut random, mut area) = (Random::new(seed), Area::new(0x1_0000));
        let (mut player, around) = (Player::default(), Around { peers: &[7] });
        let (mut sum, mut commands) = (0u64, 0);
        for step in 0..20_000 {
            let next = player.next(step % THREADS, &around, &mut random, &mut area);
            if let Step::Ioctl(ioctl) = next {
                commands += ioctl.commands;
            }
            for byte in area.written() {
                sum = sum.wrapping_mul(31).wrapping_add((*byte).into());
            }
        }
        (sum, commands)
    }

    #[test]
    fn a_stream_belongs_to_its_seed_and_is_mostly_commands() {
        assert_eq!(played(1), played(1));
        assert_ne!(played(1).0, played(2).0);
        assert!(played(1).1 > 10_000);
    }
}
