//! Debian's Linux kernel, fetched as a package and unpacked below target/linux/; never installed.
//!
//! `linux-image-amd64` names the package of the day. It is downloaded once, with apt-get, whose
//! signatures say that it is Debian's, and unpacked with dpkg-deb. Where it cannot be had (not
//! Debian, another release's kernel, no network), that is no failure of ours: [`fetch`] returns
//! the reason, and whoever wanted to compare says it in a line and goes on.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use qemu::Linux;
use qemu::process::find_program;

use crate::build;
use crate::house::House;
use crate::install;

/// The package that depends on the newest kernel.
const META_PACKAGE: &str = "linux-image-amd64";
/// What the kernel's package must be called: the version that our ABI is compared with.
const PREFIX: &str = "linux-image-6.1.";
/// Without these apt-get tries for minutes where there is no network.
const PATIENCE: [&str; 4] = [
    "-o",
    "Acquire::Retries=1",
    "-o",
    "Acquire::http::Timeout=20",
];

/// The kernel, or why it cannot be had here.
pub enum Availability {
    /// It is here.
    Here(Linux),
    /// It is not: the reason, as the end of "… cannot be had: ".
    Not(String),
}

/// Finds the kernel, or downloads it.
///
/// # Errors
/// When the folder below target/ cannot be used.
pub fn fetch(house: &House) -> Result<Availability> {
    let folder = house.target_apart("linux");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("could not make the folder {}", folder.display()))?;
    if let Some(linux) = unpacked(&folder) {
        return Ok(Availability::Here(linux));
    }
    Ok(match download_and_unpack(&folder) {
        Ok(linux) => Availability::Here(linux),
        Err(error) => Availability::Not(format!("{error:#}")),
    })
}

/// The init that runs a test program there.
///
/// # Errors
/// When it does not build.
pub fn init(house: &House) -> Result<PathBuf> {
    let programs = build::test_programs(house, "tests/linux")?;
    let init = programs.into_iter().next();
    init.map(|program| program.file)
        .context("tests/linux has no program")
}

/// The newest kernel that was unpacked by an earlier run.
fn unpacked(folder: &Path) -> Option<Linux> {
    let mut packages: Vec<PathBuf> = folder
        .read_dir()
        .ok()?
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX))
        .map(|entry| entry.path())
        .collect();
    packages.sort();
    packages
        .iter()
        .rev()
        .find_map(|package| Linux::find(package).ok())
}

fn download_and_unpack(folder: &Path) -> Result<Linux> {
    for tool in ["apt-get", "apt-cache", "dpkg-deb"] {
        anyhow::ensure!(
            find_program(tool).is_some(),
            "this is no Debian (there is no {tool})"
        );
    }
    let name = match package_name() {
        // A fresh system has no lists of packages yet.
        Err(_) if install::can_install() => {
            update()?;
            package_name()?
        }
        other => other?,
    };
    eprintln!("downloading Debian's {name} (70 MB), to compare with; it is not installed");
    // A name of our own, so that two runs do not meet.
    let draft = folder.join(format!("draft-{}", std::process::id()));
    let unpacked = draft.join("unpacked");
    std::fs::create_dir_all(&unpacked).context("could not make a folder below target/")?;
    let result = download(&name, &draft).and_then(|package| {
        let mut unpack = Command::new("dpkg-deb");
        unpack.arg("-x").arg(&package).arg(&unpacked);
        quietly(unpack)?;
        let place = folder.join(&name);
        if let Err(error) = std::fs::rename(&unpacked, &place) {
            // Another run may have been first.
            return Linux::find(&place).with_context(|| error.to_string());
        }
        Ok(Linux::find(&place)?)
    });
    let _ = std::fs::remove_dir_all(&draft);
    result
}

/// What the kernel's package is called today.
fn package_name() -> Result<String> {
    let output = Command::new("apt-cache")
        .args(["depends", META_PACKAGE])
        .env("LC_ALL", "C")
        .output()
        .context("could not run apt-cache")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let name = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("Depends: "))
        .with_context(|| format!("apt knows no package {META_PACKAGE}"))?;
    anyhow::ensure!(
        name.starts_with(PREFIX),
        "this release has {name}, and we compare with {PREFIX}*"
    );
    Ok(name.to_owned())
}

/// Downloads the package into `folder`; lists that are old name files that are gone, so where we
/// may, they are renewed for a second try.
fn download(name: &str, folder: &Path) -> Result<PathBuf> {
    let once = || {
        let mut download = Command::new("apt-get");
        download
            .args(PATIENCE)
            .args(["download", name])
            .current_dir(folder);
        quietly(download)
    };
    match once() {
        Err(_) if install::can_install() => {
            update()?;
            once()?;
        }
        other => other?,
    }
    let mut files = folder
        .read_dir()
        .context("could not read a folder below target/")?
        .flatten()
        .map(|entry| entry.path());
    files
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .context("apt-get downloaded nothing")
}

fn update() -> Result<()> {
    let mut update = Command::new("apt-get");
    update.args(PATIENCE).arg("update");
    quietly(update)
}

/// Runs a command; where it fails, the last line that it said is the error.
fn quietly(mut command: Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .env("LC_ALL", "C")
        .output()
        .with_context(|| format!("could not run {program}"))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let last = said.lines().rfind(|line| !line.is_empty());
    anyhow::ensure!(
        output.status.success(),
        "{program} failed: {}",
        last.unwrap_or("it does not say why")
    );
    Ok(())
}
