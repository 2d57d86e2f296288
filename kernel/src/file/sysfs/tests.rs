//! In-kernel tests of sysfs: adding directories, attributes and links, and taking them away.

use abi::procfs::Text;
use alloc::sync::Arc;
use core::fmt::Write;
use core::sync::atomic::{AtomicU32, Ordering};

use super::{Attribute, add_class_device, directory};
use crate::error::{Errno, Result};
use crate::file::generated::{Changes, no_memory};
use crate::file::{DeviceNumber, Inode, IoFlags, OpenFlags};
use crate::memory::io::{Sink, Source};
use crate::process::current;
use crate::sync::poll::{PollEvents, PollRegistrar};

/// An attribute that says when it is another.
struct Announced(Arc<Changes>);

impl Attribute for Announced {
    fn show(&self, text: &mut Text) -> Result<()> {
        writeln!(text, "something").map_err(no_memory)
    }

    fn changes(&self) -> Option<Arc<Changes>> {
        Some(Arc::clone(&self.0))
    }
}

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

    fn a_change_is_news_until_it_is_read() {
        let directory = directory("class/ktest-news/one").expect("new directories");
        let changes = Changes::new();
        let announced = Announced(Arc::clone(&changes));
        directory.add_attribute("announced", 0o444, announced).expect("a new name");
        directory.add_attribute("quiet", 0o644, Brightness).expect("a new name");
        let open = |name: &[u8]| {
            let inode = directory.lookup(name).expect("just added");
            inode.open(OpenFlags::from_raw(0)).expect("readable")
        };
        let read = |file: &dyn crate::file::File| {
            let mut shown = [0; 16];
            let count = file.read(&mut 0, &mut Sink::from_slice(&mut shown), IoFlags::default());
            count.expect("readable");
        };
        let news = PollEvents::ERR | PollEvents::PRI;
        let (one, other, quiet) = (open(b"announced"), open(b"announced"), open(b"quiet"));
        for file in [&one, &other, &quiet] {
            assert!(file.poll(None).contains(news), "it was never read");
            assert!(PollRegistrar::finds_queues(&current(), |registrar| file.poll(Some(registrar))));
            read(&**file);
            assert!(!file.poll(None).intersects(news));
            assert!(file.poll(None).contains(PollEvents::IN | PollEvents::OUT));
        }
        changes.announce();
        assert!(one.poll(None).contains(news) && other.poll(None).contains(news));
        assert!(!quiet.poll(None).intersects(news));
        read(&*one);
        assert!(!one.poll(None).intersects(news) && other.poll(None).contains(news));
        super::directory("class").and_then(|class| class.remove("ktest-news")).expect("it is there");
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
