//! What a person sits at: the panel, the keyboard and the pointer, as devices of the machine.
//!
//! Each is QEMU's device for the bus that the kind of machine has: virtio over PCI on q35, over
//! memory on microvm (where the devices must not be the legacy ones: virtio-gpu has no such).
//! Source: QEMU's system emulation manual, "virtio devices" and "Device Emulation".

use std::str::FromStr;

use super::{Arguments, Kind};
use crate::{Error, Result};

/// A display device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Panel {
    /// virtio-gpu, on every kind of machine.
    Virtio,
    /// bochs-display: a framebuffer over PCI and nothing else (q35).
    Bochs,
    /// The standard VGA card (q35).
    Std,
}

impl FromStr for Panel {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "virtio" => Ok(Self::Virtio),
            "bochs" => Ok(Self::Bochs),
            "std" => Ok(Self::Std),
            _ => Err(Error::Unknown {
                what: "display device",
                given: text.into(),
                known: "virtio, bochs, std",
            }),
        }
    }
}

/// Something under a person's hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hand {
    /// virtio's keyboard.
    Keyboard,
    /// virtio's tablet: a pointer that says where it is.
    Tablet,
    /// virtio's mouse: a pointer that says how far it moved.
    Mouse,
}

/// A desk with what stands on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Desk {
    /// The display device, if there is one.
    pub panel: Option<Panel>,
    /// Its width and height in pixels; none: as QEMU likes it.
    pub resolution: Option<(u32, u32)>,
    /// The input devices.
    pub hands: Vec<Hand>,
}

impl Desk {
    /// A desk without anything on it.
    pub const EMPTY: Self = Self {
        panel: None,
        resolution: None,
        hands: Vec::new(),
    };

    /// What a person gets: a panel, a keyboard and a tablet.
    pub fn usual() -> Self {
        Self {
            panel: Some(Panel::Virtio),
            resolution: None,
            hands: vec![Hand::Keyboard, Hand::Tablet],
        }
    }

    /// The same with a panel of this size in pixels.
    pub fn sized(self, width: u32, height: u32) -> Self {
        Self {
            resolution: Some((width, height)),
            ..self
        }
    }

    /// Whether nothing stands on it.
    pub fn is_empty(&self) -> bool {
        self.panel.is_none() && self.hands.is_empty()
    }

    /// Puts the devices on QEMU's command line.
    pub(super) fn add_to(&self, kind: Kind, line: &mut Arguments) {
        if self.is_empty() {
            return;
        }
        let bus = match kind {
            Kind::Q35 => "pci",
            Kind::Microvm => {
                line.pair("-global", "virtio-mmio.force-legacy=false");
                "device"
            }
        };
        if let Some(panel) = self.panel {
            let name = match panel {
                Panel::Virtio => format!("virtio-gpu-{bus}"),
                Panel::Bochs => "bochs-display".into(),
                Panel::Std => "VGA".into(),
            };
            let size = self
                .resolution
                .map(|(width, height)| format!(",xres={width},yres={height}"));
            line.pair("-device", name + &size.unwrap_or_default());
        }
        for hand in &self.hands {
            let name = match hand {
                Hand::Keyboard => "keyboard",
                Hand::Tablet => "tablet",
                Hand::Mouse => "mouse",
            };
            line.pair("-device", format!("virtio-{name}-{bus}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(desk: &Desk, kind: Kind) -> String {
        let mut line = Arguments(Vec::new());
        desk.add_to(kind, &mut line);
        let words: Vec<_> = line.0.iter().map(|word| word.to_string_lossy()).collect();
        words.join(" ")
    }

    #[test]
    fn each_machine_gets_the_devices_of_its_bus() {
        assert_eq!(words(&Desk::EMPTY, Kind::Q35), "");
        assert_eq!(
            words(&Desk::usual(), Kind::Q35),
            "-device virtio-gpu-pci -device virtio-keyboard-pci -device virtio-tablet-pci"
        );
        assert_eq!(
            words(&Desk::usual().sized(640, 480), Kind::Microvm),
            "-global virtio-mmio.force-legacy=false -device virtio-gpu-device,xres=640,yres=480 \
             -device virtio-keyboard-device -device virtio-tablet-device"
        );
    }

    #[test]
    fn a_panel_can_be_another() {
        let desk = Desk {
            panel: Some("bochs".parse().expect("known")),
            hands: vec![Hand::Mouse],
            ..Desk::EMPTY
        };
        assert_eq!(
            words(&desk, Kind::Q35),
            "-device bochs-display -device virtio-mouse-pci"
        );
        assert!("cga".parse::<Panel>().is_err());
    }
}
