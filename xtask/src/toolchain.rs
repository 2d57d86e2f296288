//! Which compiler builds the kernel.
//!
//! The kernel's target, `x86_64-unknown-none`, comes ready-made with rustup (rust-toolchain.toml
//! asks for it). Where it is not there and may not be fetched, Debian's compiler builds core and
//! alloc from Debian's source of the standard library; `RUSTC_BOOTSTRAP` allows it the one
//! unstable option this takes, `-Zbuild-std`. The kernel's own code uses nothing unstable.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::house::House;
use crate::install;

/// The kernel's target.
pub const KERNEL_TARGET: &str = "x86_64-unknown-none";
/// The target of the user programs.
pub const USER_TARGET: &str = "x86_64-unknown-linux-gnu";

/// How rustc must link the kernel: at the top of the address space, by our script, with frame
/// pointers for backtraces.
const KERNEL_RUSTFLAGS: &str = "-Clinker=ld -Clinker-flavor=ld -Crelocation-model=static \
    -Ccode-model=kernel -Clink-arg=-Tboot/src/x86_64/link.ld -Clink-arg=-zmax-page-size=0x1000 \
    -Cforce-frame-pointers=yes";

/// The packages of Debian's newest compiler.
const DEBIAN_PACKAGES: &str = "rustc-web cargo-web rust-web-src";
/// The oldest compiler that will do: the `rust-version` of the workspace.
const OLDEST: (u32, u32) = (1, 95);

/// The compiler that builds the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toolchain {
    /// The one that builds everything else; it has the kernel's target.
    Host,
    /// Debian's, with the standard library's source.
    Debian,
}

impl Toolchain {
    /// Looks for one, and installs Debian's where it may and must.
    ///
    /// # Errors
    /// When there is none; says what to type.
    pub fn find(house: &House) -> Result<Self> {
        if host_has_target(house) {
            return Ok(Self::Host);
        }
        if debian_is_ready() {
            return Ok(Self::Debian);
        }
        let advice = format!(
            "the kernel's target {KERNEL_TARGET} is not installed: type `rustup target add {KERNEL_TARGET}`, \
             or on Debian `sudo apt-get install {DEBIAN_PACKAGES}`, and try again"
        );
        if install::can_install() {
            // A system of Debian's family that lacks these packages needs rustup: both are said.
            install::apt_install(DEBIAN_PACKAGES, "build the kernel").context(advice.clone())?;
            if debian_is_ready() {
                return Ok(Self::Debian);
            }
        }
        bail!(advice)
    }

    /// Cargo with `subcommand` for the kernel's target.
    pub fn cargo(self, house: &House, subcommand: &str) -> Command {
        let mut command = match self {
            Self::Host => house.cargo(),
            Self::Debian => debian_command(house, "/usr/bin/cargo"),
        };
        command.arg(subcommand);
        self.finish(house, &mut command);
        command
    }

    /// Clippy for the kernel's target; Debian's is a package of its own.
    pub fn clippy(self, house: &House) -> Result<Command> {
        if self == Self::Host {
            return Ok(self.cargo(house, "clippy"));
        }
        install::ensure(&[install::Need {
            purpose: "check the kernel with clippy",
            packages: &["rust-web-clippy"],
            present: || Path::new("/usr/bin/cargo-clippy").exists(),
        }])?;
        let mut command = debian_command(house, "/usr/bin/cargo-clippy");
        command.arg("clippy");
        self.finish(house, &mut command);
        Ok(command)
    }

    /// The kernel's flags, and a folder of its own: cargo locks the folder it builds in, and the
    /// programs are built at the same time.
    fn finish(self, house: &House, command: &mut Command) {
        command
            .env("RUSTFLAGS", KERNEL_RUSTFLAGS)
            .env("CARGO_TARGET_DIR", house.target_apart("kernel"))
            .args(["--target", KERNEL_TARGET, "--release"]);
        if self == Self::Debian {
            command.args([
                "-Zbuild-std=core,alloc,compiler_builtins",
                "-Zbuild-std-features=compiler-builtins-mem",
            ]);
        }
    }
}

/// A program of Debian's toolchain, told not to look for rustup's.
fn debian_command(house: &House, program: &str) -> Command {
    let mut command = house.clean_command(program);
    command
        .env("CARGO", "/usr/bin/cargo")
        .env("RUSTC", "/usr/bin/rustc")
        .env("RUSTDOC", "/usr/bin/rustdoc")
        .env("RUSTC_BOOTSTRAP", "1")
        .env_remove("RUSTUP_TOOLCHAIN");
    command
}

/// Whether the compiler that cargo uses has the kernel's target.
fn host_has_target(house: &House) -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    sysroot(house.clean_command(rustc)).is_some_and(|root| {
        let library = root.join("lib/rustlib").join(KERNEL_TARGET).join("lib");
        library.read_dir().is_ok_and(|files| {
            files
                .flatten()
                .any(|file| file.file_name().to_string_lossy().starts_with("libcore-"))
        })
    })
}

fn sysroot(mut rustc: Command) -> Option<PathBuf> {
    let output = rustc.args(["--print", "sysroot"]).output().ok()?;
    Some(String::from_utf8(output.stdout).ok()?.trim().into())
}

/// Whether Debian's compiler, cargo and library source are there and new enough.
fn debian_is_ready() -> bool {
    let Ok(output) = Command::new("/usr/bin/rustc").arg("--version").output() else {
        return false;
    };
    let Some(root) = sysroot(Command::new("/usr/bin/rustc")) else {
        return false;
    };
    version(&String::from_utf8_lossy(&output.stdout)).is_some_and(|version| version >= OLDEST)
        && Path::new("/usr/bin/cargo").exists()
        && root
            .join("lib/rustlib/src/rust/library/core/Cargo.toml")
            .exists()
}

/// Major and minor number in `rustc 1.96.0 (…)`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split_whitespace().nth(1)?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert_eq!(version("rustc 1.96.0 (abc 2026-05-25)"), Some((1, 96)));
        assert!(version("rustc 1.100.1") > Some(OLDEST));
        assert_eq!(version("something else"), None);
    }
}
