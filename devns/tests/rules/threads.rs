//! Several threads of the host: one waits for the other, and nothing is refused, lost or made
//! twice. Every order of a few steps is tried in `tests/loom.rs`; here many steps in some order.

use std::sync::mpsc;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use devns::{Outcome, SwitchError};

use crate::common::{Log, at, foreground, persona, probe};

#[test]
fn a_switch_waits_for_the_one_under_way() {
    let foreground = Arc::new(foreground());
    let class = probe::<false>(&foreground, "probe", &Log::default());
    let (two, three) = (persona(&foreground, 2), persona(&foreground, 3));
    let _file = class.get(&two).expect("created");
    let (inside, may_go) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let (at_inside, at_go) = (Arc::clone(&inside), Arc::clone(&may_go));
    class.class().set_hook(move |what| {
        if what == "activate" {
            at_inside.wait();
            at_go.wait();
        }
    });
    let (done, results) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(|| assert_eq!(foreground.switch(&two, at(1)), Ok(Outcome::Changed)));
        inside.wait();
        scope.spawn(|| done.send(foreground.switch(&three, at(2))));
        let early = results.recv_timeout(Duration::from_millis(50));
        assert!(early.is_err(), "it waits: {early:?}");
        assert!(class.find(&two).is_some(), "looking does not wait");
        may_go.wait();
        assert_eq!(results.recv(), Ok(Ok(Outcome::Changed)));
    });
    assert!(three.is_active());
}

#[test]
fn a_storm_of_switches_uses_and_ends_leaves_nothing_behind() {
    let foreground = foreground();
    let log = Log::default();
    let class = probe::<false>(&foreground, "probe", &log);
    let screen = probe::<true>(&foreground, "screen", &log);
    let start = Barrier::new(4);
    thread::scope(|scope| {
        for worker in 1..=4_u32 {
            let (foreground, class, screen, start) = (&foreground, &class, &screen, &start);
            scope.spawn(move || {
                start.wait();
                for round in 0..300 {
                    let own = persona(foreground, worker * 1000 + round);
                    let files = (class.get(&own), screen.get(&own));
                    assert!(files.0.is_ok() && files.1.is_ok());
                    let shared = class.get(foreground.root());
                    foreground.switch(&own, at(1)).expect("it has a process");
                    drop(shared);
                    let other = foreground.active();
                    let result = foreground.switch(&other, at(2));
                    assert!(matches!(result, Ok(_) | Err(SwitchError::NoProcess)));
                    foreground.leave(&own, at(3)).expect("outside");
                    assert!(!own.is_active());
                }
            });
        }
    });
    assert!(foreground.root().is_active());
    assert_eq!(foreground.namespaces().len(), 1);
    assert_eq!((class.class().live(), screen.class().live()), (0, 0));
    assert!(class.states().is_empty() && screen.states().is_empty());
}
