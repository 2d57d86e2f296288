//! `cargo xtask test [FILTER]`: everything that can be checked by a command. In this order, the
//! quick before the slow: the checks of `cargo xtask check` (only without a filter), the tests of
//! the host crates, those inside the kernel, the costs of operations against their ceilings, the
//! system calls compared with Linux, the devices compared with Debian's kernel, the scenarios.
//!
//! A part that cannot run at all counts as one failure with its reason, and the others still run.
//! The last line is `N passed, N failed`.

mod abi;
mod host;
mod ktest;
mod ktest_boots;
mod ktest_output;
mod on_linux;
mod scenarios;

use std::process::ExitCode;

use anyhow::Result;

use crate::house::House;
use crate::options::{Part, Test};
use crate::report::{Report, heading};
use crate::{bench, check, install};

/// Runs the command.
pub fn command(house: &House, options: &Test) -> Result<ExitCode> {
    install::ensure(&[
        install::QEMU,
        install::BINUTILS,
        install::STATIC_C,
        install::BUSYBOX,
    ])?;
    let filter = options.filter.as_deref();
    let mut report = Report::default();
    let mut only = options.only.clone();
    if options.on_linux {
        only.push(Part::OnLinux);
    }
    let wanted = |part: Part| only.is_empty() || only.contains(&part);
    if wanted(Part::Check) && filter.is_none() {
        check::run(house, &mut report);
    }
    let parts: [(Part, &str, Runner); 6] = [
        (Part::Host, "host tests", host::run),
        (Part::Kernel, "in-kernel tests", ktest::run),
        (Part::Bench, "costs against their ceilings", bench::run),
        (Part::Abi, "system calls, compared with Linux", abi::run),
        (
            Part::OnLinux,
            "devices, compared with Debian's Linux",
            on_linux::run,
        ),
        (Part::Scenarios, "scenarios", scenarios::run),
    ];
    for (part, name, run) in parts {
        if wanted(part) {
            heading(name);
            if let Err(error) = run(house, filter, &mut report) {
                println!("{name} could not run: {error:#}");
                report.fail(format!("{name} could not run: {error:#}"));
            }
        }
    }
    print!("{}", report.closing());
    Ok(report.code())
}

/// A part of the run: takes the filter and puts its results into the report.
type Runner = fn(&House, Option<&str>, &mut Report) -> Result<()>;
