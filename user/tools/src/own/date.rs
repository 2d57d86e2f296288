//! date: shows the time, and sets it.
//!
//! Source: date(1) of POSIX and of the GNU core utilities; clock_settime(2).

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use lexopt::prelude::*;
use rustix::time::{ClockId, Timespec, clock_settime};

use super::calendar::{Date, Zone};
use super::moment::{self, Moment};
use super::{Context, Failure};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: date [-u] [-d WHEN | -r FILE] [-R | -I[HOW]] [+FORMAT]
       date [-u] -s WHEN
Show the time, or set it.
  -d WHEN  that time: now, yesterday, @SECONDS, YYYY-MM-DD, HH:MM[:SS],
           'YYYY-MM-DD HH:MM:SS', '2 days ago'
  -r FILE  the time FILE was last changed
  -s WHEN  set the clock to it
  -u       in UTC
  -R       as in electronic mail
  -I[HOW]  as ISO 8601; HOW is date, hours, minutes, seconds or ns
FORMAT is that of strftime(3): %Y-%m-%d %H:%M:%S, %s is seconds since 1970.
TZ may hold a fixed offset such as CET-1.
";

const USUAL: &str = "%a %b %e %H:%M:%S %Z %Y";

/// What was asked for.
struct Request {
    when: Moment,
    set: bool,
    format: String,
}

/// Shows or sets the time.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let mut zone = Zone::local();
    let request = parse(context, &mut zone)?;
    let (seconds, nanoseconds) = request.when;
    if request.set {
        let time = Timespec {
            tv_sec: seconds,
            tv_nsec: nanoseconds.into(),
        };
        clock_settime(ClockId::Realtime, time).map_err(|error| {
            let error = super::reason(&error.into());
            Failure::Message(format!("cannot set date: {error}"))
        })?;
    }
    println!(
        "{}",
        Date::new(seconds, nanoseconds, &zone).format(&request.format)
    );
    Ok(0)
}

fn parse(context: &mut Context, zone: &mut Zone) -> Result<Request, Failure> {
    let mut when: Option<String> = None;
    let mut file: Option<PathBuf> = None;
    let mut format: Option<String> = None;
    let mut set = false;
    let arguments = &mut context.arguments;
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('u') | Long("utc" | "universal") => *zone = Zone::utc(),
            Short('d') | Long("date") => when = Some(arguments.value()?.string()?),
            Short('s') | Long("set") => {
                when = Some(arguments.value()?.string()?);
                set = true;
            }
            Short('r') | Long("reference") => file = Some(arguments.value()?.into()),
            Short('R') | Long("rfc-email") => format = Some("%a, %d %b %Y %H:%M:%S %z".into()),
            Short('I') | Long("iso-8601") => {
                let how = arguments.optional_value();
                format = Some(iso_format(how.as_ref().and_then(|how| how.to_str()))?.into());
            }
            Long("help") => return Err(Failure::Help),
            Value(text) => match text.to_str().and_then(|text| text.strip_prefix('+')) {
                Some(pattern) => format = Some(pattern.into()),
                None => {
                    let text = text.display();
                    return Err(Failure::Usage(format!(
                        "invalid date '{text}'; to set it use -s"
                    )));
                }
            },
            other => return Err(other.unexpected().into()),
        }
    }
    let when = match (when, file) {
        (Some(text), _) => moment::parse(&text, moment::now(), zone)
            .ok_or_else(|| Failure::Message(format!("invalid date '{text}'")))?,
        (None, Some(file)) => {
            let data = std::fs::metadata(&file).map_err(|error| Failure::of(&file, &error))?;
            (data.mtime(), u32::try_from(data.mtime_nsec()).unwrap_or(0))
        }
        (None, None) => moment::now(),
    };
    Ok(Request {
        when,
        set,
        format: format.unwrap_or(USUAL.into()),
    })
}

fn iso_format(how: Option<&str>) -> Result<&'static str, Failure> {
    Ok(match how {
        None | Some("date") => "%F",
        Some("hours") => "%FT%H%:z",
        Some("minutes") => "%FT%H:%M%:z",
        Some("seconds") => "%FT%T%:z",
        Some("ns") => "%FT%T,%N%:z",
        Some(other) => return Err(Failure::Usage(format!("invalid argument '{other}' for -I"))),
    })
}
