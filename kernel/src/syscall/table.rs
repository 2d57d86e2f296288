//! The one table of system calls: number, name, number of arguments, function.
//!
//! `registers` in place of a number of arguments means that the function gets the program's
//! registers and may change them. Numbers are Linux's for x86-64
//! (`arch/x86/entry/syscalls/syscall_64.tbl`).

use super::{
    Handler, RegistersHandler, answer, attributes, capabilities, credentials, descriptor,
    directory, epoll, extended_attributes, fcntl, futex, limits, memory, mount, namespace, open,
    poll, posix_timer, prctl, process, read_write, schedule, signal, socket, splice, stat, system,
    time, timer, timer_descriptor, working_directory,
};

/// Numbers from here on are not served.
const COUNT: usize = 512;

macro_rules! handler {
    (0, $function:path) => {{
        const HANDLER: Handler = |thread, call| answer(thread, call.number(), $function(thread));
        HANDLER
    }};
    (1, $function:path) => { handler!(@ $function, a) };
    (2, $function:path) => { handler!(@ $function, a b) };
    (3, $function:path) => { handler!(@ $function, a b c) };
    (4, $function:path) => { handler!(@ $function, a b c d) };
    (5, $function:path) => { handler!(@ $function, a b c d e) };
    (6, $function:path) => { handler!(@ $function, a b c d e f) };
    (@ $function:path, $($argument:ident)+) => {{
        const HANDLER: Handler = |thread, call| {
            let [$($argument,)+ ..] = call.arguments();
            answer(thread, call.number(), $function(thread, $($argument),+))
        };
        HANDLER
    }};
}

/// Puts a row into the one of the two tables that it belongs to.
macro_rules! row {
    ($ordinary:ident $with_registers:ident $number:literal registers $function:path) => {
        $with_registers[$number] = Some($function as RegistersHandler)
    };
    ($ordinary:ident $with_registers:ident $number:literal $arguments:tt $function:path) => {
        $ordinary[$number] = Some(handler!($arguments, $function))
    };
}

/// The ordinary calls, and those that want all registers, both by number.
struct Table {
    ordinary: [Option<Handler>; COUNT],
    with_registers: [Option<RegistersHandler>; COUNT],
}

macro_rules! table {
    ($($number:literal $name:ident $arguments:tt $function:path;)*) => {
        static TABLE: Table = {
            let mut ordinary = [const { None }; COUNT];
            let mut with_registers = [const { None }; COUNT];
            $( row!(ordinary with_registers $number $arguments $function); )*
            Table { ordinary, with_registers }
        };
    };
}

