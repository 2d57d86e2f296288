//! The file systems a test program expects, and the kernel's modules.
//!
//! Sources: mount(2), init_module(2), and Linux' `binderfs.rst`: where there is binderfs it stands
//! on /dev/binderfs; where there is none, the module itself makes /dev/binder.

use std::ffi::CString;
use std::path::Path;

use rustix::io::Errno;
use rustix::mount::MountFlags;

/// The modules to load, in this order: a path and perhaps parameters on a line.
const MODULES: &str = "/etc/modules";

/// What is mounted before the modules make devices: the place and the kind.
const MOUNTS: [(&str, &str); 5] = [
    ("/proc", "proc"),
    ("/sys", "sysfs"),
    ("/dev", "devtmpfs"),
    ("/tmp", "tmpfs"),
    ("/sys/kernel/debug", "debugfs"),
];

/// Mounts what no module is needed for.
pub fn before_modules() -> Result<(), String> {
    for (place, kind) in MOUNTS {
        match mount(place, kind) {
            // Some kernels have mounted /dev by themselves.
            Ok(()) | Err(Errno::BUSY) => {}
            Err(error) => return Err(format!("cannot mount {kind} on {place}: {error}")),
        }
    }
    Ok(())
}

/// Loads the modules.
pub fn load_modules() -> Result<(), String> {
    // A kernel that has all it needs comes without a list.
    let list = std::fs::read_to_string(MODULES).unwrap_or_default();
    for line in list.lines().filter(|line| !line.is_empty()) {
        let (path, parameters) = line.split_once(' ').unwrap_or((line, ""));
        let fail = |error: &dyn std::fmt::Display| format!("cannot load {path}: {error}");
        let file = std::fs::File::open(path).map_err(|error| fail(&error))?;
        let parameters = CString::new(parameters).map_err(|error| fail(&error))?;
        match rustix::system::finit_module(&file, &parameters, 0) {
            // One that is there already, or that found itself superfluous, does no harm.
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(fail(&error)),
        }
    }
    Ok(())
}

/// Mounts what a module brought, and makes /dev/binder where only binderfs has one.
pub fn after_modules() -> Result<(), String> {
    let place = Path::new("/dev/binderfs");
    if std::fs::create_dir_all(place).is_err() || mount("/dev/binderfs", "binder").is_err() {
        // A kernel without binderfs; an empty folder in its place would only mislead.
        let _ = std::fs::remove_dir(place);
    }
    let (device, inside) = (Path::new("/dev/binder"), place.join("binder"));
    if inside.exists() && !device.exists() {
        std::os::unix::fs::symlink(&inside, device)
            .map_err(|error| format!("cannot make {}: {error}", device.display()))?;
    }
    Ok(())
}

fn mount(place: &str, kind: &str) -> Result<(), Errno> {
    rustix::mount::mount(
        kind,
        place,
        kind,
        MountFlags::empty(),
        None::<&std::ffi::CStr>,
    )
}
