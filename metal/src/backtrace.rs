//! Who called whom, by name: the backtrace of a panic.
//!
//! The kernel is built with frame pointers, so the chain of callers is a linked list on the
//! stack. Names come from a table that the build puts into the image after linking (section
//! `.ksyms`); without it addresses are printed, which `addr2line` understands.
//!
//! The table, little endian: u32 magic, u32 count, then per function, in the order of their
//! addresses, u32 address less KERNEL_BASE and u32 offset of its name in the text; u32 length
//! of the text and the text, each name ended by a NUL.

use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering};

use boot::KERNEL_BASE;

const FRAMES_MAX: usize = 32;
const MAGIC: u32 = 0x4d59_534b;
const RESERVED_BYTES: usize = 384 * 1024;

/// The room that the build fills.
#[used]
#[unsafe(link_section = ".ksyms")]
static SYMBOLS: [u8; RESERVED_BYTES] = [0; RESERVED_BYTES];

unsafe extern "C" {
    static kernel_text_start: u8;
    static kernel_text_end: u8;
}

/// Where a trap interrupted the kernel: the backtrace starts there instead of in the trap's
/// own code. 0 when there was none.
static START: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];

pub(crate) fn set_start(instruction: usize, frame_pointer: usize) {
    START[0].store(instruction, Ordering::Relaxed);
    START[1].store(frame_pointer, Ordering::Relaxed);
}

fn in_text(address: usize) -> bool {
    let start = &raw const kernel_text_start as usize;
    let end = &raw const kernel_text_end as usize;
    (start..end).contains(&address)
}

/// The callers of whoever asks, the nearest first, printed one a line.
pub struct Backtrace;

impl fmt::Display for Backtrace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut frame: usize;
        // SAFETY: reads a register.
        unsafe {
            core::arch::asm!("mov {}, rbp", out(reg) frame, options(nomem, nostack, preserves_flags));
        }
        let trapped = START[0].load(Ordering::Relaxed);
        if trapped != 0 {
            writeln!(formatter, "   0: {}", Place(trapped))?;
            frame = START[1].load(Ordering::Relaxed);
        }
        for number in usize::from(trapped != 0)..FRAMES_MAX {
            let Some((next, caller)) = step(frame) else {
                break;
            };
            // The return address is the instruction after the call.
            writeln!(formatter, "  {number:2}: {}", Place(caller - 1))?;
            frame = next;
        }
        Ok(())
    }
}

/// The caller's frame pointer and the return address, while both are believable.
fn step(frame: usize) -> Option<(usize, usize)> {
    if !frame.is_multiple_of(8) || !crate::kernel_space::is_stack(frame) {
        return None;
    }
    // SAFETY: the frame pointer lies on a mapped kernel stack.
    let [next, caller] = unsafe { (frame as *const [usize; 2]).read() };
    (in_text(caller) && (next > frame || next == 0)).then_some((next, caller))
}

struct Place(usize);

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match symbol(self.0) {
            Some((name, offset)) => write!(formatter, "{:#x} {name}+{offset:#x}", self.0),
            None => write!(formatter, "{:#x}", self.0),
        }
    }
}

fn word(table: &[u8], offset: usize) -> Option<usize> {
    let bytes = table.get(offset..offset + 4)?.try_into().ok()?;
    Some(u32::from_le_bytes(bytes) as usize)
}

/// The function that `address` lies in, and how far in.
fn symbol(address: usize) -> Option<(&'static str, usize)> {
    // The optimiser must not think that it knows the bytes.
    let table: &'static [u8] = core::hint::black_box(&SYMBOLS);
    if word(table, 0)? != MAGIC as usize {
        return None;
    }
    let count = word(table, 4)?;
    let offset = address.checked_sub(KERNEL_BASE)?;
    let start_of = |index: usize| word(table, 8 + index * 8);
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = usize::midpoint(low, high);
        if start_of(middle)? <= offset {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    let index = low.checked_sub(1)?;
    let text = table.get(8 + count * 8 + 4..)?;
    let name = text.get(word(table, 12 + index * 8)?..)?;
    let end = name.iter().position(|byte| *byte == 0)?;
    let name = core::str::from_utf8(&name[..end]).ok()?;
    Some((name, offset - start_of(index)?))
}
