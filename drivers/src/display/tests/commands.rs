//! The commands of `/dev/fb0`: colour maps, modes that are only tried, and waiting for a frame.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use abi::Errno;
use abi::framebuffer::{
    ColorMap, FB_ACTIVATE_NXTOPEN, FB_ACTIVATE_TEST, FB_BLANK_POWERDOWN, FBIO_WAITFORVSYNC,
    FBIOGETCMAP, FBIOPUT_VSCREENINFO, FBIOPUTCMAP, VarScreenInfo,
};
use zerocopy::{FromZeros, IntoBytes};

use super::super::fbdev::text::Attribute;
use super::{
    Caller, Framebuffer, Hardware, House, Program, UserMemory, doubled, draw, mode_changes, picture,
};

/// Where a program has its request, and the four lists behind it, 2 KiB each.
const REQUEST: usize = 0;
const LISTS: [u64; 4] = [2048, 4096, 6144, 8192];

fn program() -> Program {
    Program(Mutex::new(vec![0; 10240]))
}

fn request(start: u32, length: u32) -> ColorMap {
    let [red, green, blue, transp] = LISTS;
    ColorMap {
        start,
        length,
        red,
        green,
        blue,
        transp,
    }
}

/// Calls with a request for colours.
fn call(
    screen: &Framebuffer,
    program: &Program,
    command: u32,
    request: &ColorMap,
) -> Result<usize, Errno> {
    program.write(REQUEST, request.as_bytes()).unwrap();
    screen.ioctl(program, command, REQUEST)
}

/// What is in one of the lists of a program.
fn list(program: &Program, plane: usize, count: usize) -> Vec<u16> {
    let mut values = vec![0_u16; count];
    let bytes = values.as_mut_bytes();
    program.read(LISTS[plane] as usize, bytes).unwrap();
    values
}

fn fill(program: &Program, plane: usize, values: &[u16]) {
    let address = LISTS[plane] as usize;
    program.write(address, values.as_bytes()).unwrap();
}

#[test]
fn the_colours_are_those_of_a_text_console_at_first() {
    let house = House::with_gpu();
    let (screen, program) = (house.open(0), program());
    assert_eq!(call(&screen, &program, FBIOGETCMAP, &request(0, 16)), Ok(0));
    let red = list(&program, 0, 16);
    assert_eq!(red[..8], [0, 0, 0, 0, 0xaaaa, 0xaaaa, 0xaaaa, 0xaaaa]);
    assert_eq!(list(&program, 2, 16)[8..10], [0x5555, 0xffff]);
    // From where it is asked for, and no more than there are.
    fill(&program, 1, &[7; 300]);
    assert_eq!(
        call(&screen, &program, FBIOGETCMAP, &request(250, 300)),
        Ok(0)
    );
    assert_eq!(list(&program, 1, 7), [0, 0, 0, 0, 0, 0, 7]);
    for nothing in [request(0, 0), request(256, 1), request(u32::MAX, 1)] {
        let answer = call(&screen, &program, FBIOGETCMAP, &nothing);
        assert_eq!(answer, Err(Errno::EINVAL));
    }
    for broken in 0..3 {
        let mut request = request(0, 16);
        let places = [&mut request.red, &mut request.green, &mut request.blue];
        *places.into_iter().nth(broken).unwrap() = 1 << 40;
        let answer = call(&screen, &program, FBIOGETCMAP, &request);
        assert_eq!(answer, Err(Errno::EFAULT), "list {broken}");
    }
}

