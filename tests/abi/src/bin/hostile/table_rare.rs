//! The calls that few programs make: extended attributes, timers of one's own, and
//! what has a newer or older brother in the other files.

use crate::argument::Argument::*;
use crate::argument::{DIRECTORY, FILE, PROC};
use crate::table::{Row, rows};
use libc::*;

/// One part of a vector of buffers: 16 bytes of the zeroed page.
const VECTOR: &[u64] = &[0x2000_0000, 16];
/// `struct open_how`: read only.
const HOW: &[u64] = &[0, 0, 0];
/// `struct sched_attr` of 48 bytes: the ordinary policy.
const SCHEDULE: &[u64] = &[48, 0, 0, 0, 0, 0];
/// `struct sigevent`: tells nobody.
const NO_EVENT: &[u64] = &[0, 1 << 32, 0, 0, 0, 0, 0, 0];

/// The rows of this file. Extended attributes are asked for in proc, which has none on any host.
pub const ROWS: &[Row] = rows![
    SYS_clone: Fixed((CLONE_PARENT_SETTID | SIGCHLD) as i64), Fixed(0), Out(4), Fixed(0), Fixed(0);
    SYS_fallocate: Descriptor(FILE), Flags(FALLOC_FL_KEEP_SIZE as i64), Number(0), Fixed(100);
    SYS_futimesat: Folder, Path(c"file"), In(32);
    SYS_getdents: Descriptor(DIRECTORY), Out(1000), Size(1000);
    SYS_memfd_create: Path(c"name"), Flags(0);
    SYS_openat2: Folder, Path(c"file"), Words(HOW), Size(24);
    SYS_personality: Number(0);
    SYS_pwritev2 counts: Descriptor(FILE), Words(VECTOR), Number(1), Number(0), Fixed(0), Flags(0);
    SYS_sched_setattr: Number(0), Words(SCHEDULE), Flags(0);
    SYS_timer_create: Number(1), Words(NO_EVENT), Out(4);
    SYS_timer_delete: Number(0);
    SYS_timer_getoverrun: Number(0);
    SYS_timer_gettime: Number(0), Out(32);
    SYS_timer_settime: Number(0), Flags(0), In(32), Out(32);
    SYS_vhangup: Number(0);
    SYS_fgetxattr apart: Descriptor(PROC), Path(c"user.x"), Out(16), Size(16);
    SYS_flistxattr apart: Descriptor(PROC), Out(16), Size(16);
    SYS_fremovexattr apart: Descriptor(PROC), Path(c"user.x");
    SYS_fsetxattr apart: Descriptor(PROC), Path(c"user.x"), In(16), Size(16), Flags(0);
    SYS_getxattr apart: Path(c"/proc/version"), Path(c"user.x"), Out(16), Size(16);
    SYS_lgetxattr apart: Path(c"/proc/version"), Path(c"user.x"), Out(16), Size(16);
    SYS_listxattr apart: Path(c"/proc/version"), Out(16), Size(16);
    SYS_llistxattr apart: Path(c"/proc/version"), Out(16), Size(16);
    SYS_lremovexattr apart: Path(c"/proc/version"), Path(c"user.x");
    SYS_lsetxattr apart: Path(c"/proc/version"), Path(c"user.x"), In(16), Size(16), Flags(0);
    SYS_removexattr apart: Path(c"/proc/version"), Path(c"user.x");
    SYS_setxattr apart: Path(c"/proc/version"), Path(c"user.x"), In(16), Size(16), Flags(0);
];
