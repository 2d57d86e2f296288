//! The modules of a kernel package and the order in which they must be loaded.
//!
//! A package has no `modules.dep`: that is made where it is installed. So the dependencies are
//! read where depmod reads them, in the module's own `.modinfo` section: `key=value` strings with
//! a NUL after each, of which `depends` names other modules with commas between them. Source:
//! modinfo(8), depmod(8), Linux' `include/linux/moduleparam.h` for the section's form.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use object::{Object, ObjectSection};

use super::read;
use crate::{Error, Result};

/// Where each module is, by its name.
pub struct Modules {
    files: BTreeMap<String, PathBuf>,
}

/// A module that is to be loaded.
#[derive(Debug)]
pub struct Module {
    /// Its name, as `lsmod` has it.
    pub name: String,
    /// Its file's bytes.
    pub bytes: Vec<u8>,
}

impl Modules {
    /// Those in `folder` and below.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn below(folder: &Path) -> Result<Self> {
        let mut files = BTreeMap::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            let reading = || Error::io(format!("read the folder {}", folder.display()));
            for entry in fs::read_dir(&folder).map_err(reading())? {
                let path = entry.map_err(reading())?.path();
                // Not through links: one leads to where the kernel was built.
                if path.is_dir() && !path.is_symlink() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "ko")
                    && let Some(stem) = path.file_stem()
                {
                    files.insert(name_of(&stem.to_string_lossy()), path);
                }
            }
        }
        Ok(Self { files })
    }

    /// The modules of these names and all that they depend on, each after what it needs.
    ///
    /// # Errors
    /// When there is none of a name, or a file is no module.
    pub fn in_order(&self, names: &[&str]) -> Result<Vec<Module>> {
        let mut ordered = Vec::new();
        for name in names {
            self.add(&name_of(name), &mut ordered)?;
        }
        Ok(ordered)
    }

    fn add(&self, name: &str, ordered: &mut Vec<Module>) -> Result<()> {
        if ordered.iter().any(|module| module.name == name) {
            return Ok(());
        }
        let refuse = |reason: &str| Error::Ramdisk {
            path: format!("the kernel module {name}"),
            reason: reason.into(),
        };
        let file = self
            .files
            .get(name)
            .ok_or_else(|| refuse("the kernel package has none of this name"))?;
        let bytes = read(file)?;
        let needed = dependencies(&bytes).ok_or_else(|| refuse("its file is no module"))?;
        for other in needed {
            self.add(&other, ordered)?;
        }
        ordered.push(Module {
            name: name.to_owned(),
            bytes,
        });
        Ok(())
    }
}

/// A module's name: its file's, with the one sign for `-` and `_`.
fn name_of(stem: &str) -> String {
    stem.replace('-', "_")
}

/// The names of the modules that the module in `bytes` needs; none if it is no module.
fn dependencies(bytes: &[u8]) -> Option<Vec<String>> {
    let file = object::File::parse(bytes).ok()?;
    let section = file.section_by_name(".modinfo")?;
    let data = section.data().ok()?;
    let text = String::from_utf8_lossy(data).into_owned();
    Some(depends(&text))
}

/// The names in the `depends` string of a `.modinfo` section.
fn depends(section: &str) -> Vec<String> {
    section
        .split('\0')
        .find_map(|string| string.strip_prefix("depends="))
        .unwrap_or_default()
        .split(',')
        .filter(|name| !name.is_empty())
        .map(name_of)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_are_read_from_the_section() {
        let section = "license=GPL\0depends=virtio,virtio-ring\0name=virtio_input\0";
        assert_eq!(depends(section), ["virtio", "virtio_ring"]);
        assert!(depends("depends=\0name=evdev\0").is_empty());
        assert!(depends("name=evdev\0").is_empty());
    }

    #[test]
    fn a_missing_module_is_named() {
        let none = Modules {
            files: BTreeMap::new(),
        };
        let error = none.in_order(&["binder_linux"]).expect_err("none there");
        assert!(error.to_string().contains("binder_linux"));
        assert!(dependencies(b"no module").is_none());
    }
}
