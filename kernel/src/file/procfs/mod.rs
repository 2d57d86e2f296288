//! procfs: processes and the system's figures as files, usually at `/proc`.
//!
//! The texts themselves are written by `abi::procfs`; this room gathers the numbers. Processes
//! are shown by the numbers of the pid namespace the file system was mounted in ([`view`]), which
//! is the only place where numbers are translated.
//!
//! Source: `proc(5)`.
mod descriptors;
#[cfg(feature = "devns")]
mod device_namespaces;
mod kernel_log;
mod links;
mod load;
mod maps;
mod memory;
mod namespaces;
mod process;
mod root;
mod status;
mod subject;
mod sysctl;
mod system;
mod system_request;
mod tasks;
#[cfg(feature = "ktest")]
mod tests;
mod view;

pub use load::{initialise as start_load_average, load_averages};
pub use system::set_command_line;

use super::{
    FileSystem, FileSystemType, Inode, MountRequest, Names, Statistics, SuperBlock, register_type,
};
use crate::error::Result;
use abi::raw::general::PROC_SUPER_MAGIC;
use alloc::sync::Arc;
use view::View;

struct Procfs {
    view: View,
}

impl FileSystem for Procfs {
    fn type_name(&self) -> &'static str {
        "proc"
    }

    fn root(&self) -> Arc<dyn Inode> {
        Arc::new(root::Root::new(self.view.clone()))
    }

    fn names(&self) -> Names {
        Names::Volatile
    }

    fn statistics(&self) -> Statistics {
        Statistics {
            magic: PROC_SUPER_MAGIC,
            ..Statistics::default()
        }
    }
}

/// Makes mount(2) know `proc`.
pub fn register() {
    register_type(FileSystemType {
        name: "proc",
        mount,
    });
}

fn mount(_request: &MountRequest<'_>) -> Result<Arc<SuperBlock>> {
    Ok(SuperBlock::new(Arc::new(Procfs {
        view: View::of_caller(),
    })))
}
