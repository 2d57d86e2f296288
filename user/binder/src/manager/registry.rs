//! What the service manager knows: which name is whose, and who waits for a name.
//!
//! Contract: plain bookkeeping, without a call to anyone; a binder is any `B` that can be compared.
//! Each name in here, of a service or of one waited for, stands for one binder whose death must be
//! told to [`Registry::retire`].

use std::collections::BTreeMap;

use rsbinder::{BinderResult, ExceptionCode};

/// The most names of services, and the most that are waited for: nobody fills our memory.
const MOST_NAMES: usize = 4096;
/// The most that may wait for one name.
const MOST_WAITING: usize = 256;
/// The longest name, as on Android.
const LONGEST_NAME: usize = 127;

/// A service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<B> {
    /// The service itself.
    pub binder: B,
    /// Who registered it: the process, as the service manager sees it, and its user.
    pub pid: i32,
    /// The effective user of that process.
    pub uid: u32,
    /// The bits `DUMP_FLAG_…` and `FLAG_IS_LAZY_SERVICE`.
    pub priority: i32,
}

/// Why something was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No name at all: empty, too long, or with other characters than letters, digits and `_-./`.
    BadName,
    /// Another user's service has this name.
    Taken,
    /// There are too many.
    Full,
    /// Nothing is known by that name, or the binder is not the one that has it.
    Unknown,
    /// Only who registered it may take it away.
    NotYours,
    /// Somebody uses it.
    InUse,
}

impl Refusal {
    /// What the caller gets to see.
    pub fn status<T>(self) -> BinderResult<T> {
        let (code, text) = match self {
            Self::BadName => (ExceptionCode::IllegalArgument, "that is no name"),
            Self::Taken => (
                ExceptionCode::Security,
                "another user's service has this name",
            ),
            Self::Full => (ExceptionCode::IllegalState, "there are too many"),
            Self::Unknown => (ExceptionCode::IllegalState, "it is not registered"),
            Self::NotYours => (
                ExceptionCode::UnsupportedOperation,
                "only the process that registered it may do that",
            ),
            Self::InUse => (ExceptionCode::IllegalState, "somebody uses it"),
        };
        Err((code, text).into())
    }
}

/// What came of a registration.
#[derive(Debug, PartialEq, Eq)]
pub struct Added<B> {
    /// What had the name before.
    pub before: Option<B>,
    /// Who waited for it and must be told.
    pub waiting: Vec<B>,
}

/// The names.
#[derive(Debug)]
pub struct Registry<B> {
    services: BTreeMap<String, Entry<B>>,
    waiting: BTreeMap<String, Vec<B>>,
}

impl<B> Default for Registry<B> {
    fn default() -> Self {
        Self {
            services: BTreeMap::new(),
            waiting: BTreeMap::new(),
        }
    }
}

impl<B: Clone + PartialEq> Registry<B> {
    /// Gives `entry` the name; one that the same user gave away before goes over to it.
    pub fn add(&mut self, name: &str, entry: Entry<B>) -> Result<Added<B>, Refusal> {
        check(name)?;
        let full = self.services.len() >= MOST_NAMES;
        match self.services.get(name) {
            Some(before) if before.uid != entry.uid => return Err(Refusal::Taken),
            None if full => return Err(Refusal::Full),
            _ => {}
        }
        let before = self.services.insert(name.to_owned(), entry);
        Ok(Added {
            before: before.map(|entry| entry.binder),
            waiting: self.waiting.get(name).cloned().unwrap_or_default(),
        })
    }

    /// What has the name.
    pub fn find(&self, name: &str) -> Option<&Entry<B>> {
        self.services.get(name)
    }

    /// All of them, by name.
    pub fn services(&self) -> impl Iterator<Item = (&str, &Entry<B>)> {
        self.services
            .iter()
            .map(|(name, entry)| (name.as_str(), entry))
    }

    /// Takes the name from `binder`, for the process `pid`.
    pub fn remove(&mut self, name: &str, binder: &B, pid: i32) -> Result<(), Refusal> {
        let entry = self.services.get(name).ok_or(Refusal::Unknown)?;
        if entry.pid != pid {
            return Err(Refusal::NotYours);
        }
        if entry.binder != *binder {
            return Err(Refusal::Unknown);
        }
        self.services.remove(name);
        Ok(())
    }

    /// Lets `who` wait for the name. Says whether it did not do so before.
    pub fn wait(&mut self, name: &str, who: B) -> Result<bool, Refusal> {
        check(name)?;
        if !self.waiting.contains_key(name) && self.waiting.len() >= MOST_NAMES {
            return Err(Refusal::Full);
        }
        let waiting = self.waiting.entry(name.to_owned()).or_default();
        if waiting.contains(&who) {
            return Ok(false);
        }
        if waiting.len() >= MOST_WAITING {
            return Err(Refusal::Full);
        }
        waiting.push(who);
        Ok(true)
    }

