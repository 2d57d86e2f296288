//! System calls with arguments of any type: each is turned into the register word it stands for.

use std::ffi::CStr;

/// Something that fits in an argument register of a system call.
pub trait Word {
    /// The register value: numbers sign- or zero-extended as C would, references as addresses.
    fn word(self) -> usize;
}

macro_rules! numbers {
    ($($kind:ty),*) => {$(
        impl Word for $kind {
            #[inline]
            fn word(self) -> usize {
                self as usize
            }
        }
    )*};
}
numbers!(i32, u32, i64, u64, isize, usize, u16, u8);

impl<T> Word for *const T {
    #[inline]
    fn word(self) -> usize {
        self.expose_provenance()
    }
}

impl<T> Word for *mut T {
    #[inline]
    fn word(self) -> usize {
        self.expose_provenance()
    }
}

impl<T> Word for &T {
    #[inline]
    fn word(self) -> usize {
        std::ptr::from_ref(self).expose_provenance()
    }
}

impl<T> Word for &mut T {
    #[inline]
    fn word(self) -> usize {
        std::ptr::from_mut(self).expose_provenance()
    }
}

impl<T> Word for &[T] {
    #[inline]
    fn word(self) -> usize {
        self.as_ptr().expose_provenance()
    }
}

impl<T> Word for &mut [T] {
    #[inline]
    fn word(self) -> usize {
        self.as_mut_ptr().expose_provenance()
    }
}

impl Word for &CStr {
    #[inline]
    fn word(self) -> usize {
        self.as_ptr().expose_provenance()
    }
}

/// Calls `number` with up to six words; the missing ones are 0. Inlined, with all that leads
/// here, so that the benchmarks measure the call and not its wrapping.
#[inline]
pub fn call(number: i64, words: &[usize]) -> isize {
    let mut args = [0; 6];
    args[..words.len()].copy_from_slice(words);
    crate::raw::syscall(number as usize, args)
}

/// `sys!(SYS_read, fd, &mut buffer, 10)`: makes the call and gives its raw result as `isize`.
#[macro_export]
macro_rules! sys {
    ($number:expr $(, $arg:expr)* $(,)?) => {
        $crate::call::call($number, &[$($crate::call::Word::word($arg)),*])
    };
}
