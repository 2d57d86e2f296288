//! The rules of the display among personas, on both panels, with devices that keep what an eye
//! would see.

mod commands;
mod devices;
mod light;
mod narrow;
mod panics;
mod resize;
mod strangers;

use std::any::Any;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::host_gate::HostGate;
use abi::Errno;
use abi::framebuffer::{
    FBIOBLANK, FBIOGET_VBLANK, FBIOPAN_DISPLAY, FBIOPUT_VSCREENINFO, VarScreenInfo,
};
use devns::{Foreground, Jiffies, Namespace};
use zerocopy::IntoBytes;

use super::bochs::Bochs;
use super::fake::Picture;
use super::fake::bochs::FakeBochs;
use super::fake::gpu::FakeGpu;
use super::fake::memory::{FakeMemory, Machine};
use super::fbdev::{Caller, Framebuffer, UserMemory};
use super::mux::{Audience, Display, Presenter};
use super::panel::{Event, Panel, PanelError, Size};
use super::persona::{DisplayHandle, register};
use super::virtio_gpu::VirtioGpu;

const SMALL: Size = Size {
    width: 64,
    height: 96,
};

struct Nobody;

impl Presenter for Nobody {
    fn wake(&self) {}

    fn failed(&self, error: PanelError) {
        panic!("{error}");
    }

    fn audience(&self) -> Arc<dyn Audience> {
        Arc::new(Counting::default())
    }
}

/// How often a screen got another mode.
#[derive(Default)]
struct Counting(AtomicUsize);

