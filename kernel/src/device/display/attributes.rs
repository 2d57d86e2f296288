//! `/sys/class/graphics/fb0` and `/proc/fb`: what the screen of the reader's persona is like. The
//! texts are `drivers::display::fbdev::text`'s.

use core::fmt::Write;

use abi::procfs::Text;
use drivers::display::fbdev::text::{self, Attribute};

use super::{file, machine};
use crate::error::{Errno, Result};
use crate::file::generated::no_memory;
use crate::file::sysfs;

/// Makes the files.
pub(super) fn initialise() -> Result<()> {
    let directory = sysfs::add_class_device("graphics", "fb0", file::NUMBER)?;
    for (attribute, name, permissions) in Attribute::ALL {
        directory.add_attribute(name, permissions, Entry(attribute))?;
    }
    Ok(())
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
}

/// `/proc/fb`; empty without a display.
pub(super) fn show_list(text: &mut Text) -> Result<()> {
    let line = machine().map(|machine| text::proc_line(&machine.display));
    text.write_str(&line.unwrap_or_default()).map_err(no_memory)
}
