//! What was done, counted.

use abi::binder::{command, number_of, reply};

/// Commands and returns, by their numbers.
#[derive(Clone)]
pub struct Statistics {
    /// Of each command, how many were dealt with.
    pub commands: [u32; command::COUNT],
    /// Of each return, how many there were.
    pub returns: [u32; reply::COUNT],
}

impl Default for Statistics {
    fn default() -> Self {
        Self {
            commands: [0; command::COUNT],
            returns: [0; reply::COUNT],
        }
    }
}

impl Statistics {
    /// Counts a command.
    #[inline]
    pub fn note_command(&mut self, command: u32) {
        if let Some(count) = self.commands.get_mut(number_of(command)) {
            *count = count.wrapping_add(1);
        }
    }

    /// Counts a return.
    #[inline]
    pub fn note_return(&mut self, command: u32) {
        if let Some(count) = self.returns.get_mut(number_of(command)) {
            *count = count.wrapping_add(1);
        }
    }

    /// Adds what another counted.
    pub fn add(&mut self, other: &Self) {
        let add = |into: &mut [u32], from: &[u32]| {
            for (into, from) in into.iter_mut().zip(from) {
                *into = into.wrapping_add(*from);
            }
        };
        add(&mut self.commands, &other.commands);
        add(&mut self.returns, &other.returns);
    }
}
