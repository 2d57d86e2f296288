//! The user programs: everything below `user/`, and the test programs of `tests/` that run in the
//! guest. Linux programs, linked statically so that they need nothing beside themselves, and built
//! by one call of cargo.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::house::{House, Product, build_products};
use crate::install;
use crate::toolchain::USER_TARGET;

/// The package whose one program answers to many names.
const MULTI_CALL: &str = "tools";

/// A program that lies where it was linked to has no addresses to put right at each start, which
/// would cost time and a copy of each page they are in.
const FIXED_ADDRESS: &str = "-Crelocation-model=static";

/// The programs, as built.
#[derive(Debug)]
pub struct Programs {
    /// Those of user/.
    pub user: Vec<Product>,
    /// The files of `user/init/root`, which are put into the root as they are.
    pub skeleton: PathBuf,
}

impl Programs {
    /// Builds those of user/.
    ///
    /// # Errors
    /// When a tool is missing or the build fails.
    pub fn build(house: &House) -> Result<Self> {
        let mut packages = house.packages_in("user")?;
        // What the multi-call program is made of lies in its file already.
        let parts = house.dependencies_of(MULTI_CALL)?;
        packages.retain(|package| !parts.contains(package));
        let mut cargo = cargo(house, &packages, &[FIXED_ADDRESS])?;
        // They lie in memory from boot on, and each start of one faults its pages in: small
        // before fast.
        cargo
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "s")
            .env("CARGO_PROFILE_RELEASE_LTO", "fat");
        let user = build_products(cargo, "the user programs")?;
        Ok(Self {
            user,
            skeleton: house.root().join("user/init/root"),
        })
    }

    /// Where the program `name` is.
    pub fn file(&self, name: &str) -> Option<&Product> {
        self.user.iter().find(|product| product.name == name)
    }

    /// The names under which the multi-call program answers: it says them itself.
    ///
    /// # Errors
    /// When it cannot be run here.
    pub fn tool_names(&self) -> Result<Vec<String>> {
        let Some(tools) = self.file(MULTI_CALL) else {
            return Ok(Vec::new());
        };
        let output = Command::new(&tools.file)
            .arg("--list")
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("could not run {} --list", tools.file.display()))?;
        if !output.status.success() {
            bail!(
                "`{} --list` failed: it must print the name of each tool on a line",
                tools.file.display()
            );
        }
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(text
            .lines()
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect())
    }
}

/// Builds the test programs of `folder`, which run in the guest. They are no part of the image,
/// so they are built for speed, and faster.
///
/// # Errors
/// When the folder has no package, a tool is missing or the build fails.
pub fn of_tests(house: &House, folder: &str) -> Result<Vec<Product>> {
    let packages = house.packages_in(folder)?;
    if packages.is_empty() {
        bail!("there is no package in {folder}: nothing to run in the guest");
    }
    build_products(cargo(house, &packages, &[])?, folder)
}

/// The call of cargo that builds `packages` for the guest, with these words more for rustc.
fn cargo(house: &House, packages: &[String], more: &[&str]) -> Result<Command> {
    install::ensure(&[install::STATIC_C])?;
    let mut cargo = house.cargo();
    cargo
        .args(["build", "--release", "--bins", "--target", USER_TARGET])
        .env(
            "RUSTFLAGS",
            [&["-Ctarget-feature=+crt-static"], more].concat().join(" "),
        )
        .env("CARGO_PROFILE_RELEASE_DEBUG", "none")
        .env("CARGO_PROFILE_RELEASE_STRIP", "symbols");
    for package in packages {
        cargo.args(["--package", package]);
    }
    Ok(cargo)
}
