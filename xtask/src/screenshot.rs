//! `cargo xtask screenshot`: a picture of what a running machine shows.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use qemu::Qmp;

use crate::house::House;
use crate::options::Screenshot;
use crate::running;

/// How long QEMU may take to answer.
const LIMIT: Duration = Duration::from_secs(10);

/// Runs the command.
pub fn command(house: &House, options: &Screenshot) -> Result<ExitCode> {
    let socket = running::find(house, options.machine.as_deref())?;
    let file = match &options.file {
        Some(file) => file.clone(),
        None => house.images()?.join("screenshot.png"),
    };
    let picture = Qmp::connect(&socket, LIMIT)
        .and_then(|mut qmp| qmp.screenshot())
        .context("could not take a picture")?;
    picture.save(&file)?;
    println!(
        "{} ({}x{})",
        file.display(),
        picture.width(),
        picture.height()
    );
    Ok(ExitCode::SUCCESS)
}
