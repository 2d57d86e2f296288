//! Every boot that a table needs, made and gathered.
//!
//! In a round, each side boots once. Counted in instructions the figures do not depend on what else
//! the host does, so as many machines run at a time as it has processors, within reason. By the wall
//! clock they run alone, one after the other, each round in the opposite order of the one before, so
//! that a host that grows slower or faster does not favour one side.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context, Result};
use qemu::Kind;

use super::kernels::{Kernel, Readings, Setting, Side};
use super::places::{ANY_DISPLAY, OF_DISPLAYS, Place, UNSEEN};
use super::record::{Clock, Row, Runs, Unit};
use super::{BY_KEY, SCREENS, SIZES};

/// No more machines run at a time, whatever the host has: each takes memory.
const MACHINES_AT_A_TIME: usize = 4;

/// This is counted in ticks of the time-stamp counter. Where they are no instructions they are the
/// host's, of a length of its own.
const IN_TICKS: &str = "power-on to this program";

/// What is to be measured.
pub struct Plan<'a> {
    /// The kernels.
    pub kernels: &'a [(Side, Kernel)],
    /// The kind of machine.
    pub kind: Kind,
    /// What is counted.
    pub clock: Clock,
    /// How often.
    pub rounds: usize,
    /// Parts of the names of the operations that are wanted; none: all.
    pub words: &'a [String],
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Gathered {
    /// A row for each operation, in the program's order.
    pub rows: Vec<Row>,
    /// What could not be measured and why.
    pub problems: Vec<String>,
}

/// One boot.
struct Boot<'a> {
    side: Side,
    kernel: &'a Kernel,
    round: usize,
    place: Place,
    /// What the program is asked for.
    words: Vec<&'a str>,
}

