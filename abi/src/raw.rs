//! Linux's constants, by their names in the kernel's own headers (`linux-raw-sys`).
pub use linux_raw_sys::{auxvec, errno, general, ioctl, prctl};
