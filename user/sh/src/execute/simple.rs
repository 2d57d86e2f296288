//! Simple commands: assignments, redirections, and the search for what the name means.
//!
//! Contract: the order of XCU 2.9.1: special built-ins, functions, other built-ins, programs.
//! Assignments in front of a special built-in stay; in front of anything else they hold for that
//! command only.

use super::After;
use crate::ast::{Bytes, Command, Simple};
use crate::builtin::{self, Builtin};
use crate::error::{Outcome, Unwind};
use crate::options::Flag;
use crate::print;
use crate::shell::{Shell, write_error};
use crate::variables::Variable;
use std::rc::Rc;

/// What a command name means.
enum Target {
    Builtin(&'static Builtin),
    Function(Rc<Command>),
    Program,
}

impl Shell {
    pub(crate) fn simple(&mut self, simple: &Simple, after: After) -> Outcome {
        self.line = simple.line;
        self.substitution_status = None;
        let arguments = self.expand_words(&simple.words)?;
        let Some(name) = arguments.first() else {
            return self.assignments_only(simple);
        };
        let target = self.target(name);
        if let Target::Program = target {
            return self.program(simple, arguments, after);
        }
        let Some(saved) = self.redirect(&simple.redirects)? else {
            return self.redirection_failed(&target);
        };
        let stays = matches!(target, Target::Builtin(builtin) if builtin.is_special);
        let hidden = match self.assign_all(simple, !stays) {
            Ok(hidden) => hidden,
            Err(unwind) => {
                saved.restore();
                return Err(unwind);
            }
        };
        self.trace(simple, &arguments);
        let result = match &target {
            Target::Builtin(builtin) => self.run_builtin(builtin, &arguments),
            Target::Function(body) => self.call(body, arguments[1..].to_vec()),
            Target::Program => Ok(()),
        };
        if !stays {
            self.restore_all(hidden);
        }
        if matches!(target, Target::Builtin(builtin) if builtin.name == "exec") && result.is_ok() {
            saved.keep();
        } else {
            saved.restore();
        }
        result?;
        self.check_failure()
    }

    fn target(&self, name: &[u8]) -> Target {
        let Ok(name) = std::str::from_utf8(name) else {
            return Target::Program;
        };
        let builtin = builtin::find(name);
        match (builtin, self.functions.get(name)) {
            (Some(builtin), _) if builtin.is_special => Target::Builtin(builtin),
            (_, Some(body)) => Target::Function(body.clone()),
            (Some(builtin), None) => Target::Builtin(builtin),
            (None, None) => Target::Program,
        }
    }

    /// Runs words as a command, functions left out: `command`.
    pub fn run_words(&mut self, words: &[Bytes]) -> Outcome {
        let builtin = words
            .first()
            .and_then(|name| builtin::find(std::str::from_utf8(name).ok()?));
        if let Some(builtin) = builtin {
            return self.run_builtin(builtin, words);
        }
        if self.has(Flag::Monitor) {
            let text = print::arguments(words);
            return self.run_foreground(text, |shell| {
                shell.status = shell.replace(words);
                Ok(())
            });
        }
        if let Some(pid) = self.spawn(words) {
            self.status = self.wait_for_child(pid, &print::arguments(words))?;
        }
        Ok(())
    }

    /// Runs a built-in command and notes its status.
    pub fn run_builtin(&mut self, builtin: &Builtin, arguments: &[Bytes]) -> Outcome {
        self.status = (builtin.run)(self, arguments)?;
        Ok(())
    }

    /// A redirection of a special built-in that fails ends a script (XCU 2.8.1).
    fn redirection_failed(&mut self, target: &Target) -> Outcome {
        match target {
            Target::Builtin(builtin) if builtin.is_special => Err(Unwind::Abandon),
            _ => self.check_failure(),
        }
    }

    fn assignments_only(&mut self, simple: &Simple) -> Outcome {
        let Some(saved) = self.redirect(&simple.redirects)? else {
            return self.check_failure();
        };
        saved.restore();
        self.assign_all(simple, false)?;
        self.trace(simple, &[]);
        self.status = self.substitution_status.take().unwrap_or(0);
        self.check_failure()
    }

    /// Carries out the assignments in front of a command. Those for the command only are exported
    /// too, and what they hide is given back.
    fn assign_all(
        &mut self,
        simple: &Simple,
        temporary: bool,
    ) -> Outcome<Vec<(String, Option<Variable>)>> {
        let mut hidden = Vec::new();
        for (name, word) in &simple.assignments {
            let before = if temporary {
                self.variables.save(name)
            } else {
                None
            };
            let assigned = match self.expand_assignment(word) {
                Ok(value) => self.assign(name, value),
                Err(unwind) => Err(unwind),
            };
            if let Err(unwind) = assigned {
                self.restore_all(hidden);
                return Err(unwind);
            }
            if temporary {
                hidden.push((name.clone(), before));
                self.variables.export(name);
            }
        }
        Ok(hidden)
    }

    fn restore_all(&mut self, hidden: Vec<(String, Option<Variable>)>) {
        for (name, before) in hidden.into_iter().rev() {
            self.variables.restore(&name, before);
        }
    }

    fn program(&mut self, simple: &Simple, arguments: Vec<Bytes>, after: After) -> Outcome {
        // A trap may have been set since the last command was found to be the last.
        if after == After::Exit && self.may_be_replaced() {
            return self.become_program(simple, &arguments);
        }
        if self.has(Flag::Monitor) {
            // The child itself must enter its group and take the terminal before it becomes the
            // program, or the program could be stopped at its first read.
            let text = print::command(&Command::Simple(simple.clone()));
            self.trace(simple, &arguments);
            self.run_foreground(text, |shell| {
                shell.options.set(Flag::Trace, false);
                shell.become_program(simple, &arguments)
            })?;
            return self.check_failure();
        }
        let Some(saved) = self.redirect(&simple.redirects)? else {
            return self.check_failure();
        };
        let started = self.assign_all(simple, true).map(|hidden| {
            self.trace(simple, &arguments);
            let started = self.spawn(&arguments);
            self.restore_all(hidden);
            started
        });
        saved.restore();
        if let Some(pid) = started? {
            self.status = self.wait_for_child(pid, &print::arguments(&arguments))?;
        }
        self.check_failure()
    }

    /// Redirects for good and becomes the program; comes back only if that fails.
    fn become_program(&mut self, simple: &Simple, arguments: &[Bytes]) -> Outcome {
        let Some(saved) = self.redirect(&simple.redirects)? else {
            return Ok(());
        };
        saved.keep();
        self.assign_all(simple, true)?;
        self.trace(simple, arguments);
        self.status = self.replace(arguments);
        Ok(())
    }

    /// `set -x`: shows the command as it is run.
    fn trace(&mut self, simple: &Simple, arguments: &[Bytes]) {
        if !self.has(Flag::Trace) {
            return;
        }
        let mut line = self.variables.get("PS4").unwrap_or(b"+ ").to_vec();
        let mut space: &[u8] = b"";
        for (name, _) in &simple.assignments {
            let value = print::quote(self.variables.get(name).unwrap_or_default());
            line.extend([space, name.as_bytes(), b"=", &value].concat());
            space = b" ";
        }
        for argument in arguments {
            line.extend([space, &print::quote(argument)].concat());
            space = b" ";
        }
        line.push(b'\n');
        write_error(&line);
    }
}
