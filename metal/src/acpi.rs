//! The few things that ACPI is asked: where the I/O interrupt controllers are, how ISA
//! interrupts are routed, how to power off and how to reset.
//!
//! The tables are read as bytes, with every length checked, through the direct map (they lie
//! in RAM that the loader's map marks as not usable) or through a device mapping. The sleep
//! state S5 is described in AML; of that language only the one package `\_S5_` is looked for,
//! by its name, as every small kernel does: QEMU writes it in the plain form.
//!
//! Source: ACPI specification 6.4: 5.2.5 (RSDP), 5.2.7/8 (RSDT, XSDT), 5.2.9 (FADT), 5.2.12
//! (MADT), 7.4.2 (\_Sx).

use spin::Once;

use crate::mmio::Mmio;
use crate::paging::PhysicalAddress;
use crate::{apic, early, kernel_space, port};

/// Longest table that is believed.
const TABLE_BYTES_MAX: usize = 1 << 20;
const HEADER_BYTES: usize = 36;

/// A register that ACPI describes: an I/O port or a memory address.
#[derive(Clone, Copy, Debug)]
enum Register {
    Port(u16),
    Memory(PhysicalAddress),
}

#[derive(Clone, Copy, Debug, Default)]
struct Power {
    sleep: Option<(Register, u32)>,
    sleep_is_byte: bool,
    reset: Option<(Register, u8)>,
}

static POWER: Once<Power> = Once::new();