table! {
      0 read                 3         read_write::sys_read;
      1 write                3         read_write::sys_write;
      2 open                 3         open::sys_open;
      3 close                1         descriptor::sys_close;
      4 stat                 2         stat::sys_stat;
      5 fstat                2         stat::sys_fstat;
      6 lstat                2         stat::sys_lstat;
      7 poll                 3         poll::sys_poll;
      8 lseek                3         read_write::sys_lseek;
      9 mmap                 6         memory::sys_mmap;
     10 mprotect             3         memory::sys_mprotect;
     11 munmap               2         memory::sys_munmap;
     12 brk                  1         memory::sys_brk;
     13 rt_sigaction         4         signal::sys_rt_sigaction;
     14 rt_sigprocmask       4         signal::sys_rt_sigprocmask;
     15 rt_sigreturn         registers signal::sys_rt_sigreturn;
     16 ioctl                3         descriptor::sys_ioctl;
     17 pread64              4         read_write::sys_pread64;
     18 pwrite64             4         read_write::sys_pwrite64;
     19 readv                3         read_write::sys_readv;
     20 writev               3         read_write::sys_writev;
     21 access               2         stat::sys_access;
     22 pipe                 1         descriptor::sys_pipe;
     23 select               5         poll::sys_select;
     24 sched_yield          0         schedule::sys_sched_yield;
     25 mremap               5         memory::sys_mremap;
     26 msync                3         memory::sys_msync;
     27 mincore              3         memory::sys_mincore;
     28 madvise              3         memory::sys_madvise;
     32 dup                  1         descriptor::sys_dup;
     33 dup2                 2         descriptor::sys_dup2;
     34 pause                0         signal::sys_pause;
     35 nanosleep            2         time::sys_nanosleep;
     36 getitimer            2         timer::sys_getitimer;
     37 alarm                1         timer::sys_alarm;
     38 setitimer            3         timer::sys_setitimer;
     39 getpid               0         process::sys_getpid;
     40 sendfile             4         read_write::sys_sendfile;
     44 sendto               6         socket::sys_sendto;
     56 clone                registers process::sys_clone;
     57 fork                 registers process::sys_fork;
     58 vfork                registers process::sys_vfork;
     59 execve               registers process::sys_execve;
     60 exit                 1         process::sys_exit;
     61 wait4                4         process::sys_wait4;
     62 kill                 2         signal::sys_kill;
     63 uname                1         system::sys_uname;
     72 fcntl                3         fcntl::sys_fcntl;
     73 flock                2         descriptor::sys_flock;
     74 fsync                1         read_write::sys_fsync;
     75 fdatasync            1         read_write::sys_fsync;
     76 truncate             2         attributes::sys_truncate;
     77 ftruncate            2         attributes::sys_ftruncate;
     78 getdents             3         working_directory::sys_getdents;
     79 getcwd               2         working_directory::sys_getcwd;
     80 chdir                1         working_directory::sys_chdir;
     81 fchdir               1         working_directory::sys_fchdir;
     82 rename               2         directory::sys_rename;
     83 mkdir                2         directory::sys_mkdir;
     84 rmdir                1         directory::sys_rmdir;
     85 creat                2         open::sys_creat;
     86 link                 2         directory::sys_link;
     87 unlink               1         directory::sys_unlink;
     88 symlink              2         directory::sys_symlink;
     89 readlink             3         stat::sys_readlink;
     90 chmod                2         attributes::sys_chmod;
     91 fchmod               2         attributes::sys_fchmod;
     92 chown                3         attributes::sys_chown;
     93 fchown               3         attributes::sys_fchown;
     94 lchown               3         attributes::sys_lchown;
     95 umask                1         attributes::sys_umask;
     96 gettimeofday         2         time::sys_gettimeofday;
     97 getrlimit            2         limits::sys_getrlimit;
     98 getrusage            2         limits::sys_getrusage;
     99 sysinfo              1         system::sys_sysinfo;
    100 times                1         time::sys_times;
    102 getuid               0         credentials::sys_getuid;
    103 syslog               3         system::sys_syslog;
    104 getgid               0         credentials::sys_getgid;
    105 setuid               1         credentials::sys_setuid;
    106 setgid               1         credentials::sys_setgid;
    107 geteuid              0         credentials::sys_geteuid;
    108 getegid              0         credentials::sys_getegid;
    109 setpgid              2         process::sys_setpgid;
    110 getppid              0         process::sys_getppid;
    111 getpgrp              0         process::sys_getpgrp;
    112 setsid               0         process::sys_setsid;
    113 setreuid             2         credentials::sys_setreuid;
    114 setregid             2         credentials::sys_setregid;
    115 getgroups            2         credentials::sys_getgroups;
    116 setgroups            2         credentials::sys_setgroups;
    117 setresuid            3         credentials::sys_setresuid;
    118 getresuid            3         credentials::sys_getresuid;
    119 setresgid            3         credentials::sys_setresgid;
    120 getresgid            3         credentials::sys_getresgid;
    121 getpgid              1         process::sys_getpgid;
    122 setfsuid             1         credentials::sys_setfsuid;
    123 setfsgid             1         credentials::sys_setfsgid;
    124 getsid               1         process::sys_getsid;
    125 capget               2         capabilities::sys_capget;
    126 capset               2         capabilities::sys_capset;
    127 rt_sigpending        2         signal::sys_rt_sigpending;
    128 rt_sigtimedwait      4         signal::sys_rt_sigtimedwait;
    129 rt_sigqueueinfo      3         signal::sys_rt_sigqueueinfo;
    130 rt_sigsuspend        2         signal::sys_rt_sigsuspend;
    131 sigaltstack          registers signal::sys_sigaltstack;
    132 utime                2         attributes::sys_utime;
    133 mknod                3         directory::sys_mknod;
    135 personality          1         prctl::sys_personality;
    137 statfs               2         stat::sys_statfs;
    138 fstatfs              2         stat::sys_fstatfs;
    140 getpriority          2         schedule::sys_getpriority;
    141 setpriority          3         schedule::sys_setpriority;
    142 sched_setparam       2         schedule::sys_sched_setparam;
    143 sched_getparam       2         schedule::sys_sched_getparam;
    144 sched_setscheduler   3         schedule::sys_sched_setscheduler;
    145 sched_getscheduler   1         schedule::sys_sched_getscheduler;
    146 sched_get_priority_max 1       schedule::sys_sched_get_priority_max;
    147 sched_get_priority_min 1       schedule::sys_sched_get_priority_min;
    148 sched_rr_get_interval 2        schedule::sys_sched_rr_get_interval;
    149 mlock                2         memory::sys_mlock;
    150 munlock              2         memory::sys_munlock;
    151 mlockall             1         memory::sys_mlockall;
    152 munlockall           0         memory::sys_munlockall;
    153 vhangup              0         system::sys_vhangup;
    157 prctl                5         prctl::sys_prctl;
    158 arch_prctl           2         process::sys_arch_prctl;
    159 adjtimex             1         time::sys_adjtimex;
    160 setrlimit            2         limits::sys_setrlimit;
    161 chroot               1         working_directory::sys_chroot;
    162 sync                 0         read_write::sys_sync;
    164 settimeofday         2         time::sys_settimeofday;
    165 mount                5         mount::sys_mount;
    166 umount2              2         mount::sys_umount2;
    169 reboot               4         system::sys_reboot;
    170 sethostname          2         system::sys_sethostname;
    171 setdomainname        2         system::sys_setdomainname;
    186 gettid               0         process::sys_gettid;
    188 setxattr             5         extended_attributes::sys_setxattr;
    189 lsetxattr            5         extended_attributes::sys_lsetxattr;
    190 fsetxattr            5         extended_attributes::sys_fsetxattr;
    191 getxattr             4         extended_attributes::sys_getxattr;
    192 lgetxattr            4         extended_attributes::sys_lgetxattr;
    193 fgetxattr            4         extended_attributes::sys_fgetxattr;
    194 listxattr            3         extended_attributes::sys_listxattr;
    195 llistxattr           3         extended_attributes::sys_llistxattr;
    196 flistxattr           3         extended_attributes::sys_flistxattr;
    197 removexattr          2         extended_attributes::sys_removexattr;
    198 lremovexattr         2         extended_attributes::sys_lremovexattr;
    199 fremovexattr         2         extended_attributes::sys_fremovexattr;
    200 tkill                2         signal::sys_tkill;
    201 time                 1         time::sys_time;
    202 futex                6         futex::sys_futex;
    203 sched_setaffinity    3         schedule::sys_sched_setaffinity;
    204 sched_getaffinity    3         schedule::sys_sched_getaffinity;
    213 epoll_create         1         epoll::sys_epoll_create;
    217 getdents64           3         working_directory::sys_getdents64;
    218 set_tid_address      1         process::sys_set_tid_address;
    219 restart_syscall      0         signal::sys_restart_syscall;
    222 timer_create         3         posix_timer::sys_timer_create;
    223 timer_settime        4         posix_timer::sys_timer_settime;
    224 timer_gettime        2         posix_timer::sys_timer_gettime;
    225 timer_getoverrun     1         posix_timer::sys_timer_getoverrun;
    226 timer_delete         1         posix_timer::sys_timer_delete;
    227 clock_settime        2         time::sys_clock_settime;
    228 clock_gettime        2         time::sys_clock_gettime;
    229 clock_getres         2         time::sys_clock_getres;
    230 clock_nanosleep      4         time::sys_clock_nanosleep;
    231 exit_group           1         process::sys_exit_group;
    232 epoll_wait           4         epoll::sys_epoll_wait;
    233 epoll_ctl            4         epoll::sys_epoll_ctl;
    234 tgkill               3         signal::sys_tgkill;
    235 utimes               2         attributes::sys_utimes;
    247 waitid               5         process::sys_waitid;
    257 openat               4         open::sys_openat;
    258 mkdirat              3         directory::sys_mkdirat;
    259 mknodat              4         directory::sys_mknodat;
    260 fchownat             5         attributes::sys_fchownat;
    261 futimesat            3         attributes::sys_futimesat;
    262 newfstatat           4         stat::sys_newfstatat;
    263 unlinkat             3         directory::sys_unlinkat;
    264 renameat             4         directory::sys_renameat;
    265 linkat               5         directory::sys_linkat;
    266 symlinkat            3         directory::sys_symlinkat;
    267 readlinkat           4         stat::sys_readlinkat;
    268 fchmodat             3         attributes::sys_fchmodat;
    269 faccessat            3         stat::sys_faccessat;
    270 pselect6             6         poll::sys_pselect6;
    271 ppoll                5         poll::sys_ppoll;
    272 unshare              1         namespace::sys_unshare;
    273 set_robust_list      2         futex::sys_set_robust_list;
    274 get_robust_list      3         futex::sys_get_robust_list;
    275 splice               6         splice::sys_splice;
    276 tee                  4         splice::sys_tee;
    278 vmsplice             4         splice::sys_vmsplice;
    280 utimensat            4         attributes::sys_utimensat;
    281 epoll_pwait          6         epoll::sys_epoll_pwait;
    283 timerfd_create       2         timer_descriptor::sys_timerfd_create;
    284 eventfd              1         descriptor::sys_eventfd;
    285 fallocate            4         attributes::sys_fallocate;
    286 timerfd_settime      4         timer_descriptor::sys_timerfd_settime;
    287 timerfd_gettime      2         timer_descriptor::sys_timerfd_gettime;
    290 eventfd2             2         descriptor::sys_eventfd2;
    291 epoll_create1        1         epoll::sys_epoll_create1;
    292 dup3                 3         descriptor::sys_dup3;
    293 pipe2                2         descriptor::sys_pipe2;
    295 preadv               4         read_write::sys_preadv;
    296 pwritev              4         read_write::sys_pwritev;
    297 rt_tgsigqueueinfo    4         signal::sys_rt_tgsigqueueinfo;
    302 prlimit64            4         limits::sys_prlimit64;
    305 clock_adjtime        2         time::sys_clock_adjtime;
    306 syncfs               1         read_write::sys_syncfs;
    308 setns                2         namespace::sys_setns;
    309 getcpu               2         schedule::sys_getcpu;
    314 sched_setattr        3         schedule::sys_sched_setattr;
    315 sched_getattr        4         schedule::sys_sched_getattr;
    316 renameat2            5         directory::sys_renameat2;
    318 getrandom            3         system::sys_getrandom;
    319 memfd_create         2         open::sys_memfd_create;
    322 execveat             registers process::sys_execveat;
    324 membarrier           3         prctl::sys_membarrier;
    325 mlock2               3         memory::sys_mlock2;
    326 copy_file_range      6         splice::sys_copy_file_range;
    327 preadv2              6         read_write::sys_preadv2;
    328 pwritev2             6         read_write::sys_pwritev2;
    332 statx                5         stat::sys_statx;
    334 rseq                 4         prctl::sys_rseq;
    424 pidfd_send_signal    4         namespace::sys_pidfd_send_signal;
    434 pidfd_open           2         namespace::sys_pidfd_open;
    435 clone3               registers process::sys_clone3;
    436 close_range          3         descriptor::sys_close_range;
    437 openat2              4         open::sys_openat2;
    439 faccessat2           4         stat::sys_faccessat2;
    441 epoll_pwait2         6         epoll::sys_epoll_pwait2;
}

