//! In-kernel tests of sysfs: adding directories, attributes and links, and taking them away.

use abi::procfs::Text;
use core::fmt::Write;
use core::sync::atomic::{AtomicU32, Ordering};

use super::{Attribute, add_class_device, directory};
use crate::error::{Errno, Result};
use crate::file::generated::no_memory;
use crate::file::{DeviceNumber, Inode, IoFlags, OpenFlags};
use crate::memory::io::{Sink, Source};

static BRIGHTNESS: AtomicU32 = AtomicU32::new(0);

struct Brightness;

impl Attribute for Brightness {
    fn show(&self, text: &mut Text) -> Result<()> {
        writeln!(text, "{}", BRIGHTNESS.load(Ordering::Relaxed)).map_err(no_memory)
    }

    fn store(&self, bytes: &[u8]) -> Result<()> {
        let number = core::str::from_utf8(bytes)
            .map_err(|_| Errno::EINVAL)?
            .trim();
        BRIGHTNESS.store(
            number.parse().map_err(|_| Errno::EINVAL)?,
            Ordering::Relaxed,
        );
        Ok(())
    }
}

metal::ktest! {
    fn an_attribute_shows_what_was_stored() {
        let leds = directory("class/ktest-leds/one").expect("new directories");
        leds.add_attribute("brightness", 0o644, Brightness).expect("a new name");
        let again = leds.add_attribute("brightness", 0o644, Brightness);
        assert_eq!(again, Err(Errno::EEXIST));
        let open = || {
            let inode = leds.lookup(b"brightness").expect("just added");
            inode.open(OpenFlags::from_raw(0)).expect("readable")
        };
        let store = |text: &[u8]| {
            open().write(&mut 0, &mut Source::from_slice(text), IoFlags::default())
        };
        assert_eq!(store(b"17\n"), Ok(3));
        assert_eq!(store(b"much"), Err(Errno::EINVAL));
        let mut shown = [0; 16];
        let count = open().read(&mut 0, &mut Sink::from_slice(&mut shown), IoFlags::default());
        assert_eq!(count.map(|count| &shown[..count]), Ok(b"17\n".as_slice()));
        directory("class").and_then(|class| class.remove("ktest-leds")).expect("it is there");
        assert!(directory("class").is_ok_and(|class| class.lookup(b"ktest-leds").is_err()));
    }

    fn a_device_of_a_class_is_found_in_all_its_places() {
        let number = DeviceNumber::new(240, 7);
        let device = add_class_device("ktest", "seven", number).expect("new names");
        assert!(device.lookup(b"dev").is_ok() && device.lookup(b"uevent").is_ok());
        for place in ["class/ktest", "devices/virtual/ktest"] {
            assert!(directory(place).is_ok_and(|place| place.lookup(b"seven").is_ok()), "{place}");
        }
        let numbers = directory("dev/char").expect("made at boot");
        assert!(numbers.lookup(b"240:7").is_ok());
        numbers.remove("240:7").expect("it is there");
        for parent in ["class", "devices/virtual"] {
            directory(parent).and_then(|parent| parent.remove("ktest")).expect("it is there");
        }
    }
}
