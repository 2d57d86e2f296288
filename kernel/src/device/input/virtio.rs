//! Virtio keyboards, mice and tablets: hands those of the machine to their driver.

use alloc::boxed::Box;
use alloc::sync::Arc;

use drivers::input::virtio::VirtioInput;
use drivers::virtio::INPUT;

use super::super::virtio::{self, VirtioDevice};
use super::{add, has_room, service};
use crate::error::Result;

/// Starts the devices, in the order of their places. One that does not start is left out, and so
/// is what there is no room for.
///
/// # Errors
/// What making nodes answers.
pub(super) fn initialise() -> Result<()> {
    let devices = virtio::take(INPUT).into_iter().enumerate();
    // What never runs never interrupts.
    for (number, device) in devices.take_while(|_| has_room()) {
        start(device, number)?;
    }
    Ok(())
}

fn start(device: VirtioDevice, number: usize) -> Result<()> {
    // Interrupts are off until all devices are set up, so the device is acknowledged by the time
    // it can first interrupt: taking events acknowledges all devices there are.
    if device.on_interrupt(Arc::new(service)).is_err() {
        log::warn!("virtio input {number} is left out: no interrupt controller has its interrupt");
        return Ok(());
    }
    match VirtioInput::start(device, number) {
        Ok(input) => add(Box::new(input)),
        Err(error) => {
            log::warn!("virtio input {number} is left out: {error}");
            Ok(())
        }
    }
}
