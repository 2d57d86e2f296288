//! The programs of tests/abi, run on this Linux and in the guest; what they print must be the
//! same, line by line. Each has a boot of its own, so that one that brings the machine down does
//! not hide what the others find.
//!
//! The programs of tests/janus test what Linux does not have. They run in the guest only; each of
//! their cases says by itself whether it is well.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use qemu::machine::{Desk, Hand, Panel};
use qemu::{Ending, Kind, Machine, Ramdisk, exec};

use crate::build::{self, Built, Flavour};
use crate::house::{House, Product};
use crate::report::Report;

/// How long one program may take in the guest.
const GUEST_LIMIT: Duration = Duration::from_secs(300);
/// How long one may take on the host.
const HOST_LIMIT: Duration = Duration::from_secs(120);
/// What tells a tablet from its like, which the program that tests input knows.
const TABLET_SERIAL: &str = "virtio-tablet-device.serial=desk-7";

/// Runs them and compares.
///
/// # Errors
/// When something does not build, or the machine ends before the programs do.
pub fn run(house: &House, filter: Option<&str>, report: &mut Report) -> Result<()> {
    let programs = build::test_programs(house, "tests/abi")?;
    let Built { kernel, ramdisk } = build::image(house, Flavour::Plain)?;
    let machine = Machine::new(Kind::Q35, kernel);
    for program in &programs {
        let linux = on_host(house, program)?;
        let janus = in_guest(&machine, &ramdisk, program)?;
        compare_and_report(program, &linux, &janus, filter, report);
    }
    for program in build::test_programs(house, "tests/janus")? {
        for (kind, desk) in desks_for(&program.name) {
            let machine = Machine {
                kind,
                desk,
                extra: extra_for(&program.name),
                ..machine.clone()
            };
            let janus = in_guest(&machine, &ramdisk, &program)?;
            judge(&program, &janus, filter, report);
        }
    }
    Ok(())
}

/// Compares what a program printed on Linux with what it did on Janus, and reports on it.
pub fn compare_and_report(
    program: &Product,
    linux: &str,
    janus: &InGuest,
    filter: Option<&str>,
    report: &mut Report,
) {
    let mut agreed = 0;
    for case in compare(linux, &janus.output) {
        let wanted =
            filter.is_none_or(|filter| case.name.contains(filter) || program.name.contains(filter));
        match case.problem {
            _ if !wanted => {}
            None => agreed += 1,
            Some(problem) => {
                println!("test {} {} ... FAILED\n{problem}", program.name, case.name);
                report.fail(format!("{} {}:\n{problem}", program.name, case.name));
            }
        }
    }
    report.pass(agreed);
    println!("{}: {agreed} cases agree with Linux", program.name);
    if let Some(trouble) = &janus.trouble {
        println!("{}: {trouble}", program.name);
        report.fail(format!("{}: {trouble}", program.name));
    }
}

/// The machines that a program of tests/janus needs: one without a display does for all but the
/// one that tests displays, which gets each there is; the one that tests input gets a tablet, and the
/// devices of a PC or virtio's; those that test clocks or all classes run on each kind of machine.
fn desks_for(program: &str) -> Vec<(Kind, Desk)> {
    let with = |panel| Desk {
        panel: Some(panel),
        ..Desk::EMPTY
    };
    match program {
        "framebuffer" => vec![
            (Kind::Q35, with(Panel::Virtio)),
            (Kind::Microvm, with(Panel::Virtio)),
            (Kind::Q35, with(Panel::Bochs)),
            (Kind::Q35, with(Panel::Std)),
        ],
        "input" => {
            let desk = |hands| Desk {
                hands,
                ..Desk::EMPTY
            };
            vec![
                (Kind::Q35, desk(vec![Hand::Keyboard, Hand::Tablet])),
                // There is no PS/2.
                (
                    Kind::Microvm,
                    desk(vec![Hand::Keyboard, Hand::Mouse, Hand::Tablet]),
                ),
            ]
        }
        // Everything that the matrix tries something with.
        "matrix" => {
            let desk = |hands| Desk {
                hands,
                ..with(Panel::Virtio)
            };
            vec![
                (Kind::Q35, desk(vec![Hand::Tablet])),
                // There is no PS/2.
                (
                    Kind::Microvm,
                    desk(vec![Hand::Keyboard, Hand::Mouse, Hand::Tablet]),
                ),
            ]
        }
        // Both have a clock, and interrupts come to them by other ways.
        "alarm" | "rtc" => Kind::ALL.map(|kind| (kind, Desk::EMPTY)).to_vec(),
        _ => vec![(Kind::Q35, Desk::EMPTY)],
    }
}

/// What else QEMU is told for a program.
fn extra_for(program: &str) -> Vec<OsString> {
    match program {
        "input" => vec!["-global".into(), TABLET_SERIAL.into()],
        _ => Vec::new(),
    }
}

/// Reports on a program that ran in the guest only.
pub fn judge(program: &Product, janus: &InGuest, filter: Option<&str>, report: &mut Report) {
    // What is no report of a case: figures worth seeing.
    let reported = |line: &str| line.starts_with("ok ") || line.starts_with("FAILED ");
    for line in janus.output.lines().filter(|line| !reported(line)) {
        println!("{}: {line}", program.name);
    }
    judge_cases(program, &janus.output, filter, report);
    // It ends with its sum; without one it did not come to its end.
    let trouble = match (&janus.trouble, janus.output.contains(" passed, ")) {
        (Some(trouble), _) => trouble.clone(),
        (None, true) => return,
        (None, false) => "it ended before its last case".into(),
    };
    println!("{}: {trouble}", program.name);
    report.fail(format!("{}: {trouble}", program.name));
}

