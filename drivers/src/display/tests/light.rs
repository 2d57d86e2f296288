//! What the backlight and the LCD do to what is seen, on both panels.

use super::*;
use crate::display::light::Light;
use crate::light::mux::Outcome;
use crate::light::panel::PanelLight;
use crate::light::persona::{LightHandle, Policy, register as register_lights};
use crate::light::setting::Setting;
use abi::framebuffer::FBIO_WAITFORVSYNC;

/// A house with lights.
struct LitHouse {
    house: House,
    lights: Arc<LightHandle>,
    panel: PanelLight,
}

impl LitHouse {
    fn new(house: House, policy: Policy) -> Self {
        let lights = register_lights(&house.foreground, policy).unwrap();
        let panel = PanelLight::new(&house.display, &lights);
        Self {
            house,
            lights,
            panel,
        }
    }

    fn store(&self, index: usize, setting: &Arc<Setting>, text: &str) -> Result<Outcome, Errno> {
        let (foreground, persona) = (&self.house.foreground, &self.house.personas[index]);
        self.lights
            .store(foreground, persona, setting, text.as_bytes())
    }

    fn dim(&self, index: usize, text: &str) -> Result<Outcome, Errno> {
        self.store(index, &self.panel.brightness, text)
    }

    fn expect(&self, screen: &Framebuffer) {
        self.house.settle();
        let drawn = picture(screen);
        let light = self.house.display.light();
        assert_eq!(self.house.seen(), Some(shaded(drawn, &light)));
    }
}

fn lit(policy: Policy) -> impl Iterator<Item = LitHouse> {
    both()
        .into_iter()
        .map(move |house| LitHouse::new(house, policy))
}

/// What is seen of a picture, by the formula of the page.
fn shaded(mut picture: Picture, light: &Light) -> Picture {
    for intensity in picture.pixels.as_flattened_mut() {
        let (brightness, contrast) = (light.brightness, light.contrast);
        let crystal = (u32::from(*intensity) * contrast + 128 * (255 - contrast) + 127) / 255;
        *intensity = ((crystal * brightness + 127) / 255) as u8;
    }
    picture
}

#[test]
fn brightness_and_contrast_change_what_is_seen_and_nothing_that_is_drawn() {
    for house in lit(Policy::Ignore) {
        let screen = house.house.open(0);
        draw(&screen, 0, 200, 64 * 40);
        for (setting, value) in [
            (&house.panel.brightness, "128"),
            (&house.panel.contrast, "0x40"),
            (&house.panel.brightness, "255"),
            (&house.panel.brightness, "0"),
            (&house.panel.contrast, "255"),
        ] {
            assert_eq!(house.store(0, setting, value), Ok(Outcome::Done));
            house.expect(&screen);
        }
        assert!(
            house
                .house
                .seen()
                .unwrap()
                .pixels
                .iter()
                .all(|pixel| *pixel == [0; 3])
        );
        assert_eq!(house.dim(0, "100"), Ok(Outcome::Done));
        draw(&screen, 4096, 90, 700);
        house.expect(&screen);
        let mut drawn = [0; 4];
        screen.memory().read(0, &mut drawn);
        assert_eq!(drawn, [200; 4]);
    }
}

#[test]
fn in_all_the_light_a_screen_is_shown_itself_and_the_shadow_is_gone() {
    for house in lit(Policy::Ignore) {
        let screen = house.house.open(0);
        let in_use = house.house.machine.in_use();
        draw(&screen, 0, 7, 100);
        house.house.settle();
        assert_eq!(
            house.house.machine.in_use(),
            in_use,
            "no copy in all the light"
        );
        house.dim(0, "10").unwrap();
        house.expect(&screen);
        assert_eq!(house.house.machine.in_use(), in_use + 1);
        house.dim(0, "255").unwrap();
        house.expect(&screen);
        assert_eq!(house.house.machine.in_use(), in_use);
        draw(&screen, 0, 70, 100);
        house.expect(&screen);
    }
}

#[test]
fn switches_pans_and_modes_are_seen_in_the_same_light() {
    for house in lit(Policy::Ignore) {
        let screens = [0, 1].map(|index| house.house.open(index));
        draw(&screens[0], 0, 200, 64 * 96);
        draw(&screens[1], 0, 100, 64 * 96);
        house.dim(0, "77").unwrap();
        house.expect(&screens[0]);
        house.house.switch(1);
        house.expect(&screens[1]);
        assert_eq!(house.dim(0, "255"), Ok(Outcome::Ignored));
        house.expect(&screens[1]);
        house.house.switch(2);
        house.house.settle();
        assert_eq!(house.house.seen(), None, "who has no screen sees nobody's");
        house.house.switch(0);
        house.expect(&screens[0]);
        let smaller = VarScreenInfo {
            yres: 80,
            yoffset: 16,
            ..screens[0].var()
        };
        screens[0].set_mode(&smaller).unwrap();
        house.expect(&screens[0]);
        let panned = VarScreenInfo {
            yoffset: 3,
            ..smaller
        };
        draw(&screens[0], 64 * 4 * 90, 33, 64);
        screens[0].pan(&panned).unwrap();
        house.expect(&screens[0]);
    }
}

