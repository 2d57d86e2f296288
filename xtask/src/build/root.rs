//! What the guest's root looks like: the folders, the skeleton of `user/init/root`, the programs
//! and the links to the multi-call one.

use anyhow::{Context, Result};
use qemu::Ramdisk;
use qemu::ramdisk::{Addition, Content};

use super::Programs;

/// The empty folders, with their permissions.
const FOLDERS: [(&str, u32); 14] = [
    ("/bin", 0o755),
    ("/dev", 0o755),
    ("/etc", 0o755),
    ("/home", 0o755),
    ("/mnt", 0o755),
    ("/proc", 0o555),
    ("/root", 0o700),
    ("/run", 0o755),
    ("/sys", 0o555),
    ("/tmp", 0o1777),
    ("/usr/bin", 0o755),
    ("/var/log", 0o755),
    ("/var/run", 0o755),
    ("/var/tmp", 0o1777),
];

/// Puts it all together.
pub fn ramdisk(programs: &Programs) -> Result<Ramdisk> {
    let mut disk = Ramdisk::new();
    for (path, permissions) in FOLDERS {
        disk.add(path, Content::Folder, permissions)?;
    }
    // Process 1 has its three descriptors on this before anything is mounted on /dev.
    disk.add("/dev/console", Content::CharacterDevice(5, 1), 0o600)?;
    if programs.skeleton.is_dir() {
        for entry in programs
            .skeleton
            .read_dir()
            .context("could not read user/init/root")?
        {
            let host = entry.context("could not read user/init/root")?.path();
            let guest = host
                .file_name()
                .map(|name| format!("/{}", name.to_string_lossy()));
            disk.add_host(&Addition { host, guest })?;
        }
    }
    for product in &programs.user {
        let bytes = std::fs::read(&product.file)
            .with_context(|| format!("could not read {}", product.file.display()))?;
        disk.program(&format!("/bin/{}", product.name), bytes)?;
    }
    for name in programs.tool_names()? {
        let path = format!("/bin/{name}");
        // A program of its own comes before a tool of the same name.
        if !disk.contains(&path) {
            disk.symlink(&path, "tools")?;
        }
    }
    if disk.contains("/bin/init") {
        disk.symlink("/init", "/bin/init")?;
    }
    Ok(disk)
}
