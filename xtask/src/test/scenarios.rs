//! The scenarios of tests/scenarios: ordinary tests of cargo which boot the image and act on it
//! from outside. They learn from the environment where the image is.

use anyhow::{Context, Result};

use super::host;
use crate::build::{self, Flavour};
use crate::house::House;
use crate::report::Report;
use crate::{install, window};

/// How many machines run at a time: each takes a processor and 128 MiB.
const AT_A_TIME: &str = "--test-threads=2";
/// The scenarios in which windows open on a display.
const WITH_WINDOWS: &str = "window::";

/// Builds the image and runs them. Those with windows are left out, and a line says so, where an X
/// server or QEMU's windows can neither be found nor installed.
///
/// # Errors
/// When the image does not build or cargo cannot be run.
pub fn run(house: &House, filter: Option<&str>, report: &mut Report) -> Result<()> {
    let image = build::image(house, Flavour::Plain)?;
    let without_devns = build::kernel(house, Flavour::WithoutDevns)?;
    let ramdisk = house.images()?.join("ramdisk.cpio");
    image.ramdisk.write(&ramdisk)?;
    let mut command = house.cargo();
    command
        .args(["test", "--no-fail-fast", "--package", "scenarios"])
        .arg("--")
        .arg(AT_A_TIME)
        .args(filter);
    if let Err(error) = install::ensure(&[install::XVFB, window::WINDOWS]) {
        println!("skipped the scenarios {WITH_WINDOWS}*: {error:#}");
        command.args(["--skip", WITH_WINDOWS]);
    }
    command
        .env("JANUS_KERNEL", image.kernel)
        .env("JANUS_KERNEL_WITHOUT_DEVNS", without_devns)
        .env("JANUS_RAMDISK", ramdisk)
        .env("JANUS_RSBINDER", build::rsbinder_programs(house)?)
        .env("JANUS_PICTURES", house.images()?.join("pictures"))
        .env(
            "JANUS_XTASK",
            std::env::current_exe().context("could not find this program itself")?,
        );
    if let Some(busybox) = install::busybox() {
        command.env("JANUS_BUSYBOX", busybox);
    }
    for program in build::test_programs(house, "tests/guests")? {
        let name = format!(
            "JANUS_PROGRAM_{}",
            program.name.to_uppercase().replace('-', "_")
        );
        command.env(name, program.file);
    }
    host::cargo_test(command, "scenarios", report)
}
