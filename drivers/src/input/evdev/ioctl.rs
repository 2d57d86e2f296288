//! Which command is which.
//!
//! Some commands are whole numbers; of others the program chooses the size, and of some the
//! number carries a type or an axis.

use abi::Errno;
use abi::input::{
    ABS_CNT, EV_CNT, EV_KEY, EV_LED, EV_REP, EV_SND, EV_SW, EV_VERSION, IOC_READ, IOC_WRITE,
    REP_DELAY, REP_PERIOD,
};
use abi::raw::general::{CLOCK_BOOTTIME, CLOCK_MONOTONIC, CLOCK_REALTIME};
use abi::raw::ioctl::{
    EVIOCGEFFECTS, EVIOCGID, EVIOCGKEYCODE, EVIOCGKEYCODE_V2, EVIOCGMASK, EVIOCGRAB, EVIOCGREP,
    EVIOCGVERSION, EVIOCREVOKE, EVIOCRMFF, EVIOCSCLOCKID, EVIOCSFF, EVIOCSKEYCODE,
    EVIOCSKEYCODE_V2, EVIOCSMASK, EVIOCSREP,
};
use zerocopy::IntoBytes;

use super::super::client::Clock;
use super::super::device::Event;
use super::bits::put;
use super::command::{Command, read};
use super::{Evdev, UserMemory};

const GET_NAME: u32 = read(0x06);
const GET_PHYS: u32 = read(0x07);
const GET_UNIQ: u32 = read(0x08);
const GET_PROPERTIES: u32 = read(0x09);
const GET_SLOTS: u32 = read(0x0a);
const GET_KEYS: u32 = read(0x18);
const GET_LEDS: u32 = read(0x19);
const GET_SOUNDS: u32 = read(0x1a);
const GET_SWITCHES: u32 = read(0x1b);
/// The first command of a row with one for each type.
const GET_CODES: u8 = 0x20;
/// The first command of a row with one for each axis.
const GET_AXIS: u8 = 0x40;
/// Likewise.
const SET_AXIS: u8 = 0xc0;
/// `sizeof(struct ff_effect)`: its command is taken with this size only.
const EFFECT: usize = 48;

impl Evdev {
    /// Answers `ioctl(2)`.
    ///
    /// # Errors
    /// ENODEV: revoked; EFAULT, and what Linux answers to each command; EINVAL for unknown ones.
    pub fn ioctl(
        &self,
        memory: &dyn UserMemory,
        command: u32,
        argument: usize,
    ) -> Result<usize, Errno> {
        if self.is_dead() {
            return Err(Errno::ENODEV);
        }
        match command {
            EVIOCGVERSION => memory.write(argument, EV_VERSION.as_bytes())?,
            EVIOCGID => {
                let id = self.mux.with_state(self.device, |state| state.identity.id);
                memory.write(argument, id.as_bytes())?;
            }
            EVIOCGREP => {
                let repeat = self.repeat()?;
                memory.write(argument, repeat.as_bytes())?;
            }
            EVIOCSREP => self.set_repeat(memory, argument)?,
            // No device here shakes.
            EVIOCRMFF => return Err(Errno::ENOSYS),
            EVIOCGEFFECTS => memory.write(argument, 0_i32.as_bytes())?,
            EVIOCGRAB if argument != 0 => self.group().grab(self.device, &self.client)?,
            EVIOCGRAB => self.group().ungrab(self.device, &self.client)?,
            EVIOCREVOKE => self.revoke(argument)?,
            EVIOCGMASK => return self.mask(memory, argument),
            EVIOCSMASK => return self.set_mask(memory, argument),
            EVIOCSCLOCKID => self.set_clock(memory, argument)?,
            EVIOCGKEYCODE => return self.keycode(memory, argument),
            EVIOCSKEYCODE => return self.set_keycode(memory, argument),
            EVIOCGKEYCODE_V2 => return self.keymap_entry(memory, argument),
            EVIOCSKEYCODE_V2 => return self.set_keymap_entry(memory, argument),
            _ => return self.sized_ioctl(memory, Command(command), argument),
        }
        Ok(0)
    }