    /// Lets `who` wait for the name no longer.
    pub fn stop_waiting(&mut self, name: &str, who: &B) -> Result<(), Refusal> {
        let waiting = self.waiting.get_mut(name).ok_or(Refusal::Unknown)?;
        let place = waiting.iter().position(|other| other == who);
        waiting.remove(place.ok_or(Refusal::Unknown)?);
        self.waiting.retain(|_, waiting| !waiting.is_empty());
        Ok(())
    }

    /// Forgets every binder that is `dead`.
    pub fn retire(&mut self, dead: impl Fn(&B) -> bool) {
        self.services.retain(|_, entry| !dead(&entry.binder));
        self.waiting.retain(|_, waiting| {
            waiting.retain(|who| !dead(who));
            !waiting.is_empty()
        });
    }
}

/// Whether this can be a name.
fn check(name: &str) -> Result<(), Refusal> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte);
    let fits = (1..=LONGEST_NAME).contains(&name.len());
    if fits && name.bytes().all(good) {
        Ok(())
    } else {
        Err(Refusal::BadName)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(binder: u32, pid: i32, uid: u32) -> Entry<u32> {
        Entry {
            binder,
            pid,
            uid,
            priority: 8,
        }
    }

    fn names(registry: &Registry<u32>) -> Vec<&str> {
        registry.services().map(|(name, _)| name).collect()
    }

    #[test]
    fn a_name_leads_to_the_last_binder_its_user_gave_it() {
        let mut registry = Registry::default();
        let first = registry.add("hello", entry(1, 10, 0)).expect("it is free");
        assert_eq!((first.before, first.waiting), (None, vec![]));
        let second = registry.add("hello", entry(2, 11, 0)).expect("same user");
        assert_eq!(second.before, Some(1));
        assert_eq!(registry.add("hello", entry(3, 12, 7)), Err(Refusal::Taken));
        assert_eq!(registry.find("hello").map(|entry| entry.binder), Some(2));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let mut registry = Registry::default();
        let long = "x".repeat(LONGEST_NAME + 1);
        for name in ["", "a b", "ä", "a\0", &long] {
            assert_eq!(registry.add(name, entry(1, 1, 0)), Err(Refusal::BadName));
            assert_eq!(registry.wait(name, 1), Err(Refusal::BadName));
        }
        registry
            .add("a.b/c-d_1", entry(1, 1, 0))
            .expect("a good name");
    }

    #[test]
    fn only_the_process_that_registered_a_service_takes_it_away() {
        let mut registry = Registry::default();
        registry.add("hello", entry(1, 10, 0)).expect("it is free");
        assert_eq!(registry.remove("hello", &1, 11), Err(Refusal::NotYours));
        assert_eq!(registry.remove("hello", &2, 10), Err(Refusal::Unknown));
        assert_eq!(registry.remove("other", &1, 10), Err(Refusal::Unknown));
        assert_eq!(registry.remove("hello", &1, 10), Ok(()));
        assert!(names(&registry).is_empty());
    }

    #[test]
    fn who_waits_is_told_until_it_stops_or_dies() {
        let mut registry = Registry::default();
        assert_eq!(registry.wait("hello", 7), Ok(true));
        assert_eq!(registry.wait("hello", 7), Ok(false));
        assert_eq!(registry.wait("hello", 8), Ok(true));
        let added = registry.add("hello", entry(1, 1, 0)).expect("it is free");
        assert_eq!(added.waiting, [7, 8]);
        assert_eq!(registry.stop_waiting("hello", &7), Ok(()));
        assert_eq!(registry.stop_waiting("hello", &7), Err(Refusal::Unknown));
        registry.retire(|binder| *binder == 8);
        assert_eq!(registry.stop_waiting("hello", &8), Err(Refusal::Unknown));
    }

    #[test]
    fn the_dead_lose_every_name() {
        let mut registry = Registry::default();
        for (name, binder) in [("a", 1), ("b", 2), ("c", 1)] {
            registry.add(name, entry(binder, 1, 0)).expect("it is free");
        }
        registry.retire(|binder| *binder == 1);
        assert_eq!(names(&registry), ["b"]);
    }

    #[test]
    fn nobody_fills_the_memory_with_names() {
        let mut registry = Registry::default();
        for number in 0..MOST_NAMES {
            let name = format!("n{number}");
            registry.add(&name, entry(1, 1, 0)).expect("there is room");
            registry.wait(&name, 1).expect("there is room");
        }
        assert_eq!(registry.add("more", entry(1, 1, 0)), Err(Refusal::Full));
        assert_eq!(registry.wait("more", 1), Err(Refusal::Full));
        registry
            .add("n0", entry(2, 1, 0))
            .expect("that is no new name");
        for who in 2..=MOST_WAITING as u32 {
            assert_eq!(registry.wait("n0", who), Ok(true));
        }
        assert_eq!(registry.wait("n0", 0), Err(Refusal::Full));
    }
}
