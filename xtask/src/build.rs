//! `cargo xtask build`: the kernel with its symbols, the user programs, the ramdisk.
//!
//! Two calls of cargo, one for each target, so that nothing is built twice and a second build
//! takes seconds. They run at the same time, since each has stretches that keep one processor
//! only. What comes out is in `target/janus/`.

mod programs;
mod root;
mod rsbinder;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail};
use qemu::Ramdisk;

use crate::house::{House, build_products};
use crate::install;
use crate::options::{Build, LeftOut};
use crate::symbols::{self, Filled};
use crate::toolchain::Toolchain;

pub use programs::{Programs, of_tests as test_programs};
pub use rsbinder::programs as rsbinder_programs;

/// The ramdisk should stay below this; a larger one is built all the same, and said.
const RAMDISK_LIMIT_BYTES: u64 = 16 << 20;

/// Which kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// The one that runs.
    Plain,
    /// The one with the in-kernel tests in it.
    Tests,
    /// The one without device namespaces, the baseline for what they cost.
    WithoutDevns,
}

impl Flavour {
    /// The one that a command asks for.
    pub fn without(left_out: Option<LeftOut>) -> Self {
        match left_out {
            None => Self::Plain,
            Some(LeftOut::Devns) => Self::WithoutDevns,
        }
    }

    /// What cargo is told.
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Plain => &[],
            Self::Tests => &["--features", "ktest"],
            Self::WithoutDevns => &["--no-default-features"],
        }
    }

    /// The name of the finished file.
    fn file_name(self) -> &'static str {
        match self {
            Self::Plain => "kernel",
            Self::Tests => "kernel-ktest",
            Self::WithoutDevns => "kernel-without-devns",
        }
    }
}

/// Runs the command.
pub fn command(house: &House, options: &Build) -> Result<ExitCode> {
    let Built { kernel, ramdisk } = image(house, Flavour::without(options.without))?;
    let file = house.images()?.join("ramdisk.cpio");
    let size = ramdisk.write(&file)?;
    if size > RAMDISK_LIMIT_BYTES {
        eprintln!(
            "warning: the ramdisk has {size} bytes, more than the {RAMDISK_LIMIT_BYTES} it should have"
        );
    }
    println!("kernel   {}", kernel.display());
    println!("ramdisk  {} ({} KiB)", file.display(), size / 1024);
    Ok(ExitCode::SUCCESS)
}

/// What a machine boots.
pub struct Built {
    /// The kernel's file.
    pub kernel: PathBuf,
    /// The ramdisk with the user programs, to which more may be added.
    pub ramdisk: Ramdisk,
}

/// Builds the kernel and the user programs, at the same time.
///
/// # Errors
/// When a tool is missing or a build fails.
pub fn image(house: &House, flavour: Flavour) -> Result<Built> {
    // Before the two begin, since there is one package manager and one message for a person.
    install::ensure(&[install::BINUTILS, install::STATIC_C])?;
    let toolchain = Toolchain::find(house)?;
    let (kernel, programs) = std::thread::scope(|scope| {
        let kernel = scope.spawn(|| build_kernel(house, toolchain, flavour));
        let programs = Programs::build(house);
        let kernel = kernel.join().unwrap_or_else(|_| {
            Err(anyhow!(
                "the build of the kernel panicked; its reason is above"
            ))
        });
        (kernel, programs)
    });
    Ok(Built {
        kernel: kernel?,
        ramdisk: root::ramdisk(&programs?)?,
    })
}

/// Builds the kernel and fills in its symbols; returns the finished file.
///
/// # Errors
/// When a tool is missing or the build fails.
pub fn kernel(house: &House, flavour: Flavour) -> Result<PathBuf> {
    install::ensure(&[install::BINUTILS])?;
    build_kernel(house, Toolchain::find(house)?, flavour)
}

fn build_kernel(house: &House, toolchain: Toolchain, flavour: Flavour) -> Result<PathBuf> {
    let mut cargo = toolchain.cargo(house, "build");
    cargo.args(["--package", "kernel"]);
    cargo.args(flavour.arguments());
    // One bar at a time: the one of the programs, which take longer.
    cargo.env("CARGO_TERM_PROGRESS_WHEN", "never");
    let products = build_products(cargo, "the kernel")?;
    let Some(built) = products
        .into_iter()
        .find(|product| product.name == "kernel")
    else {
        bail!(
            "the package `kernel` has no program `kernel` (kernel/src/main.rs): nothing to boot yet"
        );
    };
    // Cargo owns its file; the one with the symbols is a copy, and the flavours do not push each
    // other out. It appears whole or not at all, since a machine may be booting the one before.
    let image = house.images()?.join(flavour.file_name());
    let draft = image.with_extension(format!("draft-{}", std::process::id()));
    let making = || format!("could not make the kernel's image {}", image.display());
    std::fs::copy(&built.file, &draft).with_context(making)?;
    let filled = symbols::fill(&draft)?;
    std::fs::rename(&draft, &image).with_context(making)?;
    match filled {
        Filled::Whole(_) => {}
        Filled::Cut(count, longest) => eprintln!(
            "note: the names of {count} functions are cut to {longest} bytes to fit the kernel's .ksyms section"
        ),
        Filled::NoSection => {
            eprintln!("note: the kernel has no .ksyms section; its backtraces show addresses only")
        }
    }
    Ok(image)
}

/// The ramdisk with `programs` in it.
///
/// # Errors
/// When a file cannot be read or two things want the same place.
pub fn ramdisk(programs: &Programs) -> Result<Ramdisk> {
    root::ramdisk(programs)
}
