//! What a kernel function answers when it cannot do what was asked.

pub use abi::Errno;

/// The result of nearly everything in the kernel: an [`Errno`] is what the program will see.
pub type Result<T> = core::result::Result<T, Errno>;

/// No memory for a page table is no memory for the program.
pub fn out_of_memory(_: metal::paging::OutOfMemory) -> Errno {
    Errno::ENOMEM
}

/// A user address that cannot be used.
pub fn bad_address(_: metal::copy::Fault) -> Errno {
    Errno::EFAULT
}
