//! What the foreground sees of its devices, and what it does with them.

use super::attempt::{of_class, open, read, store, store_in_all, text};
use super::screen::{GET_COLORS, GET_VAR, color_map};
use abi_tests::check::Failure;
use abi_tests::process::now;
use abi_tests::sys;
use janus_tests::alarms::{self, Alarms};
use janus_tests::clock::{Clock, RTC_IRQP_READ, RTC_WKALM_RD, WakeAlarm, seconds};
use janus_tests::inputs::{
    EV_ABS, EV_REL, File, KEY_B, KEYBOARD, MOUSE, REPORT, TABLET, get, key, open as open_input,
};
use janus_tests::persona::{ACTIVE, TAG};
use libc::*;

/// The byte that the foreground draws, and where.
pub const PIXEL: u8 = 0x5a;
pub const PIXEL_AT: usize = 2000;
/// Where it puts the tablet's pointer.
pub const PLACE: i32 = 12_345;
/// How far ahead its clock's alarm is, in seconds.
const ALARM: i64 = 7_000;

const LOGS: [&str; 4] = ["main", "events", "radio", "system"];
const LENGTH: u32 = 0xae02;

/// The foreground, with its devices open.
pub struct View {
    inputs: [File; 3],
    screen: isize,
    /// Readers of the logs that have read everything, and one that never reads.
    logs: [isize; 4],
    log_kept: isize,
    /// Whether it has the clock and the alarms open, so that none of its own could.
    owns: Option<(Clock, Alarms)>,
}

/// What it sees: names and texts, and moments by which it is off, in seconds.
#[derive(Debug, PartialEq)]
pub struct Sight {
    texts: Vec<(String, String)>,
    moments: Vec<(&'static str, i64)>,
}

impl Sight {
    /// What is different in another; a few seconds may have passed between readings of two
    /// clocks.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        const TOLERANCE: i64 = 5;
        let texts = self.texts.iter().zip(&other.texts);
        let texts = texts
            .filter(|(before, after)| before != after)
            .map(|((name, before), (_, after))| format!("{name}: {before:?} became {after:?}"));
        let moments = self.moments.iter().zip(&other.moments);
        let moments = moments
            .filter(|(before, after)| (before.1 - after.1).abs() > TOLERANCE)
            .map(|((name, before), (_, after))| format!("{name}: {before} became {after}"));
        texts.chain(moments).collect()
    }
}

impl View {
    /// Opens all. `owning`: also the devices that open once.
    pub fn new(owning: bool) -> Result<Self, Failure> {
        let reader = |name: &str| {
            let file = open(&format!("/dev/log/{name}"), O_RDONLY);
            while read(file) > 0 {}
            file
        };
        store("/dev/log/main", "\x04tag\0to be kept\0");
        let view = Self {
            inputs: [
                open_input(KEYBOARD)?,
                open_input(MOUSE)?,
                open_input(TABLET)?,
            ],
            screen: open("/dev/fb0", O_RDWR),
            log_kept: open("/dev/log/main", O_RDONLY),
            logs: LOGS.map(reader),
            owns: None,
        };
        let owns = owning.then(|| Ok::<_, Failure>((Clock::open()?, Alarms::open()?)));
        Ok(Self {
            owns: owns.transpose()?,
            ..view
        })
    }

