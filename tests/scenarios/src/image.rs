//! The image under test, and the run of one command line in it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use qemu::ramdisk::Addition;
use qemu::{Ending, Kind, Machine, Ramdisk, exec};

/// How long one command line may take, boot and power-off included.
const RUN_LIMIT: Duration = Duration::from_secs(150);

/// An inittab with the shell.
const SHELL_ONLY: &str = "::respawn:/bin/sh -l\n";

/// A kernel and a ramdisk; the ramdisk can be changed before it is booted.
#[derive(Clone, Debug)]
pub struct Image {
    /// The kernel's file.
    pub kernel: PathBuf,
    /// What will be in the root.
    pub ramdisk: Ramdisk,
}

/// What became of a command line.
#[derive(Debug)]
pub struct Ran {
    /// What it printed, byte for byte.
    pub output: String,
    /// Its exit status, if it came to one.
    pub status: Option<i32>,
    /// How the machine ended.
    pub ending: Ending,
    /// What the machine said beside the command's output.
    pub aside: String,
}

impl Image {
    /// The image that `cargo xtask test` built.
    pub fn built() -> Self {
        let kernel = from_environment("JANUS_KERNEL");
        let file = from_environment("JANUS_RAMDISK");
        let ramdisk = Ramdisk::open(&file).unwrap_or_else(|error| panic!("{error}"));
        Self { kernel, ramdisk }
    }

    /// The same with a kernel that was built without device namespaces.
    pub fn built_without_devns() -> Self {
        Self {
            kernel: from_environment("JANUS_KERNEL_WITHOUT_DEVNS"),
            ..Self::built()
        }
    }

    /// The same with Debian's static busybox at /bin/busybox: a program from elsewhere.
    pub fn with_busybox() -> Self {
        Self::built().with_file(&from_environment("JANUS_BUSYBOX"), "/bin/busybox")
    }

    /// The same with the program `name` of tests/guests at `/test/NAME`.
    pub fn with_program(self, name: &str) -> Self {
        let variable = format!("JANUS_PROGRAM_{}", name.to_uppercase().replace('-', "_"));
        self.with_file(&from_environment(&variable), &format!("/test/{name}"))
    }

    /// The same with the programs of the crate rsbinder-tools in /bin: binder programs from
    /// elsewhere, unmodified.
    pub fn with_rsbinder(self) -> Self {
        let folder = from_environment("JANUS_RSBINDER");
        let programs = ["rsb_device", "rsb_hub", "rsb_service"];
        programs.into_iter().fold(self, |image, name| {
            image.with_file(&folder.join(name), &format!("/bin/{name}"))
        })
    }

    /// The same where init starts nothing but the shell on the serial line: no personas, and
    /// nobody who draws or reads.
    pub fn with_shell_only(mut self) -> Self {
        for (path, text) in [("/etc/personas", ""), ("/etc/inittab", SHELL_ONLY)] {
            let written = self.ramdisk.file(path, text);
            written.unwrap_or_else(|error| panic!("{error}"));
        }
        self
    }

    /// The same with a file of the host at `guest`.
    fn with_file(mut self, host: &Path, guest: &str) -> Self {
        let addition = Addition {
            host: host.to_owned(),
            guest: Some(guest.to_owned()),
        };
        self.ramdisk
            .add_host(&addition)
            .unwrap_or_else(|error| panic!("{error}"));
        self
    }

    /// A machine of this kind with the kernel, and no ramdisk yet.
    pub fn machine(&self, kind: Kind) -> Machine {
        Machine::new(kind, &self.kernel)
    }

    /// Runs `line` in the shell of a q35 and powers off.
    pub fn run(&self, line: &str) -> Ran {
        self.run_on(Kind::Q35, line)
    }

    /// Runs `line` in the shell of a machine of this kind and powers off.
    pub fn run_on(&self, kind: Kind, line: &str) -> Ran {
        self.run_in(&self.machine(kind), line)
    }

    /// Runs `line` in the shell of `machine`, which is one of this image's, perhaps changed, and
    /// powers off.
    pub fn run_in(&self, machine: &Machine, line: &str) -> Ran {
        let mut output = Vec::new();
        let outcome = exec::run(machine, &self.ramdisk, line, RUN_LIMIT, &mut output)
            .unwrap_or_else(|error| panic!("{error}"));
        Ran {
            output: String::from_utf8_lossy(&output).into_owned(),
            status: outcome.status,
            ending: outcome.ending,
            aside: outcome.aside,
        }
    }
}

impl Ran {
    /// The output of a command that must have succeeded on a machine that powered off.
    pub fn succeeded(self) -> String {
        assert_eq!(
            (self.status, self.ending),
            (Some(0), Ending::PowerOff),
            "it went wrong: {self:#?}"
        );
        self.output
    }
}

/// The program behind `cargo xtask`.
pub fn xtask() -> PathBuf {
    from_environment("JANUS_XTASK")
}

/// The path in the environment variable `name`.
fn from_environment(name: &str) -> PathBuf {
    match std::env::var_os(name) {
        Some(path) => path.into(),
        None => panic!(
            "{name} is not set: scenarios boot a built image; run them with `cargo xtask test --only scenarios`"
        ),
    }
}
