//! Terminal settings and window size, as `ioctl(2)` on a terminal passes them.
//!
//! Source: `ioctl_tty(2)`, `termios(3)`, Linux's `asm-generic/termbits.h`.
use crate::raw::general;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// How many control characters a terminal has (`c_cc`).
pub const CONTROL_CHARACTERS: usize = 19;

/// The control character slot's value that means "no such character".
pub const DISABLED: u8 = 0;

/// `struct termios` of `TCGETS` and `TCSETS*` (not the larger one of the C library).
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
pub struct Termios {
    /// Input modes (`ICRNL`, `IXON`, …).
    pub c_iflag: u32,
    /// Output modes (`OPOST`, `ONLCR`, …).
    pub c_oflag: u32,
    /// Control modes (speed, character size, …).
    pub c_cflag: u32,
    /// Local modes (`ICANON`, `ECHO`, `ISIG`, …).
    pub c_lflag: u32,
    /// Line discipline; 0 is the ordinary one.
    pub c_line: u8,
    /// Control characters, indexed by `VINTR`, `VEOF`, ….
    pub c_cc: [u8; CONTROL_CHARACTERS],
}

/// `struct termios2` of `TCGETS2` and `TCSETS*2`: the same with the speeds as numbers.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
pub struct Termios2 {
    /// All that `struct termios` has.
    pub base: Termios,
    /// Input speed in bits per second.
    pub c_ispeed: u32,
    /// Output speed in bits per second.
    pub c_ospeed: u32,
}

/// `struct termio`, the System V ancestor, of `TCGETA` and `TCSETA*`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
pub struct Termio {
    /// Low half of the input modes.
    pub c_iflag: u16,
    /// Low half of the output modes.
    pub c_oflag: u16,
    /// Low half of the control modes.
    pub c_cflag: u16,
    /// Low half of the local modes.
    pub c_lflag: u16,
    /// Line discipline.
    pub c_line: u8,
    /// The first eight control characters.
    pub c_cc: [u8; 8],
    /// Fills the structure to its size in C; zero.
    pub padding: u8,
}

/// `struct winsize` of `TIOCGWINSZ` and `TIOCSWINSZ`.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct Winsize {
    /// Rows, in characters.
    pub ws_row: u16,
    /// Columns, in characters.
    pub ws_col: u16,
    /// Width in pixels; 0 when unknown.
    pub ws_xpixel: u16,
    /// Height in pixels; 0 when unknown.
    pub ws_ypixel: u16,
}

/// The speeds that have a code of their own in `c_cflag`, slowest first.
const SPEEDS: [(u32, u32); 31] = [
    (general::B0, 0),
    (general::B50, 50),
    (general::B75, 75),
    (general::B110, 110),
    (general::B134, 134),
    (general::B150, 150),
    (general::B200, 200),
    (general::B300, 300),
    (general::B600, 600),
    (general::B1200, 1_200),
    (general::B1800, 1_800),
    (general::B2400, 2_400),
    (general::B4800, 4_800),
    (general::B9600, 9_600),
    (general::B19200, 19_200),
    (general::B38400, 38_400),
    (general::B57600, 57_600),
    (general::B115200, 115_200),
    (general::B230400, 230_400),
    (general::B460800, 460_800),
    (general::B500000, 500_000),
    (general::B576000, 576_000),
    (general::B921600, 921_600),
    (general::B1000000, 1_000_000),
    (general::B1152000, 1_152_000),
    (general::B1500000, 1_500_000),
    (general::B2000000, 2_000_000),
    (general::B2500000, 2_500_000),
    (general::B3000000, 3_000_000),
    (general::B3500000, 3_500_000),
    (general::B4000000, 4_000_000),
];

/// The speed in bits per second that a `CBAUD` code stands for; none for `BOTHER`.
fn speed_of_code(code: u32) -> Option<u32> {
    SPEEDS
        .iter()
        .find(|(known, _)| *known == code)
        .map(|(_, speed)| *speed)
}

/// The `CBAUD` code of a speed in bits per second; `BOTHER` where it has none.
fn code_of_speed(speed: u32) -> u32 {
    SPEEDS
        .iter()
        .find(|(_, known)| *known == speed)
        .map_or(general::BOTHER, |(code, _)| *code)
}

impl Termios {
    /// Whether all the bits of `flag` are set in the input modes.
    pub const fn input(&self, flag: u32) -> bool {
        self.c_iflag & flag == flag
    }

    /// Whether all the bits of `flag` are set in the output modes.
    pub const fn output(&self, flag: u32) -> bool {
        self.c_oflag & flag == flag
    }

    /// Whether all the bits of `flag` are set in the local modes.
    pub const fn local(&self, flag: u32) -> bool {
        self.c_lflag & flag == flag
    }

    /// The control character at `index` (`VINTR`, …); none when it is disabled.
    pub fn character(&self, index: u32) -> Option<u8> {
        self.c_cc
            .get(index as usize)
            .copied()
            .filter(|&character| character != DISABLED)
    }
}

