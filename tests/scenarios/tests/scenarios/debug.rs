//! `cargo xtask debug`, with a debugger that speaks as gdb does: gdb itself may not be there.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use object::{Object, ObjectSection, ObjectSymbol};
use scenarios::{BOOT_LIMIT, Debugger, xtask};

/// Where every x86 processor begins.
const RESET_VECTOR: u64 = 0xfff0;
/// The signal of a breakpoint.
const TRAP: u8 = 5;

/// A command under way, ended with the test; QEMU ends with it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It can only have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The address of `main` in the kernel's file, which must have what gdb needs to show source.
fn address_of_main(file: &Path) -> u64 {
    let bytes = std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let elf = object::File::parse(&*bytes).expect("it is an ELF file");
    let lines = elf.section_by_name(".debug_line");
    assert!(lines.is_some_and(|section| section.size() > 0));
    let is_main = |name: &str| name.starts_with("_R") && name.ends_with("6kernel4main");
    let old_is_main = |name: &str| name.starts_with("_ZN6kernel4main17h");
    let mut mains = elf.symbols().filter(|symbol| {
        let name = symbol.name().unwrap_or_default();
        is_main(name) || old_is_main(name)
    });
    mains.next().expect("the kernel has a main").address()
}

#[test]
fn debug_waits_for_gdb_and_names_the_symbols() {
    let mut child = Command::new(xtask())
        .args(["debug", "--machine", "microvm"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it can be run");
    let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
    let _running = Running(child);
    let mut said = String::new();
    let line = loop {
        let begin = said.len();
        let count = output.read_line(&mut said).expect("it can be read");
        assert!(count > 0, "it ended after saying: {said}");
        if said[begin..].contains("target remote") {
            break said[begin..].trim().to_owned();
        }
    };
    let (socket, file) = line
        .strip_prefix("gdb -ex 'target remote ")
        .and_then(|rest| rest.split_once("' "))
        .unwrap_or_else(|| panic!("this is no line to type: {line}"));
    let main = address_of_main(Path::new(file));

    let mut debugger = Debugger::connect(Path::new(socket), BOOT_LIMIT);
    assert_eq!(debugger.why(), TRAP);
    assert_eq!(debugger.instruction_pointer() & 0xffff, RESET_VECTOR);
    debugger.break_at(main);
    assert_eq!(debugger.go(), TRAP);
    assert_eq!(debugger.instruction_pointer(), main);
    debugger.clear(main);
    debugger.detach();
    // And it goes on to the shell.
    while !said.contains("Welcome") {
        let count = output.read_line(&mut said).expect("it can be read");
        assert!(count > 0, "it ended after saying: {said}");
    }
}
