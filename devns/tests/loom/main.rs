//! The lock protocol, every order of the threads' steps being tried. Built and run by
//! `RUSTFLAGS="--cfg loom" cargo test --release --package devns --test loom`, as
//! `cargo xtask test` does; without that flag there is nothing in here.
//!
//! Loom sees the gate, the short locks and the atomics. It does not see the counts inside
//! `Arc`, which is why those that matter change only under a short lock.
#![cfg(loom)]

mod house;

use std::sync::Arc;

use devns::{Departure, Ended, Jiffies, Outcome, Refused, StateError, SwitchError};
use house::{House, every_order};
use loom::sync::atomic::Ordering;

const NOW: Jiffies = Jiffies(7);

#[test]
fn two_threads_switch_against_each_other() {
    every_order(|| {
        let house = House::new();
        let (two, three) = (house.persona(), house.persona());
        let _file = house.state(&two);
        let target = Arc::clone(&two);
        let other = house.spawn(move |foreground| foreground.switch(&target, NOW));
        assert_eq!(house.foreground.switch(&three, NOW), Ok(Outcome::Changed));
        assert_eq!(other.join().expect("no panic"), Ok(Outcome::Changed));
        assert_eq!(house.serial.switches.load(Ordering::SeqCst), 2);
        assert!(!house.foreground.root().is_active());
        house.check();
    });
}

#[test]
fn a_state_is_made_while_its_namespace_comes_to_the_front() {
    every_order(|| {
        let house = House::new();
        let two = house.persona();
        let target = Arc::clone(&two);
        let switch = house.spawn(move |foreground| foreground.switch(&target, NOW));
        let file = house.state(&two);
        assert_eq!(switch.join().expect("no panic"), Ok(Outcome::Changed));
        assert!(
            file.0.load(Ordering::SeqCst),
            "it knows that it is in front"
        );
        house.check();
        drop(file);
        assert_eq!(house.live(), 0);
    });
}

#[test]
fn two_threads_use_a_state_first() {
    every_order(|| {
        let house = House::new();
        let two = house.persona();
        let (class, target) = (house.class.clone(), Arc::clone(&two));
        let other = house.spawn(move |_| class.get(&target).expect("created"));
        let mine = house.state(&two);
        let other = other.join().expect("no panic");
        assert!(std::ptr::eq(&raw const *mine, &raw const *other));
        assert_eq!((house.created(), house.live()), (1, 1));
    });
}

#[test]
fn the_last_process_leaves_while_its_namespace_comes_to_the_front() {
    every_order(|| {
        let house = House::new();
        let two = house.persona();
        let _file = house.state(&two);
        let target = Arc::clone(&two);
        let switch = house.spawn(move |foreground| foreground.switch(&target, NOW));
        let departure = house.foreground.leave(&two, NOW);
        match switch.join().expect("no panic") {
            Ok(_) => assert_eq!(departure, Ok(Departure::EndedInFront)),
            Err(error) => {
                assert_eq!(error, SwitchError::NoProcess);
                assert_eq!(departure, Ok(Departure::Ended));
            }
        }
        assert!(house.foreground.root().is_active() && two.has_ended());
        house.check();
    });
}

#[test]
fn a_third_thread_switches_away_meanwhile() {
    every_order(|| {
        let house = House::new();
        let (two, three) = (house.persona(), house.persona());
        let (target, leaver) = (Arc::clone(&three), Arc::clone(&two));
        let away = house.spawn(move |foreground| foreground.switch(&target, NOW));
        let leave = house.spawn(move |foreground| foreground.leave(&leaver, NOW));
        let switch = house.foreground.switch(&two, NOW);
        assert_eq!(away.join().expect("no panic"), Ok(Outcome::Changed));
        let departure = leave.join().expect("no panic");
        if switch.is_err() {
            assert_eq!(departure, Ok(Departure::Ended));
        }
        assert!(two.has_ended() && !two.is_active());
        house.check();
    });
}

