//! Our own tools, a file each: those which uutils has none of, or at too high a price.
//!
//! Contract of a tool: `run` takes the arguments after the name, writes its result to standard
//! output and returns its exit status; `HELP` is what `--help` prints. Messages go to standard
//! error and begin with the tool's name, as those of the Linux tools do.

pub mod calendar;
mod cat;
mod clear;
mod date;
mod dd;
mod dmesg;
mod expr;
mod find;
mod free;
mod grep;
mod hexdump;
mod hostname;
mod kill;
mod logcat;
mod logwrite;
mod ls;
mod lsns;
pub mod moment;
mod more;
mod mount;
mod mounts;
mod names;
mod nl;
mod nsenter;
mod pattern;
mod persona;
mod pidof;
mod power;
mod process;
mod ps;
mod screen;
mod sed;
mod sizes;
mod stty;
mod tail;
mod touch;
mod umount;
mod unshare;
mod uptime;
mod which;
mod xargs;

use std::ffi::OsString;
use std::fmt::Display;
use std::io::Write;
use std::path::Path;

/// One tool.
pub struct Tool {
    /// The name it is called by.
    pub name: &'static str,
    /// What `--help` prints.
    pub help: &'static str,
    /// What it does: its arguments to its exit status.
    pub run: fn(&mut Context) -> Result<i32, Failure>,
}

/// All of them, by name.
pub const TOOLS: &[Tool] = &[
    Tool {
        name: "cat",
        help: cat::HELP,
        run: cat::run,
    },
    Tool {
        name: "clear",
        help: clear::HELP,
        run: clear::run,
    },
    Tool {
        name: "date",
        help: date::HELP,
        run: date::run,
    },
    Tool {
        name: "dd",
        help: dd::HELP,
        run: dd::run,
    },
    Tool {
        name: "dmesg",
        help: dmesg::HELP,
        run: dmesg::run,
    },
    Tool {
        name: "expr",
        help: expr::HELP,
        run: expr::run,
    },
    Tool {
        name: "find",
        help: find::HELP,
        run: find::run,
    },
    Tool {
        name: "free",
        help: free::HELP,
        run: free::run,
    },
    Tool {
        name: "grep",
        help: grep::HELP,
        run: grep::run,
    },
    Tool {
        name: "halt",
        help: power::HELP,
        run: power::run,
    },
    Tool {
        name: "hexdump",
        help: hexdump::HELP,
        run: hexdump::run,
    },
    Tool {
        name: "hostname",
        help: hostname::HELP,
        run: hostname::run,
    },
    Tool {
        name: "kill",
        help: kill::HELP,
        run: kill::run,
    },
    Tool {
        name: "logcat",
        help: logcat::HELP,
        run: logcat::run,
    },
    Tool {
        name: "logwrite",
        help: logwrite::HELP,
        run: logwrite::run,
    },
    Tool {
        name: "ls",
        help: ls::HELP,
        run: ls::run,
    },
    Tool {
        name: "lsns",
        help: lsns::HELP,
        run: lsns::run,
    },
    Tool {
        name: "more",
        help: more::HELP,
        run: more::run,
    },
    Tool {
        name: "mount",
        help: mount::HELP,
        run: mount::run,
    },
    Tool {
        name: "nl",
        help: nl::HELP,
        run: nl::run,
    },
    Tool {
        name: "nsenter",
        help: nsenter::HELP,
        run: nsenter::run,
    },
    Tool {
        name: "persona",
        help: persona::HELP,
        run: persona::run,
    },
    Tool {
        name: "pidof",
        help: pidof::HELP,
        run: pidof::run,
    },
    Tool {
        name: "poweroff",
        help: power::HELP,
        run: power::run,
    },
    Tool {
        name: "ps",
        help: ps::HELP,
        run: ps::run,
    },
    Tool {
        name: "reboot",
        help: power::HELP,
        run: power::run,
    },
    Tool {
        name: "reset",
        help: clear::HELP,
        run: clear::run,
    },
    Tool {
        name: "sed",
        help: sed::HELP,
        run: sed::run,
    },
    Tool {
        name: "stty",
        help: stty::HELP,
        run: stty::run,
    },
    Tool {
        name: "tail",
        help: tail::HELP,
        run: tail::run,
    },
    Tool {
        name: "touch",
        help: touch::HELP,
        run: touch::run,
    },
    Tool {
        name: "umount",
        help: umount::HELP,
        run: umount::run,
    },
    Tool {
        name: "unshare",
        help: unshare::HELP,
        run: unshare::run,
    },
    Tool {
        name: "uptime",
        help: uptime::HELP,
        run: uptime::run,
    },
    Tool {
        name: "which",
        help: which::HELP,
        run: which::run,
    },
    Tool {
        name: "xargs",
        help: xargs::HELP,
        run: xargs::run,
    },
];

