//! What can be typed after `cargo xtask`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use qemu::machine::Panel;
use qemu::ramdisk::Addition;
use qemu::{Accelerator, Kind};

/// The whole command line.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "The commands of Janus; a bare `cargo xtask` shows a menu"
)]
pub struct Options {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The commands.
#[derive(Subcommand)]
pub enum Command {
    /// Build the kernel, the user programs and the ramdisk
    Build(Build),
    /// Build, boot in QEMU, and sit at its screen and at the shell on the serial line (Ctrl-A X
    /// ends QEMU)
    Run(Run),
    /// Take a picture of what a running machine shows
    Screenshot(Screenshot),
    /// A scripted tour of the personas, in numbered pictures and on one contact sheet
    Demo(Demo),
    /// Test everything; the last line is `N passed, N failed`
    Test(Test),
    /// Formatting, clippy and documentation, warnings being errors
    Check,
    /// Boot and wait for gdb; prints the line to type
    Debug(Board),
    /// How large the image is, and which crate takes how much
    Size,
    /// Instructions per operation, the same figure on any host
    Bench(Bench),
    /// Run a static program on Debian's Linux kernel in QEMU, to see what Linux does
    Linux(OnLinux),
}

/// A part of the kernel that can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LeftOut {
    /// Device namespaces, and with them pid namespaces: no personas.
    Devns,
}

/// `build`.
#[derive(Args)]
pub struct Build {
    /// Leave a part out of the kernel: `devns` gives one without personas
    #[arg(long, value_name = "PART")]
    pub without: Option<LeftOut>,
}

/// `test`.
#[derive(Args)]
pub struct Test {
    /// Only the tests with this in their names
    pub filter: Option<String>,
    /// Only this part of the run (repeatable)
    #[arg(long, value_name = "PART")]
    pub only: Vec<Part>,
    /// Only what is compared with Debian's own kernel, booted in QEMU as ours is (as `--only
    /// on-linux`)
    #[arg(long)]
    pub on_linux: bool,
}

/// The parts of a test run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// What `cargo xtask check` does.
    Check,
    /// The tests of the host crates.
    Host,
    /// The tests inside the kernel.
    Kernel,
    /// What operations cost, against their ceilings.
    Bench,
    /// The system calls, compared with Linux.
    Abi,
    /// The devices, compared with Debian's Linux in QEMU.
    OnLinux,
    /// The machine, driven from outside.
    Scenarios,
}

/// `bench`.
#[derive(Args)]
pub struct Bench {
    /// Kind of machine: q35 or microvm
    #[arg(long, default_value = "q35", value_name = "KIND")]
    pub machine: Kind,
    /// Beside Janus, Debian's Linux 6.1 on the same machine (fetched where there is apt-get)
    #[arg(long)]
    pub vs_linux: bool,
    /// Beside Janus, a kernel with a part left out, and what the part costs: `devns`, which also
    /// stands there where no WORDS are given
    #[arg(long, value_name = "PART")]
    pub without: Option<LeftOut>,
    /// By this host's clock instead of in instructions: medians of paired runs, and their spread
    #[arg(long)]
    pub wall: bool,
    /// How often each kernel is booted and measured: 2 times unless said otherwise, with --wall 5
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    pub runs: Option<u8>,
    /// What changed since an earlier run: its file in target/bench/
    #[arg(long, value_name = "FILE")]
    pub compare: Option<PathBuf>,
    /// Print the tables as Markdown
    #[arg(long)]
    pub markdown: bool,
    /// Print what is kept in target/bench/ instead of a table
    #[arg(long, conflicts_with_all = ["markdown", "compare"])]
    pub json: bool,
    /// Hold each figure of a q35 against its ceiling in tests/bench/ceilings.txt, and fail above it
    #[arg(long, conflicts_with_all = [
        "machine", "vs_linux", "without", "wall", "runs", "compare", "markdown", "json", "words",
    ])]
    pub check: bool,
    /// Only operations with one of these in their names
    pub words: Vec<String>,
}

