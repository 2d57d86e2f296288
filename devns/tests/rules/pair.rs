//! The crate and its plain model side by side: every operation is done to both, and they are
//! compared.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, Weak};

use devns::{Foreground, Handle, Namespace, Observer, StateRef, Switching};

use crate::common::{Log, Probe, Witness, at, foreground, probe};
use crate::model::{self, Model};
use crate::sequences::Operation;

/// A hold on a state of either kind.
#[derive(Clone)]
enum Hold {
    Passing(StateRef<Probe<false>>),
    Lasting(StateRef<Probe<true>>),
}

impl Hold {
    /// The init pid of the namespace the state was made for, and of the one it is held for.
    fn owners(&self) -> (u32, u32) {
        match self {
            Self::Passing(state) => (state.owner, state.namespace().init_pid()),
            Self::Lasting(state) => (state.owner, state.namespace().init_pid()),
        }
    }
}

/// Logs each switch, and lets go of a hold in the middle of the next.
struct Dropper {
    witness: Witness,
    hold: Mutex<Option<Hold>>,
}

impl Observer for Dropper {
    fn deactivated(&self, switching: &Switching<'_>) {
        self.witness.deactivated(switching);
        drop(self.hold.lock().expect("no panic").take());
    }

    fn activated(&self, switching: &Switching<'_>) {
        self.witness.activated(switching);
    }
}

/// The crate and its model side by side.
pub struct Pair {
    foreground: Foreground,
    first: Handle<Probe<false>>,
    lasting: Handle<Probe<true>>,
    third: Handle<Probe<false>>,
    dropper: Arc<Dropper>,
    log: Log,
    kept: Vec<Option<Arc<Namespace>>>,
    weak: Vec<Weak<Namespace>>,
    holds: Vec<(Hold, (usize, usize))>,
    model: Model,
    now: u64,
}

impl Pair {
    pub fn new() -> Self {
        let foreground = foreground();
        let log = Log::default();
        let witness = Witness {
            name: "observer",
            log: log.clone(),
        };
        let dropper = Arc::new(Dropper {
            witness,
            hold: Mutex::default(),
        });
        let observer: Arc<dyn Observer> = dropper.clone();
        foreground.observe(observer).expect("outside");
        let root = Arc::clone(foreground.root());
        Self {
            first: probe(&foreground, "first", &log),
            lasting: probe(&foreground, "lasting", &log),
            third: probe(&foreground, "third", &log),
            foreground,
            dropper,
            log,
            weak: vec![Arc::downgrade(&root)],
            kept: vec![Some(root)],
            holds: Vec::new(),
            model: Model::new(),
            now: 0,
        }
    }

    /// The namespace that `choice` means, if the test still keeps it.
    fn chosen(&self, choice: usize) -> Option<(usize, Arc<Namespace>)> {
        let index = choice % self.kept.len();
        Some((index, self.kept[index].clone()?))
    }

    fn take_hold(&mut self, choice: usize) -> Option<(Hold, (usize, usize))> {
        let count = self.holds.len();
        (count > 0).then(|| self.holds.swap_remove(choice % count))
    }

    /// Does one operation to both.
    pub fn perform(&mut self, operation: &Operation) {
        self.now += 1;
        match *operation {
            Operation::Create => self.create(),
            Operation::Join(choice) => {
                if let Some((index, namespace)) = self.chosen(choice) {
                    assert_eq!(namespace.join(), self.model.join(index));
                }
            }
            Operation::Leave(choice) => self.leave(choice),
            Operation::Switch(choice) => self.switch(choice, None),
            Operation::SwitchDropping(choice, hold) => self.switch(choice, Some(hold)),
            Operation::Get(choice, class) => self.get(choice, class),
            Operation::Clone(choice) => {
                if !self.holds.is_empty() {
                    let (hold, owner) = self.holds[choice % self.holds.len()].clone();
                    self.model.namespaces[owner.0].users[owner.1] += 1;
                    self.holds.push((hold, owner));
                }
            }
            Operation::Drop(choice) => {
                if let Some((hold, owner)) = self.take_hold(choice) {
                    drop(hold);
                    self.model.drop_hold(owner);
                }
            }
            Operation::Fail(class, fails) => self.fail(class, fails),
            Operation::Forget(choice) => self.forget(choice),
        }
    }

    fn create(&mut self) {
        let pid = self.kept.len() as u32 + 1;
        let namespace = self.foreground.create(u64::from(pid));
        namespace.set_init_pid(pid);
        self.weak.push(Arc::downgrade(&namespace));
        self.kept.push(Some(namespace));
        self.model.create(pid);
    }

    fn leave(&mut self, choice: usize) {
        if let Some((index, namespace)) = self.chosen(choice)
            && namespace.processes() > 0
        {
            let departure = self.foreground.leave(&namespace, at(self.now));
            assert_eq!(departure, Ok(self.model.leave(index, self.now)));
        }
    }

