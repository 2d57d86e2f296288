//! Interrupt controllers: the processor's local APIC with its timer, the I/O APICs, and the
//! old PIC, which is switched off.
//!
//! Device interrupts are known by their *global system interrupt* (GSI) number; each gets the
//! vector 32 + GSI. ISA devices are edge-triggered and active high unless ACPI says otherwise,
//! PCI's are level-triggered: then the device must be acknowledged before [`end_of_interrupt`].
//!
//! Source: SDM volume 3, chapter 12; the 82093AA I/O APIC data sheet.

use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use spin::Once;

use super::kernel_space;
use super::port::Port;
use super::trap::FIRST_INTERRUPT;

/// Device interrupts that can be told apart.
pub const INTERRUPTS_MAX: usize = 64;
/// The vector of the local timer.
pub const TIMER_VECTOR: u8 = 0xf0;
const SPURIOUS_VECTOR: u8 = 0xff;

const LOCAL_BASE: u64 = 0xfee0_0000;
const END_OF_INTERRUPT: usize = 0xb0;
const SPURIOUS: usize = 0xf0;
const TASK_PRIORITY: usize = 0x80;
const TIMER_ENTRY: usize = 0x320;
const LINT0_ENTRY: usize = 0x350;
const TIMER_INITIAL: usize = 0x380;
const TIMER_CURRENT: usize = 0x390;
const TIMER_DIVIDE: usize = 0x3e0;
const MASKED: u32 = 1 << 16;
const DIVIDE_BY_1: u32 = 0b1011;

static LOCAL: AtomicUsize = AtomicUsize::new(0);
/// Timer ticks per nanosecond, as a fixed-point number with 32 fractional bits.
static TIMER_SCALE: AtomicU64 = AtomicU64::new(1 << 32);

fn local_write(register: usize, value: u32) {
    let base = LOCAL.load(Ordering::Relaxed);
    if base != 0 {
        // SAFETY: `initialise` mapped the register page here for ever.
        unsafe { ((base + register) as *mut u32).write_volatile(value) }
    }
}

fn local_read(register: usize) -> u32 {
    let base = LOCAL.load(Ordering::Relaxed);
    if base == 0 {
        return 0;
    }
    // SAFETY: as for `local_write`.
    unsafe { ((base + register) as *const u32).read_volatile() }
}

/// Maps and enables the local controller of the boot processor and silences the PIC.
pub fn initialise() {
    disable_pic();
    if let Some(base) = kernel_space::map_device(LOCAL_BASE, 0x1000) {
        LOCAL.store(base, Ordering::Relaxed);
    }
    local_write(TASK_PRIORITY, 0);
    local_write(LINT0_ENTRY, MASKED);
    local_write(TIMER_ENTRY, MASKED);
    local_write(TIMER_DIVIDE, DIVIDE_BY_1);
    const ENABLE: u32 = 1 << 8;
    local_write(SPURIOUS, ENABLE | u32::from(SPURIOUS_VECTOR));
}

fn disable_pic() {
    for data in [0x21, 0xa1] {
        // SAFETY: the PIC is metal's; all its inputs are masked for good.
        unsafe { Port::<u8>::own(data) }.write(0xff);
    }
}

/// Tells the controller that the interrupt being handled is done with.
pub fn end_of_interrupt() {
    local_write(END_OF_INTERRUPT, 0);
}

pub(super) fn set_timer_hertz(hertz: u64) {
    let scale = (u128::from(hertz) << 32) / 1_000_000_000;
    TIMER_SCALE.store(scale as u64, Ordering::Relaxed);
}

/// Starts the timer from the top without an interrupt; returns its count.
pub(super) fn timer_free_run() -> u32 {
    local_write(TIMER_ENTRY, MASKED);
    local_write(TIMER_INITIAL, u32::MAX);
    timer_count()
}

pub(super) fn timer_count() -> u32 {
    local_read(TIMER_CURRENT)
}

/// Makes the timer of this processor interrupt once, `nanoseconds` from now or, when that is
/// further than it can count (about four seconds), earlier.
pub fn set_timer(nanoseconds: u64) {
    let scaled = u128::from(nanoseconds) * u128::from(TIMER_SCALE.load(Ordering::Relaxed));
    let ticks = u32::try_from(scaled >> 32).unwrap_or(u32::MAX).max(1);
    local_write(TIMER_ENTRY, u32::from(TIMER_VECTOR));
    local_write(TIMER_INITIAL, ticks);
}

