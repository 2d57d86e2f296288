//! Processes come and go: when a namespace ends, and who is in front then.

use std::sync::Arc;

use devns::{Departure, Ended};

use crate::common::{Log, at, foreground, persona, probe};

#[test]
fn a_namespace_ends_with_its_last_process() {
    let foreground = foreground();
    let two = persona(&foreground, 2);
    two.join().expect("it lives");
    assert_eq!(two.processes(), 2);
    assert_eq!(foreground.leave(&two, at(1)), Ok(Departure::OthersRemain));
    assert_eq!((two.processes(), two.has_ended()), (1, false));
    assert_eq!(foreground.leave(&two, at(2)), Ok(Departure::Ended));
    assert_eq!((two.processes(), two.has_ended()), (0, true));
    assert_eq!(two.join(), Err(Ended));
    assert_eq!(two.timestamp(), at(0), "it was never in front");
}

#[test]
fn the_root_comes_to_the_front_when_the_one_there_ends() {
    let foreground = foreground();
    let log = Log::default();
    let class = probe::<false>(&foreground, "probe", &log);
    let two = persona(&foreground, 2);
    let _files = (class.get(&two), class.get(foreground.root()));
    foreground.switch(&two, at(1)).expect("it has a process");
    log.take();
    assert_eq!(foreground.leave(&two, at(9)), Ok(Departure::EndedInFront));
    assert_eq!(log.take(), ["probe deactivate 2", "probe activate 1"]);
    let root = foreground.root();
    assert!(root.is_active() && !two.is_active());
    assert_eq!((root.timestamp(), two.timestamp()), (at(9), at(9)));
}

#[test]
fn the_root_does_not_end() {
    let foreground = foreground();
    let root = foreground.root();
    root.join().expect("always");
    assert_eq!(foreground.leave(root, at(1)), Ok(Departure::OthersRemain));
    assert!(root.is_active() && !root.has_ended());
    root.join().expect("always");
}

#[test]
fn the_one_in_front_is_kept_by_the_foreground() {
    let foreground = foreground();
    let two = persona(&foreground, 2);
    let weak = Arc::downgrade(&two);
    foreground.switch(&two, at(1)).expect("it has a process");
    drop(two);
    assert!(weak.upgrade().is_some_and(|two| two.is_active()));
    foreground.switch(foreground.root(), at(2)).expect("root");
    assert!(weak.upgrade().is_none());
    assert_eq!(foreground.namespaces().len(), 1);
}

#[test]
fn namespaces_are_found_by_their_init() {
    let foreground = foreground();
    let (two, three) = (persona(&foreground, 2), persona(&foreground, 3));
    let _unborn = foreground.create(9);
    let found = foreground.by_init_pid(3).expect("it lives");
    assert!(Arc::ptr_eq(&found, &three));
    assert!(foreground.by_init_pid(1).is_some_and(|root| root.is_root()));
    assert!(foreground.by_init_pid(0).is_none(), "no pid");
    foreground.leave(&two, at(1)).expect("outside");
    assert!(foreground.by_init_pid(2).is_none(), "ended");
    let numbers: Vec<_> = foreground
        .namespaces()
        .iter()
        .map(|one| one.number())
        .collect();
    assert_eq!(numbers, [1, 2, 3, 9], "in the order of their creation");
}

#[test]
fn places_are_counted_among_those_that_may_come_to_the_front() {
    let foreground = foreground();
    let (two, three) = (persona(&foreground, 2), persona(&foreground, 3));
    let _unborn = foreground.create(9);
    let four = persona(&foreground, 4);
    let number = |place| foreground.at(place).map(|namespace| namespace.number());
    assert_eq!(
        [0, 1, 2, 3, 4].map(number),
        [Some(1), Some(2), Some(3), Some(4), None]
    );
    foreground.leave(&two, at(1)).expect("outside");
    assert_eq!([1, 2, 3].map(number), [Some(3), Some(4), None], "ended");
    drop((three, four));
}
