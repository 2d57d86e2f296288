//! The stack that handlers run on when they ask for it. Source: sigaltstack(2).

use abi::raw::general as linux;
use abi::signal::SigStack;

use crate::error::{Errno, Result};

/// A thread's alternate stack. Without one, `size` is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlternateStack {
    base: u64,
    size: u64,
    flags: u32,
}

impl AlternateStack {
    /// None, because it was given up.
    pub const NONE: Self = Self {
        flags: linux::SS_DISABLE,
        ..Self::FIRST
    };
    /// None, because nobody has asked for one yet.
    pub const FIRST: Self = Self {
        base: 0,
        size: 0,
        flags: 0,
    };

    /// Whether a program with this stack pointer runs on it. One that is disarmed while it is
    /// in use is never found in use.
    fn is_in_use(self, stack_pointer: u64) -> bool {
        self.flags & linux::SS_AUTODISARM == 0 && self.contains(stack_pointer)
    }

    /// Whether the stack pointer lies in it. It grows down, so its end belongs to it and its
    /// start does not.
    pub(super) fn contains(self, stack_pointer: u64) -> bool {
        stack_pointer > self.base && stack_pointer - self.base <= self.size
    }

    /// Where a handler's frame goes that is to lie on this stack: at its end, or where the
    /// program is when it is on it already. None when there is no such stack.
    pub(super) fn top_for(self, stack_pointer: u64) -> Option<u64> {
        let free = self.size != 0 && !self.is_in_use(stack_pointer);
        free.then(|| self.base.wrapping_add(self.size))
    }

    /// Whether it is given up while a handler runs on it.
    pub(super) fn is_disarmed_by_use(self) -> bool {
        self.flags & linux::SS_AUTODISARM != 0
    }

    /// As sigaltstack(2) tells it to a program with this stack pointer.
    pub fn report(self, stack_pointer: u64) -> SigStack {
        let state = if self.size == 0 {
            linux::SS_DISABLE
        } else if self.is_in_use(stack_pointer) {
            linux::SS_ONSTACK
        } else {
            0
        };
        SigStack {
            base: self.base,
            flags: state | self.flags & linux::SS_AUTODISARM,
            padding: 0,
            size: self.size,
        }
    }

    /// As a handler's frame keeps it.
    pub(super) fn saved(self) -> SigStack {
        SigStack {
            base: self.base,
            flags: self.flags,
            padding: 0,
            size: self.size,
        }
    }

    /// The stack that a program asks for in place of this one.
    ///
    /// # Errors
    /// EPERM when it runs on this one, EINVAL for unknown flags, ENOMEM for a stack too small.
    pub fn replaced_by(self, wanted: &SigStack, stack_pointer: u64) -> Result<Self> {
        if self.is_in_use(stack_pointer) {
            return Err(Errno::EPERM);
        }
        let is_same = (self.base, self.size) == (wanted.base, wanted.size);
        match wanted.flags & !linux::SS_AUTODISARM {
            linux::SS_DISABLE | 0 | linux::SS_ONSTACK if is_same && self.flags == wanted.flags => {
                Ok(self)
            }
            linux::SS_DISABLE => Ok(Self {
                base: 0,
                size: 0,
                flags: wanted.flags,
            }),
            0 | linux::SS_ONSTACK if wanted.size < u64::from(linux::MINSIGSTKSZ) => {
                Err(Errno::ENOMEM)
            }
            0 | linux::SS_ONSTACK => Ok(Self {
                base: wanted.base,
                size: wanted.size,
                flags: wanted.flags,
            }),
            _ => Err(Errno::EINVAL),
        }
    }
}

#[cfg(feature = "ktest")]
mod tests {
    use super::AlternateStack;
    use crate::error::Errno;
    use abi::raw::general as linux;
    use abi::signal::SigStack;

    fn asked(flags: u32, size: u64) -> SigStack {
        SigStack {
            base: 0x1000,
            flags,
            padding: 0,
            size,
        }
    }

    metal::ktest! {
        fn bad_stacks_are_refused() {
            let none = AlternateStack::NONE;
            assert_eq!(none.replaced_by(&asked(4, 8192), 0), Err(Errno::EINVAL));
            assert_eq!(none.replaced_by(&asked(0, 2047), 0), Err(Errno::ENOMEM));
            assert_eq!(none.report(0).flags, linux::SS_DISABLE);
            // What is there already is never refused.
            let nothing = SigStack { base: 0, ..asked(0, 0) };
            assert_eq!(none.replaced_by(&nothing, 0), Err(Errno::ENOMEM));
            let first = AlternateStack::FIRST;
            assert_eq!(first.replaced_by(&nothing, 0), Ok(first));
            assert_eq!(first.report(0).flags, linux::SS_DISABLE);
        }

        fn a_stack_in_use_cannot_be_replaced() {
            let Ok(stack) = AlternateStack::NONE.replaced_by(&asked(0, 4096), 0) else {
                panic!("a good stack was refused");
            };
            assert_eq!(stack.top_for(0x9000), Some(0x2000));
            assert_eq!(stack.top_for(0x1800), None);
            assert_eq!(stack.report(0x2000).flags, linux::SS_ONSTACK);
            assert_eq!(stack.report(0x1000).flags, 0);
            assert_eq!(stack.replaced_by(&asked(0, 8192), 0x1800), Err(Errno::EPERM));
        }

        fn a_stack_that_disarms_itself_is_never_in_use() {
            let wanted = asked(linux::SS_AUTODISARM, 4096);
            let Ok(stack) = AlternateStack::NONE.replaced_by(&wanted, 0) else {
                panic!("a good stack was refused");
            };
            assert_eq!(stack.report(0x1800).flags, linux::SS_AUTODISARM);
            assert!(stack.replaced_by(&asked(0, 8192), 0x1800).is_ok());
        }
    }
}
