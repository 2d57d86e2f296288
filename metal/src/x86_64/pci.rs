//! The PCI bus: its configuration space behind two ports, and where interrupts lead.
//!
//! Source: PCI Local Bus 3.0, section 3.2.2.3.2 (configuration mechanism #1); Intel I/O
//! Controller Hub 9 (the one of QEMU's q35), section 13.1.20 and 10.1.

use spin::Mutex;
use virtio_drivers::transport::pci::bus::{
    BarInfo, Command, ConfigurationAccess, DeviceFunction, DeviceFunctionInfo, PciRoot,
};

use super::paging::PhysicalAddress;
use super::port::Port;

const ADDRESS: u16 = 0xcf8;
const DATA: u16 = 0xcfc;
/// The pair of ports is used by one at a time.
static PORTS: Mutex<()> = Mutex::new(());

fn with_word<R>(function: DeviceFunction, offset: u8, action: impl FnOnce(Port<u32>) -> R) -> R {
    const ENABLE: u32 = 1 << 31;
    let place = u32::from(function.bus) << 16
        | u32::from(function.device) << 11
        | u32::from(function.function) << 8
        | u32::from(offset & 0xfc);
    let _ports = PORTS.lock();
    // SAFETY: the configuration ports are metal's, and only used here.
    let (address, data) = unsafe { (Port::<u32>::own(ADDRESS), Port::<u32>::own(DATA)) };
    address.write(ENABLE | place);
    action(data)
}

/// The configuration space of the machine's PCI bus.
pub(crate) struct ConfigurationPorts;

impl ConfigurationAccess for ConfigurationPorts {
    fn read_word(&self, function: DeviceFunction, offset: u8) -> u32 {
        with_word(function, offset, |data| data.read())
    }

    fn write_word(&mut self, function: DeviceFunction, offset: u8, value: u32) {
        with_word(function, offset, |data| data.write(value));
    }

    unsafe fn unsafe_clone(&self) -> Self {
        Self
    }
}

/// Whether the machine has a PCI bus: where there is none, nothing answers.
pub(crate) fn is_present() -> bool {
    let bridge = DeviceFunction {
        bus: 0,
        device: 0,
        function: 0,
    };
    ConfigurationPorts.read_word(bridge, 0) != u32::MAX
}

/// The global system interrupt of a device on the first bus. The chip set wires the four
/// interrupt pins of the slots below 25 to the inputs E to H of the router in turn, and those
/// to the inputs 20 to 23 of the I/O controller.
pub(crate) fn interrupt_of(function: DeviceFunction) -> Option<u32> {
    const PIN_WORD: u8 = 0x3c;
    const FIRST_INPUT: u32 = 20;
    const SLOTS_IN_TURN: u8 = 25;
    let pin = ConfigurationPorts.read_word(function, PIN_WORD) >> 8 & 0xff;
    let known = (1..=4).contains(&pin) && function.device < SLOTS_IN_TURN;
    known.then(|| FIRST_INPUT + (u32::from(function.device) + pin - 1) % 4)
}

/// A device on the first bus that is reached by its memory regions alone.
pub struct PciDevice {
    function: DeviceFunction,
    information: DeviceFunctionInfo,
}

impl PciDevice {
    /// The first with these numbers, where firmware has given it addresses.
    pub fn find(vendor: u16, device: u16) -> Option<Self> {
        if !is_present() {
            return None;
        }
        let is_it = |information: &DeviceFunctionInfo| {
            (information.vendor_id, information.device_id) == (vendor, device)
        };
        let mut all = PciRoot::new(ConfigurationPorts).enumerate_bus(0);
        let (function, information) = all.find(|(_, information)| is_it(information))?;
        Some(Self {
            function,
            information,
        })
    }

    /// Its class and subclass.
    pub fn class(&self) -> (u8, u8) {
        (self.information.class, self.information.subclass)
    }

    /// Lets it answer at the region that a base address register names; returns where that is and
    /// how many bytes it has. None when the register names no memory, or firmware gave it none.
    pub fn open_region(&self, register: u8) -> Option<(PhysicalAddress, usize)> {
        let mut root = PciRoot::new(ConfigurationPorts);
        let (_, command) = root.get_status_command(self.function);
        root.set_command(self.function, command | Command::MEMORY_SPACE);
        match root.bar_info(self.function, register).ok()?? {
            BarInfo::Memory { address, size, .. } if address != 0 => {
                Some((address, usize::try_from(size).ok()?))
            }
            _ => None,
        }
    }
}
