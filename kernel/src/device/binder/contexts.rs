//! Which contexts there are, and who may see them.
//!
//! Each persona has one of its own, behind `/dev/binder`; each mount of binderfs has as many as it
//! has devices, and belongs to the persona that mounted it.

use alloc::string::String;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;

use devns::Namespace;
use drivers::binder::context::Context;
use drivers::binder::persona::context_of;

use super::HANDLE;
use crate::error::{Errno, Result};
use crate::process::Thread;
use crate::sync::SpinLock;

/// One of binderfs.
struct Mounted {
    /// The number of the persona's device namespace, which is never given twice.
    namespace: u64,
    name: String,
    context: Weak<Context>,
}

static MOUNTED: SpinLock<Vec<Mounted>> = SpinLock::new(Vec::new());

/// A context for a reader.
pub(super) struct Listed {
    /// Whose the context is, where the reader must be told.
    pub(super) namespace: Option<Arc<Namespace>>,
    /// What it is called.
    pub(super) name: String,
    /// It.
    pub(super) context: Arc<Context>,
}

/// The context of a process's persona.
///
/// # Errors
/// ENODEV before the class is registered; EAGAIN from inside a switch.
pub(super) fn own(thread: &Thread) -> Result<Arc<Context>> {
    let handle = HANDLE.get().ok_or(Errno::ENODEV)?;
    context_of(handle, &thread.process.membership.namespace())
}

/// Makes a context of binderfs known to those who may see it.
///
/// # Errors
/// ENOMEM.
pub(super) fn add_mounted(thread: &Thread, name: &str, context: &Arc<Context>) -> Result<()> {
    let mut mounted = MOUNTED.lock();
    mounted.retain(|one| one.context.strong_count() > 0);
    mounted.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
    mounted.push(Mounted {
        namespace: thread.process.membership.namespace().number(),
        name: name.into(),
        context: Arc::downgrade(context),
    });
    Ok(())
}

/// The contexts that a thread may look into: those of its persona, and for the root those of all.
pub(super) fn visible(thread: &Thread) -> Vec<Listed> {
    let own = thread.process.membership.namespace();
    let mut listed = Vec::new();
    let Some(handle) = HANDLE.get() else {
        return listed;
    };
    for state in handle.states() {
        let namespace = state.namespace();
        let is_own = Arc::ptr_eq(namespace, &own);
        if !is_own && !own.is_root() {
            continue;
        }
        let shown = (!is_own).then(|| Arc::clone(namespace));
        listed.push(Listed {
            namespace: shown.clone(),
            name: "binder".into(),
            context: Arc::clone(&state),
        });
        for mounted in MOUNTED.lock().iter() {
            let context = mounted.context.upgrade();
            if mounted.namespace == namespace.number()
                && let Some(context) = context
            {
                listed.push(Listed {
                    namespace: None,
                    name: mounted.name.clone(),
                    context,
                });
            }
        }
    }
    listed
}
