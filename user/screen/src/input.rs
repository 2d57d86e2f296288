//! All keyboards and pointers of this persona.
//!
//! Contract: nothing here waits; whoever has nothing else to do polls the descriptors. What a
//! device lost because nobody read it in time is made good from its state. A device that is
//! pulled out is forgotten; one that is plugged in later is not looked for.
//!
//! Source: Documentation/input/input.rst, event-codes.rst.

use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, BorrowedFd};

use evdev::{AbsoluteAxisCode, Device, EventType, InputEvent, KeyCode, LedCode};

use crate::{Axes, Range};

/// The devices.
pub struct Inputs {
    devices: Vec<Input>,
}

struct Input {
    device: Device,
    axes: Axes,
}

impl Inputs {
    /// Opens everything with keys, buttons or axes in `/dev/input`. There may be nothing.
    ///
    /// # Errors
    /// A device cannot be set to answer at once.
    pub fn open() -> Result<Self, String> {
        let mut devices = Vec::new();
        for (path, device) in evdev::enumerate() {
            let events = device.supported_events();
            let wanted = [EventType::KEY, EventType::RELATIVE, EventType::ABSOLUTE];
            if !wanted.iter().any(|kind| events.contains(*kind)) {
                continue;
            }
            device
                .set_nonblocking(true)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            let axes = axes_of(&device);
            devices.push(Input { device, axes });
        }
        Ok(Self { devices })
    }

    /// What to poll for input.
    pub fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.devices.iter().map(|input| input.device.as_fd())
    }

    /// Takes what has come from all devices, in the order of each; with each event, the ranges
    /// of the axes of its device.
    ///
    /// # Errors
    /// A device cannot be read, though it is there.
    pub fn read(&mut self) -> io::Result<Vec<(InputEvent, Axes)>> {
        let mut events = Vec::new();
        let mut gone = Vec::new();
        for (index, input) in self.devices.iter_mut().enumerate() {
            match input.device.fetch_events() {
                Ok(fetched) => events.extend(fetched.map(|event| (event, input.axes))),
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::Interrupted => {}
                    // ENODEV has no kind of its own.
                    _ if error.raw_os_error() == Some(rustix::io::Errno::NODEV.raw_os_error()) => {
                        gone.push(index);
                    }
                    _ => return Err(error),
                },
            }
        }
        for index in gone.into_iter().rev() {
            self.devices.remove(index);
        }
        Ok(events)
    }

    /// Takes all of them for this program alone, until it ends. A device that another program
    /// has taken stays shared with nobody.
    ///
    /// # Errors
    /// Another program has them all.
    pub fn grab(&mut self) -> Result<(), String> {
        self.devices.retain_mut(|input| input.device.grab().is_ok());
        if self.devices.is_empty() {
            return Err(
                "no keyboard and no pointer is free; is another program using them?".into(),
            );
        }
        Ok(())
    }

    /// Whether a key is down on any of them.
    pub fn is_down(&self, key: KeyCode) -> bool {
        self.devices.iter().any(|input| {
            let state = input.device.get_key_state();
            state.is_ok_and(|keys| keys.contains(key))
        })
    }

    /// Lights a lamp, or puts it out, on each device that has it.
    pub fn set_led(&mut self, led: LedCode, on: bool) {
        let event = InputEvent::new(EventType::LED.0, led.0, i32::from(on));
        for input in &mut self.devices {
            let has = input.device.supported_leds();
            if has.is_some_and(|leds| leds.contains(led)) {
                // A lamp that stays dark is no reason not to type.
                let _ = input.device.send_events(&[event]);
            }
        }
    }
}

/// The ranges of the axes that place a pointer.
fn axes_of(device: &Device) -> Axes {
    let Ok(all) = device.get_absinfo() else {
        return Axes::default();
    };
    let mut axes = Axes::default();
    for (code, info) in all {
        let range = Some(Range {
            least: info.minimum(),
            most: info.maximum(),
        });
        match code {
            AbsoluteAxisCode::ABS_X => axes.x = range,
            AbsoluteAxisCode::ABS_Y => axes.y = range,
            _ => {}
        }
    }
    axes
}
