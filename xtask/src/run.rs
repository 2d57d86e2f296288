//! `cargo xtask run`: build, pack, boot; a person sits at the shell, or one command line is run.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use qemu::machine::{Panel, Reset, Serial};
use qemu::process::{Ending, Streams};
use qemu::ramdisk::Addition;
use qemu::{Error, Machine, Process, Ramdisk, exec};

use crate::build::{self, Built, Flavour};
use crate::house::House;
use crate::options::{Board, Run};
use crate::running::Name;
use crate::window::{self, View};
use crate::{install, kernel_words};

/// How long `--exec` may take when nothing else is said.
const EXEC_LIMIT: Duration = Duration::from_secs(600);
/// The status with which a run ends that took too long, as timeout(1) has it.
const STATUS_TIMEOUT: u8 = 124;

/// Runs the command.
pub fn command(house: &House, options: &Run) -> Result<ExitCode> {
    if options.exec.is_none() {
        install::ensure(&[install::QEMU])?;
        window::ensure(&options.board);
    }
    let (machine, ramdisk) = prepare(house, &options.board)?;
    match &options.exec {
        Some(line) => {
            let limit = options.timeout.map(Duration::from_secs);
            execute(&machine, &ramdisk, line, limit.unwrap_or(EXEC_LIMIT))
        }
        None => sit(house, options, machine, &ramdisk),
    }
}

/// Builds what `board` boots, and describes the machine.
///
/// # Errors
/// When a tool is missing, the build fails, or an addition cannot be read.
pub fn prepare(house: &House, board: &Board) -> Result<(Machine, Ramdisk)> {
    // Before the build, which may take minutes.
    board.add.iter().try_for_each(Addition::check)?;
    install::ensure(&[install::QEMU])?;
    let Built {
        kernel,
        mut ramdisk,
    } = build::image(house, Flavour::Plain)?;
    for addition in &board.add {
        ramdisk.add_host(addition)?;
    }
    Ok((machine(board, kernel), ramdisk))
}

/// The machine that `board` describes, with a desk only where it asks for one.
fn machine(board: &Board, kernel: std::path::PathBuf) -> Machine {
    let mut machine = Machine::new(board.machine, kernel);
    machine.memory_mib = board.memory;
    machine.processors = board.smp;
    machine.accelerator = board.accel;
    machine.command_line = kernel_words::join([board.append.as_str()]);
    machine.qmp.extend(board.qmp.clone());
    machine.icount = board.icount;
    machine.desk = window::desk(board, None);
    machine.extra.clone_from(&board.qemu);
    machine
}

/// Boots with a person at the desk and at the serial line.
fn sit(house: &House, options: &Run, mut machine: Machine, ramdisk: &Ramdisk) -> Result<ExitCode> {
    let file = house.images()?.join("ramdisk-run.cpio");
    ramdisk.write(&file)?;
    machine.ramdisk = Some(file);
    machine.serial = Serial::Person;
    machine.reset = Reset::Reboots;
    let wish = options.name.as_deref();
    let name = Name::take(house, wish.unwrap_or(machine.kind.name()), wish.is_none())?;
    machine.qmp.push(name.socket().to_owned());
    let view = furnish(&mut machine, &options.board);
    eprintln!(
        "booting on {}; `poweroff` or Ctrl-A X ends it\n{}",
        machine.kind,
        view.advice()
    );
    let mut process = Process::start(&machine, Streams::Inherited)?;
    let limit = options.timeout.map(Duration::from_secs);
    let Some(ending) = process.wait(limit)? else {
        process.stop()?;
        eprintln!(
            "\nended after {} s, as --timeout says",
            limit.unwrap_or_default().as_secs()
        );
        return Ok(ExitCode::from(STATUS_TIMEOUT));
    };
    match ending {
        Ending::PowerOff | Ending::Success => Ok(ExitCode::SUCCESS),
        Ending::Failure => bail!("the kernel ended with a failure or a panic; its reason is above"),
        other => bail!(
            "{other}; its reason, if it gave one, is above{}",
            view.remedy()
        ),
    }
}

/// Gives `machine` a desk and a view of its screen; the view must live as long as the machine.
pub fn furnish(machine: &mut Machine, board: &Board) -> View {
    let view = View::choose(board);
    machine.desk = window::desk(board, Some(Panel::Virtio));
    machine.window = view.window();
    machine.vnc = view.vnc();
    view
}

/// Boots to run `line`; its output and its status become ours.
fn execute(machine: &Machine, ramdisk: &Ramdisk, line: &str, limit: Duration) -> Result<ExitCode> {
    let ran = exec::run(machine, ramdisk, line, limit, &mut std::io::stdout().lock());
    if let Err(error @ Error::Timeout { .. }) = &ran {
        eprintln!("error: {error}");
        return Ok(ExitCode::from(STATUS_TIMEOUT));
    }
    let outcome = ran?;
    if !outcome.aside.trim().is_empty() {
        eprintln!("{}", outcome.aside.trim_end());
    }
    let Some(status) = outcome.status else {
        bail!("the machine ended before `{line}` did: {}", outcome.ending);
    };
    if outcome.ending != Ending::PowerOff {
        bail!(
            "`{line}` ended with status {status}, then the machine did not power off: {}",
            outcome.ending
        );
    }
    Ok(ExitCode::from(u8::try_from(status).unwrap_or(u8::MAX)))
}
