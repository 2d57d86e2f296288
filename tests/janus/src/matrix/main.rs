//! `matrix [PART OF A NAME]`: for each class of device, everything that a persona in the background
//! may do to affect or to observe the one in front.
//!
//! Each line of the lists in this folder is an attempt, made by a new persona in the background;
//! the foreground looks at all of its devices before and after, uses all of them, and looks again
//! when the other is gone ([`round`]). The root is in front first, then an ordinary persona.
//!
//! To show that crossings would be seen, each attempt is then made by a second process of the
//! persona in front: there it must be seen, unless its line says that it need not. What the
//! specification wants to be shared is tried too, and must be.

mod attempt;
mod clocks;
mod input;
mod rest;
mod round;
mod screen;
mod view;

use abi_tests::check::{Failure, error_name};
use abi_tests::process::wait;
use abi_tests::{sys, works};
use attempt::Attempt;
use janus_tests::persona::{ACTIVE, fork_persona, put};
use libc::*;
use round::Fork;
use view::View;

/// All of them; those last that change what all share.
fn attempts(filter: &str) -> Vec<Attempt> {
    let lists = [
        input::ATTEMPTS,
        screen::ATTEMPTS,
        rest::ATTEMPTS,
        clocks::ATTEMPTS,
        clocks::SHARED,
    ];
    let all = lists.into_iter().flatten().copied();
    all.filter(|attempt| attempt.name().contains(filter))
        .collect()
}

/// What a round came to.
#[derive(Clone, Copy, Default)]
struct Tally {
    attempts: isize,
    crossings: isize,
    passed: isize,
    failed: isize,
}

impl Tally {
    fn add(&mut self, other: [isize; 4]) {
        self.attempts += other[0];
        self.crossings += other[1];
        self.passed += other[2];
        self.failed += other[3];
    }

    fn tell(self, front: &str, class: &str) {
        let Self {
            attempts,
            crossings,
            ..
        } = self;
        println!("{front} in front, {class}: attempts: {attempts}, crossings: {crossings}");
    }

    fn judge(&mut self, name: &str, trouble: Option<String>) {
        match trouble {
            None => {
                self.passed += 1;
                println!("ok {name}");
            }
            Some(trouble) => {
                self.failed += 1;
                println!("FAILED {name}: {trouble}");
            }
        }
    }
}

fn main() {
    let filter = std::env::args().nth(1).unwrap_or_default();
    let mut tally = Tally::default();
    let rounds = [
        play("root", &filter, &mut tally),
        in_a_persona(&filter, &mut tally),
    ];
    for failure in rounds.into_iter().filter_map(Result::err) {
        tally.judge("round", Some(format!("{failure:?}")));
    }
    let Tally {
        attempts,
        crossings,
        passed,
        failed,
    } = tally;
    println!("attempts: {attempts}, crossings: {crossings}");
    println!("{passed} passed, {failed} failed");
    std::process::exit(i32::from(failed > 0));
}

/// The same with an ordinary persona in front, the root behind it and another.
fn in_a_persona(filter: &str, tally: &mut Tally) -> Result<(), Failure> {
    let (mut go, mut sums) = ([0_i32; 2], [0_i32; 2]);
    works!(SYS_pipe2, &mut go, O_CLOEXEC);
    works!(SYS_pipe2, &mut sums, O_CLOEXEC);
    let body = || {
        sys!(SYS_read, go[0], &mut [0_u8], 1);
        let mut own = Tally::default();
        let outcome = play("persona", filter, &mut own);
        if let Err(failure) = &outcome {
            own.judge("persona::round", Some(format!("{failure:?}")));
        }
        let sum = [own.attempts, own.crossings, own.passed, own.failed];
        sys!(SYS_write, sums[1], &sum, 32);
        0
    };
    let pid = abi_tests::process::spawn_by(fork_persona, body)?;
    put(ACTIVE, &pid.to_string())?;
    works!(SYS_write, go[1], b"!", 1);
    sys!(SYS_close, sums[1]);
    let mut sum = [0_isize; 4];
    let length = sys!(SYS_read, sums[0], &mut sum, 32);
    wait(pid)?;
    if length != 32 {
        return Err(Failure::Wrong(
            "the persona in front did not end well".into(),
        ));
    }
    tally.add(sum);
    Ok(())
}

/// All attempts against the persona of this process, which is in front.
fn play(front: &str, filter: &str, tally: &mut Tally) -> Result<(), Failure> {
    let view = View::new(true)?;
    view.calm()?;
    let undisturbed = view.act()?;
    view.calm()?;
    let mut classes: Vec<(&str, Tally)> = Vec::new();
    for attempt in attempts(filter) {
        let name = format!("{front}::{}", attempt.name());
        let played = match round::play(&view, &undisturbed, fork_persona, &attempt) {
            Err(Failure::Skipped) => {
                tally.judge(&name, Some("there is no such device here".into()));
                continue;
            }
            played => played?,
        };
        let crossed = !played.crossings.is_empty();
        if !attempt.by_design {
            count(&mut classes, attempt.class, crossed);
        }
        let trouble = match (attempt.by_design, crossed) {
            (false, true) => Some(format!(
                "{}; {}",
                answered(played.answer),
                played.crossings.join("; ")
            )),
            (true, false) => Some("is to be shared by all, and was not".into()),
            _ => None,
        };
        tally.judge(&name, trouble);
    }
    for (class, own) in classes {
        own.tell(front, class);
        tally.add([own.attempts, own.crossings, 0, 0]);
    }
    drop(view);
    control(front, filter, tally)
}

/// Counts an attempt at its class.
fn count(classes: &mut Vec<(&'static str, Tally)>, class: &'static str, crossed: bool) {
    if classes.last().is_none_or(|(last, _)| *last != class) {
        classes.push((class, Tally::default()));
    }
    if let Some((_, tally)) = classes.last_mut() {
        tally.attempts += 1;
        tally.crossings += isize::from(crossed);
    }
}

/// All attempts by a process of the persona in front itself.
fn control(front: &str, filter: &str, tally: &mut Tally) -> Result<(), Failure> {
    const SAME_PERSONA: Fork = || sys!(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    let view = View::new(false)?;
    view.calm()?;
    for attempt in attempts(filter) {
        let undisturbed = view.act()?;
        view.calm()?;
        let name = format!("{front}::{}::in_front", attempt.name());
        let played = match round::play(&view, &undisturbed, SAME_PERSONA, &attempt) {
            Err(Failure::Skipped) => {
                tally.judge(&name, Some("there is no such device here".into()));
                continue;
            }
            played => played?,
        };
        let seen = !played.crossings.is_empty();
        let lacks = attempt.may_lack && played.answer == -(EINVAL as isize);
        let trouble = (attempt.seen_in_front && !seen && !lacks).then(|| {
            let answer = answered(played.answer);
            format!("{answer}; nothing of it was seen, so nothing is shown for others")
        });
        tally.judge(&name, trouble);
    }
    Ok(())
}

/// What a call answered.
fn answered(answer: isize) -> String {
    match answer {
        error @ -4095..=-1 => error_name(-error as i32).to_string(),
        other => other.to_string(),
    }
}
