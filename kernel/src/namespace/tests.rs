//! In-kernel tests of namespaces: numbers, nesting, copies of mounts, and that nothing stays.

use alloc::sync::Arc;
use alloc::vec;

use super::{KINDS, PidNamespace, UtsNamespace};
use crate::error::Errno;
use crate::process;

fn root() -> &'static Arc<PidNamespace> {
    PidNamespace::root()
}

metal::ktest! {
    fn each_level_gives_a_number_of_its_own() {
        let outer = PidNamespace::below(root()).unwrap();
        let inner = PidNamespace::below(&outer).unwrap();
        outer.enroll(5000).unwrap();
        inner.enroll(5001).unwrap();
        assert_eq!((outer.shown(5000), outer.shown(5001), inner.shown(5001)), (1, 2, 1));
        assert_eq!(inner.shown(5000), 0, "what is outside cannot be seen");
        assert_eq!((outer.resolve(2), inner.resolve(1)), (Some(5001), Some(5001)));
        assert_eq!((inner.resolve(2), root().resolve(7)), (None, Some(7)));
        assert_eq!(root().shown_below(&inner, 5001), vec![5001, 2, 1]);
        assert_eq!(outer.shown_below(&inner, 5001), vec![2, 1]);
        inner.dismiss(5001);
        assert_eq!((outer.shown(5001), inner.shown(5001)), (0, 0));
    }

    fn a_namespace_contains_itself_and_what_lies_in_it() {
        let outer = PidNamespace::below(root()).unwrap();
        let inner = PidNamespace::below(&outer).unwrap();
        assert!(root().contains(&inner) && outer.contains(&inner) && inner.contains(&inner));
        assert!(!inner.contains(&outer) && !outer.contains(root()));
    }

    fn a_closed_namespace_takes_nobody() {
        let namespace = PidNamespace::below(root()).unwrap();
        namespace.close();
        assert_eq!(namespace.enroll(5000), Err(Errno::ENOMEM));
        assert_eq!(namespace.shown(5000), 0);
    }

    fn namespaces_nest_thirty_two_deep() {
        let mut namespace = Arc::clone(root());
        for _ in 0..32 {
            namespace = PidNamespace::below(&namespace).unwrap();
        }
        assert_eq!(PidNamespace::below(&namespace).err(), Some(Errno::ENOSPC));
    }

    fn a_number_is_taken_back_when_nothing_has_it() {
        let namespace = PidNamespace::below(root()).unwrap();
        let reserved = process::table::new_number(&namespace).unwrap();
        let number = reserved.number;
        assert_eq!(namespace.shown(number), 1);
        drop(reserved);
        assert_eq!(namespace.shown(number), 0);
        assert_eq!(Arc::strong_count(&namespace), 1, "the table keeps no namespace");
    }

    fn every_kind_knows_the_namespace_of_a_thread() {
        let thread = process::current();
        for kind in KINDS {
            let namespace = (kind.of)(&thread).unwrap();
            assert_eq!(namespace.kind().label, kind.label);
            assert_eq!(namespace.number(), kind.first_number, "{}", kind.name);
        }
    }

    fn a_copy_of_the_names_changes_alone() {
        let copy = UtsNamespace::root().copy();
        copy.set_host_name(b"elsewhere").unwrap();
        assert_eq!(copy.host_name().as_bytes(), b"elsewhere");
        assert_eq!(UtsNamespace::root().host_name().as_bytes(), b"janus");
    }

    fn a_copy_of_the_mounts_has_the_same_places_on_mounts_of_its_own() {
        let fs = process::current().fs().unwrap();
        let copy = fs.with_own_mounts(super::new_number()).unwrap();
        let names = |context: &crate::file::FsContext| context.mounts().mounts().len();
        assert_eq!(names(&copy), names(&fs));
        assert!(Arc::ptr_eq(&copy.root().dentry, &fs.root().dentry));
        assert!(!Arc::ptr_eq(&copy.root().mount, &fs.root().mount));
        assert!(copy.mounts().contains(&copy.root()) && !fs.mounts().contains(&copy.root()));
    }
}
