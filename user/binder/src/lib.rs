//! Binder for programs and people: a service manager, a tool to look at services, an example.
//!
//! `servicemanager` is handle 0 of its binder context: who has a service gives it a name there
//! (`manager`). `service` lists what is there and calls it by hand (`service`). `hello` is a
//! service with its client, to read and to change (`hello`; its interface is in `aidl/`).
//!
//! Contract: everything on the wire is Android's, by the library `rsbinder`, whose own programs
//! (`rsb_hub`, `rsb_service`) can take the place of each of these. No device is touched but the
//! binder one (`device`), so the programs run on a Linux with binder too. Each public function is a
//! whole program: it takes its words, its own name first, and returns its exit status. In the
//! guest they are names of the multi-call program `tools`.
//!
//! Source: AIDL and `IServiceManager` as Android 16 publishes them.

mod device;
mod failure;
mod hello;
mod manager;
mod messages;
mod service;

use std::ffi::OsString;

use failure::Failure;

/// Runs the program `name`: what failed is said on standard error, with its name in front.
fn run(
    name: &'static str,
    help: &str,
    words: Vec<OsString>,
    body: fn(lexopt::Parser) -> Result<(), Failure>,
) -> i32 {
    match body(lexopt::Parser::from_iter(words)) {
        Ok(()) => 0,
        Err(Failure::Help) => {
            print!("{help}");
            0
        }
        Err(Failure::No) => 1,
        Err(Failure::Usage(text)) => {
            eprintln!("{name}: {text}\n{help}");
            2
        }
        Err(Failure::Failed(text)) => {
            eprintln!("{name}: {text}");
            1
        }
    }
}

/// The program `servicemanager`.
pub fn servicemanager(words: Vec<OsString>) -> i32 {
    run("servicemanager", manager::HELP, words, manager::main)
}

/// The program `service`.
pub fn service(words: Vec<OsString>) -> i32 {
    run("service", service::HELP, words, service::main)
}

/// The program `hello`.
pub fn hello(words: Vec<OsString>) -> i32 {
    run("hello", hello::HELP, words, hello::main)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(program: fn(Vec<OsString>) -> i32, words: &[&str]) -> i32 {
        program(["it"].iter().chain(words).map(OsString::from).collect())
    }

    #[test]
    fn help_is_no_failure_and_nonsense_is_one() {
        for program in [servicemanager, service, hello] {
            assert_eq!(status(program, &["--help"]), 0);
            assert_eq!(status(program, &["--no-such-option"]), 2);
        }
        for words in [
            &[][..],
            &["lst"],
            &["check"],
            &["call", "x"],
            &["list", "x"],
        ] {
            assert_eq!(status(service, words), 2, "{words:?}");
        }
        for words in [&["call", "x", "y"][..], &["call", "x", "1", "i32"]] {
            assert_eq!(status(service, words), 2, "{words:?}");
        }
        for words in [&[][..], &["say"], &["serve", "x"], &["wave"], &["-n"]] {
            assert_eq!(status(hello, words), 2, "{words:?}");
        }
    }

    #[test]
    fn without_a_device_nothing_can_be_done() {
        const DEVICE: [&str; 2] = ["-d", "/no/such/device"];
        let with = |words: &[&'static str]| [&DEVICE, words].concat();
        assert_eq!(status(servicemanager, &with(&[])), 1);
        assert_eq!(status(service, &with(&["list"])), 1);
        assert_eq!(status(service, &with(&["call", "x", "1"])), 1);
        assert_eq!(status(hello, &with(&["serve"])), 1);
        assert_eq!(status(hello, &with(&["say", "x"])), 1);
    }
}
