//! Groups, subshells, conditions and loops (POSIX.1-2017 XCU 2.9.4).

use super::After;
use crate::ast::{Arm, Compound, List, Redirect, Word};
use crate::error::{Outcome, Unwind};
use crate::shell::Shell;

/// Whether a loop goes on after a round.
enum Round {
    Next,
    Last,
}

impl Shell {
    pub(super) fn compound(&mut self, compound: &Compound, redirects: &[Redirect]) -> Outcome {
        if redirects.is_empty() {
            return self.compound_body(compound);
        }
        let Some(saved) = self.redirect(redirects)? else {
            return self.check_failure();
        };
        let result = self.compound_body(compound);
        saved.restore();
        result
    }

    fn compound_body(&mut self, compound: &Compound) -> Outcome {
        match compound {
            Compound::Group(list) => self.list(list),
            Compound::Subshell(list) => self.subshell(list),
            Compound::If(branches, otherwise) => self.condition(branches, otherwise.as_ref()),
            Compound::Loop {
                until,
                condition,
                body,
            } => self.in_loop(|shell| shell.repeat(*until, condition, body)),
            Compound::For { name, words, body } => {
                let words = match words {
                    Some(words) => self.expand_words(words)?,
                    None => self.arguments.clone(),
                };
                self.in_loop(|shell| shell.for_each(name, words, body))
            }
            Compound::Case(subject, arms) => self.case(subject, arms),
        }
    }

    fn subshell(&mut self, list: &List) -> Outcome {
        let text = crate::print::command(&crate::ast::Command::Compound(
            Compound::Subshell(list.clone()),
            Vec::new(),
        ));
        self.run_foreground(text, |shell| shell.run_last(list))?;
        self.check_failure()
    }

    fn condition(&mut self, branches: &[(List, List)], otherwise: Option<&List>) -> Outcome {
        for (condition, body) in branches {
            if self.holds(condition)? {
                return self.list(body);
            }
        }
        self.status = 0;
        otherwise.map_or(Ok(()), |body| self.list(body))
    }

    /// Runs a condition, where a failure is an answer and no error.
    fn holds(&mut self, condition: &List) -> Outcome<bool> {
        self.conditions += 1;
        let result = self.list(condition);
        self.conditions -= 1;
        result.map(|()| self.status == 0)
    }

    fn in_loop(&mut self, body: impl FnOnce(&mut Shell) -> Outcome) -> Outcome {
        self.loops += 1;
        let result = body(self);
        self.loops -= 1;
        result
    }

    fn repeat(&mut self, until: bool, condition: &List, body: &List) -> Outcome {
        let mut status = 0;
        loop {
            // `break` may stand in the condition too.
            self.conditions += 1;
            let tested = self.list(condition);
            self.conditions -= 1;
            if let Round::Last = after_round(tested)? {
                break;
            }
            if (self.status == 0) == until {
                break;
            }
            let round = after_round(self.list(body))?;
            status = self.status;
            if let Round::Last = round {
                break;
            }
        }
        self.status = status;
        Ok(())
    }

    fn for_each(&mut self, name: &str, words: Vec<Vec<u8>>, body: &List) -> Outcome {
        self.status = 0;
        for word in words {
            self.assign(name, word)?;
            if let Round::Last = after_round(self.list(body))? {
                break;
            }
        }
        Ok(())
    }

    fn case(&mut self, subject: &Word, arms: &[Arm]) -> Outcome {
        let subject = self.expand_text(subject)?;
        self.status = 0;
        let mut falling = false;
        for arm in arms {
            if !falling && !self.fits(&subject, &arm.patterns)? {
                continue;
            }
            self.list(&arm.body)?;
            falling = arm.falls_through;
            if !falling {
                break;
            }
        }
        Ok(())
    }

    fn fits(&mut self, subject: &[u8], patterns: &[Word]) -> Outcome<bool> {
        for pattern in patterns {
            if self.expand_pattern(pattern)?.matches(subject) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Calls a function.
    pub(super) fn call(&mut self, body: &crate::ast::Command, arguments: Vec<Vec<u8>>) -> Outcome {
        self.enter_call()?;
        let outer = std::mem::replace(&mut self.arguments, arguments);
        let loops = std::mem::take(&mut self.loops);
        self.returns += 1;
        self.variables.enter_function();
        let result = self.command(body, After::Continue);
        self.variables.leave_function();
        self.returns -= 1;
        self.calls -= 1;
        self.loops = loops;
        self.arguments = outer;
        match result {
            Err(Unwind::Return) => Ok(()),
            other => other,
        }
    }
}

/// What the end of a loop's body means for the loop.
fn after_round(result: Outcome) -> Outcome<Round> {
    match result {
        Ok(()) | Err(Unwind::Continue(1)) => Ok(Round::Next),
        Err(Unwind::Break(1)) => Ok(Round::Last),
        Err(Unwind::Break(levels)) => Err(Unwind::Break(levels - 1)),
        Err(Unwind::Continue(levels)) => Err(Unwind::Continue(levels - 1)),
        Err(other) => Err(other),
    }
}
