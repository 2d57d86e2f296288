//! What can go wrong, with the number a program sees and a sentence for a person.
//!
//! The numbers are those of `errno(3)`; this crate knows no other crate's type for them.

use core::fmt;

/// EINVAL.
pub(crate) const EINVAL: i32 = 22;
/// EBUSY.
pub(crate) const EBUSY: i32 = 16;
/// ENOMEM.
pub(crate) const ENOMEM: i32 = 12;
/// EDEADLK.
pub(crate) const EDEADLK: i32 = 35;
/// EPERM.
pub(crate) const EPERM: i32 = 1;
/// EFAULT.
pub(crate) const EFAULT: i32 = 14;

/// Why nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// This thread is inside a device class that a switch, a creation, a release or a walk
    /// called: what it asks for would wait for itself.
    Inside,
    /// The namespace, or the class, belongs to another foreground or to one that is gone.
    Foreign,
}

impl Refused {
    /// The number a program sees: EDEADLK, EINVAL.
    pub fn errno(self) -> i32 {
        match self {
            Self::Inside => EDEADLK,
            Self::Foreign => EINVAL,
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Inside => {
                "a device class cannot ask for this while it is told of a switch or creates a state; do it afterwards"
            }
            Self::Foreign => "the namespace belongs to another foreground; use that one",
        })
    }
}

/// The last process of the namespace has left; nothing brings it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended;

impl fmt::Display for Ended {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the last process of this device namespace has left; create another one")
    }
}

/// Why a device class was not registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegisterError {
    /// It has no name.
    NoName,
    /// Another class has this name.
    NameTaken,
    /// There are as many classes as there can be ([`crate::class::CLASSES_MAX`]).
    Full,
    /// Asked for from inside a device class.
    Inside,
}

impl RegisterError {
    /// The number a program sees: EINVAL, EBUSY, ENOMEM, EDEADLK.
    pub fn errno(self) -> i32 {
        match self {
            Self::NoName => EINVAL,
            Self::NameTaken => EBUSY,
            Self::Full => ENOMEM,
            Self::Inside => EDEADLK,
        }
    }
}

impl fmt::Display for RegisterError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoName => out.write_str("a device class needs a name; give it one"),
            Self::NameTaken => {
                out.write_str("a device class of this name is registered already; choose another")
            }
            Self::Full => write!(
                out,
                "there are {} device classes already; raise CLASSES_MAX for more",
                crate::class::CLASSES_MAX
            ),
            Self::Inside => Refused::Inside.fmt(out),
        }
    }
}

/// Why the foreground did not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SwitchError {
    /// The namespace has no process: none has joined yet, or the last has left.
    NoProcess,
    /// It could not even be tried.
    Refused(Refused),
}

impl SwitchError {
    /// The number a program sees: EINVAL (no living process), or that of [`Refused::errno`].
    pub fn errno(self) -> i32 {
        match self {
            Self::NoProcess => EINVAL,
            Self::Refused(refused) => refused.errno(),
        }
    }
}

impl fmt::Display for SwitchError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoProcess => out.write_str(
                "no process lives in this device namespace; switch to one that has a process",
            ),
            Self::Refused(refused) => refused.fmt(out),
        }
    }
}

/// Why there is no state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateError<E> {
    /// The class could not create it; the next use tries again.
    Class(E),
    /// It could not even be tried.
    Refused(Refused),
}

impl<E> StateError<E> {
    /// The class's own error, or what `refused` makes of the other.
    pub fn into_class(self, refused: impl FnOnce(Refused) -> E) -> E {
        match self {
            Self::Class(error) => error,
            Self::Refused(reason) => refused(reason),
        }
    }
}

impl<E: fmt::Display> fmt::Display for StateError<E> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Class(error) => error.fmt(out),
            Self::Refused(refused) => refused.fmt(out),
        }
    }
}

impl core::error::Error for Refused {}
impl core::error::Error for Ended {}
impl core::error::Error for RegisterError {}
impl core::error::Error for SwitchError {}
impl<E: fmt::Debug + fmt::Display> core::error::Error for StateError<E> {}

impl From<Refused> for SwitchError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl<E> From<Refused> for StateError<E> {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}
