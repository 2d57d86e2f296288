//! A panic on the panel: the last words, for who has no serial line to look at.

use core::fmt;

use super::{machine, patience};
use crate::log::LineBuffer;
use crate::sync::SpinLock;

/// Bytes of the last words that are kept for the panel, which shows fewer.
const TEXT_BYTES: usize = 4096;

/// Not on the stack, which may be the one that was too small.
static TEXT: SpinLock<LineBuffer<TEXT_BYTES>> = SpinLock::new(LineBuffer::new());

/// Shows text on the panel, as far as it fits. Interrupts are off; takes no lock that is held,
/// allocates nothing, and comes back after a bounded time.
pub fn show(text: fmt::Arguments<'_>) {
    let (Some(machine), Some(mut buffer)) = (machine(), TEXT.try_lock()) else {
        return;
    };
    buffer.write(text);
    let bytes = buffer.as_bytes();
    let text = match core::str::from_utf8(bytes) {
        Ok(text) => text,
        // It was cut inside a character.
        Err(cut) => core::str::from_utf8(&bytes[..cut.valid_up_to()]).unwrap_or_default(),
    };
    let mut patience = patience();
    let shown = machine.display.show_panic(&mut text.lines(), &mut patience);
    if let Err(error) = shown {
        crate::log::print!("the panel does not show this: {error}\n");
    }
}
