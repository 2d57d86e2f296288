//! A file in the host's temporary folder that goes when its owner goes, however that happens.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A path that nobody else uses, and the file there if one is written.
#[derive(Debug)]
pub struct TemporaryFile(PathBuf);

impl TemporaryFile {
    /// A path whose last part ends with `name`; no file is made.
    pub fn new(name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let own = format!("janus-{}-{number}-{name}", std::process::id());
        Self(std::env::temp_dir().join(own))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        // It may never have been written, or its user removed it.
        let _ = std::fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_with_its_owner() {
        let file = TemporaryFile::new("x");
        assert_ne!(file.path(), TemporaryFile::new("x").path());
        let path = file.path().to_owned();
        std::fs::write(&path, "x").expect("the temporary folder takes it");
        drop(file);
        assert!(!path.exists());
    }
}
