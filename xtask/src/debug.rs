//! `cargo xtask debug`: the machine stands before its first instruction and waits for gdb, on a
//! socket of its own in the temporary folder, so that several can be looked at side by side.
//! Source: QEMU's system emulation manual, "GDB usage".

use std::process::ExitCode;

use anyhow::Result;
use qemu::machine::{Reset, Serial};
use qemu::process::Streams;
use qemu::{Process, TemporaryFile};

use crate::house::House;
use crate::options::Board;
use crate::run;

/// Runs the command.
pub fn command(house: &House, board: &Board) -> Result<ExitCode> {
    let (mut machine, ramdisk) = run::prepare(house, board)?;
    let file = house.images()?.join("ramdisk-run.cpio");
    ramdisk.write(&file)?;
    machine.ramdisk = Some(file);
    // Removed again when this command ends.
    let socket = TemporaryFile::new("gdb.sock");
    machine.debugger = Some(socket.path().to_owned());
    machine.serial = Serial::Person;
    machine.reset = Reset::Reboots;
    let view = run::furnish(&mut machine, board);
    println!("QEMU waits before the first instruction. In another terminal, type:\n");
    println!(
        "    gdb -ex 'target remote {}' {}\n",
        socket.path().display(),
        machine.kernel.display()
    );
    println!("then `hbreak main` and `continue`: the firmware runs first and loads the kernel,");
    println!("so breakpoints must be the hardware's until then. Ctrl-A X here ends QEMU.");
    println!("{}", view.advice());
    let mut process = Process::start(&machine, Streams::Inherited)?;
    if let Some(ending) = process.wait(None)? {
        println!("{ending}");
    }
    Ok(ExitCode::SUCCESS)
}
