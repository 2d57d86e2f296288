//! Someone at an X server: sees which windows are there and what they show, and has a pointer and
//! a keyboard. What the hands do goes through the extension XTEST, so that for every other client
//! it is as if a person did it.
//!
//! The protocol is the crate x11rb's. Source: "X Window System Protocol", version 11, and "XTEST
//! Extension Protocol".

use std::time::{Duration, Instant};

use qemu::Picture;
use x11rb::connection::Connection;
use x11rb::errors::ReplyError;
use x11rb::image::Image;
use x11rb::protocol::xproto::{
    AtomEnum, ConnectionExt as _, InputFocus, KEY_PRESS_EVENT, KEY_RELEASE_EVENT, Keycode, Keysym,
    MOTION_NOTIFY_EVENT, MapState, Window, WindowClass,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

use crate::{LOOK_LIMIT, XServer};

/// The rest between two looks.
const REST: Duration = Duration::from_millis(100);

/// Keys that are no characters, as keysymdef.h numbers them; 0xffbe is F1.
pub const ALT: Keysym = 0xffe9;
const SHIFT: Keysym = 0xffe1;
const RETURN: Keysym = 0xff0d;
const BEFORE_F1: Keysym = 0xffbd;

/// A client of an X server.
pub struct XClient {
    connection: RustConnection,
    root: Window,
    /// The keys with what they give, plain and with Shift.
    keys: Vec<(Keycode, [Keysym; 2])>,
}

impl XClient {
    /// Connects to `server`.
    pub fn connect(server: &XServer) -> Self {
        let (connection, screen) = good(RustConnection::connect(Some(server.display())));
        let setup = connection.setup();
        let root = setup.roots[screen].root;
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let mapping = good(connection.get_keyboard_mapping(first, last - first + 1));
        let mapping = good(mapping.reply());
        let rows = mapping
            .keysyms
            .chunks(usize::from(mapping.keysyms_per_keycode));
        let symbol = |row: &[Keysym], place| row.get(place).copied().unwrap_or_default();
        let keys = (first..=last)
            .zip(rows)
            .map(|(code, row)| (code, [symbol(row, 0), symbol(row, 1)]))
            .collect();
        Self {
            connection,
            root,
            keys,
        }
    }

    /// The windows that are to be seen, with their titles.
    pub fn windows(&self) -> Vec<(Window, String)> {
        let tree = good(good(self.connection.query_tree(self.root)).reply());
        let shown = tree.children.into_iter().filter_map(|window| {
            let is_shown = self.still_there(self.is_shown(window))?;
            let title = self.still_there(self.title(window))?;
            is_shown.then_some((window, title))
        });
        shown.collect()
    }

    fn is_shown(&self, window: Window) -> Result<bool, ReplyError> {
        let attributes = self.connection.get_window_attributes(window)?.reply()?;
        Ok(attributes.class == WindowClass::INPUT_OUTPUT
            && attributes.map_state == MapState::VIEWABLE)
    }

    fn title(&self, window: Window) -> Result<String, ReplyError> {
        let name = AtomEnum::WM_NAME;
        let property =
            self.connection
                .get_property(false, window, name, AtomEnum::ANY, 0, u32::MAX)?;
        Ok(String::from_utf8_lossy(&property.reply()?.value).into_owned())
    }

    /// The answer about a window; none when it has gone meanwhile, or has got smaller.
    fn still_there<T>(&self, answer: Result<T, ReplyError>) -> Option<T> {
        match answer {
            Ok(answer) => Some(answer),
            Err(ReplyError::X11Error(_)) => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// Waits for a window whose title has this in it.
    #[track_caller]
    pub fn window(&self, title: &str) -> Window {
        let deadline = Instant::now() + LOOK_LIMIT;
        loop {
            let windows = self.windows();
            if let Some((window, _)) = windows.iter().find(|(_, found)| found.contains(title)) {
                return *window;
            }
            assert!(
                Instant::now() < deadline,
                "no window of `{title}` opened; there are {windows:?}"
            );
            std::thread::sleep(REST);
        }
    }

    /// Waits until there is no window any more.
    #[track_caller]
    pub fn no_window(&self) {
        let deadline = Instant::now() + LOOK_LIMIT;
        loop {
            let windows = self.windows();
            if windows.is_empty() {
                return;
            }
            assert!(Instant::now() < deadline, "these stay: {windows:?}");
            std::thread::sleep(REST);
        }
    }

    /// What `window` shows; none where it is not to be seen.
    pub fn look(&self, window: Window) -> Option<Picture> {
        let (image, width, height) = self.still_there(self.image(window))?;
        // The server's screen has eight bits a colour, red in the highest.
        Some(Picture::from_pixels(width, height, |x, y| {
            image.get_pixel(x as u16, y as u16) & 0xff_ffff
        }))
    }

    fn image(&self, window: Window) -> Result<(Image<'static>, u32, u32), ReplyError> {
        let size = self.connection.get_geometry(window)?.reply()?;
        let (width, height) = (size.width, size.height);
        let (image, _) = Image::get(&self.connection, window, 0, 0, width, height)?;
        Ok((image, width.into(), height.into()))
    }

    /// Takes the pointer into the middle of `window`, and gives it the keyboard, as a window
    /// manager would.
    pub fn enter(&self, window: Window) {
        let size = good(good(self.connection.get_geometry(window)).reply());
        let (x, y) = ((size.width / 2) as i16, (size.height / 2) as i16);
        let place = self
            .connection
            .translate_coordinates(window, self.root, x, y);
        let place = good(good(place).reply());
        self.fake(MOTION_NOTIFY_EVENT, 0, (place.dst_x, place.dst_y));
        let focus = InputFocus::PARENT;
        let given = self
            .connection
            .set_input_focus(focus, window, x11rb::CURRENT_TIME);
        good(good(given).check());
    }

    /// Presses keys together and lets go of them.
    pub fn chord(&self, keys: &[Keysym]) {
        let codes: Vec<Keycode> = keys.iter().map(|&key| self.code(key).0).collect();
        codes.iter().for_each(|&code| self.key(code, true));
        codes.iter().rev().for_each(|&code| self.key(code, false));
    }

    /// Types `text`, of ASCII; a newline is the Enter key.
    pub fn types(&self, text: &str) {
        for character in text.chars() {
            let key = match character {
                '\n' => RETURN,
                // The symbols of ASCII have its numbers.
                _ => u32::from(character),
            };
            match self.code(key) {
                (_, true) => self.chord(&[SHIFT, key]),
                (_, false) => self.chord(&[key]),
            }
        }
    }

    /// The key that gives `symbol`, and whether it wants Shift for it. What several keys give comes
    /// from the one that every keyboard has, which has the lowest number.
    fn code(&self, symbol: Keysym) -> (Keycode, bool) {
        let found = self.keys.iter().find_map(|(code, row)| {
            let shift = row.iter().position(|&given| given == symbol)?;
            Some((*code, shift == 1))
        });
        found.unwrap_or_else(|| panic!("no key gives the symbol {symbol:#x}"))
    }

    fn key(&self, code: Keycode, is_down: bool) {
        let kind = match is_down {
            true => KEY_PRESS_EVENT,
            false => KEY_RELEASE_EVENT,
        };
        self.fake(kind, code, (0, 0));
    }

    fn fake(&self, kind: u8, detail: u8, (x, y): (i16, i16)) {
        let now = x11rb::CURRENT_TIME;
        let sent = self
            .connection
            .xtest_fake_input(kind, detail, now, self.root, x, y, 0);
        good(good(sent).check());
    }
}

/// The function key of this number, from 1.
pub fn function_key(number: u32) -> Keysym {
    BEFORE_F1 + number
}

fn good<T, E: std::fmt::Display>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("the X server: {error}"))
}