#[test]
fn a_program_that_waits_for_its_picture_sees_it_in_the_light_there_is() {
    let house = LitHouse::new(House::with_bochs(1 << 20), Policy::Ignore);
    let screen = house.house.open(0);
    house.dim(0, "51").unwrap();
    house.house.settle();
    draw(&screen, 0, 100, 64);
    screen
        .ioctl(&Program::default(), FBIO_WAITFORVSYNC, 0)
        .unwrap();
    assert_eq!(house.house.seen().unwrap().pixels[0], [20; 3]);
}

#[test]
fn a_blank_screen_and_the_powers_agree_as_on_linux() {
    for house in lit(Policy::Ignore) {
        let screen = house.house.open(0);
        let panel = &house.panel;
        house.dim(0, "200").unwrap();
        let states = || {
            let power = panel.backlight_power.value();
            (power, panel.lcd_power.value(), panel.actual_brightness())
        };
        let is_dark = || {
            house.house.settle();
            house.house.seen().is_none()
        };
        assert_eq!((states(), is_dark()), ((0, 0, 200), false));
        screen.blank(4).unwrap();
        assert_eq!((states(), is_dark()), ((0, 4, 0), true));
        // The LCD can be asked apart, and the screen stays blank.
        house.store(0, &panel.lcd_power, "0").unwrap();
        assert_eq!((states(), is_dark()), ((0, 0, 0), true));
        house.store(0, &panel.backlight_power, "4").unwrap();
        screen.blank(0).unwrap();
        assert_eq!((states(), is_dark()), ((4, 0, 0), true));
        house.store(0, &panel.backlight_power, "0").unwrap();
        assert_eq!((states(), is_dark()), ((0, 0, 200), false));
        house.store(0, &panel.lcd_power, "4").unwrap();
        assert_eq!((states(), is_dark()), ((0, 4, 200), true));
        screen.blank(0).unwrap();
        assert_eq!((states(), is_dark()), ((0, 0, 200), false));
        house.expect(&screen);
    }
}

#[test]
fn the_background_blanks_its_own_screen_only() {
    let house = LitHouse::new(House::with_gpu(), Policy::Ignore);
    let screens = [0, 1].map(|index| house.house.open(index));
    screens[1].blank(4).unwrap();
    assert_eq!(house.panel.lcd_power.value(), 0);
    house.expect(&screens[0]);
    assert_eq!(
        house.store(1, &house.panel.lcd_power, "4"),
        Ok(Outcome::Ignored)
    );
    house.expect(&screens[0]);
    house.house.switch(1);
    assert_eq!(house.panel.lcd_power.value(), 4);
    assert_eq!(house.panel.actual_brightness(), 0);
    house.house.switch(0);
    assert_eq!(house.panel.lcd_power.value(), 0);
    house.expect(&screens[0]);
}

#[test]
fn what_is_above_the_maximum_is_refused_in_front_and_behind() {
    let house = LitHouse::new(House::with_gpu(), Policy::Ignore);
    for index in [0, 1] {
        for setting in [&house.panel.brightness, &house.panel.contrast] {
            assert_eq!(house.store(index, setting, "256"), Err(Errno::EINVAL));
            assert_eq!(house.store(index, setting, "0x"), Err(Errno::EINVAL));
        }
    }
}

#[test]
fn each_persona_finds_its_own_light_where_wishes_are_remembered() {
    for house in lit(Policy::Remember) {
        let screens = [0, 1].map(|index| house.house.open(index));
        draw(&screens[0], 0, 255, 64 * 96);
        draw(&screens[1], 0, 255, 64 * 96);
        assert_eq!(house.dim(0, "200"), Ok(Outcome::Done));
        assert_eq!(house.dim(1, "20"), Ok(Outcome::Kept));
        house.expect(&screens[0]);
        assert_eq!(house.house.seen().unwrap().pixels[0], [200; 3]);
        house.house.switch(1);
        house.expect(&screens[1]);
        assert_eq!(house.house.seen().unwrap().pixels[0], [20; 3]);
        house.house.switch(0);
        house.expect(&screens[0]);
        assert_eq!(house.house.seen().unwrap().pixels[0], [200; 3]);
    }
}