    /// Looks at everything.
    pub fn look(&self) -> Result<Sight, Failure> {
        let mut texts = Vec::new();
        let mut add = |name: &str, text: String| texts.push((name.to_owned(), text));
        self.look_at_inputs(&mut add)?;
        self.look_at_screen(&mut add);
        for (name, log) in LOGS.iter().zip(self.logs) {
            add(name, format!("{}", read(log)));
        }
        let kept = sys!(SYS_ioctl, self.log_kept, LENGTH, 0);
        add("length of the log", kept.to_string());
        for (name, class, files) in [
            (
                "",
                "graphics",
                &["blank", "bits_per_pixel", "pan", "mode", "virtual_size"][..],
            ),
            ("", "leds", &["brightness", "trigger"]),
            (
                "",
                "backlight",
                &["brightness", "actual_brightness", "bl_power"],
            ),
            ("", "lcd", &["lcd_power", "contrast"]),
            ("rtc0", "rtc", &["wakealarm", "max_user_freq"]),
        ] {
            for path in files.iter().flat_map(|file| of_class(class, name, file)) {
                add(&path, text(&path));
            }
        }
        let about = text("/proc/driver/rtc");
        let lines = about.lines().filter(|line| !line.starts_with("rtc_"));
        add("/proc/driver/rtc", lines.collect::<Vec<_>>().join("; "));
        for file in [ACTIVE, TAG] {
            let path = file.to_string_lossy();
            // Only the root may look.
            add(&path, text(&path));
        }
        let moments = self.look_at_clocks(&mut add)?;
        Ok(Sight { texts, moments })
    }

    fn look_at_inputs(&self, add: &mut dyn FnMut(&str, String)) -> Result<(), Failure> {
        for (file, name) in self.inputs.iter().zip([KEYBOARD, MOUSE, TABLET]) {
            add(name, format!("{:?} {:?}", file.events(), file.keys()?));
        }
        let [keyboard, _, tablet] = &self.inputs;
        let (mut repeat, mut code, mut axis) = ([0_i32; 2], [30_u32, 0], [0_i32; 6]);
        sys!(SYS_ioctl, keyboard.number, get(3, 8), &mut repeat);
        sys!(SYS_ioctl, keyboard.number, get(4, 8), &mut code);
        sys!(SYS_ioctl, tablet.number, get(0x40, 24), &mut axis);
        add("repetition", format!("{repeat:?}"));
        add("key code", format!("{code:?}"));
        add("axis", format!("{axis:?}"));
        add("lamps", format!("{:?}", keyboard.leds()?));
        Ok(())
    }

    fn look_at_screen(&self, add: &mut dyn FnMut(&str, String)) {
        let (mut var, mut pixels) = ([0_u32; 40], [0_u8; 4096]);
        sys!(SYS_ioctl, self.screen, GET_VAR, &mut var);
        sys!(SYS_pread64, self.screen, &mut pixels, pixels.len(), 0);
        let colors = [[0_u16; 16]; 3];
        sys!(SYS_ioctl, self.screen, GET_COLORS, &color_map(&colors));
        add("mode", format!("{var:?}"));
        let drawn = pixels.iter().enumerate().filter(|(_, byte)| **byte != 0);
        add("pixels", format!("{:?}", drawn.collect::<Vec<_>>()));
        add("colours", format!("{:?}", std::hint::black_box(&colors)));
    }

    fn look_at_clocks(
        &self,
        add: &mut dyn FnMut(&str, String),
    ) -> Result<Vec<(&'static str, i64)>, Failure> {
        let mut time = [0_i64; 2];
        sys!(SYS_clock_gettime, CLOCK_REALTIME, &mut time);
        let uptime = now() / 1_000_000_000;
        let mut moments = vec![("time of day", time[0] - uptime)];
        let own;
        let clock = match &self.owns {
            Some((clock, _)) => clock,
            None => match Clock::open() {
                Ok(clock) => {
                    own = clock;
                    &own
                }
                Err(_) => {
                    add("clock", "taken".into());
                    return Ok(moments);
                }
            },
        };
        let (mut alarm, mut hertz) = (WakeAlarm::default(), 0_u64);
        sys!(SYS_ioctl, clock.fd, RTC_WKALM_RD, &mut alarm);
        sys!(SYS_ioctl, clock.fd, RTC_IRQP_READ, &mut hertz);
        add("clock", "free".into());
        add("interrupts", format!("{:#x}", clock.wait(0)?));
        add("alarm is on", alarm[0].to_string());
        add("rate", hertz.to_string());
        moments.push(("clock", clock.seconds()? - uptime));
        let mut when = [0; 9];
        when.copy_from_slice(&alarm[1..]);
        moments.push(("alarm", seconds(&when)));
        Ok(moments)
    }