impl Audience for Counting {
    fn mode_changed(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// How often this screen got another mode.
fn mode_changes(screen: &Framebuffer) -> usize {
    let audience: Arc<dyn Any + Send + Sync> = Arc::clone(screen.audience()) as _;
    let counting: Arc<Counting> = audience.downcast().unwrap();
    counting.0.load(Ordering::Relaxed)
}

/// A program with a little memory.
#[derive(Default)]
struct Program(Mutex<Vec<u8>>);

impl UserMemory for Program {
    fn read(&self, address: usize, into: &mut [u8]) -> Result<(), Errno> {
        let bytes = self.0.lock().unwrap();
        let from = bytes.get(address..address + into.len());
        into.copy_from_slice(from.ok_or(Errno::EFAULT)?);
        Ok(())
    }

    fn write(&self, address: usize, from: &[u8]) -> Result<(), Errno> {
        let mut bytes = self.0.lock().unwrap();
        let into = bytes.get_mut(address..address + from.len());
        into.ok_or(Errno::EFAULT)?.copy_from_slice(from);
        Ok(())
    }
}

impl Caller for Program {
    fn wait_for_frame(&self) -> Result<(), Errno> {
        Ok(())
    }
}

enum Hardware {
    Gpu(Box<Mutex<FakeGpu>>),
    Bochs(FakeBochs),
}

/// A machine with a display and two personas beside the root, each with its screen open.
struct House {
    foreground: Foreground,
    display: Arc<Display>,
    handle: DisplayHandle,
    personas: Vec<Arc<Namespace>>,
    hardware: Hardware,
    machine: Machine,
}

impl House {
    fn new(panel: Arc<dyn Panel>, hardware: Hardware, machine: Machine) -> Self {
        let foreground = Foreground::new(Box::new(HostGate::default()), 1);
        let display = Display::new(panel, Box::new(machine.clone()), Box::new(Nobody));
        let handle = register(&foreground, &display).unwrap();
        let mut personas = vec![Arc::clone(foreground.root())];
        for number in 2..4 {
            let persona = foreground.create(number);
            persona.join().unwrap();
            personas.push(persona);
        }
        Self {
            foreground,
            display,
            handle,
            personas,
            hardware,
            machine,
        }
    }

    fn with_gpu() -> Self {
        let machine = Machine::new();
        let (mut gpu, device) = FakeGpu::new(&machine, SMALL);
        let source = Arc::new(machine.clone());
        let panel = VirtioGpu::start(device, source, &mut || {
            gpu.run();
            true
        });
        Self::new(
            panel.unwrap(),
            Hardware::Gpu(Box::new(Mutex::new(gpu))),
            machine,
        )
    }

    fn with_bochs(bytes: usize) -> Self {
        let device = FakeBochs::new(bytes);
        let (registers, video) = device.parts();
        let panel = Bochs::start(registers, video, Some(SMALL)).unwrap();
        Self::new(panel, Hardware::Bochs(device), Machine::new())
    }

    fn open(&self, index: usize) -> Framebuffer {
        Framebuffer::open(&self.display, &self.handle, &self.personas[index]).unwrap()
    }

    fn switch(&self, index: usize) {
        let switched = self.foreground.switch(&self.personas[index], Jiffies(1));
        switched.unwrap();
    }

    /// The device does what it was told, and the driver hears of it; returns what was reported.
    fn settle(&self) -> Vec<Event> {
        let mut events = Vec::new();
        for _ in 0..8 {
            if let Hardware::Gpu(gpu) = &self.hardware {
                gpu.lock().unwrap().run();
            }
            self.display.service(&mut |event| events.push(event));
            self.display.present();
        }
        events
    }

    /// The driver is asked, and the device does nothing.
    fn settle_without_device(&self) -> Vec<Event> {
        let mut events = Vec::new();
        self.display.service(&mut |event| events.push(event));
        events
    }

    fn gpu(&self) -> MutexGuard<'_, FakeGpu> {
        match &self.hardware {
            Hardware::Gpu(gpu) => gpu.lock().unwrap(),
            Hardware::Bochs(_) => unreachable!("a house with a GPU"),
        }
    }

    fn seen(&self) -> Option<Picture> {
        match &self.hardware {
            Hardware::Gpu(gpu) => gpu.lock().unwrap().seen.clone(),
            Hardware::Bochs(device) => device.seen(),
        }
    }
}

/// What ought to be seen of a screen.
fn picture(screen: &Framebuffer) -> Picture {
    let var = screen.var();
    let mut bytes = vec![0; screen.length()];
    screen.memory().read(0, &mut bytes);
    if var.bits_per_pixel == 16 {
        bytes = bytes.chunks_exact(2).flat_map(widened).collect();
    }
    let stride = var.xres_virtual as usize * 4;
    let first = var.yoffset as usize * stride + var.xoffset as usize * 4;
    let size = Size {
        width: var.xres,
        height: var.yres,
    };
    Picture::of_bytes(size, &bytes[first..], stride)
}

/// A pixel of 16 bits in 32: each colour's high bits are its low ones too.
fn widened(pixel: &[u8]) -> [u8; 4] {
    let pixel = u16::from_le_bytes([pixel[0], pixel[1]]);
    let [blue, green, red] = [pixel & 0x1f, pixel >> 5 & 0x3f, pixel >> 11];
    let five = |part: u16| (part << 3 | part >> 2) as u8;
    [five(blue), (green << 2 | green >> 4) as u8, five(red), 0]
}

/// A program writes by a call.
fn write(screen: &Framebuffer, offset: usize, color: u8, pixels: usize) {
    let memory = screen.memory();
    let mut move_in = |offset, piece| {
        memory.write(offset, &vec![color; piece]);
        Ok(piece)
    };
    // Where the memory ends there is less, or nothing.
    let _written = screen.write(offset as u64, pixels * 4, &mut move_in);
}

fn draw(screen: &Framebuffer, offset: usize, color: u8, pixels: usize) {
    let bytes = vec![color; pixels * 4];
    FakeMemory::of(screen.memory()).draw(offset, &bytes);
}

fn doubled(screen: &Framebuffer) -> VarScreenInfo {
    let var = screen.var();
    VarScreenInfo {
        yres_virtual: var.yres * 2,
        ..var
    }
}

fn both() -> [House; 3] {
    let screen = 64 * 96 * 4;
    // Room for one screen only; for two of double height.
    [
        House::with_gpu(),
        House::with_bochs(screen + 100),
        House::with_bochs(4 * screen),
    ]
}

#[test]
fn a_switch_shows_what_was_drawn_in_the_background() {
    for house in both() {
        let screens = [house.open(0), house.open(1)];
        house.settle();
        draw(&screens[1], 4096, 9, 300);
        draw(&screens[0], 0, 3, 20);
        house.settle();
        assert_eq!(house.seen(), Some(picture(&screens[0])));
        house.switch(1);
        house.settle();
        assert_eq!(house.seen(), Some(picture(&screens[1])));
        // Nobody's screen: dark.
        house.switch(2);
        house.settle();
        assert_eq!(house.seen(), None);
        house.switch(0);
        house.settle();
        assert_eq!(house.seen(), Some(picture(&screens[0])));
    }
}

#[test]
fn a_switch_on_a_gpu_is_three_commands_and_what_did_not_change_is_not_sent() {
    let house = House::with_gpu();
    let _screens = [house.open(0), house.open(1)];
    house.settle();
    house.gpu().told.clear();
    let before = house.gpu().notified();
    house.switch(1);
    assert_eq!(
        house.gpu().notified() - before,
        1,
        "it is told of all at once"
    );
    house.settle();
    assert_eq!(house.gpu().told, [0x105, 0x103, 0x104]);
    house.settle();
    assert_eq!(house.gpu().told.len(), 3);
}

#[test]
fn panning_shows_the_other_half_and_impossible_offsets_are_refused() {
    for house in [House::with_gpu(), House::with_bochs(1 << 20)] {
        let screen = house.open(0);
        let var = screen.set_mode(&doubled(&screen)).unwrap();
        draw(&screen, 64 * 96 * 4, 7, 64 * 96);
        let lower = VarScreenInfo { yoffset: 96, ..var };
        screen.pan(&lower).unwrap();
        house.settle();
        assert_eq!(house.seen(), Some(picture(&screen)));
        assert_eq!(house.seen().unwrap().pixels[0], [7, 7, 7]);
        let beyond = VarScreenInfo { yoffset: 97, ..var };
        assert_eq!(screen.pan(&beyond), Err(Errno::EINVAL));
    }
}

/// Where the video memory holds both pages, to show the other is a register.
#[test]
fn a_page_flip_on_a_bochs_display_copies_nothing_that_has_not_changed() {
    let house = House::with_bochs(1 << 20);
    let Hardware::Bochs(device) = &house.hardware else {
        unreachable!("a house with a Bochs display")
    };
    let screen = house.open(0);
    let page = 64 * 96 * 4;
    let var = screen.set_mode(&doubled(&screen)).unwrap();
    let flip = |yoffset| {
        screen.pan(&VarScreenInfo { yoffset, ..var }).unwrap();
        house.settle();
        assert_eq!(house.seen(), Some(picture(&screen)));
        device.bytes_written()
    };
    house.settle();
    device.bytes_written();
    draw(&screen, page, 7, 64 * 96);
    assert_eq!(flip(96), page);
    for yoffset in [0, 96, 40, 0, 96] {
        assert_eq!(flip(yoffset), 0, "to {yoffset}");
    }
    // One line of the page behind, which is seen when that is.
    draw(&screen, 0, 9, 64);
    house.settle();
    assert_eq!(device.bytes_written(), 0);
    let dirty_page = 4096;
    assert_eq!(flip(0), dirty_page);
}

/// What was drawn before the mode was changed, and is out of sight when the screen comes back, is
/// seen after a pan.
#[test]
fn another_mode_forgets_nothing_that_is_out_of_sight() {
    for house in [House::with_gpu(), House::with_bochs(1 << 20)] {
        let screen = house.open(0);
        draw(&screen, 0, 5, 64);
        house.settle();
        house.switch(1);
        let var = screen.set_mode(&doubled(&screen)).unwrap();
        let pan = |yoffset| screen.pan(&VarScreenInfo { yoffset, ..var }).unwrap();
        pan(50);
        house.switch(0);
        house.settle();
        pan(0);
        house.settle();
        assert_eq!(house.seen().unwrap().pixels[0], [5; 3]);
    }
}

#[test]
fn blank_is_dark_and_lasts_over_switches() {
    for house in both() {
        let screens = [house.open(0), house.open(1)];
        let program = Program::default();
        screens[0].ioctl(&program, FBIOBLANK, 1).unwrap();
        house.settle();
        assert_eq!(house.seen(), None);
        house.switch(1);
        house.settle();
        assert_eq!(house.seen(), Some(picture(&screens[1])));
        house.switch(0);
        house.settle();
        assert_eq!(house.seen(), None);
        draw(&screens[0], 0, 5, 10);
        screens[0].ioctl(&program, FBIOBLANK, 0).unwrap();
        house.settle();
        assert_eq!(house.seen(), Some(picture(&screens[0])));
        assert_eq!(screens[0].ioctl(&program, FBIOBLANK, 5), Err(Errno::EINVAL));
    }
}

#[test]
fn sixteen_bits_show_the_same_colours() {
    for house in [House::with_gpu(), House::with_bochs(1 << 20)] {
        let screen = house.open(0);
        let narrow = VarScreenInfo {
            bits_per_pixel: 16,
            ..screen.var()
        };
        screen.set_mode(&narrow).unwrap();
        FakeMemory::of(screen.memory()).draw(0, &[0x00, 0xf8, 0xff, 0xff]);
        house.settle();
        let pixels = house.seen().unwrap().pixels;
        assert_eq!(pixels[..3], [[0, 0, 0xff], [0xff; 3], [0; 3]]);
    }
}

#[test]
fn commands_answer_as_linux_does() {
    let house = House::with_gpu();
    let screen = house.open(0);
    let program = Program(Mutex::new(vec![0; 512]));
    assert_eq!(
        screen.ioctl(&program, FBIOGET_VBLANK, 0),
        Err(Errno::ENOTTY)
    );
    assert_eq!(
        screen.ioctl(&program, FBIOPAN_DISPLAY, 400),
        Err(Errno::EFAULT)
    );
    let huge = VarScreenInfo {
        yres_virtual: 1 << 30,
        ..screen.var()
    };
    program.write(0, huge.as_bytes()).unwrap();
    assert_eq!(
        screen.ioctl(&program, FBIOPUT_VSCREENINFO, 0),
        Err(Errno::EINVAL)
    );
    assert_eq!(screen.fix().line_length, 256);
    assert_eq!(screen.fix().smem_len as usize, screen.length());
    let end = screen.length() as u64;
    let mut move_all = |_offset, piece| Ok(piece);
    assert_eq!(screen.write(end + 1, 1, &mut move_all), Err(Errno::EFBIG));
    assert_eq!(screen.write(end, 1, &mut move_all), Err(Errno::ENOSPC));
    assert_eq!(screen.write(end - 5, 9, &mut move_all), Ok(5));
    assert_eq!(screen.read(end - 5, 9, &mut move_all), Ok(5));
    assert_eq!(screen.read(end, 9, &mut move_all), Ok(0));
    let mut pieces = Vec::new();
    let mut note = |offset, piece| {
        pieces.push((offset, piece));
        Ok(piece)
    };
    assert_eq!(screen.write(4000, 5000, &mut note), Ok(5000));
    assert_eq!(pieces, [(4000, 96), (4096, 4096), (8192, 808)], "by pages");
}

#[test]
fn a_screen_goes_with_its_namespace_and_its_memory_with_the_device() {
    let mut house = House::with_gpu();
    drop(house.open(1));
    house.settle();
    let before = house.machine.in_use();
    let persona = house.personas.remove(1);
    house.foreground.leave(&persona, Jiffies(2)).unwrap();
    drop(persona);
    let now = house.machine.in_use();
    assert_eq!(now, before, "the device may still look there");
    house.settle();
    assert_eq!(house.machine.in_use(), before - 1);
}
