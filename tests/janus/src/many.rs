//! Many personas, one after the other and at once, and what is left of them.

use crate::persona::{ACTIVE, LIST, Persona, in_front, put, text, write};
use abi_tests::check::{Failure, Outcome};
use abi_tests::{cases, holds, same};

cases![ten_thousand_leave_nothing, a_thousand_at_once];

/// Free memory and the kernel's heap, in KiB.
fn memory() -> Result<(i64, i64), Failure> {
    let text = std::fs::read_to_string("/proc/meminfo")?;
    let field = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
            .ok_or_else(|| Failure::Wrong(format!("/proc/meminfo has no line {name}")))
    };
    Ok((field("MemFree:")?, field("Slab:")?))
}

/// Created, put in front, and killed there or after leaving the front.
fn cycles(count: usize) -> Outcome {
    for number in 0..count {
        let persona = Persona::start()?;
        put(ACTIVE, &persona.pid.to_string())?;
        // Half of them die in front. Not all: each of these deaths is a line of the log.
        if number % 2 == 0 {
            put(ACTIVE, "1")?;
        }
        persona.end()?;
    }
    Ok(())
}

/// So often the 10,000 are tried.
const ROUNDS_MAX: usize = 4;

/// Free memory and the heap.
type Figures = (i64, i64);

/// The figures before and after 10,000 of them; prints both.
fn measured_cycles() -> Result<(Figures, Figures), Failure> {
    let before = memory()?;
    cycles(10_000)?;
    let after = memory()?;
    println!(
        "10,000 personas: before {} KiB free and {} KiB heap, after {} KiB free and {} KiB heap",
        before.0, before.1, after.0, after.1
    );
    Ok((before, after))
}

fn ten_thousand_leave_nothing() -> Outcome {
    // A page that a cache, the log or a tree of numbers takes now and then is not a leak: a leak
    // would show in each round of 10,000, one of which must end to the page as it began.
    cycles(1000)?;
    let (mut before, mut after) = measured_cycles()?;
    for _ in 1..ROUNDS_MAX {
        if before == after {
            break;
        }
        (before, after) = measured_cycles()?;
    }
    same!((after, in_front()?), (before, 1));
    same!(text(LIST)?.lines().count(), 1);
    Ok(())
}

fn a_thousand_at_once() -> Outcome {
    let mut personas = Vec::new();
    for number in 0..1000 {
        let persona = Persona::start()?;
        put(crate::persona::TAG, &format!("{}:{number}", persona.pid))?;
        personas.push(persona);
    }
    same!(text(LIST)?.lines().count(), 1001);
    for persona in personas.iter().step_by(50) {
        put(ACTIVE, &persona.pid.to_string())?;
        same!(in_front()?, persona.pid);
    }
    for persona in personas {
        persona.end()?;
    }
    holds!(write(ACTIVE, b"1") == 1);
    same!(text(LIST)?.lines().count(), 1);
    Ok(())
}
