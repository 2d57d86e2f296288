//! Whatever personas do at once, nobody sees another's pixels.

use abi::framebuffer::VarScreenInfo;
use proptest::prelude::*;

use super::super::fbdev::mode;
use super::{Hardware, Picture, Size, both, doubled, draw, picture, widened, write};

/// The byte that each persona draws with, over and over: another in each mode's pixels too.
const COLORS: [u8; 3] = [0x11, 0x22, 0x44];

/// Whether nobody but one has drawn what is seen.
fn is_of_one(seen: &Picture) -> bool {
    let of = |color: u8| {
        let narrow = widened(&[color; 2]);
        let all = [color; 3];
        move |pixel: &[u8; 3]| *pixel == [0; 3] || *pixel == all || *pixel == narrow[..3]
    };
    COLORS
        .iter()
        .any(|color| seen.pixels.iter().all(of(*color)))
}

/// A mode.
struct Mode(u32, u32, u32);

impl Mode {
    fn var(&self) -> VarScreenInfo {
        let Self(width, height, bits_per_pixel) = *self;
        VarScreenInfo {
            bits_per_pixel,
            ..mode::var_of(Size { width, height })
        }
    }
}

/// Modes that may be changed to, on all of the panels.
const MODES: [Mode; 4] = [
    Mode(64, 96, 32),
    Mode(64, 96, 16),
    Mode(64, 64, 32),
    Mode(64, 64, 16),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Each persona draws in its own colour only: whatever happens, an eye sees the colours of
    /// one, and when all is done, those of who is in front.
    #[test]
    fn nobody_sees_anothers_pixels(
        panel in 0_usize..3,
        steps in proptest::collection::vec((0_usize..7, 0_usize..3, 0_usize..6000), 1..40),
    ) {
        let house = both().into_iter().nth(panel).unwrap();
        let screens = [house.open(0), house.open(1), house.open(2)];
        let mut front = 0;
        for (action, who, place) in steps {
            let screen = &screens[who];
            match action {
                0 | 1 => {
                    house.switch(who);
                    front = who;
                }
                2 => draw(screen, place * 4, COLORS[who], 100),
                3 => {
                    let var = screen.set_mode(&doubled(screen)).unwrap_or(screen.var());
                    let yoffset = (place % 97) as u32;
                    let _refused = screen.pan(&VarScreenInfo { yoffset, ..var });
                }
                4 => write(screen, place * 8, COLORS[who], 100),
                5 => {
                    let _refused = screen.set_mode(&MODES[place % MODES.len()].var());
                }
                _ => {
                    house.settle();
                    prop_assert_eq!(house.seen(), Some(picture(&screens[front])));
                }
            }
            if let Hardware::Gpu(gpu) = &house.hardware {
                gpu.lock().unwrap().step();
            }
            if let Some(seen) = house.seen() {
                prop_assert!(is_of_one(&seen), "{:?}", seen);
            }
        }
        house.settle();
        prop_assert_eq!(house.seen(), Some(picture(&screens[front])));
    }
}
