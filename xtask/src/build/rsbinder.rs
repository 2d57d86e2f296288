//! Binder programs that nobody here wrote: the service manager `rsb_hub`, `rsb_service` and
//! `rsb_device` of the crate rsbinder-tools, as crates.io has it, with the dependencies that its
//! own lock file names. Only the linking is ours: static, as all programs of the guest.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::house::House;
use crate::install;
use crate::toolchain::USER_TARGET;

/// The crate and its version: that of the library which `user/binder` uses.
const CRATE: &str = "rsbinder-tools";
const VERSION: &str = "=0.12.0";

/// Builds them, if they are not there yet, and returns the folder they are in.
///
/// # Errors
/// When a tool is missing or the build fails.
pub fn programs(house: &House) -> Result<PathBuf> {
    install::ensure(&[install::STATIC_C])?;
    let root = house.target_apart("rsbinder");
    let mut cargo = house.cargo();
    // What lies there in this version is left as it is, without asking anyone.
    cargo
        .args(["install", CRATE, "--version", VERSION, "--locked"])
        .args(["--quiet", "--target", USER_TARGET, "--root"])
        .arg(&root)
        .env("CARGO_TARGET_DIR", root.join("build"))
        .env("RUSTFLAGS", "-Ctarget-feature=+crt-static")
        .env("CARGO_PROFILE_RELEASE_STRIP", "symbols");
    let status = cargo.status().context("could not run cargo install")?;
    if !status.success() {
        bail!("{CRATE} did not build; cargo's reasons are above");
    }
    Ok(root.join("bin"))
}
