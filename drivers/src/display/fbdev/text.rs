//! The texts of `/sys/class/graphics/fb0/` and `/proc/fb`: the screen of whoever reads.
//!
//! Source: Linux's `Documentation/ABI/testing/sysfs-class-graphics` (names and formats), and the
//! answers of Linux 6.1.

use abi::Errno;
use abi::framebuffer::{FB_ACTIVATE_FORCE, FB_BLANK_POWERDOWN, VarScreenInfo};
use alloc::format;
use alloc::string::String;

use super::super::mux::Display;
use super::super::panel::Size;
use super::{Framebuffer, mode};

/// A file in the directory of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// `bits_per_pixel`.
    BitsPerPixel,
    /// `blank`: takes a level, says nothing.
    Blank,
    /// `console` and `cursor`: say nothing, and what is written to them changes nothing.
    Console,
    /// See [`Self::Console`].
    Cursor,
    /// `mode`: the mode now.
    Mode,
    /// `modes`: those of the panel's that the screen can be given.
    Modes,
    /// `name`.
    Name,
    /// `pan`: the first column and row seen.
    Pan,
    /// `rotate`.
    Rotate,
    /// `state`: whether it is suspended, so that it can be neither read nor written.
    State,
    /// `stride`: bytes from one row to the next.
    Stride,
    /// `virtual_size`.
    VirtualSize,
}