/// Bytes of physical memory that firmware left.
struct Bytes(&'static [u8]);

impl Bytes {
    /// Maps `length` bytes at `physical`. None when no mapping can show them.
    fn at(physical: PhysicalAddress, length: usize) -> Option<Self> {
        let end = physical.checked_add(length as u64)?;
        if length == 0 || length > TABLE_BYTES_MAX || end > kernel_space::DIRECT_MAP_BYTES {
            return None;
        }
        let start = kernel_space::map_firmware(physical, length)?;
        // SAFETY: `map_firmware` showed the range, for ever, and firmware tables do not
        // change; the allocator was never given them, for the loader's map says they are not
        // usable or they lie in the first MiB.
        Some(Self(unsafe {
            core::slice::from_raw_parts(start as *const u8, length)
        }))
    }

    fn table(physical: PhysicalAddress) -> Option<Self> {
        let header = Self::at(physical, HEADER_BYTES)?;
        let length = header.u32(4)? as usize;
        Self::at(physical, length.max(HEADER_BYTES))
    }

    fn get<const N: usize>(&self, offset: usize) -> Option<[u8; N]> {
        self.0.get(offset..offset + N)?.try_into().ok()
    }

    fn u8(&self, offset: usize) -> Option<u8> {
        self.0.get(offset).copied()
    }

    fn u32(&self, offset: usize) -> Option<u32> {
        self.get(offset).map(u32::from_le_bytes)
    }

    fn u64(&self, offset: usize) -> Option<u64> {
        self.get(offset).map(u64::from_le_bytes)
    }

    /// A generic address structure with the register's address in it.
    fn register(&self, offset: usize) -> Option<Register> {
        let address = self.u64(offset + 4)?;
        match (self.u8(offset)?, address) {
            (_, 0) => None,
            (0, address) => Some(Register::Memory(address)),
            (1, address) => u16::try_from(address).ok().map(Register::Port),
            _ => None,
        }
    }
}

/// Reads the tables from `root` on, or takes the PC's defaults when there is none, and makes
/// the interrupt controllers known.
pub fn initialise(root: Option<PhysicalAddress>) {
    let mut controllers = 0;
    if let Some(tables) = root.and_then(tables) {
        for table in tables.into_iter().flatten().filter_map(Bytes::table) {
            match table.0.get(..4) {
                Some(b"APIC") => controllers += interrupt_controllers(&table),
                Some(b"FACP") => {
                    POWER.call_once(|| power(&table));
                }
                _ => {}
            }
        }
    }
    if controllers == 0 {
        const DEFAULT_IO_CONTROLLER: PhysicalAddress = 0xfec0_0000;
        apic::add_io_controller(DEFAULT_IO_CONTROLLER, 0);
    }
}

const TABLES_MAX: usize = 32;

/// The addresses of all tables that the root table names.
fn tables(root: PhysicalAddress) -> Option<[Option<PhysicalAddress>; TABLES_MAX]> {
    let pointer = Bytes::at(root, 36)?;
    if pointer.0.get(..8) != Some(b"RSD PTR ") {
        return None;
    }
    let extended = pointer.u8(15)? >= 2 && pointer.u64(24)? != 0;
    let (table, width) = if extended {
        (Bytes::table(pointer.u64(24)?)?, 8)
    } else {
        (Bytes::table(u64::from(pointer.u32(16)?))?, 4)
    };
    let mut found = [None; TABLES_MAX];
    for (index, slot) in found.iter_mut().enumerate() {
        let offset = HEADER_BYTES + index * width;
        *slot = if width == 8 {
            table.u64(offset)
        } else {
            table.u32(offset).map(u64::from)
        };
    }
    Some(found)
}

/// Walks the MADT; returns how many I/O controllers it names.
fn interrupt_controllers(table: &Bytes) -> usize {
    const IO_CONTROLLER: u8 = 1;
    let mut offset = HEADER_BYTES + 8;
    let mut count = 0;
    while let (Some(kind), Some(length)) = (table.u8(offset), table.u8(offset + 1)) {
        if length < 2 {
            break;
        }
        if kind == IO_CONTROLLER
            && let (Some(address), Some(first)) = (table.u32(offset + 4), table.u32(offset + 8))
        {
            count += usize::from(apic::add_io_controller(u64::from(address), first));
        }
        offset += usize::from(length);
    }
    count
}

/// Reads the FADT and, through it, the DSDT.
fn power(table: &Bytes) -> Power {
    const HARDWARE_REDUCED: u32 = 1 << 20;
    const RESET_SUPPORTED: u32 = 1 << 10;
    const SLEEP_ENABLE: u32 = 1 << 13;
    const SLEEP_ENABLE_REDUCED: u32 = 1 << 5;
    let flags = table.u32(112).unwrap_or(0);
    let reset = (flags & RESET_SUPPORTED != 0)
        .then(|| table.register(116).zip(table.u8(128)))
        .flatten();
    let soft_off = soft_off_type(table).unwrap_or(5);
    let reduced = flags & HARDWARE_REDUCED != 0;
    let sleep = if reduced {
        table
            .register(244)
            .map(|register| (register, soft_off << 2 | SLEEP_ENABLE_REDUCED))
    } else {
        table
            .u32(64)
            .and_then(|port| u16::try_from(port).ok())
            .filter(|port| *port != 0)
            .map(|port| (Register::Port(port), soft_off << 10 | SLEEP_ENABLE))
    };
    Power {
        sleep,
        sleep_is_byte: reduced,
        reset,
    }
}

/// The sleep type of S5, from the DSDT's `Name (_S5_, Package () { type, … })`.
fn soft_off_type(fadt: &Bytes) -> Option<u32> {
    const PACKAGE: u8 = 0x12;
    const BYTE_PREFIX: u8 = 0x0a;
    let dsdt = Bytes::table(u64::from(fadt.u32(40)?))?;
    let at = dsdt.0.windows(4).position(|window| window == b"_S5_")? + 4;
    if dsdt.u8(at)? != PACKAGE {
        return None;
    }
    // The package's length takes one byte and as many more as its two top bits say; then
    // comes the number of elements.
    let length_bytes = 1 + usize::from(dsdt.u8(at + 1)? >> 6);
    let first = at + 1 + length_bytes + 1;
    let value = match dsdt.u8(first)? {
        BYTE_PREFIX => dsdt.u8(first + 1)?,
        small => small,
    };
    (value < 8).then_some(u32::from(value))
}

/// Enters S5. Returns when the machine has no ACPI or ignored it.
pub(crate) fn sleep_off() {
    let power = POWER.get().copied().unwrap_or_default();
    match power.sleep {
        Some((Register::Port(address), value)) => {
            if let Some(port) = port::Port::<u16>::new(address) {
                port.write(value as u16);
            }
        }
        Some((Register::Memory(address), value)) if power.sleep_is_byte => {
            if let Some(register) = Mmio::map(address, 1) {
                register.write_u8(0, value as u8);
            }
        }
        Some((Register::Memory(_), _)) | None => {}
    }
}

/// Uses the reset register. Returns when there is none or it was ignored.
pub(crate) fn reset() {
    match POWER.get().and_then(|power| power.reset) {
        Some((Register::Port(address), value)) => {
            // SAFETY: firmware says that writing this port resets the machine.
            unsafe { port::Port::<u8>::own(address) }.write(value);
        }
        Some((Register::Memory(address), value)) if !early::touches_ram(address..address + 1) => {
            if let Some(register) = Mmio::map(address, 1) {
                register.write_u8(0, value);
            }
        }
        Some((Register::Memory(_), _)) | None => {}
    }
}
