//! Scripts and what they must print.
//!
//! Each file in `cases` holds cases of one topic: a line `=== name`, the script, a line
//! `--- status`, and what it says on both streams. A script runs as `sh ../case.sh` in an empty
//! folder. What is expected was compared with dash and bash when it was written; where these two
//! differ, POSIX decides, and the messages are our own.

use crate::support::{Place, run};
use std::path::Path;
use std::process::Command;

struct Case<'text> {
    name: &'text str,
    script: String,
    status: i32,
    said: String,
}

fn cases(text: &str) -> Vec<Case<'_>> {
    let mut cases: Vec<Case<'_>> = Vec::new();
    let mut in_script = true;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("=== ") {
            cases.push(Case {
                name,
                script: String::new(),
                status: 0,
                said: String::new(),
            });
            in_script = true;
            continue;
        }
        let case = cases.last_mut().expect("a file begins with ===");
        if let Some(status) = line.strip_prefix("--- ") {
            case.status = status.parse().expect("a status after ---");
            in_script = false;
            continue;
        }
        let part = if in_script {
            &mut case.script
        } else {
            &mut case.said
        };
        part.push_str(line);
        part.push('\n');
    }
    cases
}

/// Writes a script beside `work` and gives the command that runs it.
fn script(place: &Place, text: &str) -> Command {
    std::fs::write(place.path("case.sh"), text).expect("the place takes files");
    let mut command = place.shell();
    command.arg(Path::new("../case.sh"));
    command
}

fn check(text: &str) {
    let mut wrong = Vec::new();
    let cases = cases(text);
    assert!(!cases.is_empty());
    for case in &cases {
        let place = Place::new();
        let result = run(&mut script(&place, &case.script), "");
        let same = result.text.trim_end_matches('\n') == case.said.trim_end_matches('\n');
        if !same || result.status != case.status {
            wrong.push(format!(
                "== {}\n{}-- expected status {} and\n{}-- got status {} and\n{}",
                case.name, case.script, case.status, case.said, result.status, result.text
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} cases differ:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

macro_rules! topics {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                check(include_str!(concat!("cases/", stringify!($name), ".txt")));
            }
        )*
    };
}

topics! { arithmetic builtins commands errors expansion functions glob quoting redirections syntax }