impl Attribute {
    /// All of them, with the names of their files and their permissions.
    pub const ALL: [(Self, &'static str, u32); 12] = [
        (Self::BitsPerPixel, "bits_per_pixel", 0o644),
        (Self::Blank, "blank", 0o644),
        (Self::Console, "console", 0o644),
        (Self::Cursor, "cursor", 0o644),
        (Self::Mode, "mode", 0o644),
        (Self::Modes, "modes", 0o644),
        (Self::Name, "name", 0o444),
        (Self::Pan, "pan", 0o644),
        (Self::Rotate, "rotate", 0o644),
        (Self::State, "state", 0o644),
        (Self::Stride, "stride", 0o444),
        (Self::VirtualSize, "virtual_size", 0o644),
    ];

    /// What is read. Without a screen it is what a new one would say.
    pub fn read(self, display: &Display, screen: Option<&Framebuffer>) -> String {
        let panel = display.panel();
        let var = screen.map_or_else(|| mode::var_of(panel.preferred()), Framebuffer::var);
        match self {
            Self::BitsPerPixel => format!("{}\n", var.bits_per_pixel),
            Self::Blank | Self::Console | Self::Cursor => String::new(),
            Self::Mode => mode_line(mode::layout(&var).visible),
            Self::Modes => {
                let sizes = display.sizes(screen.map(|screen| &**screen.screen));
                sizes.into_iter().map(mode_line).collect()
            }
            Self::Name => format!("{}\n", panel.name()),
            Self::Pan => format!("{},{}\n", var.xoffset, var.yoffset),
            Self::Rotate => format!("{}\n", var.rotate),
            Self::State => {
                let is_suspended = screen.is_some_and(Framebuffer::is_suspended);
                format!("{}\n", u32::from(is_suspended))
            }
            Self::Stride => format!("{}\n", mode::layout(&var).stride()),
            Self::VirtualSize => format!("{},{}\n", var.xres_virtual, var.yres_virtual),
        }
    }

    /// Takes what is written.
    ///
    /// # Errors
    /// EINVAL: it is not understood or not possible; EACCES: it is only for reading; what
    /// [`Framebuffer::set_mode`] answers.
    pub fn write(self, screen: &Framebuffer, text: &[u8]) -> Result<(), Errno> {
        let text = core::str::from_utf8(text).map_err(|_| Errno::EINVAL)?;
        let var = VarScreenInfo {
            activate: FB_ACTIVATE_FORCE,
            ..screen.var()
        };
        match self {
            Self::BitsPerPixel => {
                let bits_per_pixel = number(text).0;
                set(
                    screen,
                    VarScreenInfo {
                        bits_per_pixel,
                        ..var
                    },
                )
            }
            Self::Rotate => {
                let rotate = number(text).0;
                set(screen, VarScreenInfo { rotate, ..var })
            }
            Self::VirtualSize => {
                let (xres_virtual, yres_virtual) = pair(text)?;
                let virtual_size = VarScreenInfo {
                    xres_virtual,
                    yres_virtual,
                    ..var
                };
                set(screen, virtual_size)
            }
            Self::Mode => set(screen, with_mode(screen, var, text)?),
            Self::Pan => {
                let (xoffset, yoffset) = pair(text)?;
                screen.pan(&VarScreenInfo {
                    xoffset,
                    yoffset,
                    ..var
                })
            }
            Self::Blank => screen.blank(number(text).0.min(FB_BLANK_POWERDOWN) as usize),
            Self::State => {
                screen.screen.settings().is_suspended = number(text).0 != 0;
                Ok(())
            }
            // Linux takes nothing of it, so that who must write all of it would never end.
            Self::Console | Self::Cursor => Ok(()),
            // The list is the panel's.
            Self::Modes => Err(Errno::EINVAL),
            Self::Name | Self::Stride => Err(Errno::EACCES),
        }
    }
}

/// The line of `/proc/fb`.
pub fn proc_line(display: &Display) -> String {
    format!("0 {}\n", display.panel().name())
}

fn mode_line(size: Size) -> String {
    format!("U:{size}p-60\n")
}

fn set(screen: &Framebuffer, var: VarScreenInfo) -> Result<(), Errno> {
    screen.set_mode(&var).map(|_chosen| ())
}

/// One of the modes that are listed.
fn with_mode(screen: &Framebuffer, var: VarScreenInfo, text: &str) -> Result<VarScreenInfo, Errno> {
    let sizes = screen.display.sizes(Some(&screen.screen));
    let line = text.trim_end_matches('\n');
    let size = sizes
        .into_iter()
        .find(|size| mode_line(*size).trim_end() == line)
        .ok_or(Errno::EINVAL)?;
    let chosen = mode::var_of(size);
    Ok(VarScreenInfo {
        activate: var.activate,
        bits_per_pixel: var.bits_per_pixel,
        ..chosen
    })
}

/// The number in C notation that the text begins with (0 when there is none), and what follows.
fn number(text: &str) -> (u32, &str) {
    let lower = |prefix| text.strip_prefix(prefix);
    let (radix, digits) = match (lower("0x").or_else(|| lower("0X")), lower("0")) {
        (Some(hexadecimal), _) => (16, hexadecimal),
        (None, Some(_)) => (8, text),
        (None, None) => (10, text),
    };
    let end = digits.find(|digit: char| !digit.is_digit(radix));
    let (digits, rest) = digits.split_at(end.unwrap_or(digits.len()));
    (u32::from_str_radix(digits, radix).unwrap_or(0), rest)
}

/// Two numbers with one character between them.
fn pair(text: &str) -> Result<(u32, u32), Errno> {
    let (first, rest) = number(text);
    let mut rest = rest.chars();
    rest.next();
    let second = rest.as_str();
    if second.is_empty() {
        return Err(Errno::EINVAL);
    }
    Ok((first, number(second).0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_c_writes_them() {
        assert_eq!(number("32\n"), (32, "\n"));
        assert_eq!(number("0x20,5"), (32, ",5"));
        assert_eq!(number("010"), (8, ""));
        assert_eq!(number("x"), (0, "x"));
        assert_eq!(number("99999999999"), (0, ""));
        assert_eq!(pair("640,480\n"), Ok((640, 480)));
        assert_eq!(pair("640\n"), Err(Errno::EINVAL));
        assert_eq!(pair("640"), Err(Errno::EINVAL));
    }
}
