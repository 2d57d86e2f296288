//! The error numbers of `errno(3)`, as a type.
use crate::raw::errno;

/// Why a system call failed. A program sees the negated number in `rax`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Errno(i32);

macro_rules! errnos {
    ($($name:ident),* $(,)?) => {
        /// The names of `errno(3)`.
        impl Errno {
            $(
                #[doc = concat!("`", stringify!($name), "`.")]
                pub const $name: Errno = Errno(errno::$name as i32);
            )*
        }

        impl Errno {
            /// The symbolic name, or `None` for a number that has none.
            pub fn name(self) -> Option<&'static str> {
                // Two names share a number (EAGAIN and EWOULDBLOCK, EDEADLK and EDEADLOCK): an
                // `if` chain takes the first where a `match` would not compile.
                $(if self == Errno::$name { return Some(stringify!($name)); })*
                match self {
                    Errno::ERESTARTSYS => Some("ERESTARTSYS"),
                    Errno::ERESTARTNOHAND => Some("ERESTARTNOHAND"),
                    Errno::ERESTART_RESTARTBLOCK => Some("ERESTART_RESTARTBLOCK"),
                    _ => None,
                }
            }
        }
    };
}

errnos! {
    EPERM, ENOENT, ESRCH, EINTR, EIO, ENXIO, E2BIG, ENOEXEC, EBADF, ECHILD, EAGAIN, ENOMEM,
    EACCES, EFAULT, ENOTBLK, EBUSY, EEXIST, EXDEV, ENODEV, ENOTDIR, EISDIR, EINVAL, ENFILE,
    EMFILE, ENOTTY, ETXTBSY, EFBIG, ENOSPC, ESPIPE, EROFS, EMLINK, EPIPE, EDOM, ERANGE, EDEADLK,
    ENAMETOOLONG, ENOLCK, ENOSYS, ENOTEMPTY, ELOOP, EWOULDBLOCK, ENOMSG, EIDRM, ECHRNG, EL2NSYNC,
    EL3HLT, EL3RST, ELNRNG, EUNATCH, ENOCSI, EL2HLT, EBADE, EBADR, EXFULL, ENOANO, EBADRQC,
    EBADSLT, EDEADLOCK, EBFONT, ENOSTR, ENODATA, ETIME, ENOSR, ENONET, ENOPKG, EREMOTE, ENOLINK,
    EADV, ESRMNT, ECOMM, EPROTO, EMULTIHOP, EDOTDOT, EBADMSG, EOVERFLOW, ENOTUNIQ, EBADFD,
    EREMCHG, ELIBACC, ELIBBAD, ELIBSCN, ELIBMAX, ELIBEXEC, EILSEQ, ERESTART, ESTRPIPE, EUSERS,
    ENOTSOCK, EDESTADDRREQ, EMSGSIZE, EPROTOTYPE, ENOPROTOOPT, EPROTONOSUPPORT, ESOCKTNOSUPPORT,
    EOPNOTSUPP, EPFNOSUPPORT, EAFNOSUPPORT, EADDRINUSE, EADDRNOTAVAIL, ENETDOWN, ENETUNREACH,
    ENETRESET, ECONNABORTED, ECONNRESET, ENOBUFS, EISCONN, ENOTCONN, ESHUTDOWN, ETOOMANYREFS,
    ETIMEDOUT, ECONNREFUSED, EHOSTDOWN, EHOSTUNREACH, EALREADY, EINPROGRESS, ESTALE, EUCLEAN,
    ENOTNAM, ENAVAIL, EISNAM, EREMOTEIO, EDQUOT, ENOMEDIUM, EMEDIUMTYPE, ECANCELED, ENOKEY,
    EKEYEXPIRED, EKEYREVOKED, EKEYREJECTED, EOWNERDEAD, ENOTRECOVERABLE, ERFKILL, EHWPOISON,
}

/// Inside the kernel only: what an interrupted system call answers so that signal delivery knows
/// whether to start it again. Programs never see these; the numbers are Linux's.
impl Errno {
    /// Start the call again if the handler has `SA_RESTART`, else `EINTR`.
    pub const ERESTARTSYS: Errno = Errno(512);
    /// Start the call again only if no handler runs, else `EINTR`.
    pub const ERESTARTNOHAND: Errno = Errno(514);
    /// As `ERESTARTNOHAND`, but go on through `restart_syscall(2)` with the time that is left.
    pub const ERESTART_RESTARTBLOCK: Errno = Errno(516);

    /// Whether this is one of the numbers above, which signal delivery must look at.
    pub const fn is_restart(self) -> bool {
        self.0 >= 512 && self.0 <= 516
    }

    /// The error with this (positive) number.
    pub const fn from_number(number: i32) -> Self {
        Self(number)
    }

    /// The (positive) number.
    pub const fn number(self) -> i32 {
        self.0
    }

    /// What the system call leaves in `rax`.
    pub const fn to_return_value(self) -> isize {
        -(self.0 as isize)
    }
}

impl core::fmt::Display for Errno {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.name() {
            Some(name) => out.write_str(name),
            None => write!(out, "errno {}", self.0),
        }
    }
}

impl core::fmt::Debug for Errno {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        core::fmt::Display::fmt(self, out)
    }
}

impl core::error::Error for Errno {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names() {
        assert_eq!(Errno::ENOENT.number(), 2);
        assert_eq!(Errno::ENOSYS.to_return_value(), -38);
        assert_eq!(Errno::EWOULDBLOCK.name(), Some("EAGAIN"));
        assert_eq!(Errno(4000).to_string(), "errno 4000");
    }
}
