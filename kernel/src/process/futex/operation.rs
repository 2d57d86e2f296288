//! FUTEX_WAKE_OP: an atomic change of one word together with wake-ups for two.
//!
//! The last argument holds four fields: what to do with the second word (bits 28 to 31, the
//! top one says that the operand is a bit number), how to compare its old value (24 to 27), the
//! operand (12 to 23) and the comparand (0 to 11), both signed.
//!
//! Source: FUTEX_WAKE_OP(2const).

use abi::raw::general as linux;
use metal::copy::{self, Fault};

use crate::error::{Errno, Result};
use crate::memory::Protection;
use crate::process::Thread;
use crate::process::limits::Resource;

/// What to do with the second word, and when to wake its waiters.
#[derive(Clone, Copy, Debug)]
pub struct WakeOperation(pub u32);

impl WakeOperation {
    fn operand(self) -> u32 {
        let operand = sign_extended(self.0 >> 12);
        if self.0 >> 28 & linux::FUTEX_OP_OPARG_SHIFT != 0 {
            // As Linux: only the low five bits of a bit number count.
            1 << (operand as u32 & 31)
        } else {
            operand as u32
        }
    }

    fn new_value(self, old: u32) -> Result<u32> {
        let operand = self.operand();
        match self.0 >> 28 & 7 {
            linux::FUTEX_OP_SET => Ok(operand),
            linux::FUTEX_OP_ADD => Ok(old.wrapping_add(operand)),
            linux::FUTEX_OP_OR => Ok(old | operand),
            linux::FUTEX_OP_ANDN => Ok(old & !operand),
            linux::FUTEX_OP_XOR => Ok(old ^ operand),
            _ => Err(Errno::ENOSYS),
        }
    }

    /// Changes the word and returns what it was; ENOSYS for an unknown operation.
    pub(super) fn apply(self, address: usize) -> core::result::Result<Result<u32>, Fault> {
        let mut old = copy::load_u32(address)?;
        loop {
            let new = match self.new_value(old) {
                Ok(new) => new,
                Err(error) => return Ok(Err(error)),
            };
            let found = copy::compare_exchange_u32(address, old, new)?;
            if found == old {
                return Ok(Ok(old));
            }
            old = found;
        }
    }

    /// Whether the second word's waiters are to be woken.
    pub(super) fn matches(self, old: u32) -> Result<bool> {
        let old = old as i32;
        let comparand = sign_extended(self.0);
        match self.0 >> 24 & 0xf {
            linux::FUTEX_OP_CMP_EQ => Ok(old == comparand),
            linux::FUTEX_OP_CMP_NE => Ok(old != comparand),
            linux::FUTEX_OP_CMP_LT => Ok(old < comparand),
            linux::FUTEX_OP_CMP_LE => Ok(old <= comparand),
            linux::FUTEX_OP_CMP_GT => Ok(old > comparand),
            linux::FUTEX_OP_CMP_GE => Ok(old >= comparand),
            _ => Err(Errno::ENOSYS),
        }
    }
}

/// The low twelve bits as a signed number.
fn sign_extended(bits: u32) -> i32 {
    (bits << 20) as i32 >> 20
}

/// Brings the page of a word in, to be written.
///
/// # Errors
/// EFAULT.
pub(super) fn make_writable(thread: &Thread, address: usize) -> Result<()> {
    let space = thread.address_space().ok_or(Errno::EFAULT)?;
    let stack_limit = thread.process.limit(Resource::Stack) as usize;
    let mut state = space.lock();
    state
        .handle_fault(address, Protection::WRITE, stack_limit)
        .map_err(|_| Errno::EFAULT)
}

#[cfg(feature = "ktest")]
mod tests {
    use super::WakeOperation;
    use crate::error::Errno;

    /// Fields as FUTEX_OP() of the manual packs them.
    fn packed(operation: u32, operand: u32, comparison: u32, comparand: u32) -> WakeOperation {
        let fields = operation << 28 | comparison << 24;
        WakeOperation(fields | (operand & 0xfff) << 12 | comparand & 0xfff)
    }

    metal::ktest! {
        fn the_operand_is_signed_or_a_bit_number() {
            assert_eq!(packed(1, 5, 0, 0).new_value(7), Ok(12));
            assert_eq!(packed(1, 0xfff, 0, 0).new_value(7), Ok(6));
            assert_eq!(packed(8, 4, 0, 0).new_value(7), Ok(16));
            assert_eq!(packed(8, 36, 0, 0).new_value(7), Ok(16));
            assert_eq!(packed(3, 5, 0, 0).new_value(7), Ok(2));
            assert_eq!(packed(5, 0, 0, 0).new_value(7), Err(Errno::ENOSYS));
        }

        fn old_values_are_compared_as_signed_numbers() {
            assert_eq!(packed(0, 0, 2, 0).matches(u32::MAX), Ok(true));
            assert_eq!(packed(0, 0, 4, 0xfff).matches(0), Ok(true));
            assert_eq!(packed(0, 0, 0, 3).matches(4), Ok(false));
            assert_eq!(packed(0, 0, 6, 0).matches(0), Err(Errno::ENOSYS));
        }
    }
}
