//! I/O ports.
//!
//! A port instruction can reach devices that write to memory or switch interrupts, so the
//! ports of the ones that metal itself runs (interrupt controllers, the timer, DMA, the PCI
//! configuration window) are not given out. All others are devices that touch nothing but
//! themselves, and handing them out is safe.
//!
//! Source: SDM volume 1, chapter 19; the PC/AT port map.

use core::arch::asm;
use core::marker::PhantomData;
use core::ops::RangeInclusive;

/// Ports that only metal may use.
const RESERVED: [RangeInclusive<u16>; 7] = [
    0x00..=0x1f,   // DMA controller 1
    0x20..=0x21,   // PIC 1
    0x40..=0x43,   // PIT
    0x80..=0x8f,   // DMA pages
    0xa0..=0xa1,   // PIC 2
    0xc0..=0xdf,   // DMA controller 2
    0xcf8..=0xcff, // PCI configuration, reset control
];

/// A width that a port can be read and written in.
pub trait PortWidth: Copy + sealed::Sealed {}
impl PortWidth for u8 {}
impl PortWidth for u16 {}
impl PortWidth for u32 {}

mod sealed {
    /// # Safety
    /// The port must not be one that changes what memory or the processor does.
    pub trait Sealed: Sized {
        unsafe fn input(port: u16) -> Self;
        unsafe fn output(port: u16, value: Self);
    }
}

macro_rules! width {
    ($type:ty, $register:tt) => {
        impl sealed::Sealed for $type {
            unsafe fn input(port: u16) -> Self {
                let value: Self;
                // SAFETY: the caller vouches for the port.
                unsafe {
                    asm!(concat!("in ", $register, ", dx"), in("dx") port, out($register) value,
                        options(nomem, nostack, preserves_flags));
                }
                value
            }
            unsafe fn output(port: u16, value: Self) {
                // SAFETY: the caller vouches for the port.
                unsafe {
                    asm!(concat!("out dx, ", $register), in("dx") port, in($register) value,
                        options(nomem, nostack, preserves_flags));
                }
            }
        }
    };
}
width!(u8, "al");
width!(u16, "ax");
width!(u32, "eax");

/// One I/O port.
#[derive(Clone, Copy)]
pub struct Port<T: PortWidth> {
    address: u16,
    width: PhantomData<T>,
}

impl<T: PortWidth> Port<T> {
    /// The port at `address`, or none when it belongs to a device that metal runs itself.
    pub fn new(address: u16) -> Option<Self> {
        let reserved = RESERVED.iter().any(|range| range.contains(&address));
        (!reserved).then_some(Self {
            address,
            width: PhantomData,
        })
    }

    /// # Safety
    /// The port may be one of metal's own: the caller answers for what a write to it does.
    pub(crate) const unsafe fn own(address: u16) -> Self {
        Self {
            address,
            width: PhantomData,
        }
    }

    /// Reads the port.
    pub fn read(&self) -> T {
        // SAFETY: the constructor gave out no port that changes memory or the processor.
        unsafe { T::input(self.address) }
    }

    /// Writes the port.
    pub fn write(&self, value: T) {
        // SAFETY: as for `read`.
        unsafe { T::output(self.address, value) }
    }
}
