//! The screen and the keyboards around a [`Scene`].
//!
//! Source: signal(7), poll(2); Documentation/input/input.rst for EVIOCGRAB.

use std::ffi::OsString;
use std::io::{self, PipeReader};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use screen::{Axes, Canvas, EventType, InputEvent, Inputs, KeyCode, Screen, Turn};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::low_level::pipe;

/// Whether a scene goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It does.
    Stay,
    /// It is over.
    Leave,
}

/// Something that fills the screen.
pub trait Scene {
    /// Draws all of it: nothing of an earlier picture is left, and the size may be another.
    fn begin(&mut self, canvas: &mut Canvas);

    /// Draws what is different now; called after each [`Scene::pause`].
    fn step(&mut self, canvas: &mut Canvas);

    /// How long nothing changes by itself. None: for ever.
    fn pause(&self) -> Option<Duration>;

    /// Takes in an event; `axes` are those of its device.
    fn input(&mut self, event: InputEvent, axes: Axes, canvas: &mut Canvas) -> Next;
}

/// Whether the event is a key that goes down and is more than a modifier: with those a person
/// switches to another persona. Buttons of a pointer are no keys.
pub fn is_key_pressed(event: InputEvent) -> bool {
    const MODIFIERS: [KeyCode; 8] = [
        KeyCode::KEY_LEFTALT,
        KeyCode::KEY_RIGHTALT,
        KeyCode::KEY_LEFTCTRL,
        KeyCode::KEY_RIGHTCTRL,
        KeyCode::KEY_LEFTSHIFT,
        KeyCode::KEY_RIGHTSHIFT,
        KeyCode::KEY_LEFTMETA,
        KeyCode::KEY_RIGHTMETA,
    ];
    let key = KeyCode::new(event.code());
    let is_button = (KeyCode::BTN_0.0..KeyCode::KEY_OK.0).contains(&key.0);
    event.event_type() == EventType::KEY
        && event.value() == 1
        && !is_button
        && !MODIFIERS.contains(&key)
}

/// The whole of a program `name` with this scene: `--help` prints `help`, and any other argument is
/// one too many. `words` holds the program's own name first. Returns its status.
pub fn main(name: &str, help: &str, words: &[OsString], scene: &mut dyn Scene) -> i32 {
    match words.get(1).map(|word| word.to_str()) {
        None => {}
        Some(Some("--help" | "-h")) => {
            println!("{help}");
            return 0;
        }
        Some(_) => {
            let word = words[1].display();
            eprintln!("{name}: {word} is one word too many; {name} --help tells what it does");
            return 2;
        }
    }
    match run(scene) {
        Ok(()) => 0,
        Err(message) => {
            eprintln!("{name}: {message}");
            1
        }
    }
}

/// Gives a scene the screen and the keyboards until it is over.
fn run(scene: &mut dyn Scene) -> Result<(), String> {
    let ending = signals().map_err(|error| format!("cannot wait for signals: {error}"))?;
    let mut screen = Screen::open()?;
    let mut inputs = Inputs::open()?;
    let turn = Turn::open();
    let hold = turn.keep()?;
    inputs.grab()?;
    let (mode, found) = (screen.mode(), screen.save());
    let played = play(scene, &mut screen, &mut inputs, &ending);
    // In another mode what was found means nothing; then the terminal draws all of it anew.
    if screen.mode() == mode && screen.restore(&found) {
        hold.in_order();
    }
    played
}

fn play(
    scene: &mut dyn Scene,
    screen: &mut Screen,
    inputs: &mut Inputs,
    ending: &PipeReader,
) -> Result<(), String> {
    scene.begin(&mut screen.canvas());
    while sleep(scene.pause(), screen, inputs, ending)
        .map_err(|error| format!("cannot wait for keys: {error}"))?
    {
        if screen.follow()? {
            scene.begin(&mut screen.canvas());
        }
        let events = inputs
            .read()
            .map_err(|error| format!("cannot read the keyboard: {error}"))?;
        let mut canvas = screen.canvas();
        for (event, axes) in events {
            if scene.input(event, axes, &mut canvas) == Next::Leave {
                return Ok(());
            }
        }
        scene.step(&mut canvas);
    }
    Ok(())
}

/// A pipe that can be read as soon as the program is to end.
fn signals() -> io::Result<PipeReader> {
    let (reader, writer) = io::pipe()?;
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        pipe::register(signal, writer.try_clone()?)?;
    }
    Ok(reader)
}

/// Sleeps until something is to be done. False: the program is to end.
fn sleep(
    pause: Option<Duration>,
    screen: &Screen,
    inputs: &Inputs,
    ending: &PipeReader,
) -> io::Result<bool> {
    let timeout = pause.and_then(|pause| Timespec::try_from(pause).ok());
    let mut descriptors = vec![PollFd::new(ending, PollFlags::IN)];
    for change in screen.changes() {
        descriptors.push(PollFd::from_borrowed_fd(change, PollFlags::PRI));
    }
    for device in inputs.descriptors() {
        descriptors.push(PollFd::from_borrowed_fd(device, PollFlags::IN));
    }
    match poll(&mut descriptors, timeout.as_ref()) {
        // The signal's byte is in the pipe before poll gives up for it, and is seen the next time.
        Ok(_) | Err(Errno::INTR) => Ok(descriptors[0].revents().is_empty()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode, value: i32) -> InputEvent {
        InputEvent::new(EventType::KEY.0, code.0, value)
    }

    #[test]
    fn only_keys_that_go_down_and_are_no_modifiers_count() {
        assert!(is_key_pressed(key(KeyCode::KEY_SPACE, 1)));
        assert!(!is_key_pressed(key(KeyCode::KEY_SPACE, 0)));
        assert!(!is_key_pressed(key(KeyCode::KEY_SPACE, 2)));
        assert!(!is_key_pressed(key(KeyCode::KEY_LEFTALT, 1)));
        assert!(!is_key_pressed(key(KeyCode::BTN_LEFT, 1)));
        assert!(!is_key_pressed(key(KeyCode::BTN_TOUCH, 1)));
    }

    /// A scene that no screen is asked for.
    struct Never;

    impl Scene for Never {
        fn begin(&mut self, _: &mut Canvas) {}
        fn step(&mut self, _: &mut Canvas) {}
        fn pause(&self) -> Option<Duration> {
            None
        }
        fn input(&mut self, _: InputEvent, _: Axes, _: &mut Canvas) -> Next {
            Next::Leave
        }
    }

    #[test]
    fn words_are_refused_before_the_screen_is_touched() {
        let status = |word: &str| {
            let words = [OsString::from("never"), OsString::from(word)];
            main("never", "Usage: never", &words, &mut Never)
        };
        assert_eq!(status("--help"), 0);
        assert_eq!(status("-h"), 0);
        assert_eq!(status("fast"), 2);
    }

    #[test]
    fn a_signal_ends_the_sleep() {
        let ending = signals().expect("there are pipes");
        signal_hook::low_level::raise(SIGTERM).expect("it can be sent");
        let mut descriptors = [PollFd::new(&ending, PollFlags::IN)];
        let timeout = Timespec::try_from(Duration::from_secs(30)).expect("it is short");
        assert_eq!(poll(&mut descriptors, Some(&timeout)), Ok(1));
    }
}
