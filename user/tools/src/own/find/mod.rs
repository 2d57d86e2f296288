//! find: walks directories and acts on what it meets.
//!
//! Contract: entries are visited in the order the directory gives them, a directory before what
//! it holds (after it with -depth or -delete). Symbolic links are not followed, except operands
//! with -H and all with -L.
//!
//! Source: find(1) of POSIX, with -iname, -maxdepth, -mindepth, -print0, -delete and -empty of
//! the GNU one.

mod evaluate;
mod expression;
mod glob;

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{Context, Failure, reason};
use evaluate::Evaluator;
use expression::{Expression, Settings};

/// What `--help` prints.
pub const HELP: &str = "\
Usage: find [-H | -L] [PATH]... [EXPRESSION]
Walk below each PATH (.) and evaluate EXPRESSION (-print) for everything there.
Tests:    -name -iname -path PATTERN, -type bcdflps, -size [+-]N[ckMG], -empty,
          -perm [-/]MODE, -user NAME, -group NAME, -uid N, -gid N, -links N, -inum N,
          -mtime -mmin -atime -amin -ctime -cmin [+-]N, -newer FILE,
          -readable -writable -executable, -true, -false
Actions:  -print, -print0, -exec COMMAND {} ; or +, -delete, -prune, -quit, -ls
Options:  -maxdepth N, -mindepth N, -depth, -xdev
Together: ( E ), ! E, E E, E -a E, E -o E
";

/// Walks below the operands.
pub fn run(context: &mut Context) -> Result<i32, Failure> {
    let mut words = context.words(Failure::Usage)?;
    if words
        .first()
        .is_some_and(|word| word == "--help" || word == "-help")
    {
        return Err(Failure::Help);
    }
    let mut follow = Follow::Never;
    while let Some(word) = words.first() {
        follow = match word.as_str() {
            "-H" => Follow::Operands,
            "-L" => Follow::Always,
            "-P" => Follow::Never,
            _ => break,
        };
        words.remove(0);
    }
    let begins =
        |word: &String| word.starts_with('-') && word.len() > 1 || word == "(" || word == "!";
    let split = words.iter().position(begins).unwrap_or(words.len());
    let mut paths: Vec<PathBuf> = words.drain(..split).map(PathBuf::from).collect();
    if paths.is_empty() {
        paths.push(".".into());
    }
    let (expression, settings) =
        expression::parse(&words).map_err(|message| Failure::Trouble(1, message))?;
    let mut walk = Walk {
        context,
        follow,
        expression: &expression,
        settings: &settings,
        evaluator: Evaluator::new(BufWriter::new(std::io::stdout().lock())),
        status: 0,
    };
    for path in &paths {
        let device = std::fs::metadata(path).ok().map(|data| device(&data));
        walk.visit(path, 0, device);
    }
    if let Err(error) = walk.evaluator.finish(&expression) {
        walk.complain(&error);
    }
    walk.evaluator.output.flush()?;
    Ok(walk.status.max(walk.evaluator.status))
}

fn device(data: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::dev(data)
}

/// When a link stands for what it points to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Follow {
    Never,
    Operands,
    Always,
}

struct Walk<'a, W: Write> {
    context: &'a Context,
    follow: Follow,
    expression: &'a Expression,
    settings: &'a Settings,
    evaluator: Evaluator<W>,
    status: i32,
}

impl<W: Write> Walk<'_, W> {
    fn complain(&mut self, message: &str) {
        self.status = 1;
        self.context.complain(message);
    }

    fn visit(&mut self, path: &Path, depth: usize, first_device: Option<u64>) {
        if self.evaluator.quit {
            return;
        }
        let through =
            self.follow == Follow::Always || (self.follow == Follow::Operands && depth == 0);
        let looked = match through {
            // A link to nothing stands for itself.
            true => path.metadata().or_else(|_| path.symlink_metadata()),
            false => path.symlink_metadata(),
        };
        let data = match looked {
            Ok(data) => data,
            Err(error) => {
                let text = format!("'{}': {}", path.display(), reason(&error));
                return self.complain(&text);
            }
        };
        let wanted = depth >= self.settings.minimum_depth;
        self.evaluator.pruned = false;
        if wanted && !self.settings.contents_first {
            self.evaluate(path, &data);
        }
        let other_device = self.settings.one_device && first_device != Some(device(&data));
        let descend = data.is_dir()
            && depth < self.settings.maximum_depth
            && !self.evaluator.pruned
            && !other_device;
        if descend && !self.evaluator.quit {
            self.descend(path, depth, first_device);
        }
        if wanted && self.settings.contents_first && !self.evaluator.quit {
            self.evaluate(path, &data);
        }
    }

    fn evaluate(&mut self, path: &Path, data: &std::fs::Metadata) {
        if let Err(message) = self.evaluator.holds(self.expression, path, data) {
            self.complain(&message);
        }
    }

    /// The names are read first: an action may remove what is being walked over.
    fn descend(&mut self, path: &Path, depth: usize, first_device: Option<u64>) {
        let listed: std::io::Result<Vec<_>> = std::fs::read_dir(path)
            .and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect());
        match listed {
            Ok(names) => {
                for name in names {
                    self.visit(&path.join(name), depth + 1, first_device);
                }
            }
            Err(error) => {
                let text = format!("'{}': {}", path.display(), reason(&error));
                self.complain(&text);
            }
        }
    }
}
