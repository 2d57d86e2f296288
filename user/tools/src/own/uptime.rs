//! uptime: how long the machine has been up, and its load.
//!
//! Source: uptime(1); /proc/uptime and /proc/loadavg of proc(5).

use lexopt::prelude::*;

use super::calendar::{Date, Zone};
use super::{Context, Failure, moment, process};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: uptime [-p | -s]
Show the time, how long the machine has been up, and its load.
  -p  only how long, in words
  -s  since when
";

/// Shows it.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let mut form = None;
    while let Some(argument) = context.arguments.next()? {
        match argument {
            Short('p') | Long("pretty") => form = Some('p'),
            Short('s') | Long("since") => form = Some('s'),
            Long("help") => return Err(Failure::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    // Less than a second is of no interest.
    let up_seconds = process::uptime_seconds()? as u64;
    let (now, zone) = (moment::now().0, Zone::local());
    match form {
        Some('p') => println!("up {}", in_words(up_seconds)),
        Some(_) => {
            let since = now.saturating_sub_unsigned(up_seconds);
            println!("{}", Date::new(since, 0, &zone).format("%F %T"));
        }
        None => {
            let load = std::fs::read_to_string("/proc/loadavg")?;
            let load: Vec<&str> = load.split_whitespace().take(3).collect();
            println!(
                " {} up {},  load average: {}",
                Date::new(now, 0, &zone).format("%T"),
                in_figures(up_seconds),
                load.join(", ")
            );
        }
    }
    Ok(0)
}

fn in_figures(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    let plural = if days == 1 { "" } else { "s" };
    let days_text = if days > 0 {
        format!("{days} day{plural}, ")
    } else {
        String::new()
    };
    match hours {
        0 => format!("{days_text}{minutes} min"),
        _ => format!("{days_text}{hours:2}:{minutes:02}"),
    }
}

fn in_words(seconds: u64) -> String {
    let counts = [
        (seconds / 604_800, "week"),
        (seconds / 86_400 % 7, "day"),
        (seconds / 3600 % 24, "hour"),
        (seconds / 60 % 60, "minute"),
    ];
    let words: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}{}", if *count == 1 { "" } else { "s" }))
        .collect();
    if words.is_empty() {
        "0 minutes".into()
    } else {
        words.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_figures_and_words() {
        assert_eq!(in_figures(59), "0 min");
        assert_eq!(in_figures(3660), " 1:01");
        assert_eq!(in_figures(86_400), "1 day, 0 min");
        assert_eq!(in_words(0), "0 minutes");
        assert_eq!(in_words(694_861), "1 week, 1 day, 1 hour, 1 minute");
    }
}
