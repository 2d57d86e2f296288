//! `cargo xtask check`: formatting, clippy with warnings as errors, documentation; for the crates
//! of the host and for those of the kernel's target.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::house::House;
use crate::install;
use crate::report::{Report, heading};
use crate::toolchain::Toolchain;

/// The packages that are built for the kernel's target only.
pub const KERNEL_PACKAGES: [&str; 3] = ["boot", "metal", "kernel"];

/// Runs the command.
pub fn command(house: &House) -> Result<ExitCode> {
    let mut report = Report::default();
    run(house, &mut report);
    print!("{}", report.closing());
    Ok(report.code())
}

/// Runs every check and puts each into `report`.
pub fn run(house: &House, report: &mut Report) {
    heading("checks");
    let mut format = house.cargo();
    format.args(["fmt", "--all", "--check"]);
    step(
        report,
        "formatting",
        install::ensure(&[install::RUSTFMT]).map(|()| format),
    );

    let mut clippy = house.cargo();
    clippy.args(["clippy", "--quiet", "--all-targets", "--", "-Dwarnings"]);
    step(
        report,
        "clippy, host",
        install::ensure(&[install::CLIPPY]).map(|()| clippy),
    );
    let kernels: [(&str, &[&str]); 3] = [
        ("clippy, kernel", &[]),
        (
            "clippy, kernel with its tests",
            &["--features", "kernel/ktest"],
        ),
        (
            "clippy, kernel without device namespaces",
            &["--no-default-features"],
        ),
    ];
    for (name, arguments) in kernels {
        step(report, name, kernel_clippy(house, arguments));
    }

    let mut docs = house.cargo();
    docs.args(["doc", "--quiet", "--no-deps", "--document-private-items"]);
    step(report, "documentation, host", Ok(strict_docs(docs)));
    step(report, "documentation, kernel", kernel_docs(house));
}

fn kernel_clippy(house: &House, arguments: &[&str]) -> Result<Command> {
    let mut command = Toolchain::find(house)?.clippy(house)?;
    select_kernel(&mut command);
    command.args(arguments).args(["--", "-Dwarnings"]);
    Ok(command)
}

fn kernel_docs(house: &House) -> Result<Command> {
    let mut command = Toolchain::find(house)?.cargo(house, "doc");
    command.args(["--no-deps", "--document-private-items"]);
    select_kernel(&mut command);
    Ok(strict_docs(command))
}

fn select_kernel(command: &mut Command) {
    command.arg("--quiet");
    for package in KERNEL_PACKAGES {
        command.args(["--package", package]);
    }
}

/// Warnings are errors, but for links to private items: they are documented too, since whoever
/// reads these pages reads the house from inside.
fn strict_docs(mut command: Command) -> Command {
    command.env(
        "RUSTDOCFLAGS",
        "-Dwarnings -Arustdoc::private_intra_doc_links",
    );
    command
}

/// Runs one check; what it has to say goes to standard error.
fn step(report: &mut Report, name: &str, command: Result<Command>) {
    let result = command.and_then(|mut command| {
        let status = command
            .status()
            .with_context(|| format!("could not run the check `{name}`"))?;
        if !status.success() {
            bail!("it does not pass; its reasons are above");
        }
        Ok(())
    });
    println!(
        "check {name} ... {}",
        if result.is_ok() { "ok" } else { "FAILED" }
    );
    report.step(name, result);
}