#[test]
fn colours_that_are_put_come_back_in_one_persona_only() {
    let house = House::with_gpu();
    let (screens, program) = ([house.open(0), house.open(1)], program());
    for plane in 0..3 {
        fill(&program, plane, &[plane as u16 + 1, plane as u16 + 10]);
    }
    assert_eq!(
        call(&screens[0], &program, FBIOPUTCMAP, &request(14, 2)),
        Ok(0)
    );
    let get = |screen, plane| {
        call(screen, &program, FBIOGETCMAP, &request(14, 2)).unwrap();
        list(&program, plane, 2)
    };
    assert_eq!(get(&screens[0], 0), [1, 10]);
    assert_eq!(get(&screens[0], 2), [3, 12]);
    assert_eq!(get(&screens[1], 0), [0xffff, 0xffff]);

    let put = |request: &ColorMap| call(&screens[0], &program, FBIOPUTCMAP, request);
    // Behind the palette, none at all, more than there are, and no length at all.
    assert_eq!(put(&request(15, 2)), Err(Errno::EINVAL));
    assert_eq!(put(&request(3, 0)), Err(Errno::EINVAL));
    assert_eq!(put(&request(u32::MAX, 2)), Err(Errno::EINVAL));
    assert_eq!(put(&request(0, 257)), Err(Errno::EINVAL));
    assert_eq!(put(&request(0, 1 << 30)), Err(Errno::E2BIG));
    assert_eq!(put(&request(0, (2 << 20) + 1)), Err(Errno::ENOMEM));
    // The lists are read before they are found to be too long.
    assert_eq!(put(&request(0, 9000)), Err(Errno::EFAULT));
    let mut broken = request(0, 257);
    broken.blue = 1 << 40;
    assert_eq!(put(&broken), Err(Errno::EFAULT));
    let mut broken = request(0, 2);
    broken.transp = 1 << 40;
    assert_eq!(put(&broken), Err(Errno::EFAULT));
    broken.transp = 0;
    assert_eq!(put(&broken), Ok(0));
}

#[test]
fn a_mode_that_is_only_tried_changes_nothing() {
    let house = House::with_gpu();
    let (screen, program) = (house.open(0), program());
    house.settle();
    house.gpu().told.clear();
    let before = screen.var();
    let try_mode = |wanted: &VarScreenInfo| {
        program.write(REQUEST, wanted.as_bytes()).unwrap();
        screen.ioctl(&program, FBIOPUT_VSCREENINFO, REQUEST)?;
        let mut answer = VarScreenInfo::new_zeroed();
        program.read(REQUEST, answer.as_mut_bytes()).unwrap();
        Ok(answer)
    };
    for activate in [FB_ACTIVATE_TEST, FB_ACTIVATE_NXTOPEN] {
        let wanted = VarScreenInfo {
            bits_per_pixel: 16,
            activate,
            pixclock: 9,
            ..doubled(&screen)
        };
        let answer = try_mode(&wanted).unwrap();
        // What it would be is told in full.
        assert_eq!((answer.bits_per_pixel, answer.green.length), (16, 6));
        assert_eq!((answer.yres_virtual, answer.pixclock), (192, 0));
        assert_eq!(screen.var(), before);
        let impossible = VarScreenInfo {
            xres: 5000,
            xres_virtual: 5000,
            ..wanted
        };
        assert_eq!(try_mode(&impossible), Err(Errno::EINVAL));
    }
    house.settle();
    assert_eq!(house.gpu().told, []);
    assert_eq!(mode_changes(&screen), 0);
    let now = VarScreenInfo {
        activate: 0,
        ..doubled(&screen)
    };
    try_mode(&now).unwrap();
    assert_eq!((screen.var().yres_virtual, mode_changes(&screen)), (192, 1));
}

/// A program that counts the frames it waited for.
struct Patient {
    frames: AtomicUsize,
    answer: Result<(), Errno>,
}

impl UserMemory for Patient {
    fn read(&self, _: usize, _: &mut [u8]) -> Result<(), Errno> {
        Err(Errno::EFAULT)
    }

    fn write(&self, _: usize, _: &[u8]) -> Result<(), Errno> {
        Err(Errno::EFAULT)
    }
}

impl Caller for Patient {
    fn wait_for_frame(&self) -> Result<(), Errno> {
        self.frames.fetch_add(1, Ordering::Relaxed);
        self.answer
    }
}