#[test]
fn the_last_two_processes_leave_at_once() {
    every_order(|| {
        let house = House::new();
        let two = house.persona();
        two.join().expect("it lives");
        house.foreground.switch(&two, NOW).expect("it lives");
        let target = Arc::clone(&two);
        let other = house.spawn(move |foreground| foreground.leave(&target, NOW));
        let mine = house.foreground.leave(&two, NOW);
        let both = [mine, other.join().expect("no panic")];
        assert!(both.contains(&Ok(Departure::OthersRemain)), "{both:?}");
        assert!(both.contains(&Ok(Departure::EndedInFront)), "{both:?}");
        house.check();
    });
}

#[test]
fn a_process_joins_while_the_last_leaves() {
    every_order(|| {
        let house = House::new();
        let two = house.persona();
        house.foreground.switch(&two, NOW).expect("it lives");
        let target = Arc::clone(&two);
        let join = house.spawn(move |_| target.join());
        let departure = house.foreground.leave(&two, NOW);
        match join.join().expect("no panic") {
            Ok(()) => assert_eq!(departure, Ok(Departure::OthersRemain)),
            Err(Ended) => assert_eq!(departure, Ok(Departure::EndedInFront)),
        }
        assert_eq!(two.is_active(), !two.has_ended());
        house.check();
    });
}

#[test]
fn the_last_user_leaves_while_the_next_comes() {
    every_order(|| {
        let house = House::new();
        let two = house.persona();
        let file = house.state(&two);
        let (class, target) = (house.class.clone(), Arc::clone(&two));
        let next = house.spawn(move |_| drop(class.get(&target).expect("created")));
        drop(file);
        next.join().expect("no panic");
        // Neither made twice (the class would have said so) nor left behind.
        assert_eq!(house.live(), 0);
        assert!(house.class.states().is_empty());
    });
}

#[test]
fn the_last_two_users_leave_at_once() {
    every_order(|| {
        let house = House::new();
        let two = house.persona();
        let file = house.state(&two);
        let copy = file.clone();
        let other = house.spawn(move |_| drop(copy));
        drop(file);
        other.join().expect("no panic");
        assert_eq!((house.created(), house.live()), (1, 0));
    });
}

#[test]
fn the_last_user_leaves_while_its_namespace_is_switched() {
    every_order(|| {
        let house = House::new();
        let two = house.persona();
        let file = house.state(&two);
        let target = Arc::clone(&two);
        let switch = house.spawn(move |foreground| foreground.switch(&target, NOW));
        drop(file);
        assert_eq!(switch.join().expect("no panic"), Ok(Outcome::Changed));
        assert_eq!(house.live(), 0);
        house.check();
    });
}

#[test]
fn a_namespace_is_let_go_of_while_all_are_listed() {
    every_order(|| {
        let house = House::new();
        let two = house.persona();
        let file = house.state(&two);
        let lister = house.spawn(|foreground| foreground.namespaces().len());
        drop(file);
        drop(two);
        let seen = lister.join().expect("no panic");
        assert!((1..=2).contains(&seen));
        assert_eq!((house.live(), house.foreground.namespaces().len()), (0, 1));
    });
}

#[test]
fn a_switch_from_inside_is_refused_and_one_from_beside_is_not() {
    every_order(|| {
        let house = House::new();
        let (two, three) = (house.persona(), house.persona());
        let _file = house.state(&two);
        let weak = Arc::downgrade(&house.foreground);
        assert!(house.class.class().foreground.set(weak).is_ok());
        let target = Arc::clone(&three);
        let beside = house.spawn(move |foreground| foreground.switch(&target, NOW));
        assert_eq!(house.foreground.switch(&two, NOW), Ok(Outcome::Changed));
        assert_eq!(beside.join().expect("no panic"), Ok(Outcome::Changed));
        let class = house.class.clone();
        let root = house.foreground.root();
        let inside = house.foreground.settled(|_| class.get(root).err());
        assert_eq!(inside, Ok(Some(StateError::Refused(Refused::Inside))));
        house.check();
    });
}
