//! What the calls on files pass: `stat(2)`, `statx(2)`, `statfs(2)`, `getdents64(2)`, `fcntl(2)`,
//! `openat2(2)`, `poll(2)`, `utime(2)`, `readv(2)`.
use crate::time::Timespec;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Flag of `close_range(2)`: give the caller a table of its own first.
pub const CLOSE_RANGE_UNSHARE: u32 = 1 << 1;
/// Flag of `close_range(2)`: mark instead of closing.
pub const CLOSE_RANGE_CLOEXEC: u32 = 1 << 2;

/// `struct stat` of x86-64.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct Stat {
    /// The device that holds the file.
    pub st_dev: u64,
    /// Inode number.
    pub st_ino: u64,
    /// How many names the file has.
    pub st_nlink: u64,
    /// Kind and permissions (`S_IF*`, then 12 bits).
    pub st_mode: u32,
    /// Its user.
    pub st_uid: u32,
    /// Its group.
    pub st_gid: u32,
    /// Zero.
    pub padding: u32,
    /// The device that it is, for a device file.
    pub st_rdev: u64,
    /// Bytes.
    pub st_size: i64,
    /// The size of transfers that suits it best, in bytes.
    pub st_blksize: i64,
    /// What it takes up, in units of 512 bytes.
    pub st_blocks: i64,
    /// Last read.
    pub st_atim: Timespec,
    /// Last change of the contents.
    pub st_mtim: Timespec,
    /// Last change of the inode.
    pub st_ctim: Timespec,
    /// Zero.
    pub reserved: [i64; 3],
}

/// `struct statx_timestamp`.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct StatxTimestamp {
    /// Seconds since 1970.
    pub tv_sec: i64,
    /// Nanoseconds.
    pub tv_nsec: u32,
    /// Zero.
    pub reserved: i32,
}

/// `struct statx`.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct Statx {
    /// Which of the fields hold something (`STATX_*`).
    pub stx_mask: u32,
    /// The size of transfers that suits the file best, in bytes.
    pub stx_blksize: u32,
    /// `STATX_ATTR_*`.
    pub stx_attributes: u64,
    /// How many names the file has.
    pub stx_nlink: u32,
    /// Its user.
    pub stx_uid: u32,
    /// Its group.
    pub stx_gid: u32,
    /// Kind and permissions (`S_IF*`, then 12 bits).
    pub stx_mode: u16,
    /// Zero.
    pub padding: u16,
    /// Inode number.
    pub stx_ino: u64,
    /// Bytes.
    pub stx_size: u64,
    /// What it takes up, in units of 512 bytes.
    pub stx_blocks: u64,
    /// Which of the attributes mean something here.
    pub stx_attributes_mask: u64,
    /// Last read.
    pub stx_atime: StatxTimestamp,
    /// When the file was made.
    pub stx_btime: StatxTimestamp,
    /// Last change of the inode.
    pub stx_ctime: StatxTimestamp,
    /// Last change of the contents.
    pub stx_mtime: StatxTimestamp,
    /// The device that it is, for a device file: the major number.
    pub stx_rdev_major: u32,
    /// And the minor number.
    pub stx_rdev_minor: u32,
    /// The device that holds the file: the major number.
    pub stx_dev_major: u32,
    /// And the minor number.
    pub stx_dev_minor: u32,
    /// The mount by which it was found.
    pub stx_mnt_id: u64,
    /// How direct transfers must be aligned in memory; 0, there are none.
    pub stx_dio_mem_align: u32,
    /// And in the file.
    pub stx_dio_offset_align: u32,
    /// Zero.
    pub reserved: [u64; 12],
}

/// `struct statfs` of x86-64.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct Statfs {
    /// The magic number of the kind of file system.
    pub f_type: i64,
    /// The size of transfers that suits it best, in bytes.
    pub f_bsize: i64,
    /// How many blocks it has.
    pub f_blocks: u64,
    /// How many are free.
    pub f_bfree: u64,
    /// How many of them anyone may have.
    pub f_bavail: u64,
    /// How many inodes it has.
    pub f_files: u64,
    /// How many are free.
    pub f_ffree: u64,
    /// A number of its own.
    pub f_fsid: [i32; 2],
    /// The longest name, in bytes.
    pub f_namelen: i64,
    /// The size of a block, in bytes.
    pub f_frsize: i64,
    /// How it is mounted (`ST_*`).
    pub f_flags: i64,
    /// Zero.
    pub f_spare: [i64; 4],
}

/// The fixed part of `struct linux_dirent64`; the name and its NUL follow at byte 19.
#[repr(C, packed)]
#[derive(Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable)]
pub struct DirectoryEntry64 {
    /// Inode number.
    pub d_ino: u64,
    /// Where the next entry is: what `lseek(2)` takes.
    pub d_off: i64,
    /// Bytes of this entry, name and padding included.
    pub d_reclen: u16,
    /// Kind of file (`DT_*`).
    pub d_type: u8,
}

/// `struct flock` of x86-64.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct Flock {
    /// `F_RDLCK`, `F_WRLCK` or `F_UNLCK`.
    pub l_type: i16,
    /// What the start counts from (`SEEK_*`).
    pub l_whence: i16,
    /// Not read.
    pub padding: u32,
    /// Where the range starts, in bytes.
    pub l_start: i64,
    /// How many bytes it has; 0 reaches to the end, a negative one lies before the start.
    pub l_len: i64,
    /// Who holds the lock that stands in the way.
    pub l_pid: i32,
    /// Not read.
    pub tail: u32,
}

/// `struct f_owner_ex` of `F_SETOWN_EX`.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct FileOwnerEx {
    /// `F_OWNER_TID`, `F_OWNER_PID` or `F_OWNER_PGRP`.
    pub owner_type: i32,
    /// The thread, process or group.
    pub pid: i32,
}

/// `struct open_how` of `openat2(2)`.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct OpenHow {
    /// `O_*`.
    pub flags: u64,
    /// Permission bits of a created file.
    pub mode: u64,
    /// `RESOLVE_*`.
    pub resolve: u64,
}

/// `struct iovec`.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct Iovec {
    /// Where the bytes are.
    pub iov_base: u64,
    /// How many.
    pub iov_len: u64,
}

/// `struct pollfd`.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct PollFd {
    /// The descriptor; a negative one is passed over.
    pub fd: i32,
    /// Events asked for.
    pub events: i16,
    /// Events that came.
    pub revents: i16,
}

/// `struct epoll_event`, which x86-64 packs: 12 bytes.
#[repr(C, packed)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct EpollEvent {
    /// EPOLL* bits: what is asked for and how, or what came.
    pub events: u32,
    /// The program's own word, given back with each event.
    pub data: u64,
}

/// `struct utimbuf` of `utime(2)`.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable,
)]
pub struct Utimbuf {
    /// Access time in seconds.
    pub actime: i64,
    /// Modification time in seconds.
    pub modtime: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_linux() {
        assert_eq!(size_of::<Stat>(), 144);
        assert_eq!(size_of::<Statx>(), 256);
        assert_eq!(size_of::<Statfs>(), 120);
        assert_eq!(size_of::<DirectoryEntry64>(), 19);
        assert_eq!(size_of::<Flock>(), 32);
        assert_eq!(size_of::<OpenHow>(), 24);
        assert_eq!(size_of::<PollFd>(), 8);
        assert_eq!(size_of::<Iovec>(), 16);
        assert_eq!(core::mem::offset_of!(Stat, st_rdev), 40);
        assert_eq!(core::mem::offset_of!(Statx, stx_mnt_id), 144);
    }
}
