//! The file systems every Linux program expects, and the names the machine goes by.
//!
//! Contract: what is mounted already (by the kernel or by a container's maker) is left alone, and
//! nothing is mounted over files that came with the machine (`--add FILE:/tmp/file`).
//! A mount that fails is reported and the machine comes up without it: a shell without /sys is
//! of more use than none.
//!
//! Source: mount(2), hier(7), hostname(5).

use std::ffi::CStr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::MountFlags;

/// Where it goes, its type, its flags and its options.
struct Mount {
    directory: &'static str,
    kind: &'static str,
    flags: MountFlags,
    options: &'static CStr,
}

const NO_PROGRAMS: MountFlags = MountFlags::NOSUID
    .union(MountFlags::NODEV)
    .union(MountFlags::NOEXEC);

/// In this order: /dev/pts lies in /dev.
const MOUNTS: [Mount; 7] = [
    Mount {
        directory: "/proc",
        kind: "proc",
        flags: NO_PROGRAMS,
        options: c"",
    },
    Mount {
        directory: "/sys",
        kind: "sysfs",
        flags: NO_PROGRAMS,
        options: c"",
    },
    Mount {
        directory: "/sys/kernel/debug",
        kind: "debugfs",
        flags: NO_PROGRAMS,
        options: c"",
    },
    Mount {
        directory: "/dev",
        kind: "devtmpfs",
        flags: MountFlags::NOSUID,
        options: c"mode=0755",
    },
    Mount {
        directory: "/dev/pts",
        kind: "devpts",
        flags: MountFlags::NOSUID.union(MountFlags::NOEXEC),
        options: c"gid=5,mode=0620,ptmxmode=0666",
    },
    Mount {
        directory: "/tmp",
        kind: "tmpfs",
        flags: MountFlags::NOSUID.union(MountFlags::NODEV),
        options: c"mode=1777",
    },
    Mount {
        directory: "/run",
        kind: "tmpfs",
        flags: MountFlags::NOSUID.union(MountFlags::NODEV),
        options: c"mode=0755",
    },
];

/// Mounts what is missing, opens the console if it came with that, and sets the host name.
pub fn prepare_machine() {
    for mount in &MOUNTS {
        if let Err(message) = mount_one(mount) {
            eprintln!("init: {}: {message}", mount.directory);
        }
    }
    if let Err(error) = open_console() {
        eprintln!("init: /dev/console: {error}; keeping the descriptors the kernel gave");
    }
    if let Err(message) = set_host_name(Path::new("/etc/hostname")) {
        eprintln!("init: /etc/hostname: {message}");
    }
}

fn mount_one(mount: &Mount) -> Result<(), String> {
    let directory = Path::new(mount.directory);
    if !directory.exists() {
        std::fs::create_dir(directory).map_err(|error| format!("cannot make it: {error}"))?;
    }
    let hides_files = mount.kind == "tmpfs" && has_entries(directory);
    if is_mount_point(directory) || hides_files {
        return Ok(());
    }
    match rustix::mount::mount(
        mount.kind,
        directory,
        mount.kind,
        mount.flags,
        mount.options,
    ) {
        // Linux says so when the very same file system is there already.
        Ok(()) | Err(Errno::BUSY) => Ok(()),
        Err(error) => Err(format!("cannot mount {}: {error}", mount.kind)),
    }
}

/// Whether there is anything in it that a mount would hide.
fn has_entries(directory: &Path) -> bool {
    std::fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some())
}

/// A directory on another device than its parent is where a file system begins.
fn is_mount_point(directory: &Path) -> bool {
    let device = |path: &Path| std::fs::metadata(path).map(|data| data.dev()).ok();
    directory
        .parent()
        .is_some_and(|parent| device(parent) != device(directory))
}

/// The kernel could not open /dev/console for process 1 if /dev was empty until now; the
/// standard library puts /dev/null in place of what is missing.
fn open_console() -> Result<(), Errno> {
    if rustix::fs::fstat(std::io::stdout())?.st_rdev != rustix::fs::makedev(1, 3) {
        return Ok(());
    }
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let console = rustix::fs::open("/dev/console", flags, Mode::empty())?;
    rustix::stdio::dup2_stdin(&console)?;
    rustix::stdio::dup2_stdout(&console)?;
    rustix::stdio::dup2_stderr(&console)
}

/// Sets the host name to the first line of `file` that is not a comment; no file, no name.
fn set_host_name(file: &Path) -> Result<(), String> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.to_string()),
    };
    match first_word(&text) {
        Some(name) => rustix::system::sethostname(name.as_bytes())
            .map_err(|error| format!("cannot set the host name '{name}': {error}")),
        None => Ok(()),
    }
}

fn first_word(text: &str) -> Option<&str> {
    text.lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_name_is_the_first_line_that_is_no_comment() {
        assert_eq!(first_word("# who\n\n  janus \nother\n"), Some("janus"));
        assert_eq!(first_word("#\n"), None);
    }

    #[test]
    fn a_plain_directory_is_no_mount_point_and_proc_is_one() {
        assert!(is_mount_point(Path::new("/proc")));
        assert!(!is_mount_point(Path::new("/etc")));
        assert!(!is_mount_point(Path::new("/")));
    }
}
