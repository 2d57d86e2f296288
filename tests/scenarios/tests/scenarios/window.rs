//! A person at a host with a display: `cargo xtask run` opens a window there, which shows the
//! machine's screen, and what is typed into it reaches the machine. The host's display is an X
//! server without a screen; everything that is seen and typed goes through it.
//!
//! How one looks where there is no display is told in `look`.

use std::time::{Duration, Instant};

use qemu::picture::{Colour, Letters, Region};
use qemu::{Kind, Picture, Qmp, TemporaryFile};
use scenarios::{ALT, BOOT_LIMIT, LOOK_LIMIT, Running, XClient, XServer, function_key, saved};

/// The rest between two looks.
const REST: Duration = Duration::from_millis(100);
/// What QEMU's windows are called.
const TITLE: &str = "QEMU";
/// The function keys of the personas.
const ROOT: u32 = 1;
const WORK: u32 = 2;
/// Their prompts.
const OF_ROOT: &str = "root@janus";
const OF_WORK: &str = "root@work";

/// A machine whose screen is looked at from both sides.
struct Watched {
    client: XClient,
    window: u32,
    qmp: Qmp,
}

impl Watched {
    /// Waits until the window shows what the machine's screen does, to the last pixel, and that
    /// has `text` on it.
    #[track_caller]
    fn shows(&mut self, text: &str) {
        let deadline = Instant::now() + LOOK_LIMIT;
        loop {
            let screen = good(self.qmp.screenshot());
            let window = self.client.look(self.window);
            if let Some(window) = &window
                && is_shown(&screen, window, text)
            {
                return;
            }
            if Instant::now() >= deadline {
                let nothing = Picture::filled(1, 1, Colour::BLACK);
                let window = window.unwrap_or(nothing);
                let files = saved(&[("screen", &screen), ("window", &window)]);
                panic!("the window never showed `{text}`; see {files}");
            }
            std::thread::sleep(REST);
        }
    }
}

/// Whether `screen` has `text` on it and is to be seen in `window`, below its menu.
fn is_shown(screen: &Picture, window: &Picture, text: &str) -> bool {
    let places = |picture: &Picture| {
        let letters = [Letters::SMALL, Letters::MEDIUM].into_iter();
        let mut letters = letters.flat_map(|letters| [letters, letters.bold()]);
        letters.find_map(|letters| picture.places_of(text, letters).first().copied())
    };
    let (Some(there), Some(here)) = (places(screen), places(window)) else {
        return false;
    };
    let whole = |left, top| Region {
        x: left,
        y: top,
        ..screen.whole()
    };
    let offset = here.0.checked_sub(there.0).zip(here.1.checked_sub(there.1));
    offset.is_some_and(|(left, top)| window.crop(whole(left, top)) == *screen)
}

/// A name for a machine of this run: others may boot machines from this checkout.
fn named(what: &str) -> String {
    format!("{what}-{}", std::process::id())
}

fn play(kind: Kind) {
    let server = XServer::start();
    let client = XClient::connect(&server);
    assert_eq!(client.windows(), []);
    let socket = TemporaryFile::new("window.qmp");
    let words = ["--qmp", &socket.path().to_string_lossy()];
    let name = named(&format!("in-a-window-{}", kind.name()));
    let mut running = Running::start(kind, &name, Some(server.display()), &words);
    running.line("in a window of its own");
    let window = client.window(TITLE);
    let qmp = good(Qmp::connect(socket.path(), BOOT_LIMIT));
    let mut watched = Watched {
        client,
        window,
        qmp,
    };
    watched.shows(OF_ROOT);

    watched.client.enter(window);
    watched.client.types("echo $((6 * 7))-typed\n");
    watched.shows("42-typed");
    watched.client.chord(&[ALT, function_key(WORK)]);
    watched.shows(OF_WORK);
    watched.client.types("echo its $(hostname)\n");
    watched.shows("its work");
    watched.client.chord(&[ALT, function_key(ROOT)]);
    watched.shows("42-typed");
    watched.client.types("poweroff\n");
    assert!(running.succeeds());
    watched.client.no_window();
}

#[test]
fn the_window_shows_the_screen_and_takes_the_keys_on_q35() {
    play(Kind::Q35);
}

#[test]
fn the_window_shows_the_screen_and_takes_the_keys_on_microvm() {
    play(Kind::Microvm);
}

#[test]
fn headless_opens_no_window_though_there_is_a_display() {
    let server = XServer::start();
    let client = XClient::connect(&server);
    let socket = TemporaryFile::new("headless.qmp");
    let words = ["--headless", "--qmp", &socket.path().to_string_lossy()];
    let name = named("headless");
    let mut running = Running::start(Kind::Microvm, &name, Some(server.display()), &words);
    running.line("the screen has no window here");
    running.line("vncviewer");
    let mut qmp = good(Qmp::connect(socket.path(), BOOT_LIMIT));
    // A window would have been there long before the first prompt.
    let deadline = Instant::now() + BOOT_LIMIT;
    loop {
        let screen = good(qmp.screenshot());
        assert_eq!(client.windows(), []);
        let prompt = Letters::MEDIUM.bold();
        if !screen.places_of(OF_ROOT, prompt).is_empty() {
            break;
        }
        assert!(Instant::now() < deadline, "the screen shows no prompt");
        std::thread::sleep(REST);
    }
}

#[test]
fn where_the_display_has_gone_it_says_what_to_type() {
    let gone = XServer::start().display().to_owned();
    let mut running = Running::start(Kind::Microvm, &named("gone"), Some(&gone), &[]);
    running.line("--headless boots without one");
    assert!(!running.succeeds());
}

fn good<T>(result: qemu::Result<T>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}