/// The machine to boot, as `run` and `debug` take it.
#[derive(Args)]
pub struct Board {
    /// Kind of machine: q35 or microvm
    #[arg(long, default_value = "q35", value_name = "KIND")]
    pub machine: Kind,
    /// Memory in MiB
    #[arg(long, default_value_t = 128, value_name = "MIB", value_parser = clap::value_parser!(u32).range(16..=65536))]
    pub memory: u32,
    /// Processors
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=255))]
    pub smp: u32,
    /// Who executes the instructions: tcg (works everywhere) or kvm
    #[arg(long, default_value = "tcg", value_name = "NAME")]
    pub accel: Accelerator,
    /// Put a file or folder of the host into the ramdisk (repeatable)
    #[arg(long, value_name = "HOST[:GUEST]")]
    pub add: Vec<Addition>,
    /// More words for the kernel's command line, such as `loglevel=4`
    #[arg(
        long,
        value_name = "TEXT",
        allow_hyphen_values = true,
        default_value = ""
    )]
    pub append: String,
    /// Let QEMU speak QMP on this Unix socket
    #[arg(long, value_name = "SOCKET")]
    pub qmp: Option<PathBuf>,
    /// Virtual time counts instructions: two runs take the same time to the last tick
    #[arg(long)]
    pub icount: bool,
    /// The machine's display device: virtio, or on q35 bochs or std; virtio when a person sits
    /// at the machine, none with --exec
    #[arg(long, value_name = "DEVICE")]
    pub panel: Option<Panel>,
    /// Show the screen in this way (gtk, sdl, vnc=:1, …; see QEMU's -display)
    #[arg(long, value_name = "KIND")]
    pub display: Option<String>,
    /// No window, even if there could be one or --display asks for one
    #[arg(long)]
    pub headless: bool,
    /// More arguments for QEMU, after `--`
    #[arg(last = true, value_name = "QEMU ARGS")]
    pub qemu: Vec<OsString>,
}

/// `run`.
#[derive(Args)]
pub struct Run {
    /// The machine.
    #[command(flatten)]
    pub board: Board,
    /// Run this in the shell, copy its output to standard output, power off, end with its status
    #[arg(long, value_name = "COMMAND LINE", allow_hyphen_values = true)]
    pub exec: Option<String>,
    /// End QEMU after this time (status 124); with --exec it is 600 unless said otherwise
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub timeout: Option<u64>,
    /// What the machine is called, for `screenshot`: its kind unless said otherwise
    #[arg(long)]
    pub name: Option<String>,
}

/// `screenshot`.
#[derive(Args)]
pub struct Screenshot {
    /// Where to write it, as PNG; target/janus/screenshot.png unless said otherwise
    pub file: Option<PathBuf>,
    /// The name of the machine, where several run
    #[arg(long, value_name = "NAME")]
    pub machine: Option<String>,
}

/// `demo`.
#[derive(Args)]
pub struct Demo {
    /// The folder for the pictures; target/demo unless said otherwise
    pub folder: Option<PathBuf>,
    /// Kind of machine: q35 or microvm
    #[arg(long, default_value = "q35", value_name = "KIND")]
    pub machine: Kind,
}

/// `linux`.
#[derive(Args)]
pub struct OnLinux {
    /// Load this kernel module and what it depends on (repeatable)
    #[arg(long, default_value = "binder_linux", value_name = "NAME")]
    pub module: Vec<String>,
    /// Who executes the instructions: tcg (works everywhere) or kvm
    #[arg(long, default_value = "tcg", value_name = "NAME")]
    pub accel: Accelerator,
    /// Virtual time counts instructions: two runs take the same time to the last tick
    #[arg(long)]
    pub icount: bool,
    /// End QEMU after this time
    #[arg(long, default_value_t = 600, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub timeout: u64,
    /// The program's file on this host; it must be linked statically
    pub program: PathBuf,
    /// Words for the program
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub words: Vec<String>,
}
