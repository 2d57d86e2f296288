//! `/sys/class/graphics/fb0` and `/proc/fb`: what the screen of the reader's persona is like. The
//! texts are `drivers::display::fbdev::text`'s.

use alloc::sync::Arc;
use core::any::Any;
use core::fmt::Write;

use abi::procfs::Text;
use drivers::display::fbdev::text::{self, Attribute};
use drivers::display::mux::Audience;
use spin::LazyLock;

use super::{file, machine};
use crate::error::{Errno, Result};
use crate::file::generated::no_memory;
use crate::file::sysfs::{self, Changes};

/// Makes the files.
pub(super) fn initialise() -> Result<()> {
    let directory = sysfs::add_class_device("graphics", "fb0", file::NUMBER)?;
    for (attribute, name, permissions) in Attribute::ALL {
        directory.add_attribute(name, permissions, Entry(attribute))?;
    }
    Ok(())
}

/// Those of the list of modes.
static MODES: LazyLock<Arc<Changes>> = LazyLock::new(Changes::new);

/// The display prefers another mode now.
pub(super) fn announce_modes() {
    MODES.announce();
}

/// Somebody's screen has another mode: who polls its attributes is told.
impl Audience for Changes {
    fn mode_changed(&self) {
        self.announce();
    }
}

struct Entry(Attribute);

impl sysfs::Attribute for Entry {
    /// Looking makes no screen.
    fn show(&self, text: &mut Text) -> Result<()> {
        let machine = machine().ok_or(Errno::ENODEV)?;
        let screen = file::find();
        let value = self.0.read(&machine.display, screen.as_ref());
        text.write_str(&value).map_err(no_memory)
    }

    fn store(&self, bytes: &[u8]) -> Result<()> {
        self.0.write(&file::open()?, bytes)
    }

    /// The list of modes is the panel's; the others are those of the opener's screen, if there is
    /// one by then.
    fn changes(&self) -> Option<Arc<Changes>> {
        if self.0 == Attribute::Modes {
            return Some(Arc::clone(&MODES));
        }
        let audience = Arc::clone(file::find()?.audience()) as Arc<dyn Any + Send + Sync>;
        audience.downcast().ok()
    }
}

/// `/proc/fb`; empty without a display.
pub(super) fn show_list(text: &mut Text) -> Result<()> {
    let line = machine().map(|machine| text::proc_line(&machine.display));
    text.write_str(&line.unwrap_or_default()).map_err(no_memory)
}
