//! Debian's Linux kernel as another kernel to boot: the same program on both, in the same
//! emulator, is how ours is compared with it.
//!
//! What comes in is a folder with an unpacked package (`linux-image-*-amd64`); what goes out is a
//! [`Machine`] and a [`Ramdisk`] for [`crate::exec::run`]. The ramdisk holds a static init that
//! must speak the protocol of [`crate::exec`], the modules asked for with all that they depend
//! on, and `/etc/modules`, which lists them in the order in which they are to be loaded, a path a
//! line with the module's parameters after it.

mod modules;

use std::fs;
use std::path::{Path, PathBuf};

use crate::ramdisk::Content;
use crate::{Error, Kind, Machine, Ramdisk, Result};

use modules::Modules;

/// Memory of such a machine in MiB: Debian's kernel needs more than ours.
const MEMORY_MIB: u32 = 512;

/// Where the modules are in the ramdisk.
const MODULES_FOLDER: &str = "/lib/modules";

/// The empty folders that an init mounts something on.
const FOLDERS: [&str; 5] = ["/dev", "/etc", "/proc", "/sys", "/tmp"];

/// An unpacked kernel package.
#[derive(Clone, Debug)]
pub struct Linux {
    release: String,
    image: PathBuf,
    modules: PathBuf,
}

impl Linux {
    /// The kernel whose package was unpacked into `folder`.
    ///
    /// # Errors
    /// When there is not just one kernel with its modules in it.
    pub fn find(folder: &Path) -> Result<Self> {
        let missing = |path: PathBuf| Error::NotBuilt {
            what: "Debian's kernel",
            path,
        };
        let all = folder.join("lib/modules");
        let entries = fs::read_dir(&all).map_err(|_| missing(all.clone()))?;
        let mut releases = entries
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned());
        let release = releases.next().ok_or_else(|| missing(all.clone()))?;
        let image = folder.join(format!("boot/vmlinuz-{release}"));
        if !image.is_file() {
            return Err(missing(image));
        }
        let modules = all.join(&release);
        Ok(Self {
            release,
            image,
            modules,
        })
    }

    /// What `uname -r` says there.
    pub fn release(&self) -> &str {
        &self.release
    }

    /// A machine that boots it. It is quiet, and a panic ends it at once.
    pub fn machine(&self, kind: Kind) -> Machine {
        let mut machine = Machine::new(kind, &self.image);
        machine.memory_mib = MEMORY_MIB;
        machine.command_line = "console=ttyS0 quiet panic=-1".into();
        machine
    }

    /// A ramdisk with `init` as process 1, and with the modules of these names (as `lsmod` has
    /// them) and what they depend on.
    ///
    /// # Errors
    /// When a file cannot be read, or the package has no module of a name.
    pub fn ramdisk(&self, init: &Path, modules: &[&str]) -> Result<Ramdisk> {
        let mut disk = Ramdisk::new();
        for folder in FOLDERS {
            disk.folder(folder)?;
        }
        // Process 1 has its three descriptors on this before anything is mounted on /dev.
        disk.add("/dev/console", Content::CharacterDevice(5, 1), 0o600)?;
        disk.program("/init", read(init)?)?;
        let known = Modules::below(&self.modules)?;
        let mut list = String::new();
        for module in known.in_order(modules)? {
            let path = format!("{MODULES_FOLDER}/{}.ko", module.name);
            disk.file(&path, module.bytes)?;
            list.push_str(&path);
            list.push('\n');
        }
        disk.file("/etc/modules", list)?;
        Ok(disk)
    }
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).map_err(Error::io(format!("read {}", file.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_a_kernel_is_refused() {
        let error = Linux::find(Path::new("/no/such/folder")).expect_err("empty");
        assert!(error.to_string().contains("/no/such/folder/lib/modules"));
    }
}
