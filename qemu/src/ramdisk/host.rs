//! Files and folders of the host that are copied into the ramdisk (`--add HOST[:GUEST]`).
//!
//! A folder comes with all that is in it: permissions are kept, links stay links, everything
//! belongs to root. What is named itself is followed when it is a link, since a person who names
//! `/bin/busybox` means the program.

use std::fs::{self, Metadata};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::{Content, Ramdisk};
use crate::{Error, Result};

/// Something of the host to put into the ramdisk, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addition {
    /// The file or folder on the host.
    pub host: PathBuf,
    /// Where it goes; a path that ends with `/`, or that is a folder there, means "into it, under
    /// its own name". None: into the root, under its own name.
    pub guest: Option<String>,
}

impl Addition {
    /// Whether there is something to add, so that it can be said before work is begun.
    ///
    /// # Errors
    /// When it cannot be found on the host.
    pub fn check(&self) -> Result<()> {
        self.metadata().map(drop)
    }

    /// What the host says of it, a link followed.
    fn metadata(&self) -> Result<Metadata> {
        fs::metadata(&self.host).map_err(|error| Error::Ramdisk {
            path: self.host.display().to_string(),
            reason: format!("{error}; name a file or folder that exists, as HOST[:GUEST]"),
        })
    }
}

impl FromStr for Addition {
    type Err = Error;

    /// Reads `HOST[:GUEST]`. A host path with a colon in it is taken whole if it exists so.
    fn from_str(text: &str) -> Result<Self> {
        let whole = Self {
            host: text.into(),
            guest: None,
        };
        if whole.host.symlink_metadata().is_ok() {
            return Ok(whole);
        }
        match text.rsplit_once(':') {
            Some((host, guest)) if !host.is_empty() && guest.starts_with('/') => Ok(Self {
                host: host.into(),
                guest: Some(guest.into()),
            }),
            Some(_) => Err(Error::Ramdisk {
                path: text.into(),
                reason: "write HOST:GUEST, with GUEST an absolute path such as /bin/busybox".into(),
            }),
            None => Ok(whole),
        }
    }
}

impl Ramdisk {
    /// Copies a file or a folder of the host into the ramdisk.
    ///
    /// # Errors
    /// When the host cannot read it, when it is a socket, or when its place is taken by a folder.
    pub fn add_host(&mut self, addition: &Addition) -> Result<()> {
        let data = addition.metadata()?;
        let guest = self.place(addition)?;
        self.copy(&addition.host, &guest, &data)
    }

    /// Where an addition goes.
    fn place(&self, addition: &Addition) -> Result<String> {
        let own_name = || match addition.host.file_name().and_then(|name| name.to_str()) {
            Some(name) => Ok(name.to_owned()),
            None => Err(Error::Ramdisk {
                path: addition.host.display().to_string(),
                reason: "it has no name of its own (in UTF-8); say where it goes, as HOST:/GUEST"
                    .into(),
            }),
        };
        match &addition.guest {
            None => Ok(format!("/{}", own_name()?)),
            // A folder put where a folder is merges into it; a file goes into it.
            Some(guest) if addition.host.is_dir() && !guest.trim_matches('/').is_empty() => {
                Ok(guest.clone())
            }
            Some(guest) if guest.ends_with('/') || self.has_folder(guest) => {
                Ok(format!("{guest}/{}", own_name()?))
            }
            Some(guest) => Ok(guest.clone()),
        }
    }

    /// Copies one thing and, for a folder, all that is in it.
    fn copy(&mut self, host: &Path, guest: &str, data: &Metadata) -> Result<()> {
        let reading = || Error::io(format!("read {}", host.display()));
        let kind = data.file_type();
        let content = if kind.is_dir() {
            Content::Folder
        } else if kind.is_file() {
            Content::File(fs::read(host).map_err(reading())?)
        } else if kind.is_symlink() {
            let target = fs::read_link(host).map_err(reading())?;
            Content::Symlink(target.to_string_lossy().into_owned())
        } else if kind.is_fifo() {
            Content::Fifo
        } else if kind.is_char_device() {
            Content::CharacterDevice(
                rustix::fs::major(data.rdev()),
                rustix::fs::minor(data.rdev()),
            )
        } else if kind.is_block_device() {
            Content::BlockDevice(
                rustix::fs::major(data.rdev()),
                rustix::fs::minor(data.rdev()),
            )
        } else {
            return Err(Error::Ramdisk {
                path: host.display().to_string(),
                reason: "it is a socket, which no archive can hold; leave it out".into(),
            });
        };
        self.add(guest, content, data.permissions().mode())?;
        if kind.is_dir() {
            for entry in fs::read_dir(host).map_err(reading())? {
                let entry = entry.map_err(reading())?;
                let inner = entry.path();
                let data = entry
                    .metadata()
                    .map_err(Error::io(format!("read {}", inner.display())))?;
                let name = entry.file_name();
                let Some(name) = name.to_str() else {
                    return Err(Error::Ramdisk {
                        path: inner.display().to_string(),
                        reason: "its name is not UTF-8; rename it".into(),
                    });
                };
                self.copy(&inner, &format!("{guest}/{name}"), &data)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_is_read() {
        let read = |text: &str| text.parse::<Addition>();
        assert_eq!(read("/no/such").expect("host only").guest, None);
        let both = read("/no/such:/bin/x").expect("both");
        assert_eq!(
            (both.host, both.guest.as_deref()),
            ("/no/such".into(), Some("/bin/x"))
        );
        assert!(read("/no/such:bin").is_err() && read(":/bin").is_err());
    }

    #[test]
    fn a_folder_comes_with_what_is_in_it() {
        let top = std::env::temp_dir().join(format!("janus-add-{}", std::process::id()));
        fs::create_dir_all(top.join("deep")).expect("temporary folder");
        fs::write(top.join("deep/run"), "#!/bin/sh\n").expect("temporary file");
        fs::set_permissions(top.join("deep/run"), fs::Permissions::from_mode(0o750)).expect("ours");
        std::os::unix::fs::symlink("deep/run", top.join("link")).expect("temporary link");

        let mut disk = Ramdisk::new();
        disk.add_host(&Addition {
            host: top.clone(),
            guest: Some("/opt/x".into()),
        })
        .expect("copied");
        assert!(disk.has_folder("/opt/x/deep"));
        assert_eq!(disk.nodes["opt/x/deep/run"].permissions, 0o750);
        assert_eq!(
            disk.nodes["opt/x/link"].content,
            Content::Symlink("deep/run".into())
        );

        let file = top.join("deep/run");
        disk.add_host(&Addition {
            host: file.clone(),
            guest: Some("/opt/".into()),
        })
        .expect("into");
        disk.add_host(&Addition {
            host: file.clone(),
            guest: Some("/opt/x".into()),
        })
        .expect("into");
        disk.add_host(&Addition {
            host: file.clone(),
            guest: None,
        })
        .expect("into the root");
        assert!(disk.contains("/opt/run") && disk.contains("/opt/x/run") && disk.contains("/run"));
        fs::remove_dir_all(top).expect("ours");
    }

    #[test]
    fn a_missing_file_is_named() {
        let addition = Addition {
            host: "/no/such/file".into(),
            guest: None,
        };
        let early = addition.check().expect_err("not there").to_string();
        let error = Ramdisk::new().add_host(&addition).expect_err("not there");
        assert_eq!(error.to_string(), early);
        assert!(early.contains("/no/such/file") && early.contains("HOST[:GUEST]"));
    }
}
