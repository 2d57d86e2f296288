//! The tools that need a terminal, on a pseudo-terminal.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use crate::{Folder, TOOLS};

const PATIENCE: Duration = Duration::from_secs(20);

/// The far end of a pseudo-terminal, and what has come out of it.
struct Screen {
    controller: File,
    terminal: OwnedFd,
    arrived: Receiver<Vec<u8>>,
    seen: String,
}

impl Screen {
    fn new(rows: u16, columns: u16) -> Screen {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
        let controller = openpt(flags).expect("a pty");
        grantpt(&controller)
            .and_then(|()| unlockpt(&controller))
            .expect("it is ours");
        let terminal = ioctl_tiocgptpeer(&controller, flags).expect("its other end");
        let size = Winsize {
            ws_row: rows,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&terminal, size).expect("a terminal");
        let controller = File::from(controller);
        let mut reader = controller.try_clone().expect("a descriptor");
        let (sender, arrived) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length) = reader.read(&mut buffer) {
                if length == 0 || sender.send(buffer[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        Screen {
            controller,
            terminal,
            arrived,
            seen: String::new(),
        }
    }

    fn run(&self, words: &[&str]) -> Child {
        let end = || Stdio::from(self.terminal.try_clone().expect("a descriptor"));
        Command::new(TOOLS)
            .args(words)
            .env_remove("LINES")
            .env_remove("COLUMNS")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .expect("it starts")
    }

    /// Waits until `text` has come out, and forgets what came before its end.
    #[track_caller]
    fn expect(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.seen.find(text) {
                let rest = self.seen.split_off(at + text.len());
                return std::mem::replace(&mut self.seen, rest);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match self.arrived.recv_timeout(left) {
                Ok(bytes) => self.seen += &String::from_utf8_lossy(&bytes),
                Err(_) => panic!("'{text}' did not come out, but {:?}", self.seen),
            }
        }
    }

    fn press(&mut self, keys: &str) {
        self.controller
            .write_all(keys.as_bytes())
            .expect("the pty takes keys");
    }
}

#[test]
fn stty_shows_and_sets() {
    let mut screen = Screen::new(33, 101);
    let run = |screen: &Screen, words: &[&str]| {
        let status = screen.run(words).wait().expect("a child");
        assert_eq!(status.code(), Some(0), "{words:?}");
    };
    run(&screen, &["stty", "size"]);
    screen.expect("33 101\r\n");
    run(&screen, &["stty", "-echo", "rows", "5"]);
    let modes = tcgetattr(&screen.terminal).expect("a terminal");
    assert!(!modes.local_modes.contains(LocalModes::ECHO));
    run(&screen, &["stty", "raw"]);
    let modes = tcgetattr(&screen.terminal).expect("a terminal");
    assert!(
        !modes
            .local_modes
            .intersects(LocalModes::ICANON | LocalModes::ISIG)
    );
    run(&screen, &["stty", "sane"]);
    run(&screen, &["stty", "-a"]);
    let all = screen.expect("extproc\r\n");
    assert!(
        all.contains("rows 5; columns 101;") && all.contains("intr = ^C;"),
        "{all}"
    );
    assert!(all.contains(" icanon ") && all.contains(" echo "), "{all}");
}

#[test]
fn reset_makes_a_raw_terminal_usable() {
    let mut screen = Screen::new(24, 80);
    screen
        .run(&["stty", "raw", "-echo"])
        .wait()
        .expect("a child");
    screen.run(&["reset"]).wait().expect("a child");
    screen.expect("\x1bc");
    let modes = tcgetattr(&screen.terminal).expect("a terminal");
    assert!(
        modes
            .local_modes
            .contains(LocalModes::ICANON | LocalModes::ECHO)
    );
}

#[test]
fn more_stops_at_each_screen() {
    let folder = Folder::new("more");
    let lines: String = (1..=20).map(|number| format!("line {number}\n")).collect();
    folder.file("text", &lines);
    let mut screen = Screen::new(6, 40);
    let path = folder.0.join("text");
    let mut child = screen.run(&["more", path.to_str().expect("text")]);
    let first = screen.expect("--More--");
    assert!(
        first.contains("line 5\r\n") && !first.contains("line 6"),
        "{first}"
    );
    screen.press("\n");
    let next = screen.expect("--More--");
    assert!(
        next.contains("line 6\r\n") && !next.contains("line 7"),
        "{next}"
    );
    screen.press(" ");
    let next = screen.expect("--More--");
    assert!(
        next.contains("line 11\r\n") && !next.contains("line 12"),
        "{next}"
    );
    screen.press("q");
    assert_eq!(child.wait().expect("a child").code(), Some(0));
    let modes = tcgetattr(&screen.terminal).expect("a terminal");
    assert!(
        modes
            .local_modes
            .contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
    );
}

#[test]
fn ls_fills_the_width_and_never_passes_control_characters_on() {
    let folder = Folder::new("wide");
    for name in ["aaaa", "bbbb", "cccc", "d\x1b[2Jd"] {
        folder.file(name, "");
    }
    let mut screen = Screen::new(24, 16);
    screen
        .run(&["ls", folder.0.to_str().expect("text")])
        .wait()
        .expect("a child");
    let shown = screen.expect("?[2Jd\r\n");
    assert!(shown.starts_with("aaaa  cccc\r\nbbbb  d"), "{shown:?}");
}
