//! The user programs: everything below `user/`, and the test programs of `tests/` that run in the
//! guest. Linux programs, linked statically so that they need nothing beside themselves, and built
//! by one call of cargo.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::house::{House, Product, build_products};
use crate::install;
use crate::toolchain::USER_TARGET;

/// The folder of the programs whose output is compared with Linux's.
const ABI_FOLDER: &str = "tests/abi";
/// The folders of the other test programs that run in the guest.
const TEST_FOLDERS: [&str; 2] = ["tests/bench", "tests/guests"];

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
        let user = build(house, &house.packages_in("user")?, "the user programs")?;
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
        let Some(tools) = self.file("tools") else {
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

/// Builds the programs whose output is compared with Linux's.
///
/// # Errors
/// When a tool is missing or the build fails.
pub fn abi(house: &House) -> Result<Vec<Product>> {
    build(
        house,
        &house.packages_in(ABI_FOLDER)?,
        "the programs of tests/abi",
    )
}

/// Builds the other test programs that run in the guest: benchmarks, and what scenarios start.
///
/// # Errors
/// When a tool is missing or the build fails.
pub fn tests(house: &House) -> Result<Vec<Product>> {
    let mut packages = Vec::new();
    for folder in TEST_FOLDERS {
        packages.extend(house.packages_in(folder)?);
    }
    if packages.is_empty() {
        return Ok(Vec::new());
    }
    build(house, &packages, "the test programs")
}

/// Builds the programs of `packages`.
fn build(house: &House, packages: &[String], what: &str) -> Result<Vec<Product>> {
    install::ensure(&[install::STATIC_C])?;
    let mut cargo = house.cargo();
    cargo
        .args(["build", "--release", "--bins", "--target", USER_TARGET])
        .env("RUSTFLAGS", "-Ctarget-feature=+crt-static")
        // Small before fast: the programs lie in memory from boot on, and each start of one
        // faults its pages in.
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "s")
        .env("CARGO_PROFILE_RELEASE_LTO", "fat")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "none")
        .env("CARGO_PROFILE_RELEASE_STRIP", "symbols");
    for package in packages {
        cargo.args(["--package", package]);
    }
    build_products(cargo, what)
}