    /// Commands whose size is the program's choice.
    fn sized_ioctl(
        &self,
        memory: &dyn UserMemory,
        command: Command,
        argument: usize,
    ) -> Result<usize, Errno> {
        let size = command.size();
        let text = |which: fn(&super::super::device::Identity) -> Option<alloc::string::String>| {
            self.mux
                .with_state(self.device, |state| which(&state.identity))
        };
        let state = |kind| self.put_state(memory, argument, size, kind);
        match command.without_size() {
            GET_NAME => {
                let name = text(|identity| Some(identity.name.clone()));
                self.put_text(memory, argument, size, name)
            }
            GET_PHYS => self.put_text(memory, argument, size, text(|it| it.phys.clone())),
            GET_UNIQ => self.put_text(memory, argument, size, text(|it| it.uniq.clone())),
            GET_PROPERTIES => {
                let bits = self
                    .mux
                    .with_state(self.device, |state| state.identity.properties);
                put(memory, argument, size, bits.words().as_bytes())
            }
            GET_SLOTS => {
                // Which axis of the touches: no device here has any.
                memory.read(argument, &mut [0; 4])?;
                Err(Errno::EINVAL)
            }
            GET_KEYS => state(EV_KEY),
            GET_LEDS => state(EV_LED),
            GET_SOUNDS => state(EV_SND),
            GET_SWITCHES => state(EV_SW),
            set_effect if set_effect == Command(EVIOCSFF).without_size() => {
                if size != EFFECT {
                    return Err(Errno::EFAULT);
                }
                memory.read(argument, &mut [0; EFFECT])?;
                Err(Errno::ENOSYS)
            }
            _ => self.numbered_ioctl(memory, command, argument),
        }
    }

    /// Commands whose number carries a type or an axis.
    fn numbered_ioctl(
        &self,
        memory: &dyn UserMemory,
        command: Command,
        argument: usize,
    ) -> Result<usize, Errno> {
        let size = command.size();
        let number = command.number();
        let (types, axes) = (EV_CNT as u8 - 1, ABS_CNT as u8 - 1);
        match (command.kind(), command.direction()) {
            (b'E', IOC_READ) if number & !types == GET_CODES => {
                self.put_codes(memory, argument, size, u16::from(number & types))
            }
            (b'E', IOC_READ) if number & !axes == GET_AXIS => {
                self.put_axis(memory, argument, size, u16::from(number & axes))
            }
            (b'E', IOC_WRITE) if number & !axes == SET_AXIS => {
                self.set_axis(memory, argument, size, u16::from(number & axes))
            }
            _ => Err(Errno::EINVAL),
        }
    }

    /// ENOSYS: the device does not repeat.
    fn repeat(&self) -> Result<[u32; 2], Errno> {
        self.mux.with_state_for(self.device, self.group(), |state| {
            let repeats = state.identity.repeats;
            repeats.then_some(state.repeat).ok_or(Errno::ENOSYS)
        })
    }

    fn set_repeat(&self, memory: &dyn UserMemory, argument: usize) -> Result<(), Errno> {
        self.repeat()?;
        let mut wanted = [0_i32; 2];
        memory.read(argument, wanted.as_mut_bytes())?;
        for (code, value) in [(REP_DELAY, wanted[0]), (REP_PERIOD, wanted[1])] {
            let event = Event::new(EV_REP, code, value);
            self.mux.inject(self.device, self.group(), event);
        }
        Ok(())
    }

    fn revoke(&self, argument: usize) -> Result<(), Errno> {
        if argument != 0 {
            return Err(Errno::EINVAL);
        }
        self.group().detach(self.device, &self.client);
        self.client.revoke();
        Ok(())
    }

    fn set_clock(&self, memory: &dyn UserMemory, argument: usize) -> Result<(), Errno> {
        let mut number = 0_u32;
        memory.read(argument, number.as_mut_bytes())?;
        let clock = match number {
            CLOCK_REALTIME => Clock::Realtime,
            CLOCK_MONOTONIC => Clock::Monotonic,
            CLOCK_BOOTTIME => Clock::SinceBoot,
            _ => return Err(Errno::EINVAL),
        };
        self.client.set_clock(clock, self.mux.now());
        Ok(())
    }
}
