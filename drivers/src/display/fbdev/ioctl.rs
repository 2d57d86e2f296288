//! The commands of `/dev/fb0`, with the answers of Linux 6.1.
//!
//! A mode that is set takes effect at once (`FB_ACTIVATE_NOW`); with any other moment
//! (`FB_ACTIVATE_TEST`, at the next open) it is only checked, and the program sees what it would
//! get.

use abi::Errno;
use abi::framebuffer::{
    ColorMap, FB_ACTIVATE_FORCE, FB_ACTIVATE_INV_MODE, FB_ACTIVATE_KD_TEXT, FB_ACTIVATE_MASK,
    FB_ACTIVATE_NOW, FB_BLANK_POWERDOWN, FB_TYPE_PACKED_PIXELS, FB_VISUAL_TRUECOLOR,
    FB_VMODE_YWRAP, FBIO_CURSOR, FBIO_WAITFORVSYNC, FBIOBLANK, FBIOGET_CON2FBMAP,
    FBIOGET_FSCREENINFO, FBIOGET_VSCREENINFO, FBIOGETCMAP, FBIOPAN_DISPLAY, FBIOPUT_CON2FBMAP,
    FBIOPUT_VSCREENINFO, FBIOPUTCMAP, FixScreenInfo, VarScreenInfo,
};
use zerocopy::{FromZeros, IntoBytes};

use super::super::panel::PanelError;
use super::{Caller, Framebuffer, color_map, mode};

impl Framebuffer {
    /// Answers `ioctl(2)`.
    ///
    /// # Errors
    /// EFAULT, and what Linux answers to each command; ENOTTY for unknown ones.
    pub fn ioctl(
        &self,
        caller: &dyn Caller,
        command: u32,
        argument: usize,
    ) -> Result<usize, Errno> {
        match command {
            FBIOGET_VSCREENINFO => {
                caller.write(argument, self.var().as_bytes())?;
            }
            FBIOPUT_VSCREENINFO => {
                let mut wanted = VarScreenInfo::new_zeroed();
                caller.read(argument, wanted.as_mut_bytes())?;
                let var = self.set_mode(&wanted)?;
                caller.write(argument, var.as_bytes())?;
            }
            FBIOGET_FSCREENINFO => caller.write(argument, self.fix().as_bytes())?,
            FBIOGETCMAP => {
                let request = color_request(caller, argument)?;
                let colors = self.screen.settings().colors.get(&request)?;
                color_map::put(caller, &request, &colors)?;
            }
            FBIOPUTCMAP => {
                let request = color_request(caller, argument)?;
                let colors = color_map::fetch(caller, &request)?;
                self.screen.settings().colors.set(request.start, &colors)?;
            }
            FBIOPAN_DISPLAY => {
                let mut wanted = VarScreenInfo::new_zeroed();
                caller.read(argument, wanted.as_mut_bytes())?;
                self.pan(&wanted)?;
                caller.write(argument, wanted.as_bytes())?;
            }
            FBIOBLANK => self.blank(argument)?,
            FBIO_WAITFORVSYNC => {
                self.display.present_if_in_front(&self.screen);
                caller.wait_for_frame()?;
            }
            // No text console is drawn here, and no cursor.
            FBIO_CURSOR | FBIOGET_CON2FBMAP | FBIOPUT_CON2FBMAP => return Err(Errno::EINVAL),
            _ => return Err(Errno::ENOTTY),
        }
        Ok(0)
    }

    /// What the device says of itself and of the mode.
    pub fn fix(&self) -> FixScreenInfo {
        let mut id = [0; 16];
        // Its last byte stays zero.
        let name = self.display.panel().name().bytes();
        id.iter_mut()
            .take(15)
            .zip(name)
            .for_each(|(to, byte)| *to = byte);
        FixScreenInfo {
            id,
            // Lengths and strides are those of memory that a u32 counts: see `mode::check`.
            smem_len: self.length() as u32,
            kind: FB_TYPE_PACKED_PIXELS,
            visual: FB_VISUAL_TRUECOLOR,
            xpanstep: 1,
            ypanstep: 1,
            line_length: self.screen.settings().layout().stride() as u32,
            ..FixScreenInfo::default()
        }
    }

    /// Chooses a mode; returns what was chosen, in full.
    ///
    /// # Errors
    /// EINVAL: it is impossible; ENOMEM, EIO: the panel does not take it.
    pub fn set_mode(&self, wanted: &VarScreenInfo) -> Result<VarScreenInfo, Errno> {
        let mut wanted = *wanted;
        wanted.activate &= !FB_ACTIVATE_KD_TEXT;
        if wanted.activate & FB_ACTIVATE_INV_MODE != 0 {
            // The list of modes is the panel's, not a program's.
            return Err(Errno::EINVAL);
        }
        let current = self.var();
        if wanted == current && wanted.activate & FB_ACTIVATE_FORCE == 0 {
            return Ok(current);
        }
        let memory = self.display.memory_limit(Some(&self.screen));
        let chosen = mode::check(&wanted, self.display.panel(), memory)?;
        if chosen.activate & FB_ACTIVATE_MASK != FB_ACTIVATE_NOW {
            return Ok(chosen);
        }
        self.display
            .set_mode(&self.screen, chosen)
            .map_err(|error| match error {
                PanelError::NoMemory(_) | PanelError::Scattered { .. } => Errno::ENOMEM,
                PanelError::Mode(_) => Errno::EINVAL,
                _ => Errno::EIO,
            })?;
        Ok(chosen)
    }

    /// Shows another part of the screen, and what was drawn there.
    ///
    /// # Errors
    /// EINVAL: there is no such part.
    pub fn pan(&self, wanted: &VarScreenInfo) -> Result<(), Errno> {
        if !mode::can_pan(&self.var(), wanted) {
            return Err(Errno::EINVAL);
        }
        self.display.present_if_in_front(&self.screen);
        self.display.change(&self.screen, || {
            let mut settings = self.screen.settings();
            // The mode may have become another meanwhile.
            if !mode::can_pan(&settings.var, wanted) {
                return Err(Errno::EINVAL);
            }
            settings.var.xoffset = wanted.xoffset;
            settings.var.yoffset = wanted.yoffset;
            settings.var.vmode &= !FB_VMODE_YWRAP;
            Ok(())
        })
    }

    /// Lets nothing be seen, or the picture again: `level` is one of `FB_BLANK_*`.
    ///
    /// # Errors
    /// EINVAL: there is no such level.
    pub fn blank(&self, level: usize) -> Result<(), Errno> {
        if level > FB_BLANK_POWERDOWN as usize {
            return Err(Errno::EINVAL);
        }
        self.display.blank(&self.screen, level as u32);
        Ok(())
    }
}

fn color_request(caller: &dyn Caller, argument: usize) -> Result<ColorMap, Errno> {
    let mut request = ColorMap::new_zeroed();
    caller.read(argument, request.as_mut_bytes())?;
    Ok(request)
}
