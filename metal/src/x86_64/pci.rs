//! The PCI bus: its configuration space behind two ports, and where interrupts lead.
//!
//! Source: PCI Local Bus 3.0, section 3.2.2.3.2 (configuration mechanism #1); Intel I/O
//! Controller Hub 9 (the one of QEMU's q35), section 13.1.20 and 10.1.

use spin::Mutex;
use virtio_drivers::transport::pci::bus::{ConfigurationAccess, DeviceFunction};

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
