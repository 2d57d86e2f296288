//! What must be on the machine before anything works, and how it gets there.
//!
//! On Debian and Ubuntu as root what is missing is installed, after one line that says what.
//! Anywhere else the exact command to type is the error.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use qemu::process::find_program;

/// Something of the host that we need.
#[derive(Clone, Copy)]
pub struct Need {
    /// What it is for, as the end of "… is needed to …".
    pub purpose: &'static str,
    /// The Debian packages that bring it.
    pub packages: &'static [&'static str],
    /// Whether it is there.
    pub present: fn() -> bool,
}

/// The emulator.
pub const QEMU: Need = Need {
    purpose: "boot",
    packages: &["qemu-system-x86"],
    present: || find_program(qemu::process::PROGRAM).is_some(),
};
/// GNU ld, which links the kernel.
pub const BINUTILS: Need = Need {
    purpose: "link the kernel",
    packages: &["binutils"],
    present: || find_program("ld").is_some(),
};
/// The C compiler as linker, with the C library in its static form.
pub const STATIC_C: Need = Need {
    purpose: "link user programs statically",
    packages: &["gcc", "libc6-dev"],
    present: has_static_c,
};
/// The formatter; rust-toolchain.toml brings it where there is rustup.
pub const RUSTFMT: Need = Need {
    purpose: "check the formatting",
    packages: &["rustfmt-web"],
    present: || cargo_has("fmt"),
};
/// Clippy; likewise.
pub const CLIPPY: Need = Need {
    purpose: "check with clippy",
    packages: &["rust-web-clippy"],
    present: || cargo_has("clippy"),
};
/// A program from elsewhere that the scenarios run.
pub const BUSYBOX: Need = Need {
    purpose: "test with programs from elsewhere",
    packages: &["busybox-static"],
    present: || busybox().is_some(),
};
/// An X server without a screen, on which the scenarios open windows.
pub const XVFB: Need = Need {
    purpose: "test with windows",
    packages: &["xvfb"],
    present: || find_program("Xvfb").is_some(),
};

/// Whether cargo has this subcommand.
fn cargo_has(subcommand: &str) -> bool {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let answer = Command::new(cargo).args([subcommand, "--version"]).output();
    answer.is_ok_and(|out| out.status.success())
}

/// Whether cc is there and knows a libc.a: it answers with a path only if the file exists.
fn has_static_c() -> bool {
    let answer = Command::new("cc").arg("-print-file-name=libc.a").output();
    answer.is_ok_and(|out| {
        String::from_utf8_lossy(&out.stdout)
            .trim_end()
            .starts_with('/')
    })
}

/// The statically linked busybox of the host, if there is one.
pub fn busybox() -> Option<std::path::PathBuf> {
    use object::{Object, ObjectKind};
    let file = find_program("busybox")?;
    let bytes = std::fs::read(&file).ok()?;
    let elf = object::read::elf::ElfFile64::<object::Endianness>::parse(&*bytes).ok()?;
    // A dynamically linked one names the libraries it wants.
    let is_static =
        elf.kind() == ObjectKind::Executable || elf.imports().is_ok_and(|names| names.is_empty());
    is_static.then_some(file)
}

/// Makes sure that all `needs` are met.
///
/// # Errors
/// When something is missing and cannot be installed from here; says what to type.
pub fn ensure(needs: &[Need]) -> Result<()> {
    let missing: Vec<&Need> = needs.iter().filter(|need| !(need.present)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing
        .iter()
        .flat_map(|need| need.packages.iter().copied())
        .collect();
    let purposes: Vec<&str> = missing.iter().map(|need| need.purpose).collect();
    let (packages, purposes) = (packages.join(" "), purposes.join(", "));
    if !can_install() {
        bail!(
            "{packages} is missing, to {purposes}: {}",
            advice(&packages)
        );
    }
    apt_install(&packages, &purposes)?;
    match missing.iter().find(|need| !(need.present)()) {
        None => Ok(()),
        Some(need) => bail!(
            "{} is installed, yet cannot {}; look at its package",
            need.packages.join(" "),
            need.purpose
        ),
    }
}

/// Whether this is Debian or one of its family, and we are root.
pub fn can_install() -> bool {
    find_program("apt-get").is_some() && is_root()
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|data| data.uid() == 0)
}

/// What to type where we may not install.
pub fn advice(packages: &str) -> String {
    if Path::new("/etc/debian_version").exists() {
        format!("type `sudo apt-get install {packages}` and try again")
    } else {
        format!("install what your system calls these Debian packages (`{packages}`) and try again")
    }
}

/// Installs `packages` (words), quietly; the installer's words are shown when it fails.
///
/// # Errors
/// When apt-get fails.
pub fn apt_install(packages: &str, purposes: &str) -> Result<()> {
    eprintln!("installing {packages} with apt-get, to {purposes}");
    apt(&["update"])?;
    let mut words = vec!["install", "--yes", "--no-install-recommends"];
    words.extend(packages.split_whitespace());
    apt(&words)
}

fn apt(words: &[&str]) -> Result<()> {
    let output = Command::new("apt-get")
        .args(words)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .output()
        .context("could not run apt-get")?;
    if !output.status.success() {
        eprint!("{}", String::from_utf8_lossy(&output.stdout));
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        bail!("`apt-get {}` failed; its reason is above", words.join(" "));
    }
    Ok(())
}
