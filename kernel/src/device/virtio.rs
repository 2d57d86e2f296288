//! Virtio devices for the drivers: finds them, and brings their interrupts to whoever listens.
//!
//! PCI's interrupt lines are level-triggered and shared, so the handler does not know which
//! device it is and may not take the locks to ask. It masks the line and leaves word; soon
//! after, in thread context, all devices are served, and the lines are let through again.
use super::deferred::{self, Work};
use super::interrupt;
use crate::error::Result;
use crate::sync::SpinLock;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};
use drivers::virtio::{Device, Queue, QueueShape, StartError, Token};
use metal::apic;
use metal::virtio as hardware;

/// Serves one device: acknowledges its interrupt and looks at its queues.
type Service = Arc<dyn Fn() + Send + Sync>;

/// Devices that no driver has taken yet.
static FOUND: SpinLock<Vec<VirtioDevice>> = SpinLock::new(Vec::new());
/// The services of all devices. A list is never changed but replaced, so that who goes through one
/// needs no lock and no copy.
static SERVICES: SpinLock<Option<Arc<[Service]>>> = SpinLock::new(None);
/// The interrupts that are masked until their devices have been served, a bit each.
static MASKED: AtomicU64 = AtomicU64::new(0);

/// Looks for the machine's devices. To be called once, after the interrupt controllers are known.
pub fn initialise() {
    deferred::register(Work::VIRTIO, serve);
    let found = hardware::find().into_iter().map(VirtioDevice::new);
    let found: Vec<_> = found.collect();
    *FOUND.lock() = found;
}

/// Takes all devices of one type, in the order of their places.
pub fn take(kind: u32) -> Vec<VirtioDevice> {
    let mut found = FOUND.lock();
    let (taken, left) = core::mem::take(&mut *found)
        .into_iter()
        .partition(|device| device.kind() == kind);
    *found = left;
    taken
}

fn handle_interrupt(number: u32) {
    apic::mask_interrupt(number, true);
    MASKED.fetch_or(1 << number, Ordering::AcqRel);
    deferred::raise(Work::VIRTIO);
}

fn serve() {
    // Taken before the devices are looked at: one that interrupts meanwhile is masked already,
    // or masks its line again.
    let mut masked = MASKED.swap(0, Ordering::AcqRel);
    let services = SERVICES.lock().clone();
    services
        .iter()
        .flat_map(|services| services.iter())
        .for_each(|service| service());
    while masked != 0 {
        apic::mask_interrupt(masked.trailing_zeros(), false);
        masked &= masked - 1;
    }
}

/// A device, as its driver gets it.
pub struct VirtioDevice {
    hardware: Arc<SpinLock<hardware::Device>>,
}

impl VirtioDevice {
    fn new(device: hardware::Device) -> Self {
        Self {
            hardware: Arc::new(SpinLock::new(device)),
        }
    }

    /// Calls `service`, in thread context and with no lock held, whenever the device may have
    /// interrupted. The service must acknowledge the device.
    ///
    /// # Errors
    /// ENODEV when no controller has the device's interrupt.
    pub fn on_interrupt(&self, service: Service) -> Result<()> {
        let mut services = SERVICES.lock();
        let before = services
            .iter()
            .flat_map(|services| services.iter().cloned());
        let with_new = before.chain([service]).collect();
        let replaced = services.replace(with_new);
        drop(services);
        drop(replaced);
        let (number, trigger) = self.hardware.lock().interrupt();
        interrupt::share(number, trigger, handle_interrupt)?;
        // What it said before the line was let through has raised no interrupt.
        deferred::raise(Work::VIRTIO);
        Ok(())
    }
}

impl Device for VirtioDevice {
    fn kind(&self) -> u32 {
        self.hardware.lock().kind()
    }

    fn read_config(&mut self, offset: usize, into: &mut [u8]) {
        self.hardware.lock().read_config(offset, into);
    }

    fn write_config(&mut self, offset: usize, from: &[u8]) {
        self.hardware.lock().write_config(offset, from);
    }

    fn start(
        &mut self,
        wanted: u64,
        queues: &[QueueShape],
    ) -> core::result::Result<(u64, Vec<Box<dyn Queue>>), StartError> {
        let shapes: Vec<_> = queues
            .iter()
            .map(|shape| hardware::Shape {
                index: shape.index,
                buffers: shape.buffers,
                readable: shape.readable,
                writable: shape.writable,
            })
            .collect();
        let started = self.hardware.lock().start(wanted, &shapes);
        let (features, queues) = started.map_err(|error| match error {
            hardware::StartError::NoQueue(index) => StartError::NoQueue(index),
            hardware::StartError::NoMemory => StartError::NoMemory,
            hardware::StartError::Refused => StartError::Refused,
        })?;
        let queues = queues.into_iter().map(|queue| {
            Box::new(VirtioQueue {
                hardware: Arc::clone(&self.hardware),
                queue,
            }) as Box<dyn Queue>
        });
        Ok((features, queues.collect()))
    }

    fn acknowledge(&mut self) -> bool {
        self.hardware.lock().acknowledge()
    }
}

/// A queue, which needs its device to be heard.
struct VirtioQueue {
    hardware: Arc<SpinLock<hardware::Device>>,
    queue: hardware::Queue,
}

impl Queue for VirtioQueue {
    fn give(&mut self, bytes: &[u8]) -> Option<Token> {
        self.queue.give(bytes).map(Token)
    }

    fn take(&mut self, into: &mut [u8]) -> Option<(Token, usize)> {
        let taken = self.queue.take(into);
        taken.map(|(buffer, count)| (Token(buffer), count))
    }

    fn notify(&mut self) {
        if self.queue.wants_notification() {
            self.hardware.lock().notify(self.queue.index());
        }
    }
}
