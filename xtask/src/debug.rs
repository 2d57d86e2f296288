//! `cargo xtask debug`: the machine stands before its first instruction and waits for gdb.

use std::process::ExitCode;

use anyhow::Result;
use qemu::machine::{Reset, Serial};
use qemu::process::Streams;
use qemu::{Kind, Process};

use crate::house::House;
use crate::options::Board;
use crate::run;

/// Runs the command.
pub fn command(house: &House, board: &Board) -> Result<ExitCode> {
    let (mut machine, ramdisk) = run::prepare(house, board)?;
    let file = house.images()?.join("ramdisk-run.cpio");
    ramdisk.write(&file)?;
    machine.ramdisk = Some(file);
    machine.debugger = true;
    machine.serial = Serial::Person;
    machine.reset = Reset::Reboots;
    println!("QEMU waits before the first instruction. In another terminal, type:\n");
    println!(
        "    gdb -ex 'target remote localhost:1234' {}\n",
        machine.kernel.display()
    );
    println!("then, for example, `hbreak kernel_main` and `continue`. Ctrl-A X here ends QEMU.");
    if board.machine == Kind::Q35 {
        println!(
            "The firmware runs first; the kernel is in memory once a breakpoint in it is hit."
        );
    }
    let mut process = Process::start(&machine, Streams::Inherited)?;
    if let Some(ending) = process.wait(None)? {
        println!("{ending}");
    }
    Ok(ExitCode::SUCCESS)
}
