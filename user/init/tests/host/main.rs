//! Runs the built init on the host: its session helper on a pseudo-terminal, and the whole of it
//! as process 1 of a process namespace.

mod process_one;
mod session;

use std::path::{Path, PathBuf};

/// The program under test.
const INIT: &str = env!("CARGO_BIN_EXE_init");

/// A folder of its own for one test, removed at its end. It lies where init mounts nothing.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("init-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the folder can be made");
        Folder(path)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("the file can be written");
        path.to_str()
            .expect("the build's folder has a plain name")
            .into()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left behind lies in the build's own folder and harms nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