/// Stops the timer of this processor.
pub fn stop_timer() {
    local_write(TIMER_INITIAL, 0);
}

/// How a device signals an interrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// A rising edge: ISA.
    Edge,
    /// Active high, until the device is acknowledged.
    LevelHigh,
    /// Active low, until the device is acknowledged: PCI.
    LevelLow,
}

struct IoController {
    base: usize,
    first_interrupt: u32,
    inputs: u32,
}

const IO_CONTROLLERS_MAX: usize = 4;
static IO_CONTROLLERS: [Once<IoController>; IO_CONTROLLERS_MAX] =
    [const { Once::new() }; IO_CONTROLLERS_MAX];
/// Taken by handlers too, so interrupts are off while it is held.
static CHANGE: super::interrupt::Lock<()> = super::interrupt::Lock::new(());

/// Makes the I/O controller at `physical` known, whose first input is `first_interrupt`. All
/// its inputs are masked. Returns false when there is no room for it.
pub fn add_io_controller(physical: u64, first_interrupt: u32) -> bool {
    let Some(base) = kernel_space::map_device(physical, 0x1000) else {
        return false;
    };
    let mut controller = IoController {
        base,
        first_interrupt,
        inputs: 0,
    };
    const VERSION: u32 = 1;
    controller.inputs = (controller.read(VERSION) >> 16 & 0xff) + 1;
    for input in 0..controller.inputs {
        controller.write(0x10 + 2 * input, MASKED);
    }
    let Some(free) = IO_CONTROLLERS.iter().find(|slot| slot.get().is_none()) else {
        return false;
    };
    free.call_once(|| controller);
    true
}

impl IoController {
    fn read(&self, register: u32) -> u32 {
        // SAFETY: the page was mapped for ever; select and data lie at 0 and 0x10.
        unsafe {
            (self.base as *mut u32).write_volatile(register);
            ((self.base + 0x10) as *const u32).read_volatile()
        }
    }

    fn write(&self, register: u32, value: u32) {
        // SAFETY: as for `read`.
        unsafe {
            (self.base as *mut u32).write_volatile(register);
            ((self.base + 0x10) as *mut u32).write_volatile(value);
        }
    }
}

/// The vector that GSI `interrupt` arrives with.
pub fn vector_of(interrupt: u32) -> u8 {
    FIRST_INTERRUPT + interrupt as u8
}

/// The GSI that arrives with `vector`, if it is a device's.
pub fn interrupt_of(vector: u8) -> Option<u32> {
    let number = u32::from(vector.checked_sub(FIRST_INTERRUPT)?);
    (number < INTERRUPTS_MAX as u32).then_some(number)
}

fn controller_of(interrupt: u32) -> Option<&'static IoController> {
    let mut controllers = IO_CONTROLLERS.iter().filter_map(Once::get);
    controllers.find(|controller| {
        let first = controller.first_interrupt;
        (first..first + controller.inputs).contains(&interrupt)
    })
}

/// Whether a controller of the machine has GSI `interrupt`.
pub fn has_interrupt(interrupt: u32) -> bool {
    controller_of(interrupt).is_some()
}

/// Masks GSI `interrupt`, or lets it through again. A level-triggered one that nobody has
/// acknowledged yet would come again and again: it is masked until somebody has.
pub fn mask_interrupt(interrupt: u32, masked: bool) {
    let Some(controller) = controller_of(interrupt) else {
        return;
    };
    let _change = CHANGE.lock();
    let register = 0x10 + 2 * (interrupt - controller.first_interrupt);
    let entry = controller.read(register) & !MASKED;
    controller.write(register, if masked { entry | MASKED } else { entry });
}

/// Routes GSI `interrupt` to the boot processor. Returns false when no controller has it.
pub fn enable_interrupt(interrupt: u32, trigger: Trigger) -> bool {
    if interrupt >= INTERRUPTS_MAX as u32 {
        return false;
    }
    let Some(controller) = controller_of(interrupt) else {
        return false;
    };
    let mode = match trigger {
        Trigger::Edge => 0,
        Trigger::LevelHigh => 1 << 15,
        Trigger::LevelLow => 1 << 15 | 1 << 13,
    };
    let _change = CHANGE.lock();
    let input = interrupt - controller.first_interrupt;
    controller.write(0x11 + 2 * input, 0);
    controller.write(0x10 + 2 * input, mode | u32::from(vector_of(interrupt)));
    true
}