    /// Does something with everything; what became of it. [`View::calm`] undoes it.
    pub fn act(&self) -> Result<Vec<String>, Failure> {
        let [keyboard, mouse, tablet] = &self.inputs;
        keyboard.write(&key(KEY_B, 1));
        mouse.write(&[(EV_REL, 0, 3), REPORT]);
        // Where it is already, the pointer does not come.
        tablet.write(&[(EV_ABS, 0, 1), REPORT, (EV_ABS, 0, PLACE), REPORT]);
        sys!(SYS_pwrite64, self.screen, &[PIXEL], 1, PIXEL_AT);
        store_in_all(&of_class("leds", "capslock", "brightness"), "1\n");
        for name in LOGS {
            store(&format!("/dev/log/{name}"), "\x04tag\0a secret\0");
        }
        let events = |file: &File| format!("{:?}", file.events());
        let mut seen: Vec<_> = self.inputs.iter().map(events).collect();
        seen.extend(self.logs.map(|log| format!("{}", read(log))));
        if let Some((clock, alarms)) = &self.owns {
            clock.set_alarm(clock.seconds()? - 5);
            seen.push(format!("{:#x}", clock.wait(5_000)?));
            clock.set_alarm(clock.seconds()? + ALARM);
            let answer = alarms.set(alarms::SET_AND_WAIT, alarms::ELAPSED, -1);
            seen.push(format!("{answer:#x}"));
            alarms.set(alarms::SET, alarms::RTC, 7_000_000);
            // It has come, and stays to be told.
            alarms.set(alarms::SET, alarms::ELAPSED_WAKEUP, -1);
        } else if let Ok(alarms) = Alarms::open() {
            let answer = alarms.set(alarms::SET_AND_WAIT, alarms::ELAPSED, -1);
            seen.push(format!("{answer:#x}"));
            let clock = Clock::open();
            seen.push(format!("{:?}", clock.is_ok()));
            if let Ok(clock) = clock {
                clock.set_alarm(clock.seconds()? + ALARM);
            }
        }
        Ok(seen)
    }

    /// As before: at rest, caps lock and scroll lock are dark, num lock is lit, the panel shines as
    /// much as it can, and the clock's alarm is on.
    ///
    /// # Errors
    /// What the clock answered.
    pub fn calm(&self) -> Result<(), Failure> {
        let [keyboard, _, tablet] = &self.inputs;
        keyboard.write(&key(KEY_B, 0));
        tablet.write(&[(EV_ABS, 0, 1), REPORT]);
        sys!(SYS_pwrite64, self.screen, &[0_u8], 1, PIXEL_AT);
        for (name, value) in [
            ("capslock", "0\n"),
            ("scrolllock", "0\n"),
            ("numlock", "1\n"),
        ] {
            store_in_all(&of_class("leds", name, "brightness"), value);
        }
        for (class, file, from) in [
            ("backlight", "brightness", Some("max_brightness")),
            ("backlight", "bl_power", None),
            ("lcd", "contrast", Some("max_contrast")),
            ("lcd", "lcd_power", None),
        ] {
            for path in of_class(class, "", "") {
                let value = from.map_or("0\n".into(), |from| text(&format!("{path}{from}")));
                store(&format!("{path}{file}"), &value);
            }
        }
        if let Some((_, alarms)) = &self.owns {
            alarms.call(alarms::CLEAR, alarms::ELAPSED_WAKEUP, 0);
        }
        let own = self.owns.is_none().then(|| Clock::open().ok()).flatten();
        let clock = self.owns.as_ref().map(|(clock, _)| clock).or(own.as_ref());
        if let Some(clock) = clock {
            clock.set_alarm(clock.seconds()? + ALARM);
        }
        for file in &self.inputs {
            file.events();
        }
        for log in self.logs {
            while read(log) > 0 {}
        }
        Ok(())
    }
}