impl Plan<'_> {
    /// Boots all of it.
    ///
    /// # Errors
    /// When a machine does not come to its end.
    pub fn run(&self) -> Result<Gathered> {
        let boots = self.boots();
        let workers = match self.clock {
            Clock::Nanoseconds => 1,
            Clock::Instructions => std::thread::available_parallelism()
                .map_or(1, usize::from)
                .min(MACHINES_AT_A_TIME),
        };
        let icount = self.clock == Clock::Instructions;
        eprintln!("{} machines to boot, {workers} at a time", boots.len());
        let readings = in_parallel(&boots, workers, |boot| {
            let start = Instant::now();
            let setting = Setting {
                desk: &boot.place.desk,
                icount,
            };
            let readings = boot.kernel.measure(setting, &boot.words);
            let readings = readings.with_context(|| format!("on {}", boot.side.name()))?;
            let (round, side, seconds) = (boot.round + 1, boot.side.name(), start.elapsed());
            let keys = match boot.words == BY_KEY {
                true => ", by key",
                false => "",
            };
            eprintln!(
                "run {round} of {}: {side}, {}{keys}: {} s",
                self.rounds,
                boot.place.display,
                seconds.as_secs()
            );
            Ok(readings)
        })?;
        Ok(self.gather(&boots, readings))
    }

    /// The boots in the order in which they are made.
    fn boots(&self) -> Vec<Boot<'_>> {
        let mut boots = Vec::new();
        for round in 0..self.rounds {
            let mut sides: Vec<_> = self.kernels.iter().collect();
            if self.clock == Clock::Nanoseconds && round % 2 == 1 {
                sides.reverse();
            }
            for (side, kernel) in sides {
                let boot = |(place, words)| Boot {
                    side: *side,
                    kernel,
                    round,
                    place,
                    words,
                };
                boots.extend(self.places(*side).into_iter().map(boot));
            }
        }
        boots
    }

    /// Where this kernel is measured, and what the program is asked for there.
    fn places(&self, side: Side) -> Vec<(Place, Vec<&str>)> {
        let mut words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let usual = Place::usual(self.kind);
        if !words.is_empty() && self.wants_of(&usual) {
            words.extend(OF_DISPLAYS);
        }
        let mut places = vec![(usual, words)];
        // Only Janus has personas to switch between.
        if side == Side::Janus {
            let displays = SIZES.map(Place::with_display).into_iter();
            let displays = displays.filter(|place| self.wants_of(place));
            for place in displays {
                places.push((place.clone(), OF_DISPLAYS.to_vec()));
                places.push((place, BY_KEY.to_vec()));
            }
            let unseen = Place::without_display();
            if UNSEEN
                .iter()
                .any(|operation| self.wants(operation, &unseen))
            {
                places.push((unseen, UNSEEN.to_vec()));
            }
        }
        places
    }

    /// Whether an operation may be wanted that depends on the display there.
    fn wants_of(&self, place: &Place) -> bool {
        let parts = ["switch", ANY_DISPLAY, &place.display];
        let mut words = self.words.iter();
        let named = [SCREENS, BY_KEY[0]];
        named.iter().any(|operation| self.wants(operation, place))
            || words.any(|word| parts.iter().any(|part| word.contains(part)))
    }

    /// Whether an operation is wanted, by the program's name for it or by ours.
    fn wants(&self, operation: &str, place: &Place) -> bool {
        if self.clock == Clock::Nanoseconds && operation == IN_TICKS {
            return false;
        }
        is_among(operation, self.words) || is_among(&place.named(operation), self.words)
    }

    /// Puts what the boots gave into rows.
    fn gather(&self, boots: &[Boot<'_>], readings: Vec<Readings>) -> Gathered {
        let mut problems = Vec::new();
        let mut found: Vec<(String, Unit, BTreeMap<Side, Vec<i64>>)> = Vec::new();
        for (boot, readings) in boots.iter().zip(readings) {
            let side = boot.side.name();
            problems.extend(readings.problems.iter().map(|why| format!("{side}: {why}")));
            for figure in readings.figures {
                let (operation, place) = (&figure.operation, &boot.place);
                if !(place.suits)(operation) || !self.wants(operation, place) {
                    continue;
                }
                let name = place.named(operation);
                let unit = match figure.unit {
                    Some(Unit::Bytes) => Unit::Bytes,
                    _ => self.clock.unit_of(&name),
                };
                let at = found.iter().position(|(other, ..)| *other == name);
                let at = at.unwrap_or_else(|| {
                    found.push((name, unit, BTreeMap::new()));
                    found.len() - 1
                });
                found[at].2.entry(boot.side).or_default().push(figure.value);
            }
        }
        problems.sort();
        problems.dedup();
        let rows = found.into_iter().map(|(operation, unit, mut of)| {
            let mut runs = |side| of.remove(&side).unwrap_or_default();
            let runs = Runs {
                linux: runs(Side::Linux),
                janus: runs(Side::Janus),
                without_devns: runs(Side::WithoutDevns),
            };
            Row::new(operation, unit, runs)
        });
        let rows = rows.collect();
        Gathered { rows, problems }
    }
}

/// Whether one of `words` is a part of this name, or all names are wanted.
pub fn is_among(operation: &str, words: &[String]) -> bool {
    words.is_empty() || words.iter().any(|word| operation.contains(word.as_str()))
}

