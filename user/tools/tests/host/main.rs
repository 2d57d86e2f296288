//! Runs the built multi-call program on the host, where Linux itself says what is right.

mod files;
mod multicall;
mod namespaces;
mod processes;
mod terminal;
mod text;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The program under test.
const TOOLS: &str = env!("CARGO_BIN_EXE_tools");

/// How a tool ended and what it wrote.
#[derive(Debug, PartialEq, Eq)]
struct Ran {
    status: i32,
    output: String,
    errors: String,
}

impl Ran {
    /// The output of a tool that must have succeeded without a word of complaint.
    #[track_caller]
    fn good(self) -> String {
        assert_eq!(
            (self.status, self.errors.as_str()),
            (0, ""),
            "{}",
            self.output
        );
        self.output
    }

    /// The complaint of a tool that must have failed with `status`.
    #[track_caller]
    fn bad(self, status: i32) -> String {
        assert_eq!(self.status, status, "{}{}", self.output, self.errors);
        self.errors
    }
}

/// Runs a tool in `folder` with `input`, in UTC and the C locale.
fn run_in(folder: &Path, words: &[&str], input: &str) -> Ran {
    let mut child = Command::new(TOOLS)
        .args(words)
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program under test starts");
    let mut pipe = child.stdin.take().expect("it was asked for");
    // A tool may end before it has read everything, which is no failure of the test.
    let _ = pipe.write_all(input.as_bytes());
    drop(pipe);
    let ended = child.wait_with_output().expect("it ends");
    Ran {
        status: ended.status.code().unwrap_or(-1),
        output: String::from_utf8_lossy(&ended.stdout).into_owned(),
        errors: String::from_utf8_lossy(&ended.stderr).into_owned(),
    }
}

/// Runs a tool with no input.
fn run(words: &[&str]) -> Ran {
    run_in(Path::new("/"), words, "")
}

/// Runs a tool that reads `input`.
fn feed(words: &[&str], input: &str) -> Ran {
    run_in(Path::new("/"), words, input)
}

/// A folder of its own for one test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("tools-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the folder can be made");
        Folder(path)
    }

    fn file(&self, name: &str, text: &str) -> &Folder {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().expect("inside the folder")).expect("can be made");
        std::fs::write(path, text).expect("the file can be written");
        self
    }

    fn run(&self, words: &[&str]) -> Ran {
        run_in(&self.0, words, "")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left behind lies in the build's own folder and harms nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
