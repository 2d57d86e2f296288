//! How a person looks at a machine on a host without a display: through VNC, and by screenshots.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Instant;

use qemu::picture::Letters;
use qemu::{Kind, Picture, TemporaryFile};
use scenarios::{BOOT_LIMIT, LOOK_LIMIT, Running, xtask};

/// What the terminal's prompt is in, on a screen as QEMU likes it.
const PROMPT: Letters = Letters::MEDIUM.bold();

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

    let mut running = Running::start(Kind::Microvm, &name, None, &[]);
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
