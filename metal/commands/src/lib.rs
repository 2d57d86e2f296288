//! Calls that pass no memory, for safe programs: the commands of a device without an argument
//! (ioctl(2)), and what is to be done with the kernel log ([`kernel_log`]).
//!
//! Nobody but the driver knows what a command does with its argument, so every crate leaves the
//! promise that it does no harm to the caller, who must say `unsafe` for it. Programs of ours
//! do not; where a device has commands for which no crate has a function, they come here.
//!
//! Contract: the argument is always 0. Of the commands that want none it makes no difference; a
//! driver that takes it for a pointer finds the null pointer and answers EFAULT. So whatever the
//! command, the kernel writes nothing into the program's memory, and calling is safe.
//!
//! This runs in user mode. Besides the rooms of metal that the kernel and the tests have, it is
//! the one that programs may name. Source: ioctl(2), ioctl_list(2).

pub mod kernel_log;

use std::ffi::c_void;
use std::os::fd::AsFd;

use rustix::io::Result;
use rustix::ioctl::{Ioctl, IoctlOutput, Opcode};

/// Gives `command` to the device behind `file`, with the argument 0. Returns what the call does,
/// which is 0 or more.
///
/// # Errors
/// Whatever the device answers; ENOTTY: it knows no such command, or is no device.
pub fn command(file: impl AsFd, command: u32) -> Result<u32> {
    // SAFETY: the argument is the null pointer (see `Plain`), so the kernel has no memory of this
    // program to write to, whatever the command.
    unsafe { rustix::ioctl::ioctl(file, Plain(command)) }
}

/// A command whose argument is 0.
struct Plain(Opcode);

// SAFETY: `as_ptr` is null, and `output_from_ptr` reads no memory.
unsafe impl Ioctl for Plain {
    type Output = u32;

    const IS_MUTATING: bool = false;

    fn opcode(&self) -> Opcode {
        self.0
    }

    fn as_ptr(&mut self) -> *mut c_void {
        std::ptr::null_mut()
    }

    unsafe fn output_from_ptr(output: IoctlOutput, _argument: *mut c_void) -> Result<u32> {
        // A result below 0 was an error and did not come here.
        Ok(output.cast_unsigned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::io::Errno;

    #[test]
    fn the_argument_is_never_memory_of_ours() {
        /// TIOCGWINSZ and FIONREAD: both write through their argument.
        const WRITES_THROUGH_IT: [u32; 2] = [0x5413, 0x541b];
        let (reader, _writer) = rustix::pipe::pipe().unwrap();
        assert_eq!(command(&reader, WRITES_THROUGH_IT[0]), Err(Errno::NOTTY));
        assert_eq!(command(&reader, WRITES_THROUGH_IT[1]), Err(Errno::FAULT));
    }

    #[test]
    fn commands_without_an_argument_are_done() {
        /// FIOCLEX and FIONCLEX.
        const CLOSE_ON_EXEC: [u32; 2] = [0x5451, 0x5450];
        let (reader, _writer) = rustix::pipe::pipe().unwrap();
        let flag = || rustix::io::fcntl_getfd(&reader).unwrap();
        assert_eq!(command(&reader, CLOSE_ON_EXEC[0]), Ok(0));
        assert!(flag().contains(rustix::io::FdFlags::CLOEXEC));
        assert_eq!(command(&reader, CLOSE_ON_EXEC[1]), Ok(0));
        assert!(flag().is_empty());
    }
}