impl Termios2 {
    /// The settings a new terminal has on Linux: `stty sane` at 38400 bits per second.
    pub const INITIAL: Self = {
        use general::*;
        let mut c_cc = [DISABLED; CONTROL_CHARACTERS];
        c_cc[VINTR as usize] = 0x03;
        c_cc[VQUIT as usize] = 0x1c;
        c_cc[VERASE as usize] = 0x7f;
        c_cc[VKILL as usize] = 0x15;
        c_cc[VEOF as usize] = 0x04;
        c_cc[VMIN as usize] = 1;
        c_cc[VSTART as usize] = 0x11;
        c_cc[VSTOP as usize] = 0x13;
        c_cc[VSUSP as usize] = 0x1a;
        c_cc[VREPRINT as usize] = 0x12;
        c_cc[VDISCARD as usize] = 0x0f;
        c_cc[VWERASE as usize] = 0x17;
        c_cc[VLNEXT as usize] = 0x16;
        Self {
            base: Termios {
                c_iflag: ICRNL | IXON,
                c_oflag: OPOST | ONLCR,
                c_cflag: B38400 | CS8 | CREAD | HUPCL,
                c_lflag: ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
                c_line: 0,
                c_cc,
            },
            c_ispeed: 38_400,
            c_ospeed: 38_400,
        }
    };

    /// These settings with other modes, the speeds taken from the codes in `c_cflag`
    /// (a `BOTHER` code leaves the speed as it is).
    pub fn with_base(&self, base: Termios) -> Self {
        let output = speed_of_code(base.c_cflag & general::CBAUD).unwrap_or(self.c_ospeed);
        let input_code = (base.c_cflag & general::CIBAUD) >> general::IBSHIFT;
        let input = match input_code {
            general::B0 => output,
            code => speed_of_code(code).unwrap_or(self.c_ispeed),
        };
        Self {
            base,
            c_ispeed: input,
            c_ospeed: output,
        }
    }

    /// These settings with the speed codes in `c_cflag` and the numbers made to agree: a number
    /// given with `BOTHER` that has a code of its own gets that code.
    pub fn normalised(&self) -> Self {
        if self.base.c_cflag & general::CBAUD != general::BOTHER {
            return self.with_base(self.base);
        }
        let mut result = *self;
        result.base.c_cflag &= !general::CBAUD;
        result.base.c_cflag |= code_of_speed(self.c_ospeed);
        result
    }
}

impl Termio {
    /// The settings as System V programs see them.
    pub fn from_termios(termios: &Termios) -> Self {
        let mut c_cc = [0; 8];
        c_cc.copy_from_slice(&termios.c_cc[..8]);
        Self {
            c_iflag: termios.c_iflag as u16,
            c_oflag: termios.c_oflag as u16,
            c_cflag: termios.c_cflag as u16,
            c_lflag: termios.c_lflag as u16,
            c_line: termios.c_line,
            c_cc,
            padding: 0,
        }
    }

    /// `termios` with the halves that this structure carries replaced.
    pub fn apply(&self, termios: &Termios) -> Termios {
        let low = |old: u32, new: u16| (old & 0xffff_0000) | u32::from(new);
        let mut result = Termios {
            c_iflag: low(termios.c_iflag, self.c_iflag),
            c_oflag: low(termios.c_oflag, self.c_oflag),
            c_cflag: low(termios.c_cflag, self.c_cflag),
            c_lflag: low(termios.c_lflag, self.c_lflag),
            c_line: self.c_line,
            c_cc: termios.c_cc,
        };
        result.c_cc[..8].copy_from_slice(&self.c_cc);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::size_of;

    #[test]
    fn sizes_are_those_of_the_linux_headers() {
        assert_eq!(size_of::<Termios>(), 36);
        assert_eq!(size_of::<Termios2>(), 44);
        assert_eq!(size_of::<Termio>(), 18);
        assert_eq!(size_of::<Winsize>(), 8);
    }

    #[test]
    fn speed_follows_the_code() {
        let mut base = Termios2::INITIAL.base;
        base.c_cflag = (base.c_cflag & !general::CBAUD) | general::B115200;
        let changed = Termios2::INITIAL.with_base(base);
        assert_eq!((changed.c_ispeed, changed.c_ospeed), (115_200, 115_200));
    }

    #[test]
    fn a_number_with_a_code_gets_its_code() {
        let mut settings = Termios2::INITIAL;
        settings.base.c_cflag = (settings.base.c_cflag & !general::CBAUD) | general::BOTHER;
        settings.c_ospeed = 9_600;
        assert_eq!(
            settings.normalised().base.c_cflag & general::CBAUD,
            general::B9600
        );
        settings.c_ospeed = 12_345;
        assert_eq!(
            settings.normalised().base.c_cflag & general::CBAUD,
            general::BOTHER
        );
        assert_eq!(settings.normalised().c_ospeed, 12_345);
    }

    #[test]
    fn termio_keeps_the_upper_halves() {
        let mut termios = Termios2::INITIAL.base;
        termios.c_lflag |= general::EXTPROC;
        let termio = Termio::from_termios(&termios);
        assert_eq!(termio.apply(&termios), termios);
    }
}
