//! The states of device classes: made on first use, shared, released with the last user or with
//! the namespace, never twice, never lost.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use devns::{StateError, StateRef};

use crate::common::{Log, NoHardware, at, foreground, persona, probe};

#[test]
fn a_state_is_made_on_first_use_and_shared() {
    let foreground = foreground();
    let log = Log::default();
    let class = probe::<false>(&foreground, "probe", &log);
    let two = persona(&foreground, 2);
    assert!(class.find(&two).is_none());
    assert!(log.take().is_empty(), "looking makes nothing");
    let first = class.get(&two).expect("created");
    let second = class.get(&two).expect("found");
    let third = class.find(&two).expect("found");
    assert!(std::ptr::eq(&raw const *first, &raw const *second));
    assert!(std::ptr::eq(&raw const *first, &raw const *third));
    assert!(Arc::ptr_eq(first.namespace(), &two));
    assert_eq!(log.take(), ["probe create 2"]);
}

#[test]
fn the_last_user_takes_the_state_along() {
    let foreground = foreground();
    let log = Log::default();
    let class = probe::<false>(&foreground, "probe", &log);
    let two = persona(&foreground, 2);
    let first = class.get(&two).expect("created");
    let second = StateRef::clone(&first);
    drop(first);
    assert_eq!(class.class().live(), 1);
    drop(second);
    assert_eq!(log.take(), ["probe create 2", "probe release 2"]);
    assert_eq!(class.class().live(), 0);
    drop(class.get(&two).expect("created anew"));
    assert_eq!(log.take(), ["probe create 2", "probe release 2"]);
}

#[test]
fn a_state_keeps_its_namespace_and_neither_keeps_itself() {
    let foreground = foreground();
    let log = Log::default();
    let class = probe::<false>(&foreground, "probe", &log);
    let screen = probe::<true>(&foreground, "screen", &log);
    let two = persona(&foreground, 2);
    let weak = Arc::downgrade(&two);
    let file = class.get(&two).expect("created");
    drop(screen.get(&two).expect("created"));
    drop(two);
    assert!(weak.upgrade().is_some(), "the open file keeps it");
    assert_eq!(foreground.namespaces().len(), 2);
    log.take();
    drop(file);
    assert_eq!(log.take(), ["probe release 2", "screen release 2"]);
    assert!(weak.upgrade().is_none());
    assert_eq!(foreground.namespaces().len(), 1);
}

#[test]
fn a_state_that_outlives_its_users_is_found_again() {
    let foreground = foreground();
    let log = Log::default();
    let screen = probe::<true>(&foreground, "screen", &log);
    let two = persona(&foreground, 2);
    let first = screen.get(&two).expect("created");
    let address = &raw const *first;
    drop(first);
    let again = screen
        .find(&two)
        .expect("it lives as long as its namespace");
    assert!(std::ptr::eq(address, &raw const *again));
    drop(again);
    foreground.switch(&two, at(1)).expect("it has a process");
    assert_eq!(log.take(), ["screen create 2", "screen activate 2"]);
}

#[test]
fn a_creation_that_fails_leaves_nothing_and_is_tried_again() {
    let foreground = foreground();
    let log = Log::default();
    let class = probe::<false>(&foreground, "probe", &log);
    let two = persona(&foreground, 2);
    class.class().fails.store(true, Ordering::SeqCst);
    let error = class.get(&two).err();
    assert_eq!(error, Some(StateError::Class(NoHardware)));
    assert_eq!(class.class().live(), 0);
    assert!(class.find(&two).is_none() && class.states().is_empty());
    assert!(two.classes().is_empty());
    foreground.switch(&two, at(1)).expect("it has a process");
    class.class().fails.store(false, Ordering::SeqCst);
    let _state = class.get(&two).expect("the second try");
    assert_eq!(log.take(), ["probe create 2", "probe create 2"]);
}

#[test]
fn a_creation_that_panics_leaves_the_gate_open() {
    let foreground = foreground();
    let class = probe::<false>(&foreground, "probe", &Log::default());
    class.class().set_hook(|_| panic!("a class that is broken"));
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        class.get(foreground.root()).is_ok()
    }));
    assert!(result.is_err());
    class.class().set_hook(|_| ());
    assert!(class.get(foreground.root()).is_ok());
}

#[test]
fn a_hold_may_be_dropped_while_its_namespace_is_switched() {
    let foreground = foreground();
    let log = Log::default();
    let class = probe::<false>(&foreground, "probe", &log);
    let file = std::sync::Mutex::new(class.get(foreground.root()).ok());
    let closing = log.clone();
    class.class().set_hook(move |what| {
        if what == "deactivate" {
            drop(file.lock().expect("no panic").take());
            closing.add("closed".into());
        }
    });
    let two = persona(&foreground, 2);
    foreground.switch(&two, at(1)).expect("it has a process");
    let expected = [
        "probe create 1",
        "probe deactivate 1",
        "closed",
        "probe release 1",
    ];
    assert_eq!(log.take(), expected);
    assert_eq!(class.class().live(), 0);
}

#[test]
fn a_walk_sees_every_state_once() {
    let foreground = foreground();
    let log = Log::default();
    let class = probe::<false>(&foreground, "probe", &log);
    let screen = probe::<true>(&foreground, "screen", &log);
    let personas = [2, 3, 4, 5].map(|number| persona(&foreground, number));
    let mut files: Vec<_> = personas
        .iter()
        .rev()
        .map(|persona| class.get(persona))
        .collect();
    drop(files.remove(1)); // persona 4 has closed its file
    drop(screen.get(&personas[2]));
    let mut seen = Vec::new();
    let walk = class.walk(|state| seen.push(state.owner));
    assert_eq!((walk, seen), (Ok(()), vec![2, 3, 5]));
    let owners: Vec<_> = screen.states().iter().map(|state| state.owner).collect();
    assert_eq!(owners, [4]);
    drop(foreground);
    assert!(class.walk(|_| ()).is_err());
}

#[test]
fn the_classes_of_a_namespace_are_named_in_the_order_of_registration() {
    let foreground = foreground();
    let log = Log::default();
    let first = probe::<false>(&foreground, "first", &log);
    let second = probe::<true>(&foreground, "second", &log);
    let root = foreground.root();
    let (file, _) = (second.get(root), first.get(root).map(drop));
    let file_of_first = first.get(root);
    let names = || {
        root.classes()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(names(), ["first", "second"]);
    drop((file, file_of_first));
    assert_eq!(names(), ["second"]);
}

#[test]
fn states_may_outlive_the_foreground() {
    let foreground = foreground();
    let log = Log::default();
    let class = probe::<false>(&foreground, "probe", &log);
    let two = persona(&foreground, 2);
    let file = class.get(&two).expect("created");
    drop(foreground);
    assert!(class.find(&two).is_none() && class.get(&two).is_err());
    drop(file);
    assert_eq!(log.take(), ["probe create 2", "probe release 2"]);
}