/// Does `job` for each of `items`, `workers` at a time; gives the results in the items' order, or
/// the first error, after which nothing new is begun.
fn in_parallel<Item: Sync, Done: Send>(
    items: &[Item],
    workers: usize,
    job: impl Fn(&Item) -> Result<Done> + Sync,
) -> Result<Vec<Done>> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Result<Done>)>> = Mutex::new(Vec::new());
    let work = || {
        while let Some((at, item)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            items.get(at).map(|item| (at, item))
        } {
            let result = job(item);
            if result.is_err() {
                next.store(items.len(), Ordering::Relaxed);
            }
            if let Ok(mut done) = done.lock() {
                done.push((at, result));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..workers.min(items.len()) {
            scope.spawn(work);
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::kernels::Reading;

    fn plan<'a>(kernels: &'a [(Side, Kernel)], clock: Clock, words: &'a [String]) -> Plan<'a> {
        Plan {
            kernels,
            kind: Kind::Q35,
            clock,
            rounds: 2,
            words,
        }
    }

    /// Who boots, at which display, in order.
    fn order(clock: Clock, words: &[&str]) -> Vec<(Side, String)> {
        let kernels = Side::ALL.map(|side| (side, Kernel::none()));
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let plan = plan(&kernels, clock, &words);
        let boots = plan.boots().into_iter();
        boots.map(|boot| (boot.side, boot.place.display)).collect()
    }

    #[test]
    fn by_the_wall_clock_every_second_round_goes_backwards() {
        let sides = |clock| -> Vec<Side> {
            let order = order(clock, &["stat"]).into_iter();
            order.map(|(side, _)| side).collect()
        };
        use Side::{Janus, Linux, WithoutDevns};
        let wall = [Linux, Janus, WithoutDevns, WithoutDevns, Janus, Linux];
        assert_eq!(sides(Clock::Nanoseconds), wall);
        let plain = [Linux, Janus, WithoutDevns, Linux, Janus, WithoutDevns];
        assert_eq!(sides(Clock::Instructions), plain);
    }

    #[test]
    fn only_janus_has_screens_to_switch_and_only_if_asked() {
        let displays = |words: &[&str]| -> Vec<String> {
            let order = order(Clock::Instructions, words).into_iter();
            let others = order.filter(|(_, display)| !display.contains("bochs"));
            others
                .map(|(side, display)| format!("{} {display}", side.name()))
                .collect()
        };
        // Without somebody at the keys and with.
        let small = ["Janus 640x480"; 2];
        let both = [small, ["Janus 3840x2160"; 2]].concat();
        let all = [&both[..], &["Janus no display"]].concat();
        assert_eq!(displays(&[]), [&all[..], &all].concat());
        assert_eq!(displays(&["switch"]), [&all[..], &all].concat());
        assert_eq!(displays(&["screens"]), [&both[..], &both].concat());
        assert_eq!(displays(&["640"]), [small, small].concat());
        assert_eq!(displays(&["of 1,000"]), ["Janus no display"; 2]);
        assert!(displays(&["stat"]).is_empty());
    }

    #[test]
    fn figures_of_all_boots_become_rows() {
        let kernels = Side::ALL.map(|side| (side, Kernel::none()));
        let plan = plan(&kernels, Clock::Instructions, &[]);
        let boots = plan.boots();
        let readings = |boot: &Boot<'_>| {
            let figure = |operation: &str, value| Reading {
                operation: operation.into(),
                value,
                unit: None,
            };
            let mut readings = Readings::default();
            if boot.words.is_empty() {
                readings.figures.push(figure("stat", 5 + boot.round as i64));
                // Of no account where there is a display.
                readings.figures.push(figure(UNSEEN[0], 1_000_000));
            } else if boot.words == UNSEEN {
                readings.figures.push(figure(UNSEEN[0], 3_000));
            }
            let asked = !boot.place.desk.is_empty() && boot.words != BY_KEY;
            if boot.side == Side::Janus && asked {
                readings.figures.push(figure("persona switch, screens", 7));
            }
            if boot.side == Side::Linux {
                readings.problems.push("fork: not measured".into());
            }
            readings
        };
        let gathered = plan.gather(&boots, boots.iter().map(readings).collect());
        let rows = gathered.rows.iter();
        let names: Vec<&str> = rows.map(|row| row.operation.as_str()).collect();
        let screens = ["1280x800 (bochs)", "640x480", "3840x2160"]
            .map(|display| format!("persona switch, {display}"));
        assert_eq!(names[0], "stat");
        assert_eq!(names[1..4], screens);
        assert_eq!(names[4..], UNSEEN[..1]);
        assert_eq!(gathered.rows[4].runs.janus, [3_000, 3_000]);
        assert_eq!(gathered.rows[0].runs.linux, [5, 6]);
        assert_eq!(gathered.rows[0].runs.without_devns, [5, 6]);
        assert!(
            gathered.rows[1..4]
                .iter()
                .all(|row| row.runs.janus == [7, 7])
        );
        // Once, though it was said twice.
        assert_eq!(gathered.problems, ["Linux: fork: not measured"]);
    }

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let items: Vec<u32> = (0..50).collect();
        let double = |item: &u32| Ok(item * 2);
        let doubled = in_parallel(&items, 4, double).expect("no errors");
        assert_eq!(
            doubled,
            items.iter().map(|item| item * 2).collect::<Vec<_>>()
        );
        let refuse = |item: &u32| match item {
            7 => anyhow::bail!("seven"),
            _ => Ok(()),
        };
        let error = in_parallel(&items, 4, refuse).expect_err("an error");
        assert_eq!(error.to_string(), "seven");
    }
}
