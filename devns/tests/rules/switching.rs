//! The rules of a switch: what happens in which order, what is refused, who may be in front.

use std::sync::Arc;

use crate::common::{Log, Probe, Witness, at, foreground, persona, probe};
use devns::{Foreground, Handle, Namespace, Outcome, Refused, SwitchError};

#[test]
fn the_root_is_in_front_from_the_beginning() {
    let foreground = foreground();
    let root = foreground.root();
    assert!(root.is_active() && root.is_root());
    assert_eq!((root.init_pid(), root.number()), (1, 1));
    assert_eq!(root.timestamp(), at(0));
    assert!(Arc::ptr_eq(&foreground.active(), root));
}

#[test]
fn a_switch_to_the_one_in_front_does_nothing() {
    let foreground = foreground();
    let log = Log::default();
    let class = probe::<false>(&foreground, "probe", &log);
    let witness = Witness {
        name: "w",
        log: log.clone(),
    };
    foreground.observe(Arc::new(witness)).expect("outside");
    let _state = class.get(foreground.root()).expect("created");
    log.take();
    let root = foreground.root();
    assert_eq!(foreground.switch(root, at(5)), Ok(Outcome::Unchanged));
    assert_eq!(root.timestamp(), at(0));
    assert!(log.take().is_empty());
}

#[test]
fn both_are_stamped_and_told_in_the_order_of_the_specification() {
    let foreground = foreground();
    let log = Log::default();
    let first = probe::<false>(&foreground, "first", &log);
    let second = probe::<true>(&foreground, "second", &log);
    let _unused = probe::<false>(&foreground, "unused", &log);
    for name in ["observer", "other"] {
        let witness = Witness {
            name,
            log: log.clone(),
        };
        foreground.observe(Arc::new(witness)).expect("outside");
    }
    let two = persona(&foreground, 2);
    // The order of creation does not matter, that of registration does.
    let _states = (second.get(&two), first.get(&two));
    let _root_states = (second.get(foreground.root()), first.get(foreground.root()));
    log.take();
    assert_eq!(foreground.switch(&two, at(70)), Ok(Outcome::Changed));
    assert_eq!(
        log.take(),
        [
            "second deactivate 1",
            "first deactivate 1",
            "other deactivated 1",
            "observer deactivated 1",
            "first activate 2",
            "second activate 2",
            "observer activated 2",
            "other activated 2",
        ]
    );
    let root = foreground.root();
    assert_eq!((root.is_active(), root.timestamp()), (false, at(70)));
    assert_eq!((two.is_active(), two.timestamp()), (true, at(70)));
    assert!(Arc::ptr_eq(&foreground.active(), &two));
}

#[test]
fn a_class_is_told_only_of_the_states_it_has() {
    let foreground = foreground();
    let log = Log::default();
    let class = probe::<false>(&foreground, "probe", &log);
    let (two, three) = (persona(&foreground, 2), persona(&foreground, 3));
    let _state = class.get(&three).expect("created");
    log.take();
    assert_eq!(foreground.switch(&two, at(1)), Ok(Outcome::Changed));
    assert!(log.take().is_empty());
    assert_eq!(foreground.switch(&three, at(2)), Ok(Outcome::Changed));
    assert_eq!(foreground.switch(&two, at(3)), Ok(Outcome::Changed));
    assert_eq!(log.take(), ["probe activate 3", "probe deactivate 3"]);
}

#[test]
fn a_namespace_without_a_process_is_not_put_in_front() {
    let foreground = foreground();
    let empty = foreground.create(9);
    let refused = Err(SwitchError::NoProcess);
    assert_eq!(foreground.switch(&empty, at(1)), refused);
    empty.join().expect("new");
    foreground.leave(&empty, at(2)).expect("outside");
    assert_eq!(foreground.switch(&empty, at(3)), refused);
    assert!(foreground.root().is_active() && !empty.is_active());
    assert_eq!(empty.timestamp(), at(0));
}

#[test]
fn a_namespace_of_another_foreground_is_refused() {
    let (mine, other) = (foreground(), foreground());
    let class = probe::<false>(&mine, "probe", &Log::default());
    let stranger = persona(&other, 2);
    let foreign = Refused::Foreign;
    assert_eq!(mine.switch(&stranger, at(1)), Err(foreign.into()));
    assert_eq!(mine.leave(&stranger, at(1)), Err(foreign));
    assert_eq!(class.get(&stranger).err(), Some(foreign.into()));
    assert!(class.find(&stranger).is_none());
}

/// Asks for all that passes the gate; what is answered.
fn everything_asked(
    foreground: &Foreground,
    class: &Handle<Probe>,
    target: &Arc<Namespace>,
) -> String {
    let late = Probe::<false>::new("late", &Log::default());
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?}",
        foreground.switch(target, at(99)),
        class.get(target).err(),
        class.walk(|_| ()),
        foreground.register("late", late).err(),
        foreground.leave(target, at(99)),
        foreground.settled(|_| ()),
    )
}

#[test]
fn what_would_wait_for_itself_is_refused_from_inside() {
    let foreground = Arc::new(foreground());
    let log = Log::default();
    let class = probe::<false>(&foreground, "probe", &log);
    let other = probe::<false>(&foreground, "other", &log);
    let (two, three) = (persona(&foreground, 2), persona(&foreground, 3));
    let (weak, inner) = (Arc::downgrade(&foreground), other.clone());
    let target = Arc::downgrade(&three);
    let results = Log::default();
    let seen = results.clone();
    class.class().set_hook(move |what| {
        let foreground = weak.upgrade().expect("it is being used");
        let target = target.upgrade().expect("held by the test");
        let answers = everything_asked(&foreground, &inner, &target);
        seen.add(format!("{what}: {answers}"));
    });
    let state = class.get(&two).expect("created");
    assert_eq!(foreground.switch(&two, at(1)), Ok(Outcome::Changed));
    assert_eq!(
        foreground.switch(foreground.root(), at(2)),
        Ok(Outcome::Changed)
    );
    drop(state);
    let refused = "Err(Refused(Inside)) Some(Refused(Inside)) Err(Inside) Some(Inside) Err(Inside) Err(Inside)";
    let expected = ["create", "activate", "deactivate", "release"];
    assert_eq!(
        results.take(),
        expected.map(|what| format!("{what}: {refused}"))
    );
    // Nothing of it was done.
    assert_eq!((three.processes(), three.timestamp()), (1, at(0)));
    assert_eq!(other.class().live(), 0);
}
