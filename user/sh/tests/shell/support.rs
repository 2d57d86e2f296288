//! Running the built shell in a folder of its own.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder that is removed at the end, with the shell in it as `bin/sh` and an empty `work`.
pub struct Place {
    root: PathBuf,
}

/// What a shell said, on both streams, and its status (-1 if a signal ended it).
#[derive(Debug, PartialEq, Eq)]
pub struct Result {
    pub text: String,
    pub status: i32,
}

impl Place {
    pub fn new() -> Place {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("sh-test-{}-{number}", std::process::id()));
        std::fs::create_dir_all(root.join("bin")).expect("the temporary folder takes folders");
        std::fs::create_dir(root.join("work")).expect("the place is new");
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_sh"), root.join("bin/sh"))
            .expect("bin is empty");
        Place { root }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// The shell, to be run in `work` with little in its environment.
    pub fn shell(&self) -> Command {
        let mut command = Command::new(self.path("bin/sh"));
        command
            .current_dir(self.path("work"))
            .env_clear()
            .envs(self.environment());
        command
    }

    pub fn environment(&self) -> [(&'static str, String); 3] {
        let path = format!("{}:/usr/bin:/bin", self.path("bin").display());
        [
            ("PATH", path),
            ("HOME", "/home/user".to_owned()),
            ("LC_ALL", "C.UTF-8".to_owned()),
        ]
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // What is left lies in the temporary folder; the host cleans that.
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

/// Runs a command with `input` and gathers what it says.
pub fn run(command: &mut Command, input: &str) -> Result {
    let (mut reader, writer) = std::io::pipe().expect("there are pipes");
    let (source, mut feed) = std::io::pipe().expect("there are pipes");
    command
        .stdin(Stdio::from(source))
        .stderr(writer.try_clone().expect("a pipe has two names"))
        .stdout(writer);
    let mut child = command.spawn().expect("the shell starts");
    // The command holds the ends of the pipes; without this the reading would not end.
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    std::io::Write::write_all(&mut feed, input.as_bytes()).expect("a small input fits the pipe");
    drop(feed);
    let mut said = Vec::new();
    reader.read_to_end(&mut said).expect("a pipe can be read");
    let status = child.wait().expect("the shell ends");
    let text = said.escape_ascii_lossy();
    Result {
        text,
        status: status.code().unwrap_or(-1),
    }
}

/// Bytes as text, where bytes that are not UTF-8 show as `\xff`.
trait Shown {
    fn escape_ascii_lossy(&self) -> String;
}

impl Shown for Vec<u8> {
    fn escape_ascii_lossy(&self) -> String {
        let chunks = self.utf8_chunks();
        chunks
            .map(|chunk| format!("{}{}", chunk.valid(), chunk.invalid().escape_ascii()))
            .collect()
    }
}
