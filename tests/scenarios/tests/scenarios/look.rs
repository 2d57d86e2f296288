//! How a person looks at a machine on a host without a display: through VNC, and by screenshots.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::time::Instant;

use qemu::picture::Letters;
use qemu::{Picture, TemporaryFile};
use scenarios::{BOOT_LIMIT, LOOK_LIMIT, xtask};

/// What the terminal's prompt is in, on a screen as QEMU likes it.
const PROMPT: Letters = Letters::MEDIUM.bold();

/// `cargo xtask run` under way; ended with the test, and QEMU with it.
struct Running {
    child: Child,
    said: BufReader<ChildStderr>,
}

impl Running {
    /// A machine of this name, started where there is no display.
    fn start(name: &str) -> Self {
        let words = ["run", "--machine", "microvm", "--timeout", "300", "--name"];
        let mut command = Command::new(xtask());
        command.args(words).arg(name);
        command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = command.stderr(Stdio::piped()).spawn().expect("it runs");
        let said = BufReader::new(child.stderr.take().expect("it is piped"));
        Self { child, said }
    }

    /// The line it says with this in it.
    fn line(&mut self, part: &str) -> String {
        let mut all = String::new();
        loop {
            let begin = all.len();
            let count = self.said.read_line(&mut all).expect("it can be read");
            assert!(count > 0, "it ended after saying: {all}");
            if all[begin..].contains(part) {
                return all[begin..].trim().to_owned();
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It can only have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `cargo xtask screenshot` of the machine of this name.
fn screenshot(name: &str, file: &Path) -> Output {
    let mut command = Command::new(xtask());
    command
        .arg("screenshot")
        .arg(file)
        .args(["--machine", name]);
    let output = command.stdin(Stdio::null()).output();
    output.expect("it can be run")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn without_a_display_it_says_how_to_look_and_both_ways_show_the_screen() {
    // Of its own for this run: others may boot machines from this checkout.
    let name = format!("looked-at-{}", std::process::id());
    let file = TemporaryFile::new("look.png");
    let refused = screenshot(&name, file.path());
    assert!(!refused.status.success() && !file.path().exists());

    let mut running = Running::start(&name);
    running.line("cargo xtask screenshot");
    let line = running.line("vncviewer");
    let socket = line.split_whitespace().last().unwrap_or_default();
    let end = Instant::now() + BOOT_LIMIT;
    let mut stream = loop {
        match UnixStream::connect(socket) {
            Ok(stream) => break stream,
            Err(error) => assert!(Instant::now() < end, "{line}: {error}"),
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    let mut greeting = [0; 12];
    let heard = stream
        .set_read_timeout(Some(BOOT_LIMIT))
        .and_then(|()| stream.read_exact(&mut greeting));
    heard.unwrap_or_else(|error| panic!("{line}: {error}"));
    assert_eq!(text(&greeting), "RFB 003.008\n");

    let end = Instant::now() + LOOK_LIMIT;
    loop {
        let taken = screenshot(&name, file.path());
        assert!(taken.status.success(), "{}", text(&taken.stderr));
        let said = text(&taken.stdout);
        assert!(said.contains(&file.path().display().to_string()), "{said}");
        let seen = Picture::open(file.path()).unwrap_or_else(|error| panic!("{error}"));
        if !seen.places_of("root@janus", PROMPT).is_empty() {
            break;
        }
        assert!(Instant::now() < end, "the screenshots show no prompt");
    }
}

#[test]
fn a_machine_that_does_not_run_is_named() {
    let file = TemporaryFile::new("nothing.png");
    let output = screenshot("nobody", file.path());
    let errors = text(&output.stderr);
    assert!(!output.status.success() && !file.path().exists());
    assert!(errors.contains("machine"), "{errors}");
}
