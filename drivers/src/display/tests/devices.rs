//! Devices that are short of room, slow, silent, or lie.

use abi::framebuffer::VarScreenInfo;

use super::super::edid;
use super::super::fbdev::text::Attribute;
use super::super::memory::MemorySource;
use super::super::panel::{Layout, PixelFormat, ScreenNumber};
use super::{Bochs, Event, FakeBochs, Hardware, House, PanelError, SMALL, Size, draw, picture};

#[test]
fn a_gpu_without_room_gives_up_what_is_not_seen() {
    let house = House::with_gpu();
    house.gpu().room = 64 * 96 * 4;
    let screens = [house.open(0), house.open(1)];
    for index in [1, 0, 1] {
        draw(&screens[index], 0, index as u8 + 1, 100);
        house.switch(index);
        assert_eq!(house.settle(), []);
        assert_eq!(house.seen(), Some(picture(&screens[index])));
    }
    house.gpu().room = 0;
    house.switch(0);
    assert!(matches!(
        house.settle()[..],
        [Event::Failed(PanelError::NoMemory(_)), ..]
    ));
    assert_eq!(house.seen(), None);
}

#[test]
fn a_silent_device_holds_nobody_up_and_may_come_back() {
    let house = House::with_gpu();
    let screens = [house.open(0), house.open(1)];
    let mut events = Vec::new();
    for round in 0..200 {
        draw(&screens[round % 2], 0, round as u8, 50);
        house.switch(round % 2);
        house.display.present();
        // It tells of other sizes and says nothing when it is asked for them.
        house.gpu().resize(SMALL);
        events.extend(house.settle_without_device());
    }
    assert_eq!(events, [Event::Failed(PanelError::Silent)]);
    house.settle();
    assert_eq!(house.seen(), Some(picture(&screens[1])));
}

/// However fast somebody switches and draws: what waits for a slow device is a picture or two.
#[test]
fn a_slow_device_is_told_of_the_last_pictures_only() {
    let house = House::with_gpu();
    let screens = [house.open(0), house.open(1), house.open(2)];
    house.settle();
    house.gpu().told.clear();
    for round in 0..3000 {
        let screen = &screens[round % 3];
        // In several places, so that one present is several transfers.
        for line in 0..6 {
            draw(screen, line * 4096, round as u8, 50);
        }
        house.display.present();
        house.switch(round % 3);
        let _refused = screen.pan(&screen.var());
        house.display.present();
        if round % 500 == 499 {
            // One command in a long while.
            house.gpu().step();
            assert_eq!(house.settle_without_device(), []);
        }
    }
    assert_eq!(house.settle(), []);
    assert_eq!(house.seen(), Some(picture(&screens[2])));
    let told = house.gpu().told.len();
    assert!(told < 40, "{told} commands");
    for (index, screen) in screens.iter().enumerate() {
        house.switch(index);
        assert_eq!(house.settle(), []);
        assert_eq!(house.seen(), Some(picture(screen)));
    }
}

/// A program that changes its mode without end, in front or behind, is no more trouble.
#[test]
fn modes_that_change_while_the_device_is_slow_are_not_all_told() {
    let house = House::with_gpu();
    let screens = [house.open(0), house.open(1)];
    house.settle();
    house.gpu().told.clear();
    let in_use = house.machine.in_use();
    for round in 0..1000 {
        let narrow = VarScreenInfo {
            bits_per_pixel: if round % 2 == 0 { 16 } else { 32 },
            ..screens[0].var()
        };
        screens[round / 2 % 2].set_mode(&narrow).unwrap();
        house.display.present();
    }
    let now = house.machine.in_use();
    assert!(now < in_use + 20, "{now}, {in_use} before");
    assert_eq!(house.settle(), []);
    assert_eq!(house.seen(), Some(picture(&screens[0])));
    let told = house.gpu().told.len();
    assert!(told < 60, "{told} commands");
    assert_eq!(house.gpu().pictures(), 2);
    assert_eq!(house.machine.in_use(), in_use);
}

/// Personas that come and go in the background while the device is stuck and nobody draws.
#[test]
fn screens_that_a_stuck_device_never_heard_of_leave_no_memory_behind() {
    let house = House::with_gpu();
    let in_use = house.machine.in_use();
    let layout = Layout {
        visible: SMALL,
        whole: SMALL,
        format: PixelFormat::Xrgb8888,
    };
    for number in 1000..1100 {
        let memory = house.machine.zeroed(layout.bytes()).unwrap();
        let panel = house.display.panel();
        let attached = panel.attach(ScreenNumber(number), layout, &memory);
        attached.unwrap();
        drop(memory);
        panel.detach(ScreenNumber(number));
    }
    let now = house.machine.in_use();
    // It may still look at the first few.
    assert!(now < in_use + 8, "{now}, {in_use} before");
    assert_eq!(house.settle(), []);
    assert_eq!(house.machine.in_use(), in_use);
}

#[test]
fn what_a_device_lies_is_survived() {
    for lie in [vec![], vec![0x00, 0x12], vec![0xff; 2000]] {
        let house = House::with_gpu();
        if let Hardware::Gpu(gpu) = &house.hardware {
            gpu.lock().unwrap().lies = Some(lie);
        }
        let screen = house.open(0);
        house.switch(1);
        house.switch(0);
        draw(&screen, 0, 1, 9);
        house.settle();
    }
    let (registers, video) = FakeBochs::absent().parts();
    assert_eq!(
        Bochs::start(registers, video, None).err(),
        Some(PanelError::Silent)
    );
}

/// Without a window there is no wish, and the display says by its EDID what it is good at.
#[test]
fn the_edid_tells_the_sizes_and_is_preferred_where_there_is_no_wish() {
    let monitor = Size {
        width: 1280,
        height: 800,
    };
    let house = House::with_gpu();
    {
        let mut gpu = house.gpu();
        gpu.edid = edid::example(monitor).to_vec();
        gpu.is_enabled = false;
        gpu.resize(SMALL);
    }
    assert_eq!(house.settle(), [Event::Resized(monitor)]);
    let panel = house.display.panel();
    assert_eq!(panel.preferred(), monitor);
    let of_edid = edid::sizes(&edid::example(monitor));
    assert_eq!(panel.sizes(), of_edid);
    assert!(of_edid.len() > 2, "{of_edid:?}");

    // With a wish that is the first, and the others are still there.
    {
        let mut gpu = house.gpu();
        gpu.is_enabled = true;
        gpu.resize(SMALL);
    }
    assert_eq!(house.settle(), [Event::Resized(SMALL)]);
    assert_eq!(panel.sizes(), [&[SMALL], &of_edid[..]].concat());
    // What is larger than a screen may be is not offered to programs, and not refused if it is.
    let screen = house.open(0);
    let modes = Attribute::Modes.read(&house.display, Some(&screen));
    assert_eq!(modes, "U:64x96p-60\n");
    house.gpu().resize(monitor);
    house.settle();
    let modes = Attribute::Modes.read(&house.display, Some(&screen));
    assert!(modes.lines().count() > 2, "{modes}");
    for line in modes.lines() {
        assert_eq!(Attribute::Mode.write(&screen, line.as_bytes()), Ok(()));
    }
}
