//! The screen: `/dev/fb0`, mapped once. Source: linux/fb.h.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;

use abi_tests::{raw, sys};
use guests::checked;
use guests::pattern::{Pattern, Primary};

/// FBIOGET_VSCREENINFO and FBIOGET_FSCREENINFO, and the lengths of what they give.
const GET_VARIABLE: u32 = 0x4600;
const VARIABLE_WORDS: usize = 160 / 4;
const GET_FIXED: u32 = 0x4602;
const FIXED_WORDS: usize = 80 / 4;
/// FBIOBLANK.
const BLANK: u32 = 0x4611;
/// Where the words are that we need: xres and yres, bits_per_pixel; smem_len, line_length.
const WIDTH: usize = 0;
const HEIGHT: usize = 1;
const BITS: usize = 6;
const LENGTH: usize = 6;
const STRIDE: usize = 12;

/// Memory that is shown.
#[derive(Clone, Copy)]
struct Pixels {
    address: usize,
    width: u32,
    height: u32,
    stride: usize,
}

impl Pixels {
    fn place(self, x: u32, y: u32) -> usize {
        self.address + y as usize * self.stride + x as usize * 4
    }

    fn draw(self, pattern: Pattern) {
        for y in 0..self.height {
            for x in 0..self.width {
                raw::shared_word(self.place(x, y)).store(pattern.pixel(x, y), Relaxed);
            }
        }
    }
}

/// The screen of this persona.
pub struct Screen {
    file: File,
    pixels: Pixels,
    painter: Option<(Arc<AtomicBool>, JoinHandle<()>)>,
}

impl Screen {
    /// Opens and maps it. It must have pixels of 32 bits.
    pub fn open() -> io::Result<Self> {
        let file = File::options().read(true).write(true).open("/dev/fb0")?;
        let mut variable = [0u32; VARIABLE_WORDS];
        let mut fixed = [0u32; FIXED_WORDS];
        checked(sys!(
            libc::SYS_ioctl,
            file.as_raw_fd(),
            GET_VARIABLE,
            &mut variable
        ))?;
        checked(sys!(
            libc::SYS_ioctl,
            file.as_raw_fd(),
            GET_FIXED,
            &mut fixed
        ))?;
        if variable[BITS] != 32 {
            return Err(io::Error::other("the screen has no pixels of 32 bits"));
        }
        let address = checked(sys!(
            libc::SYS_mmap,
            0,
            fixed[LENGTH],
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED,
            file.as_raw_fd(),
            0
        ))?;
        let pixels = Pixels {
            address,
            width: variable[WIDTH],
            height: variable[HEIGHT],
            stride: fixed[STRIDE] as usize,
        };
        Ok(Self {
            file,
            pixels,
            painter: None,
        })
    }

    /// Draws `pattern` through the mapping.
    pub fn draw(&self, pattern: Pattern) {
        self.pixels.draw(pattern);
    }

    /// Starts to draw the patterns of `primary` one after the other.
    pub fn paint(&mut self, primary: Primary) {
        self.stop_painting();
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let pixels = self.pixels;
        let painter = std::thread::spawn(move || {
            for number in 0.. {
                if told.load(Relaxed) {
                    return;
                }
                pixels.draw(Pattern { primary, number });
            }
        });
        self.painter = Some((stop, painter));
    }

    /// Ends what [`Screen::paint`] began.
    pub fn stop_painting(&mut self) {
        if let Some((stop, painter)) = self.painter.take() {
            stop.store(true, Relaxed);
            // A painter that panicked has said so, and paints no more either.
            let _ = painter.join();
        }
    }

    /// The first pixel in the mapping that is not that of `pattern`.
    pub fn first_wrong(&self, pattern: Pattern) -> Option<(u32, u32, u32)> {
        let places =
            (0..self.pixels.height).flat_map(|y| (0..self.pixels.width).map(move |x| (x, y)));
        places
            .map(|(x, y)| {
                let pixel = raw::shared_word(self.pixels.place(x, y)).load(Relaxed);
                (x, y, pixel)
            })
            .find(|&(x, y, pixel)| pixel != pattern.pixel(x, y))
    }

    /// Blanks the screen, or shows it again with level 0.
    pub fn blank(&self, level: u32) -> io::Result<String> {
        checked(sys!(libc::SYS_ioctl, self.file.as_raw_fd(), BLANK, level))?;
        Ok(format!("blanked {level}"))
    }
}
