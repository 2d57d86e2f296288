//! `cargo xtask linux PROGRAM [WORD…]`: runs one static program of the host on Debian's Linux
//! kernel, in the emulator that ours runs in; its output and its status become ours. What Linux
//! does is settled by asking it.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use qemu::ramdisk::Addition;
use qemu::{Ending, Kind, exec};

use crate::house::House;
use crate::install;
use crate::linux::{self, Availability};
use crate::options::OnLinux;

/// Where the program is in the ramdisk.
const FOLDER: &str = "/bin";

/// Runs the command.
pub fn command(house: &House, options: &OnLinux) -> Result<ExitCode> {
    install::ensure(&[install::QEMU])?;
    let debian = match linux::fetch(house)? {
        Availability::Here(linux) => linux,
        Availability::Not(reason) => bail!("Debian's Linux 6.1 cannot be had: {reason}"),
    };
    let modules: Vec<&str> = options.module.iter().map(String::as_str).collect();
    let mut ramdisk = debian.ramdisk(&linux::init(house)?, &modules)?;
    let name = options
        .program
        .file_name()
        .with_context(|| format!("{} names no file", options.program.display()))?;
    let path = format!("{FOLDER}/{}", name.to_string_lossy());
    ramdisk.add_host(&Addition {
        host: options.program.clone(),
        guest: Some(path.clone()),
    })?;
    let mut machine = debian.machine(Kind::Q35);
    machine.accelerator = options.accel;
    machine.icount = options.icount;
    let words = std::iter::once(path.as_str()).chain(options.words.iter().map(String::as_str));
    let line = shlex::try_join(words).context("a word for the program cannot be passed on")?;
    let limit = Duration::from_secs(options.timeout);
    let mut output = std::io::stdout().lock();
    let outcome = exec::run(&machine, &ramdisk, &line, limit, &mut output)?;
    match (outcome.status, outcome.ending) {
        (Some(status), Ending::PowerOff) => Ok(ExitCode::from(u8::try_from(status).unwrap_or(255))),
        (_, ending) => bail!(
            "`{line}` did not end, and {ending}; the machine said:\n{}",
            outcome.aside
        ),
    }
}
