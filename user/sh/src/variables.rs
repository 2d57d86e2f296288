//! Variables: their values, and which are exported or read-only.
//!
//! Contract: a read-only variable is never changed; what `local` hid comes back when the function
//! returns; the environment of programs is exactly the exported variables that have a value.

use crate::ast::{Bytes, is_name};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

/// A variable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variable {
    /// Its value; none if it is only marked by `export` or `readonly`.
    pub value: Option<Bytes>,
    /// Whether programs get it.
    pub exported: bool,
    /// Whether it may be changed.
    pub read_only: bool,
}

/// An attempt to change a read-only variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOnly(pub String);

/// All variables.
#[derive(Debug, Default)]
pub struct Variables {
    all: BTreeMap<String, Variable>,
    /// For each running function, what its `local` variables hid.
    hidden: Vec<Vec<(String, Option<Variable>)>>,
}

impl Variables {
    /// The variables the environment holds; what is not a name is left out.
    pub fn from_environment(environment: impl Iterator<Item = (OsString, OsString)>) -> Variables {
        let mut variables = Variables::default();
        for (name, value) in environment {
            if let Ok(name) = name.into_string()
                && is_name(name.as_bytes())
            {
                let value = Some(value.into_vec());
                variables.all.insert(
                    name,
                    Variable {
                        value,
                        exported: true,
                        read_only: false,
                    },
                );
            }
        }
        variables
    }

    /// The value of a variable, if it is set.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.all.get(name)?.value.as_deref()
    }

    /// Sets a variable and keeps its marks; `export_all` marks it too.
    pub fn set(&mut self, name: &str, value: Bytes, export_all: bool) -> Result<(), ReadOnly> {
        let variable = self.writable(name)?;
        variable.value = Some(value);
        variable.exported |= export_all;
        Ok(())
    }

    /// Marks a variable for the environment.
    pub fn export(&mut self, name: &str) {
        self.all.entry(name.to_owned()).or_default().exported = true;
    }

    /// Takes a variable out of the environment; it stays a variable of the shell.
    pub fn unexport(&mut self, name: &str) {
        if let Some(variable) = self.all.get_mut(name) {
            variable.exported = false;
        }
    }

    /// Makes a variable read-only.
    pub fn protect(&mut self, name: &str) {
        self.all.entry(name.to_owned()).or_default().read_only = true;
    }

    /// Removes a variable.
    pub fn unset(&mut self, name: &str) -> Result<(), ReadOnly> {
        if self
            .all
            .get(name)
            .is_some_and(|variable| variable.read_only)
        {
            return Err(ReadOnly(name.to_owned()));
        }
        self.all.remove(name);
        Ok(())
    }

    /// All variables by name.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Variable)> {
        self.all.iter()
    }

    /// The environment for a program.
    pub fn environment(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.all
            .iter()
            .filter(|(_, variable)| variable.exported)
            .filter_map(|(name, variable)| Some((name.as_str(), variable.value.as_deref()?)))
    }

    /// What a variable is now, to be put back with [`Variables::restore`].
    pub fn save(&self, name: &str) -> Option<Variable> {
        self.all.get(name).cloned()
    }

    /// Puts a variable back to what it was.
    pub fn restore(&mut self, name: &str, saved: Option<Variable>) {
        match saved {
            Some(variable) => {
                self.all.insert(name.to_owned(), variable);
            }
            None => {
                self.all.remove(name);
            }
        }
    }

    /// A function begins.
    pub fn enter_function(&mut self) {
        self.hidden.push(Vec::new());
    }

    /// A function ends: its locals go, what they hid comes back.
    pub fn leave_function(&mut self) {
        for (name, saved) in self.hidden.pop().unwrap_or_default().into_iter().rev() {
            self.restore(&name, saved);
        }
    }

    /// Makes a variable local to the running function. It keeps its value until it is assigned, as
    /// in dash. Gives false outside functions.
    pub fn make_local(&mut self, name: &str) -> bool {
        let saved = self.save(name);
        let Some(frame) = self.hidden.last_mut() else {
            return false;
        };
        if !frame.iter().any(|(hidden, _)| hidden == name) {
            frame.push((name.to_owned(), saved));
        }
        true
    }

    fn writable(&mut self, name: &str) -> Result<&mut Variable, ReadOnly> {
        let variable = self.all.entry(name.to_owned()).or_default();
        if variable.read_only {
            Err(ReadOnly(name.to_owned()))
        } else {
            Ok(variable)
        }
    }
}
