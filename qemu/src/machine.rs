//! The machines QEMU can make for us, described; and the one function that turns such a
//! description into QEMU's arguments.
//!
//! The kernel is loaded by PVH (`-kernel` with an ELF that carries the Xen note) on both kinds of
//! machine, the ramdisk comes as `-initrd`, the command line as `-append`, and `isa-debug-exit`
//! lets the guest end QEMU with a status of its own. Source: QEMU's system emulation manual,
//! chapters "Invocation", "microvm" and "TCG instruction counting".

mod desk;

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::{Error, Result};

pub use desk::{Desk, Hand, Panel};

/// The kind of machine: what the board looks like to the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A PC of 2009: PCI Express, ACPI, an i8042, a CMOS clock.
    Q35,
    /// A machine without PCI: virtio-mmio, a serial line and little else.
    Microvm,
}

impl Kind {
    /// Every kind, in the order in which they are tested.
    pub const ALL: [Self; 2] = [Self::Q35, Self::Microvm];

    /// QEMU's name for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Q35 => "q35",
            Self::Microvm => "microvm",
        }
    }

    /// The value of `-machine`. By itself, a microvm has a CMOS clock under TCG only.
    fn board(self) -> &'static str {
        match self {
            Self::Q35 => "q35",
            Self::Microvm => "microvm,rtc=on",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "q35" => Ok(Self::Q35),
            "microvm" => Ok(Self::Microvm),
            _ => Err(Error::Unknown {
                what: "machine",
                given: text.into(),
                known: "q35, microvm",
            }),
        }
    }
}

/// Who executes the guest's instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accelerator {
    /// QEMU's translator: works everywhere, and is the default for that reason.
    Tcg,
    /// The host's processor; only when asked for, since /dev/kvm can exist and be unusable.
    Kvm,
}

impl Accelerator {
    /// QEMU's name for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcg => "tcg",
            Self::Kvm => "kvm",
        }
    }
}

impl FromStr for Accelerator {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "tcg" => Ok(Self::Tcg),
            "kvm" => Ok(Self::Kvm),
            _ => Err(Error::Unknown {
                what: "accelerator",
                given: text.into(),
                known: "tcg, kvm",
            }),
        }
    }
}

/// Where the serial line leads. It is always QEMU's standard input and output; the difference is
/// who sits at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serial {
    /// A person: Ctrl-A is QEMU's escape key (Ctrl-A X quits), Ctrl-C goes to the guest.
    Person,
    /// A program: every byte passes through untouched.
    Program,
}

/// What a reset of the machine does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// It boots again, as a real one would.
    Reboots,
    /// It ends QEMU, so that a crash (a triple fault) cannot boot in circles.
    Ends,
}

/// What boots a microvm that has a window: SeaBIOS, which every QEMU brings. The quicker firmware
/// that a microvm has by itself, qboot, finds the kernel's entry in a piece of QEMU's own stack, as
/// QEMU handed it out until 9.2 ("hw/i386/pvh: fix fw_cfg use of stack-allocated data"), and opening
/// a window writes over that.
const FIRMWARE_WITH_WINDOW: &str = "bios.bin";

/// A machine to be started. Make one with [`Machine::new`] and change what should differ.
#[derive(Clone, Debug)]
pub struct Machine {
    /// The board.
    pub kind: Kind,
    /// Who executes the instructions.
    pub accelerator: Accelerator,
    /// Memory, in MiB.
    pub memory_mib: u32,
    /// Processors.
    pub processors: u32,
    /// The kernel's ELF file.
    pub kernel: PathBuf,
    /// The ramdisk, if there is one.
    pub ramdisk: Option<PathBuf>,
    /// The kernel's command line.
    pub command_line: String,
    /// Who sits at the serial line.
    pub serial: Serial,
    /// The devices a person sits at.
    pub desk: Desk,
    /// QEMU's `-display` kind (`gtk`, `sdl`, `vnc=…`); none: no window.
    pub window: Option<String>,
    /// The path of a Unix socket on which QEMU will be a VNC server.
    pub vnc: Option<PathBuf>,
    /// The paths of Unix sockets on which QEMU will speak QMP, to one client each at a time.
    pub qmp: Vec<PathBuf>,
    /// Virtual time counts instructions, one nanosecond each: runs repeat to the last tick.
    pub icount: bool,
    /// What a reset does.
    pub reset: Reset,
    /// Wait before the first instruction for a debugger on this Unix socket. Not on QEMU's usual
    /// TCP port: that may be taken, and anyone who reaches it commands the machine.
    pub debugger: Option<PathBuf>,
    /// Further arguments for QEMU, as they are.
    pub extra: Vec<OsString>,
}

impl Machine {
    /// The machine everything is tested on: 128 MiB, one processor, no window, TCG, a serial line
    /// for a program; a reset ends it.
    pub fn new(kind: Kind, kernel: impl Into<PathBuf>) -> Self {
        Self {
            kind,
            accelerator: Accelerator::Tcg,
            memory_mib: 128,
            processors: 1,
            kernel: kernel.into(),
            ramdisk: None,
            command_line: String::new(),
            serial: Serial::Program,
            desk: Desk::EMPTY,
            window: None,
            vnc: None,
            qmp: Vec::new(),
            icount: false,
            reset: Reset::Ends,
            debugger: None,
            extra: Vec::new(),
        }
    }

