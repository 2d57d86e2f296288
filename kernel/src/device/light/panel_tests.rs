//! In-kernel tests of the files of a panel's lights, on a panel that shows nobody anything.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use drivers::display::memory::{MemorySource, ScreenMemory};
use drivers::display::mux::{Audience, Display, Presenter};
use drivers::display::panel::{
    Draw, Event, Layout, Panel, PanelError, Patience, ScreenNumber, Size, View,
};
use drivers::display::rows::Rows;
use drivers::light::mux::Outcome;

use super::{LIGHTS, add_panel, lights};
use crate::error::{Errno, Result};
use crate::file::sysfs::directory;
use crate::file::{File, Inode, IoFlags, OpenFlags};
use crate::memory::io::{Sink, Source};
use crate::namespace::device::foreground;

/// A panel that nobody looks at, its memory, and who presents on it.
struct Unseen;

const SIZE: Size = Size {
    width: 64,
    height: 64,
};

impl Panel for Unseen {
    fn name(&self) -> &'static str {
        "unseen"
    }

    fn preferred(&self) -> Size {
        SIZE
    }

    fn sizes(&self) -> Vec<Size> {
        Vec::from([SIZE])
    }

    fn check(&self, _layout: &Layout) -> core::result::Result<(), PanelError> {
        Ok(())
    }

    fn attach(
        &self,
        _screen: ScreenNumber,
        _layout: Layout,
        _memory: &Arc<dyn ScreenMemory>,
    ) -> core::result::Result<(), PanelError> {
        Ok(())
    }

    fn detach(&self, _screen: ScreenNumber) {}

    fn show(&self, _view: Option<View>) {}

    fn present(&self, _screen: ScreenNumber, _rows: &Rows) {}

    fn settle(&self) {}

    fn work(&self) {}

    fn service(&self) -> Option<Event> {
        None
    }

    fn draw_at_once(
        &self,
        _draw: Draw<'_>,
        _patience: Patience<'_>,
    ) -> core::result::Result<(), PanelError> {
        Err(PanelError::Unavailable)
    }
}

impl MemorySource for Unseen {
    fn zeroed(&self, _bytes: usize) -> Option<Arc<dyn ScreenMemory>> {
        None
    }
}

impl Presenter for Unseen {
    fn wake(&self) {}

    fn failed(&self, error: PanelError) {
        panic!("{error}");
    }

    fn audience(&self) -> Arc<dyn Audience> {
        Arc::new(Self)
    }
}

impl Audience for Unseen {
    fn mode_changed(&self) {}
}

fn open(path: &str) -> Arc<dyn File> {
    let (place, name) = path.rsplit_once('/').expect("a directory and a name");
    let place = directory(place).expect("made with the panel's lights");
    let inode = place
        .lookup(name.as_bytes())
        .expect("made with the panel's lights");
    inode.open(OpenFlags::from_raw(0)).expect("readable")
}

fn show(path: &str) -> String {
    let mut shown = [0; 32];
    let mut sink = Sink::from_slice(&mut shown);
    let count = open(path).read(&mut 0, &mut sink, IoFlags::default());
    let count = count.expect("readable");
    String::from_utf8_lossy(&shown[..count]).into_owned()
}

fn store(path: &str, text: &[u8]) -> Result<usize> {
    open(path).write(&mut 0, &mut Source::from_slice(text), IoFlags::default())
}

const BACKLIGHT: &str = "devices/virtual/backlight/panel0";
const LCD: &str = "devices/virtual/lcd/panel0";

metal::ktest! {
    fn the_files_of_a_panel_take_numbers_as_c_writes_them() {
        // A machine with a panel has these files already.
        if directory("class/backlight").is_ok_and(|class| class.lookup(b"panel0").is_err()) {
            let display = Display::new(Arc::new(Unseen), Box::new(Unseen), Box::new(Unseen));
            add_panel(&display).expect("new names");
        }
        let of = |directory: &str, name: &str| alloc::format!("{directory}/{name}");
        for (file, value) in [
            (of(BACKLIGHT, "brightness"), "255\n"),
            (of(BACKLIGHT, "actual_brightness"), "255\n"),
            (of(BACKLIGHT, "max_brightness"), "255\n"),
            (of(BACKLIGHT, "bl_power"), "0\n"),
            (of(BACKLIGHT, "type"), "raw\n"),
            (of(BACKLIGHT, "scale"), "linear\n"),
            (of(LCD, "lcd_power"), "0\n"),
            (of(LCD, "contrast"), "255\n"),
            (of(LCD, "max_contrast"), "255\n"),
        ] {
            assert_eq!(show(&file), value, "{file}");
        }
        let (brightness, contrast) = (of(BACKLIGHT, "brightness"), of(LCD, "contrast"));
        for file in [&brightness, &contrast] {
            assert_eq!(store(file, b"0x40\n"), Ok(5));
            assert_eq!(show(file), "64\n");
            assert_eq!(store(file, b"010"), Ok(3));
            assert_eq!(show(file), "8\n");
            assert_eq!(store(file, b"256"), Err(Errno::EINVAL));
            assert_eq!(store(file, b"bright"), Err(Errno::EINVAL));
            assert_eq!(store(file, b"255"), Ok(3));
        }
        for file in [of(BACKLIGHT, "bl_power"), of(LCD, "lcd_power")] {
            assert_eq!(store(&file, b"4\n"), Ok(2));
            assert_eq!(show(&file), "4\n");
            assert_eq!(store(&file, b"0\n"), Ok(2));
        }
        assert_eq!(store(&of(BACKLIGHT, "bl_power"), b"4\n"), Ok(2));
        assert_eq!(show(&of(BACKLIGHT, "actual_brightness")), "0\n");
        assert_eq!(store(&of(BACKLIGHT, "bl_power"), b"0\n"), Ok(2));
        a_persona_behind_changes_nothing(&brightness);
    }
}

fn a_persona_behind_changes_nothing(brightness: &str) {
    assert!(LIGHTS.get().is_some());
    let persona = foreground().create(80);
    persona.join().expect("it is new");
    let setting = lights().hardware().setting("backlight panel0: brightness");
    let setting = setting.expect("added with the panel");
    let stored = |text| lights().store(foreground(), &persona, &setting, text);
    assert_eq!(stored(b"3"), Ok(Outcome::Ignored));
    assert_eq!(stored(b"300"), Err(Errno::EINVAL));
    assert_eq!(show(brightness), "255\n");
    foreground()
        .leave(&persona, crate::namespace::device::now())
        .expect("not inside a class");
}