/// Reports on the cases in `output`, each by what it says itself. Returns how many are well.
pub fn judge_cases(
    program: &Product,
    output: &str,
    filter: Option<&str>,
    report: &mut Report,
) -> usize {
    let wanted = |name: &str| {
        filter.is_none_or(|filter| name.contains(filter) || program.name.contains(filter))
    };
    let mut well = 0;
    for (name, line) in cases(output) {
        if wanted(name) && line.starts_with("ok ") {
            well += 1;
        } else if wanted(name) {
            println!("test {} {line}", program.name);
            report.fail(format!("{}: {line}", program.name));
        }
    }
    report.pass(well);
    well
}

/// What a program did in the guest.
pub struct InGuest {
    /// What it printed.
    pub output: String,
    /// What was wrong with the machine or the shell, if anything.
    trouble: Option<String>,
}

/// Runs `program` in a guest of its own. What it printed before a trouble is still compared.
///
/// # Errors
/// When the program cannot be put into the ramdisk.
pub fn in_guest(machine: &Machine, ramdisk: &Ramdisk, program: &Product) -> Result<InGuest> {
    let path = format!("/abi/{}", program.name);
    let mut ramdisk = ramdisk.clone();
    ramdisk.add_host(&program.at(&path))?;
    let mut output = Vec::new();
    // The second command keeps the shell from becoming the program.
    let line = format!("cd /tmp; {path} < /dev/null; true");
    let trouble = match exec::run(machine, &ramdisk, &line, GUEST_LIMIT, &mut output) {
        Ok(outcome) if (outcome.status, outcome.ending) == (Some(0), Ending::PowerOff) => None,
        Ok(outcome) => Some(format!(
            "in the guest its shell ended with status {:?}, and {}; the machine said:\n{}",
            outcome.status, outcome.ending, outcome.aside
        )),
        Err(error) => Some(error.to_string()),
    };
    Ok(InGuest {
        output: String::from_utf8_lossy(&output).into_owned(),
        trouble,
    })
}

/// What `program` prints on this Linux, run as it is run in the guest: in an empty folder, with
/// next to no environment, nothing to read.
fn on_host(house: &House, program: &Product) -> Result<String> {
    let folder = house.images()?.join("abi-host");
    // What an earlier run left there is of no use; it may also not exist.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("could not make {}", folder.display()))?;
    let output = folder.with_extension("out");
    let file = std::fs::File::create(&output)
        .with_context(|| format!("could not make {}", output.display()))?;
    let mut child = Command::new(&program.file)
        .env_clear()
        .env("PATH", "/bin:/usr/bin")
        .current_dir(&folder)
        .stdin(Stdio::null())
        .stdout(file)
        .spawn()
        .with_context(|| format!("could not run {} on this host", program.file.display()))?;
    let start = Instant::now();
    while child
        .try_wait()
        .context("could not wait for a test program")?
        .is_none()
    {
        if start.elapsed() > HOST_LIMIT {
            child.kill().context("could not end a test program")?;
            child.wait().context("could not wait for a test program")?;
            bail!(
                "`{}` did not end within {} s on this host",
                program.name,
                HOST_LIMIT.as_secs()
            );
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    read_lossy(&output)
}

fn read_lossy(file: &Path) -> Result<String> {
    let bytes =
        std::fs::read(file).with_context(|| format!("could not read {}", file.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A line of a program's output, as found on both systems.
#[derive(Debug, PartialEq, Eq)]
struct Case {
    name: String,
    /// None when both say that it is well.
    problem: Option<String>,
}

/// Compares the outputs, case by case: a case is named by the second word of its line.
fn compare(linux: &str, janus: &str) -> Vec<Case> {
    let (linux, janus) = (cases(linux), cases(janus));
    let on_janus: HashMap<&str, &str> = janus.iter().copied().collect();
    let on_linux: HashMap<&str, &str> = linux.iter().copied().collect();
    let only_janus = janus
        .iter()
        .filter(|(name, _)| !on_linux.contains_key(name));
    let mut compared: Vec<Case> = linux
        .iter()
        .map(|(name, line)| {
            let other = on_janus
                .get(name)
                .copied()
                .unwrap_or("(nothing: it ended before)");
            let agree = *line == other && line.starts_with("ok ");
            let problem = (!agree).then(|| format!("    Linux: {line}\n    Janus: {other}"));
            Case {
                name: (*name).to_owned(),
                problem,
            }
        })
        .collect();
    compared.extend(only_janus.map(|(name, line)| Case {
        name: (*name).to_owned(),
        problem: Some(format!("    Linux: (nothing)\n    Janus: {line}")),
    }));
    if compared.is_empty() {
        let problem = Some("    it printed no case on either system".into());
        compared.push(Case {
            name: "(no case)".into(),
            problem,
        });
    }
    compared
}

/// The lines that report a case, each with its name.
fn cases(output: &str) -> Vec<(&str, &str)> {
    let reports = output.lines().filter_map(|line| {
        let rest = line
            .strip_prefix("ok ")
            .or_else(|| line.strip_prefix("FAILED "))?;
        let name = rest.split(": ").next().unwrap_or(rest);
        Some((name.trim(), line.trim_end()))
    });
    reports.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_must_be_well() {
        let linux = "ok f::a\nok f::b\nFAILED f::c: 1, 2\nok f::e\n3 passed, 1 failed\n";
        let janus = "ok f::a\nFAILED f::b: 3, 4\nFAILED f::c: 1, 2\nok f::d\n";
        let failed: Vec<_> = compare(linux, janus)
            .into_iter()
            .filter(|case| case.problem.is_some())
            .map(|case| case.name)
            .collect();
        assert_eq!(failed, ["f::b", "f::c", "f::e", "f::d"]);
        assert_eq!(compare("", "").len(), 1);
    }
}
