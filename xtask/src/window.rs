//! Where a person sees the machine's screen: in a window where there can be one, else through VNC
//! and screenshots.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use qemu::TemporaryFile;
use qemu::machine::{Desk, Panel};
use qemu::process::PROGRAM;

use crate::install::{self, Need};
use crate::options::Board;

/// The environment variables of which one says that windows can be opened.
const DISPLAYS: [&str; 2] = ["WAYLAND_DISPLAY", "DISPLAY"];
/// The kinds of window we know, the better first, with what they are told. A window that takes
/// the whole keyboard while the pointer is over it gets Alt+F2 before the desktop does. It opens
/// small, whatever the device prefers, and the guest follows it to any size; with
/// `zoom-to-fit=off` it would open as large as the device likes and could not be made smaller.
const KINDS: [(&str, &str); 2] = [("gtk", "gtk,grab-on-hover=on"), ("sdl", "sdl")];

/// How the screen is seen.
pub enum View {
    /// As the person says: QEMU's `-display`.
    Asked(String),
    /// In a window that we chose: QEMU's `-display`.
    Window(&'static str),
    /// Without a window; QEMU is a VNC server on this socket.
    Vnc(TemporaryFile),
    /// The same, only because this QEMU has no windows.
    Windowless(TemporaryFile),
}

/// QEMU's windows, which Debian has in a package apart.
pub const WINDOWS: Need = Need {
    purpose: "show the screen in a window",
    packages: &["qemu-system-gui"],
    present: || kind(&known_to_qemu()).is_some(),
};

/// Whether a window is wanted: there is a display, and nobody has said otherwise.
fn is_wanted(board: &Board) -> bool {
    let has_display = DISPLAYS
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    has_display && !board.headless && board.display.is_none()
}

/// Sees to it that QEMU, which is there, can open a window where one is wanted. If that fails the
/// screen is seen all the same, and this says why there is no window.
pub fn ensure(board: &Board) {
    if is_wanted(board)
        && install::can_install()
        && let Err(error) = install::ensure(&[WINDOWS])
    {
        eprintln!("there will be no window: {error:#}");
    }
}

impl View {
    /// The view that `board` asks for and this host can give.
    pub fn choose(board: &Board) -> Self {
        if let (Some(kind), false) = (&board.display, board.headless) {
            return Self::Asked(kind.clone());
        }
        let socket = TemporaryFile::new("vnc");
        if !is_wanted(board) {
            return Self::Vnc(socket);
        }
        kind(&known_to_qemu()).map_or(Self::Windowless(socket), Self::Window)
    }

    /// QEMU's `-display`, if it gets one.
    pub fn window(&self) -> Option<String> {
        match self {
            Self::Asked(kind) => Some(kind.clone()),
            Self::Window(kind) => Some((*kind).to_owned()),
            Self::Vnc(_) | Self::Windowless(_) => None,
        }
    }

    /// The socket of the VNC server, if there is to be one.
    pub fn vnc(&self) -> Option<PathBuf> {
        match self {
            Self::Vnc(file) | Self::Windowless(file) => Some(file.path().to_owned()),
            Self::Asked(_) | Self::Window(_) => None,
        }
    }

    /// What a person should know about it.
    pub fn advice(&self) -> String {
        let screenshot = "`cargo xtask screenshot` in another terminal takes a picture of it";
        match self {
            Self::Asked(kind) => format!("the screen is on `{kind}`; {screenshot}"),
            Self::Window(_) => format!(
                "the screen is in a window of its own, and the keyboard is its while the pointer \
                 is there; {screenshot}"
            ),
            Self::Vnc(file) | Self::Windowless(file) => {
                let for_a_window = match self {
                    Self::Windowless(_) => {
                        let packages = WINDOWS.packages.join(" ");
                        format!("\nfor a window {}", install::advice(&packages))
                    }
                    _ => String::new(),
                };
                format!(
                    "the screen has no window here: {screenshot},\n\
                     and a VNC viewer shows it: vncviewer {}{for_a_window}",
                    file.path().display()
                )
            }
        }
    }

    /// What to try when QEMU ended at once.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Window(_) => "; if it could not open its window, --headless boots without one",
            Self::Asked(_) | Self::Vnc(_) | Self::Windowless(_) => "",
        }
    }
}

/// What stands on the desk of `board`; `usual` is the panel when nothing is said.
pub fn desk(board: &Board, usual: Option<Panel>) -> Desk {
    match board.panel.or(usual) {
        None => Desk::EMPTY,
        panel => Desk {
            panel,
            ..Desk::usual()
        },
    }
}

/// What QEMU says when it is asked which kinds of window it has; nothing when it cannot be asked,
/// which starting the machine will say better.
fn known_to_qemu() -> String {
    let asked = Command::new(PROGRAM)
        .args(["-display", "help"])
        .stdin(Stdio::null())
        .output();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    asked.map(|answer| text(answer.stdout)).unwrap_or_default()
}

/// The best kind of window that is among the lines of QEMU's answer.
fn kind(answer: &str) -> Option<&'static str> {
    let has = |name: &str| answer.lines().any(|line| line.trim() == name);
    let found = KINDS.iter().find(|(name, _)| has(name));
    found.map(|&(_, told)| told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_window_is_chosen() {
        let answer = "Available display backend types:\nnone\nsdl\ngtk\ncurses\n";
        assert_eq!(kind(answer), Some("gtk,grab-on-hover=on"));
        assert_eq!(kind("Available:\nnone\nsdl\n"), Some("sdl"));
        assert_eq!(kind("Available:\nnone\n"), None);
    }

    #[test]
    fn who_has_a_display_and_no_window_is_told_what_is_missing() {
        let file = || TemporaryFile::new("vnc");
        let missing = View::Windowless(file());
        assert!(missing.advice().contains("qemu-system-gui"));
        assert!(missing.vnc().is_some() && missing.window().is_none());
        assert!(!View::Vnc(file()).advice().contains("qemu-system-gui"));
    }
}
