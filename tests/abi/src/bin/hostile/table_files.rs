//! The calls about files, with the kinds of their arguments.

use crate::argument::Argument::*;
use crate::argument::{DIRECTORY, FILE, PIPE, TERMINAL};
use crate::table::{Row, rows};
use libc::*;

/// One part of a vector of buffers: 16 bytes of the zeroed page.
const VECTOR: &[u64] = &[0x2000_0000, 16];
/// A vector whose only part leads into the kernel.
const BAD_VECTOR: &[u64] = &[0xffff_ffff_8000_0000, 16];
/// A time that is over at once.
const NO_WAIT: &[u64] = &[0, 0];
/// A read lock of the whole file.
const LOCK: &[u64] = &[0, 0, 0, 0];

/// The rows of this file.
pub const ROWS: &[Row] = rows![
    SYS_access: Path(c"file"), Number(0);
    SYS_chdir: Path(c"folder");
    SYS_chmod: Path(c"file"), Number(0o644);
    SYS_chown: Path(c"file"), Number(0), Number(0);
    SYS_chroot: Path(c"folder");
    SYS_close: Descriptor(FILE);
    SYS_close_range: Number(60), Number(70), Flags(0);
    SYS_creat: Path(c"made"), Number(0o644);
    SYS_dup: Descriptor(FILE);
    SYS_dup2: Descriptor(FILE), Number(50);
    SYS_dup3: Descriptor(FILE), Number(50), Flags(0);
    SYS_faccessat: Folder, Path(c"file"), Number(0);
    SYS_faccessat2: Folder, Path(c"file"), Number(0), Flags(0);
    SYS_fchdir: Descriptor(DIRECTORY);
    SYS_fchmod: Descriptor(FILE), Number(0o644);
    SYS_fchmodat: Folder, Path(c"file"), Number(0o644);
    SYS_fchown: Descriptor(FILE), Number(0), Number(0);
    SYS_fchownat: Folder, Path(c"file"), Number(0), Number(0), Flags(0);
    SYS_fcntl: Descriptor(FILE), Number(F_GETFD as i64), Fixed(0);
    SYS_fcntl: Descriptor(FILE), Fixed(F_DUPFD as i64), Number(50);
    SYS_fcntl: Descriptor(FILE), Fixed(F_GETLK as i64), Out(32);
    SYS_fcntl: Descriptor(FILE), Fixed(F_SETLK as i64), Words(LOCK);
    SYS_fcntl: Descriptor(FILE), Fixed(F_SETFL as i64), Fixed(0);
    SYS_fdatasync: Descriptor(FILE);
    SYS_flock: Descriptor(FILE), Number(LOCK_SH as i64 | LOCK_NB as i64);
    SYS_fstat: Descriptor(FILE), Out(144);
    SYS_fstatfs: Descriptor(FILE), Out(120);
    SYS_fsync: Descriptor(FILE);
    SYS_ftruncate: Descriptor(FILE), Number(100);
    SYS_getcwd: Out(64), Size(64);
    SYS_getdents64: Descriptor(DIRECTORY), Out(1000), Size(1000);
    SYS_ioctl: Descriptor(FILE), Number(TCGETS as i64), Out(36);
    SYS_ioctl: Descriptor(TERMINAL), Number(TCGETS as i64), Out(36);
    SYS_ioctl: Descriptor(TERMINAL), Fixed(TIOCGWINSZ as i64), Out(8);
    SYS_ioctl: Descriptor(TERMINAL), Fixed(TIOCSWINSZ as i64), In(8);
    SYS_ioctl: Descriptor(FILE), Fixed(FIONREAD as i64), Out(4);
    SYS_lchown: Path(c"link"), Number(0), Number(0);
    SYS_link: Path(c"file"), Path(c"file");
    SYS_linkat: Folder, Path(c"file"), Folder, Path(c"file"), Flags(0);
    SYS_lseek: Descriptor(FILE), Number(0), Number(0);
    SYS_lstat: Path(c"link"), Out(144);
    SYS_mkdir: Path(c"folder"), Number(0o755);
    SYS_mkdirat: Folder, Path(c"folder"), Number(0o755);
    SYS_mknod: Path(c"file"), Number(S_IFIFO as i64), Number(0);
    SYS_mknodat: Folder, Path(c"file"), Number(S_IFIFO as i64), Number(0);
    SYS_mount: Path(c"none"), Path(c"folder"), Path(c"nosuchfs"), Fixed(0), In(16);
    SYS_newfstatat: Folder, Path(c"file"), Out(144), Flags(0);
    SYS_open: Path(c"file"), Flags(0), Number(0o644);
    SYS_openat: Folder, Path(c"file"), Flags(0), Number(0o644);
    SYS_pipe: Out(8);
    SYS_pipe2: Out(8), Flags(0);
    SYS_poll: Out(8), Number(1), Fixed(0);
    SYS_ppoll: Out(8), Number(1), Words(NO_WAIT), In(8), Size(8);
    SYS_pread64 counts: Descriptor(FILE), Out(16), Size(16), Number(0);
    SYS_preadv counts: Descriptor(FILE), Words(VECTOR), Number(1), Number(0), Fixed(0);
    SYS_preadv2 counts: Descriptor(FILE), Words(VECTOR), Number(1), Number(0), Fixed(0), Flags(0);
    SYS_pselect6: Number(1), Out(8), Out(8), Out(8), Words(NO_WAIT), In(16);
    SYS_pwrite64 counts: Descriptor(FILE), In(16), Size(16), Number(0);
    SYS_pwritev counts: Descriptor(FILE), Words(VECTOR), Number(1), Number(0), Fixed(0);
    SYS_read counts: Descriptor(FILE), Out(16), Size(16);
    SYS_read: Descriptor(PIPE), Out(16), Size(16);
    SYS_readlink counts: Path(c"link"), Out(4), Size(4);
    SYS_readlinkat counts: Folder, Path(c"link"), Out(4), Size(4);
    SYS_readv counts: Descriptor(FILE), Words(VECTOR), Number(1);
    SYS_readv counts: Descriptor(FILE), Words(BAD_VECTOR), Fixed(1);
    SYS_rename: Path(c"file"), Path(c"folder");
    SYS_renameat: Folder, Path(c"file"), Folder, Path(c"folder");
    SYS_renameat2: Folder, Path(c"file"), Folder, Path(c"folder"), Flags(0);
    SYS_rmdir: Path(c"file");
    SYS_select: Number(1), Out(8), Out(8), Out(8), Words(NO_WAIT);
    SYS_sendfile counts: Descriptor(FILE), Descriptor(FILE), Out(8), Fixed(16);
    SYS_stat: Path(c"file"), Out(144);
    SYS_statfs: Path(c"file"), Out(120);
    SYS_statx: Folder, Path(c"file"), Flags(0), Flags(0x7ff), Out(256);
    SYS_symlink: Path(c"text"), Path(c"file");
    SYS_symlinkat: Path(c"text"), Folder, Path(c"file");
    SYS_truncate: Path(c"file"), Number(100);
    SYS_umount2: Path(c"folder"), Flags(0);
    SYS_unlink: Path(c"folder");
    SYS_unlinkat: Folder, Path(c"folder"), Flags(0);
    SYS_utime: Path(c"file"), In(16);
    SYS_utimensat: Folder, Path(c"file"), In(32), Flags(0);
    SYS_utimes: Path(c"file"), In(32);
    SYS_write counts: Descriptor(FILE), In(16), Size(16);
    SYS_write: Descriptor(PIPE + 1), In(16), Size(16);
    SYS_write: Descriptor(TERMINAL), In(16), Size(16);
    SYS_writev counts: Descriptor(FILE), Words(VECTOR), Number(1);
    SYS_writev counts: Descriptor(FILE), Words(BAD_VECTOR), Fixed(1);
];
