//! The screen: `/dev/fb0`, mapped.
//!
//! Contract: what is drawn into the mapping appears by itself, in the foreground; in the
//! background it is there when this persona comes back. The mode can change while a program
//! runs, since a window can be resized; [`Screen::changes`] wake it then, and [`Screen::follow`]
//! goes along.

use std::os::fd::BorrowedFd;
use std::path::Path;

use framebuffer::{FixScreeninfo, Framebuffer, VarScreeninfo};

use crate::window::Window;
use crate::{Canvas, Format};

/// Where the screen is.
const PATH: &str = "/dev/fb0";

/// The size of a screen and the form of its pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// The form of a pixel.
    pub format: Format,
    /// The bytes from one row to the next.
    stride: usize,
    /// The first byte that is shown.
    start: usize,
}

impl Mode {
    fn of(variable: &VarScreeninfo, fixed: &FixScreeninfo) -> Result<Self, String> {
        let format = Format::of(variable).ok_or_else(|| {
            let bits = variable.bits_per_pixel;
            format!("it has pixels of {bits} bits in a form that is not known here; use 16 or 32")
        })?;
        let stride = fixed.line_length as usize;
        let [x, y] = [variable.xoffset, variable.yoffset].map(|offset| offset as usize);
        Ok(Self {
            width: variable.xres as usize,
            height: variable.yres as usize,
            format,
            stride,
            start: y * stride + x * format.bytes(),
        })
    }
}

/// The screen of this persona.
pub struct Screen {
    frame: Framebuffer,
    mode: Mode,
    window: Window,
}

impl Screen {
    /// Opens and maps it.
    ///
    /// # Errors
    /// There is no screen, or none that can be drawn on: a sentence that says so.
    pub fn open() -> Result<Self, String> {
        Self::open_in(Window::open)
    }

    fn open_in(window: impl FnOnce() -> Window) -> Result<Self, String> {
        if !Path::new(PATH).exists() {
            return Err(format!(
                "{PATH} is not there: this machine has no display; boot it with one, such as \
                 -device virtio-gpu-pci"
            ));
        }
        let frame = Framebuffer::new(PATH).map_err(|error| format!("{PATH}: {error}"))?;
        let mode = Mode::of(&frame.var_screen_info, &frame.fix_screen_info)
            .map_err(|error| format!("{PATH}: {error}"))?;
        let mut screen = Self {
            frame,
            mode,
            window: window(),
        };
        if screen.try_canvas().is_none() {
            return Err(format!("{PATH}: its memory is smaller than its picture"));
        }
        Ok(screen)
    }

    /// The mode it was in when last looked at.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// What to draw into.
    pub fn canvas(&mut self) -> Canvas<'_> {
        // `open` has tried it, and nothing of it has changed since.
        self.try_canvas()
            .expect("the picture fits into its memory, as it did when it was opened")
    }

    fn try_canvas(&mut self) -> Option<Canvas<'_>> {
        let mode = self.mode;
        let bytes = self.frame.frame.get_mut(mode.start..)?;
        // The last row may lack what lies behind its pixels.
        Canvas::new(bytes, mode.stride, (mode.width, mode.height), mode.format)
    }

    /// What shows POLLPRI when there may be something to follow.
    pub fn changes(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.window.descriptors()
    }

    /// For who comes first to the screen: gives it the size of its window, whatever mode was
    /// chosen before.
    ///
    /// # Errors
    /// As for [`Screen::open`].
    pub fn fit(&mut self) -> Result<(), String> {
        self.window.fit();
        self.follow().map(drop)
    }

    /// Goes along with a window that has got another size, and looks whether the screen has
    /// another mode now; if so it is opened anew, with nothing of the old picture, and the answer
    /// is true.
    ///
    /// # Errors
    /// As for [`Screen::open`].
    pub fn follow(&mut self) -> Result<bool, String> {
        if self.window.has_changed() {
            self.window.follow();
        }
        let now = Framebuffer::get_var_screeninfo(&self.frame.device)
            .map_err(|error| format!("{PATH}: {error}"))?;
        let known = &self.frame.var_screen_info;
        let shape = |mode: &VarScreeninfo| {
            let size = (mode.xres, mode.yres, mode.xres_virtual, mode.yres_virtual);
            (size, mode.xoffset, mode.yoffset, mode.bits_per_pixel)
        };
        if shape(&now) == shape(known) {
            return Ok(false);
        }
        // What changed since the window was looked at is still news.
        let window = std::mem::replace(&mut self.window, Window::none());
        *self = Self::open_in(|| window)?;
        Ok(true)
    }

    /// All of its memory, to be kept.
    pub fn save(&self) -> Vec<u8> {
        self.frame.frame.to_vec()
    }

    /// Puts back what was saved. False: it was saved from a screen with other memory, and
    /// nothing was done.
    pub fn restore(&mut self, saved: &[u8]) -> bool {
        let fits = saved.len() == self.frame.frame.len();
        if fits {
            self.frame.frame.copy_from_slice(saved);
        }
        fits
    }
}
