//! One attempt, seen from the foreground: before, after, while it acts itself, and when the other
//! is gone.

use super::attempt::Attempt;
use super::view::{Sight, View};
use abi_tests::check::Failure;
use abi_tests::process::{spawn_by, wait};
use abi_tests::{sys, works};
use libc::*;

/// Who makes the attempts: fork(2) into a persona, or not.
pub type Fork = fn() -> isize;

/// What came of an attempt.
pub struct Played {
    /// What the call answered.
    pub answer: isize,
    /// What of it could be seen in front, or of the front from behind.
    pub crossings: Vec<String>,
}

/// The other process, which has made the attempt and waits.
struct Other {
    pid: i32,
    reports: i32,
    orders: i32,
}

fn pipe() -> Result<[i32; 2], Failure> {
    let mut ends = [0_i32; 2];
    works!(SYS_pipe2, &mut ends, O_CLOEXEC);
    Ok(ends)
}

impl Other {
    fn start(fork: Fork, attempt: &Attempt) -> Result<(Self, isize), Failure> {
        let (reports, orders) = (pipe()?, pipe()?);
        let body = || {
            // What nobody else writes to ends when its only writer does.
            sys!(SYS_close, orders[1]);
            let seen = other_side(attempt, reports[1], orders[0]);
            match seen {
                Ok(false) => 0,
                Ok(true) => 1,
                Err(Failure::Skipped) => 3,
                Err(Failure::Wrong(said)) => {
                    println!("{said}");
                    2
                }
            }
        };
        let pid = spawn_by(fork, body)?;
        sys!(SYS_close, reports[1]);
        sys!(SYS_close, orders[0]);
        let other = Self {
            pid,
            reports: reports[0],
            orders: orders[1],
        };
        let mut answer = [0_isize];
        if sys!(SYS_read, other.reports, &mut answer, 8) != 8 {
            return match other.end()? {
                3 => Err(Failure::Skipped),
                _ => Err(Failure::Wrong("the attempt could not be made".into())),
            };
        }
        Ok((other, answer[0]))
    }

    /// Lets it look; its exit status.
    fn end(self) -> Result<i32, Failure> {
        sys!(SYS_write, self.orders, b"!", 1);
        let status = wait(self.pid)?;
        sys!(SYS_close, self.reports);
        sys!(SYS_close, self.orders);
        Ok(status >> 8)
    }
}

fn other_side(attempt: &Attempt, reports: i32, orders: i32) -> Result<bool, Failure> {
    let answer = (attempt.act)()?;
    works!(SYS_write, reports, &[answer], 8);
    works!(SYS_read, orders, &mut [0_u8], 1);
    (attempt.look)(answer)
}

/// Has the attempt made by a process of `fork`'s; `undisturbed` is what [`View::act`] comes to
/// where nobody tries anything.
///
/// # Errors
/// `Skipped`: there is no such device here.
pub fn play(
    view: &View,
    undisturbed: &[String],
    fork: Fork,
    attempt: &Attempt,
) -> Result<Played, Failure> {
    let before = view.look()?;
    let (other, answer) = Other::start(fork, attempt)?;
    let after = view.look()?;
    let mut crossings = named("when it was made", &before, &after);
    let acted = view.act()?;
    if acted != undisturbed {
        crossings.push(format!("what the foreground did became {acted:?}"));
    }
    let acted = view.look()?;
    match other.end()? {
        0 => {}
        1 => crossings.push("it saw something of the foreground".into()),
        status => crossings.push(format!("the process ended with status {status}")),
    }
    crossings.extend(named("when it was over", &acted, &view.look()?));
    view.calm()?;
    Ok(Played { answer, crossings })
}

fn named(when: &str, before: &Sight, after: &Sight) -> Vec<String> {
    let differences = before.differences(after);
    let name = |difference| format!("{when}, {difference}");
    differences.into_iter().map(name).collect()
}
