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

    /// The first that `matches`. Those behind it are not looked at.
    pub fn find(&self, mut matches: impl FnMut(&Namespace) -> bool) -> Option<Arc<Namespace>> {
        let mut from = 0;
        loop {
            let (serial, namespace) = self.first_from(from)?;
            from = serial + 1;
            // None: it is at its end.
            if let Some(namespace) = namespace.upgrade()
                && matches(&namespace)
            {
                return Some(namespace);
            }
        }
    }

    fn first_from(&self, serial: u64) -> Option<(u64, Weak<Namespace>)> {
        let namespaces = self.namespaces.lock();
        let (serial, namespace) = namespaces.range(serial..).next()?;
        Some((*serial, Weak::clone(namespace)))
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::{Foreground, Gate, ThreadNumber};
    use core::num::NonZeroU64;

    /// For a single thread.
    struct Open;

    impl Gate for Open {
        fn enter(&self, work: &mut dyn FnMut()) {
            work();
        }

        fn try_enter(&self, work: &mut dyn FnMut()) -> bool {
            work();
            true
        }

        fn current_thread(&self) -> ThreadNumber {
            ThreadNumber(NonZeroU64::MIN)
        }
    }

    #[test]
    fn the_list_forgets_what_is_gone() {
        let foreground = Foreground::new(Box::new(Open), 1);
        let core = foreground.root().core.upgrade().expect("it is there");
        let thousand: Vec<_> = (0..1000).map(|number| foreground.create(number)).collect();
        assert_eq!(core.list.namespaces.lock().len(), 1001);
        drop(thousand);
        assert_eq!(core.list.namespaces.lock().len(), 1);
    }
}
