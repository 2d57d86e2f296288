//! Displays: wires the panel to memory, interrupts and time, and each persona's screen to `/dev`,
//! `/proc` and `/sys`.
//!
//! # A window gets another size
//! The host says which size the display prefers now. A screen's mode is its persona's business,
//! in front or not, so none is changed here, as Linux leaves the mode of an fbdev alone at a hot
//! plug: new screens have the new size, the list of modes begins with it, and who polls that list
//! in sysfs is woken, in every persona. The terminals do, and take the mode.
//!
//! A machine has one panel or none; without one there is no `/dev/fb0`. What is drawn is brought
//! to the eye by a thread ([`presenter`]).

mod attributes;
mod bochs;
mod file;
mod memory;
#[cfg(feature = "ktest")]
mod memory_tests;
mod panic;
mod presenter;

use alloc::boxed::Box;
use alloc::sync::Arc;

use abi::procfs::Text;
use drivers::display::mux::Display;
use drivers::display::panel::{Event, Panel, PanelError, Size};
use drivers::display::persona::{DisplayHandle, register};
use drivers::display::virtio_gpu::VirtioGpu;
use drivers::virtio::GPU;
use spin::Once;

use super::{light, virtio};
use crate::error::{Errno, Result};
use crate::namespace::device::foreground;

pub use panic::show as show_panic;

/// How long a panel is waited for where nothing else can be done meanwhile.
const PATIENCE_NANOSECONDS: u64 = 2_000_000_000;
/// How often it is asked at most, should the clock stand still.
const ASKED_MAX: u32 = 1 << 24;

/// The display of the machine, and who has screens on it.
struct Machine {
    display: Arc<Display>,
    handle: DisplayHandle,
}

static MACHINE: Once<Machine> = Once::new();

/// The display, if the machine has one.
fn machine() -> Option<&'static Machine> {
    MACHINE.get()
}

/// Finds the display and makes its files. To be called once, after the virtio devices are found;
/// `size` is what the kernel's command line asks for, where the panel leaves the choice.
///
/// # Errors
/// What making nodes and starting a thread answers.
pub fn initialise(size: Option<Size>) -> Result<()> {
    let Some(panel) = find_panel(size)? else {
        return Ok(());
    };
    log::info!("fb0: {}, {}", panel.name(), panel.preferred());
    let source = Box::new(memory::Source {
        wake: presenter::wake,
    });
    let display = Display::new(panel, source, Box::new(presenter::Waker));
    let handle =
        register(foreground(), &display).map_err(|refused| Errno::from_number(refused.errno()))?;
    let machine = MACHINE.call_once(|| Machine { display, handle });
    presenter::initialise()?;
    file::initialise()?;
    attributes::initialise()?;
    light::add_panel(&machine.display)
}

/// The first panel of the machine; one that does not start is left out.
fn find_panel(size: Option<Size>) -> Result<Option<Arc<dyn Panel>>> {
    match virtio_panel()? {
        Some(panel) => Ok(Some(panel)),
        None => Ok(bochs::find(size)),
    }
}

fn virtio_panel() -> Result<Option<Arc<dyn Panel>>> {
    for device in virtio::take(GPU) {
        // Interrupts are off until all devices are set up, so that nobody asks too early.
        device.on_interrupt(Arc::new(service))?;
        let source = Arc::new(memory::Source {
            wake: presenter::wake,
        });
        match VirtioGpu::start(Box::new(device), source, &mut patience()) {
            Ok(panel) => return Ok(Some(panel)),
            Err(error) => log::warn!("the virtio display is left out: {error}"),
        }
    }
    Ok(None)
}

/// Lets a panel be waited for; see [`drivers::display::panel::Patience`].
fn patience() -> impl FnMut() -> bool {
    let end = metal::clock::nanoseconds() + PATIENCE_NANOSECONDS;
    let mut asked = 0;
    move || {
        asked += 1;
        metal::cpu::relax();
        asked < ASKED_MAX && metal::clock::nanoseconds() < end
    }
}

/// Takes what the panel has to say. Thread context, no lock held.
fn service() {
    let Some(machine) = machine() else { return };
    machine.display.service(&mut |event| match event {
        Event::Resized(size) => {
            // Not on the console: a window that is dragged says so many times.
            log::debug!("fb0: the display prefers {size} now");
            attributes::announce_modes();
        }
        Event::Failed(error) => warn(error),
    });
}

/// Something about the panel did not work.
fn warn(error: PanelError) {
    crate::log::limited!(warn, "fb0: {error}");
}

/// `/proc/fb`.
pub fn show_list(text: &mut Text) -> Result<()> {
    attributes::show_list(text)
}