/// What serves a call, if it is an ordinary one.
#[inline]
pub(super) fn ordinary(number: usize) -> Option<Handler> {
    TABLE.ordinary.get(number).copied()?
}

/// What serves a call, if it is one that wants all registers.
pub(super) fn with_registers(number: usize) -> Option<RegistersHandler> {
    TABLE.with_registers.get(number).copied()?
}

/// The name of a call that a program may well ask for and that is not served, for the log.
pub(super) fn name_of_unserved(number: usize) -> &'static str {
    use abi::raw::general as linux;
    const KNOWN: [(u32, &str); 11] = [
        (linux::__NR_socket, "socket"),
        (linux::__NR_connect, "connect"),
        (linux::__NR_bind, "bind"),
        (linux::__NR_socketpair, "socketpair"),
        (linux::__NR_ptrace, "ptrace"),
        (linux::__NR_signalfd4, "signalfd4"),
        (linux::__NR_timerfd_create, "timerfd_create"),
        (linux::__NR_inotify_init1, "inotify_init1"),
        (linux::__NR_io_uring_setup, "io_uring_setup"),
        (linux::__NR_bpf, "bpf"),
        (linux::__NR_seccomp, "seccomp"),
    ];
    let found = KNOWN.iter().find(|(known, _)| *known as usize == number);
    found.map_or("see the table of numbers in syscall(2)", |(_, name)| name)
}
