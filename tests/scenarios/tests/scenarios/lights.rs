//! The backlight and the LCD, as an eye sees them: what the persona in front sets changes the
//! picture by the documented formula (`drivers::display::light`), and what another sets changes
//! nothing, or with `devns.lights=remember` waits until that one is in front.

use guests::pattern::Primary;
use qemu::machine::Desk;
use qemu::{Kind, Picture};
use scenarios::{Console, Image, Seat, Sitter};

const BACKLIGHT: &str = "/sys/class/backlight/panel0";
const LCD: &str = "/sys/class/lcd/panel0";
/// The slots of the switch keys.
const ROOT: usize = 1;
const RED: usize = 2;

/// A machine, somebody in the root persona, and red behind.
struct Play {
    seat: Seat,
    root: Picture,
    red: Picture,
}

impl Play {
    fn begin(kind: Kind, command_line: &str) -> Self {
        let image = Image::built().with_shell_only().with_program("desk");
        let mut machine = image.machine(kind);
        machine.desk = Desk::usual().sized(640, 480);
        machine.command_line = command_line.into();
        let mut seat = Seat::at(&image, machine);
        let red = Sitter::in_new_persona(&mut seat.console, "red");
        let root = Sitter::in_root(&mut seat.console, "root");
        let root = root.draws(&mut seat.console, Primary::Blue, 7);
        let red = red.draws(&mut seat.console, Primary::Red, 1);
        seat.shows(&root, "what the root draws");
        Self { seat, root, red }
    }

    /// The mean brightness of what is seen is what the formula makes of a picture's, and so is
    /// every pixel.
    #[track_caller]
    fn shows(&mut self, drawn: &Picture, brightness: u32, contrast: u32) {
        let expected = lit(drawn, brightness, contrast);
        let what = format!("a brightness of {brightness} and a contrast of {contrast}");
        self.seat.shows(&expected, &what);
        let means = [mean(&self.seat.look()), mean(&expected)];
        assert!((means[0] - means[1]).abs() < 1e-9, "{what}: {means:?}");
    }
}

/// What is seen of a picture.
fn lit(drawn: &Picture, brightness: u32, contrast: u32) -> Picture {
    let seen = |intensity: u32| {
        let crystal = (intensity * contrast + 128 * (255 - contrast) + 127) / 255;
        (crystal * brightness + 127) / 255
    };
    Seat::picture_of(|x, y| {
        let pixel = u32::from(drawn.pixel(x, y));
        let part = |shift: u32| seen(pixel >> shift & 0xff) << shift;
        part(16) | part(8) | part(0)
    })
}

/// The mean of all intensities.
fn mean(picture: &Picture) -> f64 {
    let intensities = picture.pixels().iter().map(|pixel| {
        let parts = [pixel.0, pixel.1, pixel.2];
        parts.into_iter().map(f64::from).sum::<f64>()
    });
    intensities.sum::<f64>() / (picture.pixels().len() * 3) as f64
}

#[track_caller]
fn runs(console: &mut Console, line: &str) -> String {
    let answer = console.run(line);
    assert_eq!(answer.status, 0, "{line}: {}", answer.text);
    answer.text
}

#[track_caller]
fn root_sets(play: &mut Play, file: &str, value: &str) {
    runs(&mut play.seat.console, &format!("echo {value} > {file}"));
}

#[track_caller]
fn red_sets(play: &mut Play, file: &str, value: &str) {
    let line = format!("persona run red sh -c 'echo {value} > {file}'");
    runs(&mut play.seat.console, &line);
}

fn the_eye_follows_the_front(kind: Kind) {
    let mut play = Play::begin(kind, "");
    let (root, red) = (play.root.clone(), play.red.clone());
    let brightness = format!("{BACKLIGHT}/brightness");
    let contrast = format!("{LCD}/contrast");
    for (file, value, seen) in [
        (&brightness, "128", (128, 255)),
        (&contrast, "0x40", (128, 64)),
        (&brightness, "0", (0, 64)),
        (&brightness, "33", (33, 64)),
        (&contrast, "255", (33, 255)),
    ] {
        root_sets(&mut play, file, value);
        play.shows(&root, seen.0, seen.1);
    }
    // The background may say what it likes.
    red_sets(&mut play, &brightness, "250");
    red_sets(&mut play, &contrast, "1");
    red_sets(&mut play, &format!("{BACKLIGHT}/bl_power"), "4");
    red_sets(&mut play, &format!("{LCD}/lcd_power"), "4");
    play.seat
        .shows_now(&lit(&root, 33, 255), "what red cannot change");
    let log = runs(&mut play.seat.console, "dmesg | grep panel0");
    let said = "backlight panel0: brightness 250: not set, device namespace";
    assert!(log.contains(said), "{log}");
    assert!(log.contains("lcd panel0: contrast 1: not set"), "{log}");

    play.seat.switch_to(RED);
    play.shows(&red, 33, 255);
    root_sets(&mut play, &brightness, "255");
    play.seat
        .shows_now(&lit(&red, 33, 255), "what the root cannot change");
    red_sets(&mut play, &brightness, "200");
    play.shows(&red, 200, 255);
    play.seat.switch_to(ROOT);
    play.shows(&root, 200, 255);

    // Without light nothing of it is seen, whoever turned it off.
    root_sets(&mut play, &brightness, "255");
    play.shows(&root, 255, 255);
    for (file, off) in [
        (format!("{BACKLIGHT}/bl_power"), "4"),
        (format!("{LCD}/lcd_power"), "4"),
        ("/sys/class/graphics/fb0/blank".into(), "4"),
    ] {
        root_sets(&mut play, &file, off);
        let is_gone = |seen: &Picture| *seen != root;
        play.seat.waits_for("a dark panel", is_gone);
        root_sets(&mut play, &file, "0");
        play.shows(&root, 255, 255);
    }
}

#[test]
fn the_picture_follows_the_light_of_who_is_in_front_on_q35() {
    the_eye_follows_the_front(Kind::Q35);
}

#[test]
fn the_picture_follows_the_light_of_who_is_in_front_on_microvm() {
    the_eye_follows_the_front(Kind::Microvm);
}

#[test]
fn a_wish_from_behind_waits_for_its_persona_where_wishes_are_remembered() {
    let mut play = Play::begin(Kind::Q35, "devns.lights=remember");
    let (root, red) = (play.root.clone(), play.red.clone());
    let brightness = format!("{BACKLIGHT}/brightness");
    root_sets(&mut play, &brightness, "180");
    red_sets(&mut play, &brightness, "60");
    play.shows(&root, 180, 255);
    play.seat.switch_to(RED);
    play.shows(&red, 60, 255);
    play.seat.switch_to(ROOT);
    play.shows(&root, 180, 255);
}