/// What a tool is run with.
pub struct Context {
    /// The name it was called by.
    pub name: &'static str,
    /// Its options and operands.
    pub arguments: lexopt::Parser,
}

impl Context {
    /// Reports a failure that does not end the tool, on one line.
    pub fn complain(&self, message: impl Display) {
        eprintln!("{}: {message}", self.name);
    }

    /// All arguments as they stand, for a tool whose operands are a language of their own.
    ///
    /// # Errors
    /// What `wrong` makes of the sentence about an argument that is no text.
    pub fn words(&mut self, wrong: fn(String) -> Failure) -> Result<Vec<String>, Failure> {
        self.arguments
            .raw_args()?
            .map(|word| word.into_string())
            .collect::<Result<_, _>>()
            .map_err(|word| wrong(format!("'{}': not text", word.display())))
    }
}

/// Why a tool gives up.
#[derive(Debug)]
pub enum Failure {
    /// `--help` was asked for, which is no failure; it ends the tool all the same.
    Help,
    /// The command line makes no sense.
    Usage(String),
    /// What was to be done failed.
    Message(String),
    /// It failed, and the tool has a status of its own for that.
    Trouble(i32, String),
}

impl Failure {
    /// Something about `path` failed.
    pub fn of(path: &Path, error: &std::io::Error) -> Failure {
        Failure::Message(format!("{}: {}", path.display(), reason(error)))
    }

    /// What it says.
    pub fn text(self) -> String {
        match self {
            Failure::Help => String::new(),
            Failure::Usage(text) | Failure::Message(text) | Failure::Trouble(_, text) => text,
        }
    }
}

impl From<lexopt::Error> for Failure {
    fn from(error: lexopt::Error) -> Failure {
        Failure::Usage(error.to_string())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        Failure::Message(reason(&error))
    }
}

impl From<rustix::io::Errno> for Failure {
    fn from(error: rustix::io::Errno) -> Failure {
        std::io::Error::from(error).into()
    }
}

/// The sentence of an error without the number that the standard library adds to it.
pub fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error ") {
        Some(end) => text[..end].to_string(),
        None => text,
    }
}

/// The tool `name`.
pub fn find(name: &str) -> Option<&'static Tool> {
    TOOLS.iter().find(|tool| tool.name == name)
}

/// Runs it. `words` holds the tool's own name first.
pub fn run(tool: &Tool, words: Vec<OsString>) -> i32 {
    // A reader that went away ends a writer quietly, as everywhere on Unix; the standard
    // library has it the other way round.
    if let Err(error) = uucore::signals::enable_pipe_errors() {
        eprintln!("{}: cannot set the action of SIGPIPE: {error}", tool.name);
    }
    let arguments = lexopt::Parser::from_args(words.into_iter().skip(1));
    let mut context = Context {
        name: tool.name,
        arguments,
    };
    let result = (tool.run)(&mut context);
    let flushed = std::io::stdout().flush();
    let status = match result {
        Ok(status) => status,
        Err(Failure::Help) => {
            print!("{}", tool.help);
            0
        }
        Err(Failure::Usage(message)) => {
            eprintln!(
                "{0}: {message}\nTry '{0} --help' for more information.",
                tool.name
            );
            2
        }
        Err(Failure::Message(message)) => {
            eprintln!("{}: {message}", tool.name);
            1
        }
        Err(Failure::Trouble(status, message)) => {
            eprintln!("{}: {message}", tool.name);
            status
        }
    };
    if let Err(error) = flushed {
        eprintln!("{}: write error: {}", tool.name, reason(&error));
        return status.max(1);
    }
    status
}
