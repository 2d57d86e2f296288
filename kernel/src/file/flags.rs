//! The flags of open(2), as a type. Source: open(2), fcntl(2).

use abi::raw::general;

/// `O_*` flags of an open file or of a request to open one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenFlags(u32);

impl OpenFlags {
    /// What fcntl(F_SETFL) can change by itself; FASYNC is the file's business.
    pub const SETTABLE: u32 =
        general::O_APPEND | general::O_DIRECT | general::O_NOATIME | general::O_NONBLOCK;
    /// What matters only while opening and is not kept.
    const OPENING_ONLY: u32 = general::O_CREAT
        | general::O_EXCL
        | general::O_NOCTTY
        | general::O_TRUNC
        | general::O_CLOEXEC;
    /// All that open(2) knows; it ignores the rest, as Linux does.
    const KNOWN: u32 = general::O_ACCMODE
        | Self::SETTABLE
        | general::FASYNC
        | Self::OPENING_ONLY
        | general::O_DSYNC
        | general::O_SYNC
        | general::O_LARGEFILE
        | general::O_DIRECTORY
        | general::O_NOFOLLOW
        | general::O_PATH
        | general::O_TMPFILE;

    /// The flags in the number that a program gave. With O_PATH only the few that go with it stay.
    pub fn from_raw(raw: u32) -> OpenFlags {
        if raw & general::O_PATH != 0 {
            let kept =
                general::O_PATH | general::O_DIRECTORY | general::O_NOFOLLOW | general::O_CLOEXEC;
            return OpenFlags(raw & kept);
        }
        OpenFlags(raw & Self::KNOWN)
    }

    /// Whether openat2(2) would refuse this number for unknown bits.
    pub fn has_unknown(raw: u64) -> bool {
        raw & !u64::from(Self::KNOWN) != 0
    }

    /// The number.
    pub fn raw(self) -> u32 {
        self.0
    }

    /// What stays with the open file: what fcntl(F_GETFL) shows.
    pub fn kept(self) -> OpenFlags {
        OpenFlags(self.0 & !Self::OPENING_ONLY)
    }

    /// Whether all of `bits` are set.
    pub fn has(self, bits: u32) -> bool {
        self.0 & bits == bits
    }

    /// O_RDONLY or O_RDWR. (Access mode 3 is for ioctl only: neither.)
    pub fn readable(self) -> bool {
        !self.path_only()
            && matches!(
                self.0 & general::O_ACCMODE,
                general::O_RDONLY | general::O_RDWR
            )
    }

    /// O_WRONLY or O_RDWR.
    pub fn writable(self) -> bool {
        !self.path_only()
            && matches!(
                self.0 & general::O_ACCMODE,
                general::O_WRONLY | general::O_RDWR
            )
    }

    /// Whether the request needs permission to read the file.
    pub fn asks_read(self) -> bool {
        self.readable() || self.0 & general::O_ACCMODE == general::O_ACCMODE
    }

    /// Whether the request needs permission to write the file.
    pub fn asks_write(self) -> bool {
        self.writable()
            || self.0 & general::O_ACCMODE == general::O_ACCMODE
            || self.has(general::O_TRUNC)
    }

    /// O_PATH: the file is only pointed at.
    pub fn path_only(self) -> bool {
        self.has(general::O_PATH)
    }

    /// O_NONBLOCK.
    pub fn nonblocking(self) -> bool {
        self.has(general::O_NONBLOCK)
    }

    /// O_APPEND.
    pub fn append(self) -> bool {
        self.has(general::O_APPEND)
    }

    /// O_CLOEXEC.
    pub fn close_on_exec(self) -> bool {
        self.has(general::O_CLOEXEC)
    }
}
