//! What input devices speak: `struct input_event` and its kin, the types and codes of events, and
//! the commands of `/dev/input/eventN`.
//!
//! Source: Linux's `Documentation/input/event-codes.rst` and `Documentation/input/input.rst`.
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// `struct input_event` of x86-64.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct InputEvent {
    /// When, on the clock the reader chose: seconds.
    pub seconds: i64,
    /// And microseconds.
    pub microseconds: i64,
    /// Its type (`EV_*`).
    pub kind: u16,
    /// Which key, axis, light … of that type.
    pub code: u16,
    /// Its new value, or by how much it moved.
    pub value: i32,
}

/// `struct input_id`.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct InputId {
    /// How it is attached (`BUS_*`).
    pub bus: u16,
    /// Who made it.
    pub vendor: u16,
    /// What it is.
    pub product: u16,
    /// Which version.
    pub version: u16,
}

/// `struct input_absinfo`.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct AbsInfo {
    /// Where it is.
    pub value: i32,
    /// The least value.
    pub minimum: i32,
    /// The greatest value.
    pub maximum: i32,
    /// How much noise there is.
    pub fuzz: i32,
    /// How far around the middle nothing counts.
    pub flat: i32,
    /// Units in a millimetre.
    pub resolution: i32,
}

/// `struct input_keymap_entry`.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct KeymapEntry {
    /// `INPUT_KEYMAP_BY_INDEX`.
    pub flags: u8,
    /// How many bytes of `scancode` count.
    pub length: u8,
    /// Place in the map.
    pub index: u16,
    /// What the key means.
    pub keycode: u32,
    /// What the keyboard sends.
    pub scancode: [u8; 32],
}

/// `struct input_mask`.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct InputMask {
    /// The type whose codes are meant; 0 for the types themselves.
    pub kind: u32,
    /// Bytes at `codes`.
    pub codes_size: u32,
    /// Address of the bits.
    pub codes: u64,
}

/// `INPUT_KEYMAP_BY_INDEX`.
pub const KEYMAP_BY_INDEX: u8 = 1;
/// What `EVIOCGVERSION` answers: 1.0.1.
pub const EV_VERSION: i32 = 0x01_00_01;

macro_rules! numbers {
    ($type:ty: $($name:ident = $value:expr),* $(,)?) => {
        $(
            #[doc = concat!("`", stringify!($name), "`.")]
            pub const $name: $type = $value;
        )*
    };
}

numbers! { u16:
    EV_SYN = 0x00, EV_KEY = 0x01, EV_REL = 0x02, EV_ABS = 0x03, EV_MSC = 0x04, EV_SW = 0x05,
    EV_LED = 0x11, EV_SND = 0x12, EV_REP = 0x14, EV_FF = 0x15, EV_PWR = 0x16, EV_CNT = 0x20,
    SYN_REPORT = 0, SYN_CONFIG = 1, SYN_MT_REPORT = 2, SYN_DROPPED = 3,
    REL_X = 0, REL_Y = 1, REL_HWHEEL = 6, REL_WHEEL = 8, REL_CNT = 0x10,
    ABS_X = 0, ABS_Y = 1, ABS_MT_SLOT = 0x2f, ABS_CNT = 0x40,
    MSC_SCAN = 4, MSC_CNT = 8, SW_CNT = 0x11, SND_CNT = 8, FF_CNT = 0x80,
    LED_NUML = 0, LED_CAPSL = 1, LED_SCROLLL = 2, LED_CNT = 0x10,
    REP_DELAY = 0, REP_PERIOD = 1, INPUT_PROP_CNT = 0x20,
    KEY_CNT = 0x300, BUS_VIRTUAL = 0x06, BUS_I8042 = 0x11,
    KEY_RESERVED = 0, KEY_ESC = 1, KEY_A = 30, KEY_B = 48, KEY_F1 = 59, KEY_F10 = 68, KEY_F11 = 87, KEY_F12 = 88,
    KEY_LEFTCTRL = 29, KEY_LEFTSHIFT = 42, KEY_RIGHTSHIFT = 54, KEY_LEFTALT = 56,
    KEY_CAPSLOCK = 58, KEY_NUMLOCK = 69, KEY_SCROLLLOCK = 70,
    KEY_RIGHTCTRL = 97, KEY_MUTE = 113, KEY_SYSRQ = 99, KEY_RIGHTALT = 100, KEY_PAUSE = 119, KEY_LEFTMETA = 125, KEY_RIGHTMETA = 126,
    BTN_LEFT = 0x110, BTN_RIGHT = 0x111, BTN_MIDDLE = 0x112, BTN_SIDE = 0x113, BTN_EXTRA = 0x114,
    BTN_TOUCH = 0x14a,
}

/// The direction in an ioctl command: the program writes.
pub const IOC_WRITE: u32 = 1;
/// The direction in an ioctl command: the program reads.
pub const IOC_READ: u32 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structures_have_linuxs_sizes() {
        assert_eq!(size_of::<InputEvent>(), 24);
        assert_eq!(size_of::<AbsInfo>(), 24);
        assert_eq!(size_of::<KeymapEntry>(), 40);
        assert_eq!(size_of::<InputMask>(), 16);
    }
}