#[test]
fn who_waits_for_a_frame_is_seen_at_once_in_front_and_waits_behind_too() {
    let house = House::with_gpu();
    let screens = [house.open(0), house.open(1)];
    house.settle();
    let mut patient = Patient {
        frames: AtomicUsize::new(0),
        answer: Ok(()),
    };
    house.gpu().told.clear();
    draw(&screens[0], 0, 6, 64);
    assert_eq!(screens[0].ioctl(&patient, FBIO_WAITFORVSYNC, 0), Ok(0));
    // Nobody else has asked for it to be sent.
    house.gpu().run();
    assert_eq!(house.seen(), Some(picture(&screens[0])));
    assert_eq!(house.seen().unwrap().pixels[0], [6; 3]);

    house.gpu().told.clear();
    draw(&screens[1], 0, 9, 64);
    assert_eq!(screens[1].ioctl(&patient, FBIO_WAITFORVSYNC, 0), Ok(0));
    house.gpu().run();
    assert_eq!(house.gpu().told, []);
    assert_eq!(patient.frames.load(Ordering::Relaxed), 2);

    // Whatever it is that a signal ends the wait with.
    patient.answer = Err(Errno::EINTR);
    screens[0].blank(FB_BLANK_POWERDOWN as usize).unwrap();
    let waited = screens[0].ioctl(&patient, FBIO_WAITFORVSYNC, 0);
    assert_eq!(waited, Err(Errno::EINTR));
}

/// Who flips between two pages shows what is on the other at once, and asks nobody to present.
#[test]
fn who_pans_is_seen_at_once() {
    for house in [House::with_gpu(), House::with_bochs(1 << 20)] {
        let (screen, page) = (house.open(0), 64 * 96 * 4);
        let var = screen.set_mode(&doubled(&screen)).unwrap();
        house.settle();
        for (yoffset, color) in [(96, 7), (0, 8), (96, 9)] {
            let offset = if yoffset == 0 { 0 } else { page };
            draw(&screen, offset, color, 64 * 96);
            screen.pan(&VarScreenInfo { yoffset, ..var }).unwrap();
            if let Hardware::Gpu(gpu) = &house.hardware {
                gpu.lock().unwrap().run();
                assert_eq!(house.settle_without_device(), []);
            }
            assert_eq!(house.seen(), Some(picture(&screen)));
            assert_eq!(house.seen().unwrap().pixels[64 * 95], [color; 3]);
        }
    }
}

#[test]
fn a_suspended_screen_is_neither_read_nor_written_by_calls() {
    let house = House::with_gpu();
    let screens = [house.open(0), house.open(1)];
    let state = |screen| Attribute::State.read(&house.display, Some(screen));
    assert_eq!(Attribute::State.write(&screens[0], b"1\n"), Ok(()));
    assert_eq!((&*state(&screens[0]), &*state(&screens[1])), ("1\n", "0\n"));
    let mut move_all = |_offset, piece| Ok(piece);
    assert_eq!(screens[0].read(0, 1, &mut move_all), Err(Errno::EPERM));
    assert_eq!(screens[0].write(0, 1, &mut move_all), Err(Errno::EPERM));
    assert_eq!(screens[1].write(0, 1, &mut move_all), Ok(1));
    assert_eq!(Attribute::State.write(&screens[0], b"0"), Ok(()));
    assert_eq!(screens[0].write(0, 1, &mut move_all), Ok(1));
    for silent in [Attribute::Console, Attribute::Cursor, Attribute::Blank] {
        assert_eq!(silent.read(&house.display, Some(&screens[0])), "");
    }
    assert_eq!(Attribute::Console.write(&screens[0], b"1"), Ok(()));
    let modes = Attribute::Modes.write(&screens[0], b"U:64x96p-60\n");
    assert_eq!(modes, Err(Errno::EINVAL));
    let turned = Attribute::Rotate.write(&screens[0], b"1\n");
    assert_eq!(turned, Err(Errno::EINVAL));
}
