//! What `binder-control` of a binderfs speaks. Source: Linux's
//! `include/uapi/linux/android/binderfs.h`.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use super::{READ, WRITE, ioctl};

/// Bytes of a device's name, without the NUL behind it.
pub const NAME_MAX: usize = 255;

/// `struct binderfs_device`.
#[repr(C)]
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
pub struct BinderfsDevice {
    /// The name, NUL-ended.
    pub name: [u8; NAME_MAX + 1],
    /// Out: its number.
    pub major: u32,
    /// Likewise.
    pub minor: u32,
}

/// Adds a device.
pub const BINDER_CTL_ADD: u32 = ioctl(READ | WRITE, 1, size_of::<BinderfsDevice>());