    /// QEMU's arguments for this machine, without the program's name.
    pub fn arguments(&self) -> Vec<OsString> {
        let mut line = Arguments(Vec::new());
        line.add("-nodefaults").add("-no-user-config");
        line.pair("-machine", self.kind.board());
        line.pair("-accel", self.accelerator.name());
        if self.kind == Kind::Microvm && self.window.is_some() {
            line.pair("-bios", FIRMWARE_WITH_WINDOW);
        }
        line.pair("-cpu", "max");
        line.pair("-m", format!("{}M", self.memory_mib));
        line.pair("-smp", self.processors.to_string());
        line.pair("-device", "isa-debug-exit,iobase=0xf4,iosize=4");
        self.console(&mut line);
        for path in &self.qmp {
            line.pair("-qmp", socket(path));
        }
        if self.icount {
            line.pair("-icount", "shift=0,sleep=off");
            line.pair("-rtc", "base=2026-01-01T00:00:00,clock=vm");
            // What the processor gives as random decides where things lie in memory, and that
            // costs an instruction here and there.
            line.pair("-seed", "0");
        }
        if self.reset == Reset::Ends {
            line.add("-no-reboot");
        }
        if let Some(path) = &self.debugger {
            line.pair("-gdb", socket(path)).add("-S");
        }
        line.pair("-kernel", &self.kernel);
        if let Some(path) = &self.ramdisk {
            line.pair("-initrd", escape_commas(path.as_os_str()));
        }
        line.pair("-append", &self.command_line);
        line.0.extend(self.extra.iter().cloned());
        line.0
    }

    /// The serial line, the window and the devices of the desk.
    fn console(&self, line: &mut Arguments) {
        match self.serial {
            Serial::Person => line.pair("-serial", "mon:stdio"),
            Serial::Program => line
                .pair("-chardev", "stdio,id=line,mux=off,signal=off")
                .pair("-serial", "chardev:line"),
        };
        line.pair("-display", self.window.as_deref().unwrap_or("none"));
        if let Some(path) = &self.vnc {
            let mut value = OsString::from("unix:");
            value.push(escape_commas(path.as_os_str()));
            line.pair("-vnc", value);
        }
        self.desk.add_to(self.kind, line);
    }
}

/// A Unix socket on which QEMU listens, without waiting for who connects.
fn socket(path: &std::path::Path) -> OsString {
    let mut value = OsString::from("unix:");
    value.push(escape_commas(path.as_os_str()));
    value.push(",server=on,wait=off");
    value
}

/// QEMU takes a comma in a compound value as the end of the value; two stand for one.
fn escape_commas(value: &std::ffi::OsStr) -> OsString {
    match value.to_str() {
        Some(text) => text.replace(',', ",,").into(),
        None => value.to_owned(),
    }
}

/// A command line under construction.
struct Arguments(Vec<OsString>);

impl Arguments {
    fn add(&mut self, word: impl Into<OsString>) -> &mut Self {
        self.0.push(word.into());
        self
    }

    fn pair(&mut self, name: &str, value: impl Into<OsString>) -> &mut Self {
        self.add(name).add(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(machine: &Machine) -> String {
        let words: Vec<_> = machine
            .arguments()
            .iter()
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        words.join(" ")
    }

    #[test]
    fn the_default_machine_is_small_and_ends_on_reset() {
        let line = words(&Machine::new(Kind::Q35, "k"));
        assert!(line.contains("-machine q35 -accel tcg -cpu max -m 128M -smp 1"));
        assert!(line.contains("-device isa-debug-exit,iobase=0xf4,iosize=4"));
        assert!(line.contains("-display none") && line.contains("-no-reboot"));
        assert!(!line.contains("-initrd") && !line.contains("-icount") && !line.contains("-gdb"));
        let line = words(&Machine::new(Kind::Microvm, "k"));
        assert!(!line.contains("-bios"));
    }

    #[test]
    fn every_choice_reaches_the_command_line() {
        let mut machine = Machine::new(Kind::Microvm, "k");
        machine.ramdisk = Some("a,b.cpio".into());
        machine.command_line = "init=/x -- y".into();
        machine.qmp = vec!["/tmp/q".into(), "/tmp/r".into()];
        machine.vnc = Some("/tmp/v".into());
        machine.window = Some("gtk".into());
        machine.desk = Desk::usual();
        machine.icount = true;
        machine.debugger = Some("/tmp/g".into());
        machine.reset = Reset::Reboots;
        machine.serial = Serial::Person;
        machine.extra = vec!["-d".into(), "int".into()];
        let line = words(&machine);
        assert!(line.contains("-machine microvm,rtc=on -accel tcg -bios bios.bin"));
        assert!(line.contains("-initrd a,,b.cpio -append init=/x -- y -d int"));
        assert!(line.contains("-qmp unix:/tmp/q,server=on,wait=off -qmp unix:/tmp/r"));
        assert!(line.contains("-display gtk -vnc unix:/tmp/v -global"));
        assert!(line.contains("-icount shift=0,sleep=off") && line.contains("clock=vm -seed 0"));
        assert!(line.contains("-gdb unix:/tmp/g,server=on,wait=off -S"));
        assert!(line.contains("-serial mon:stdio"));
        assert!(!line.contains("-no-reboot"));
    }

    #[test]
    fn names_are_read_back_and_wrong_ones_are_explained() {
        for kind in Kind::ALL {
            assert_eq!(kind.name().parse::<Kind>().expect("its own name"), kind);
        }
        let error = "pc".parse::<Kind>().expect_err("not offered").to_string();
        assert_eq!(error, "machine `pc` is not known: use one of q35, microvm");
        assert!("xen".parse::<Accelerator>().is_err());
    }
}
