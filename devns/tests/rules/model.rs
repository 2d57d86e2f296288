//! A plain model of the device namespaces: no locks, no references, no slots; every rule written
//! down as what it means. Each operation answers what is logged and what is returned.

use devns::{Departure, Ended, Outcome, SwitchError};

/// The classes of the model in the order of their registration; the second one's states live as
/// long as their namespaces.
pub const CLASSES: [&str; 3] = ["first", "lasting", "third"];

/// Whether the states of the class live as long as their namespaces.
pub fn is_lasting(class: usize) -> bool {
    class == 1
}

/// One namespace.
#[derive(Debug)]
pub struct Namespace {
    pub pid: u32,
    /// None: it has ended.
    pub processes: Option<u32>,
    pub timestamp: u64,
    /// Whether the test keeps it.
    pub kept: bool,
    /// Whether it is there at all.
    pub exists: bool,
    pub users: [usize; 3],
    pub states: [bool; 3],
}

/// All of them; the first is the root.
#[derive(Debug)]
pub struct Model {
    pub namespaces: Vec<Namespace>,
    pub active: usize,
    pub fails: [bool; 3],
    pub log: Vec<String>,
}

impl Model {
    pub fn new() -> Self {
        let mut model = Self {
            namespaces: Vec::new(),
            active: 0,
            fails: [false; 3],
            log: Vec::new(),
        };
        model.create(1);
        model
    }

    fn note(&mut self, class: usize, what: &str, namespace: usize) {
        let pid = self.namespaces[namespace].pid;
        self.log.push(format!("{} {what} {pid}", CLASSES[class]));
    }

    pub fn create(&mut self, pid: u32) {
        self.namespaces.push(Namespace {
            pid,
            processes: Some(0),
            timestamp: 0,
            kept: true,
            exists: true,
            users: [0; 3],
            states: [false; 3],
        });
    }

    pub fn join(&mut self, namespace: usize) -> Result<(), Ended> {
        let processes = self.namespaces[namespace].processes.as_mut().ok_or(Ended)?;
        *processes += 1;
        Ok(())
    }

    /// A process leaves that has joined.
    pub fn leave(&mut self, namespace: usize, now: u64) -> Departure {
        let processes = &mut self.namespaces[namespace].processes;
        let left = processes.expect("somebody is there") - 1;
        if left > 0 || namespace == 0 {
            *processes = Some(left);
            return Departure::OthersRemain;
        }
        *processes = None;
        if self.active != namespace {
            return Departure::Ended;
        }
        self.change(0, now, None);
        Departure::EndedInFront
    }

    /// `drops`: somebody lets go of this hold in the middle of the switch.
    pub fn switch(
        &mut self,
        target: usize,
        now: u64,
        drops: Option<(usize, usize)>,
    ) -> Result<Outcome, SwitchError> {
        if target == self.active {
            return Ok(Outcome::Unchanged);
        }
        if target != 0 && self.namespaces[target].processes.unwrap_or(0) == 0 {
            return Err(SwitchError::NoProcess);
        }
        self.change(target, now, drops);
        Ok(Outcome::Changed)
    }

    fn change(&mut self, new: usize, now: u64, drops: Option<(usize, usize)>) {
        let old = self.active;
        for class in [2, 1, 0] {
            if self.namespaces[old].states[class] {
                self.note(class, "deactivate", old);
            }
        }
        let pid = self.namespaces[old].pid;
        self.log.push(format!("observer deactivated {pid}"));
        // The last user's state is gone at once for all who ask, and released at the end.
        let retired = drops.filter(|drops| self.lose_user(*drops));
        if let Some((namespace, _)) = drops.filter(|_| retired.is_none()) {
            self.end_unless_held(namespace);
        }
        self.active = new;
        for class in [0, 1, 2] {
            if self.namespaces[new].states[class] {
                self.note(class, "activate", new);
            }
        }
        let pid = self.namespaces[new].pid;
        self.log.push(format!("observer activated {pid}"));
        for namespace in [old, new] {
            self.namespaces[namespace].timestamp = now;
        }
        if let Some((namespace, class)) = retired {
            self.note(class, "release", namespace);
            self.end_unless_held(namespace);
        }
        self.end_unless_held(old);
    }

    /// Takes one user away; true: the state has lost its last one and is to be released.
    fn lose_user(&mut self, (namespace, class): (usize, usize)) -> bool {
        let owner = &mut self.namespaces[namespace];
        owner.users[class] -= 1;
        let last = owner.users[class] == 0 && !is_lasting(class);
        owner.states[class] &= !last;
        last
    }

    /// True: there is a user more. False: the class could not make the state.
    pub fn get(&mut self, namespace: usize, class: usize) -> bool {
        if !self.namespaces[namespace].states[class] {
            self.note(class, "create", namespace);
            if self.fails[class] {
                return false;
            }
        }
        let owner = &mut self.namespaces[namespace];
        owner.states[class] = true;
        owner.users[class] += 1;
        true
    }

    pub fn drop_hold(&mut self, hold: (usize, usize)) {
        if self.lose_user(hold) {
            self.note(hold.1, "release", hold.0);
        }
        self.end_unless_held(hold.0);
    }

    /// The test lets go of it.
    pub fn forget(&mut self, namespace: usize) {
        self.namespaces[namespace].kept = false;
        self.end_unless_held(namespace);
    }

    fn end_unless_held(&mut self, namespace: usize) {
        let one = &self.namespaces[namespace];
        let used = one.users.iter().any(|users| *users > 0);
        if one.kept || used || self.active == namespace || namespace == 0 || !one.exists {
            return;
        }
        self.namespaces[namespace].exists = false;
        for class in [2, 1, 0] {
            if std::mem::take(&mut self.namespaces[namespace].states[class]) {
                self.note(class, "release", namespace);
            }
        }
    }

    /// How many references there are to a namespace.
    pub fn references(&self, namespace: usize) -> usize {
        let one = &self.namespaces[namespace];
        let users: usize = one.users.iter().sum();
        let root = usize::from(namespace == 0);
        root + usize::from(one.kept) + users + usize::from(self.active == namespace)
    }
}