    fn switch(&mut self, choice: usize, hold: Option<usize>) {
        let Some((index, namespace)) = self.chosen(choice) else {
            return;
        };
        let hold = hold.and_then(|hold| self.take_hold(hold));
        let owner = hold.as_ref().map(|hold| hold.1);
        *self.dropper.hold.lock().expect("no panic") = hold.map(|hold| hold.0);
        let result = self.foreground.switch(&namespace, at(self.now));
        assert_eq!(result, self.model.switch(index, self.now, owner));
        // Without a switch it was not let go of there.
        let left = self.dropper.hold.lock().expect("no panic").take();
        if let (Some(hold), Some(owner)) = (left, owner) {
            drop(hold);
            self.model.drop_hold(owner);
        }
    }

    fn get(&mut self, choice: usize, class: usize) {
        let Some((index, namespace)) = self.chosen(choice) else {
            return;
        };
        let hold = match class {
            0 => self.first.get(&namespace).ok().map(Hold::Passing),
            1 => self.lasting.get(&namespace).ok().map(Hold::Lasting),
            _ => self.third.get(&namespace).ok().map(Hold::Passing),
        };
        assert_eq!(hold.is_some(), self.model.get(index, class));
        self.holds.extend(hold.map(|hold| (hold, (index, class))));
    }

    fn fail(&mut self, class: usize, fails: bool) {
        let switch = match class {
            0 => &self.first.class().fails,
            1 => &self.lasting.class().fails,
            _ => &self.third.class().fails,
        };
        switch.store(fails, Ordering::SeqCst);
        self.model.fails[class] = fails;
    }

    /// A namespace is let go of when it has no process, as the processes keep it.
    fn forget(&mut self, choice: usize) {
        let index = choice % self.kept.len();
        let unused = |namespace: &Arc<Namespace>| namespace.processes() == 0;
        if index > 0
            && self.kept[index]
                .take_if(|namespace| unused(namespace))
                .is_some()
        {
            self.model.forget(index);
        }
    }

    /// Both are in the same state.
    pub fn compare(&mut self) {
        assert_eq!(self.log.take(), std::mem::take(&mut self.model.log));
        let mut living = 0;
        for (index, expected) in self.model.namespaces.iter().enumerate() {
            let weak = &self.weak[index];
            assert_eq!(
                weak.strong_count(),
                self.model.references(index),
                "{expected:?}"
            );
            assert_eq!(weak.strong_count() > 0, expected.exists);
            let Some(namespace) = weak.upgrade() else {
                continue;
            };
            living += 1;
            // Its own, the list's, the one here, and one for each class that has a state.
            let states = expected.states.iter().filter(|has| **has).count();
            assert_eq!(Arc::weak_count(&namespace), 3 + states);
            assert_eq!(namespace.is_active(), self.model.active == index);
            assert_eq!(namespace.timestamp(), at(expected.timestamp));
            assert_eq!(namespace.processes(), expected.processes.unwrap_or(0));
            assert_eq!(namespace.has_ended(), expected.processes.is_none());
        }
        assert_eq!(self.foreground.namespaces().len(), living);
        for (hold, (namespace, _)) in &self.holds {
            let pid = self.model.namespaces[*namespace].pid;
            assert_eq!(hold.owners(), (pid, pid));
        }
        self.compare_states();
    }

    /// As many states of each class as there should be.
    fn compare_states(&self) {
        let live = [
            self.first.class().live(),
            self.lasting.class().live(),
            self.third.class().live(),
        ];
        let walked = [
            self.first.states().len(),
            self.lasting.states().len(),
            self.third.states().len(),
        ];
        let expected = [0, 1, 2].map(|class| {
            let has = |one: &&model::Namespace| one.states[class];
            self.model.namespaces.iter().filter(has).count()
        });
        assert_eq!((live, walked), (expected, expected));
    }

    /// Lets go of everything: nothing may be left.
    pub fn finish(mut self) {
        while let Some((hold, owner)) = self.take_hold(0) {
            drop(hold);
            self.model.drop_hold(owner);
        }
        for index in 1..self.kept.len() {
            while self.kept[index]
                .as_ref()
                .is_some_and(|one| one.processes() > 0)
            {
                self.leave(index);
            }
            self.forget(index);
        }
        self.switch(0, None);
        self.compare();
        assert_eq!(self.foreground.namespaces().len(), 1);
        let (first, third) = (self.first.class().live(), self.third.class().live());
        assert_eq!((first, third), (0, 0));
        let Self {
            foreground,
            lasting,
            kept,
            weak,
            ..
        } = self;
        drop((foreground, kept));
        assert!(weak.iter().all(|weak| weak.strong_count() == 0));
        assert_eq!(lasting.class().live(), 0);
    }
}
