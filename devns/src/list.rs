//! All namespaces of a foreground, none of them kept alive by it.

use alloc::collections::BTreeMap;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;

use crate::namespace::Namespace;
use crate::sync::Short;

/// Namespaces by serial number, hence in the order of their creation. A namespace takes itself
/// out at its end, so that the list holds as many as there are.
pub struct List {
    namespaces: Short<BTreeMap<u64, Weak<Namespace>>>,
}

impl List {
    /// Without any.
    pub fn new() -> Self {
        Self {
            namespaces: Short::new(BTreeMap::new()),
        }
    }

    /// Puts one in.
    pub fn add(&self, namespace: &Arc<Namespace>) {
        let weak = Arc::downgrade(namespace);
        self.namespaces.lock().insert(namespace.serial, weak);
    }

    /// Takes one out.
    pub fn remove(&self, namespace: &Namespace) {
        self.namespaces.lock().remove(&namespace.serial);
    }

    /// Those that exist. They are returned rather than shown one by one under the lock: to let
    /// go of the last hold on one takes the lock.
    pub fn all(&self) -> Vec<Arc<Namespace>> {
        let namespaces = self.namespaces.lock();
        namespaces.values().filter_map(Weak::upgrade).collect()
    }
}
