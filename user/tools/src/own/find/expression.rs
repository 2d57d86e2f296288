//! The expression of find: its parts, and how they are read from the command line.

use std::os::unix::fs::MetadataExt;

use crate::own::names::Names;

/// A number that is compared: more than, less than, or exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// `+N`
    More(u64),
    /// `-N`
    Less(u64),
    /// `N`
    Exactly(u64),
}

impl Compare {
    fn parse(text: &str) -> Option<Compare> {
        let kind = match text.chars().next()? {
            '+' => Compare::More,
            '-' => Compare::Less,
            _ => return text.parse().ok().map(Compare::Exactly),
        };
        text[1..].parse().ok().map(kind)
    }

    /// Whether `value` is as asked.
    pub fn holds(self, value: u64) -> bool {
        match self {
            Compare::More(limit) => value > limit,
            Compare::Less(limit) => value < limit,
            Compare::Exactly(limit) => value == limit,
        }
    }
}

/// Which time stamp of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// Last read.
    Access,
    /// Contents last changed.
    Modification,
    /// Anything about it last changed.
    Change,
}

/// How permission bits are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permissions {
    /// Just these.
    Exactly(u32),
    /// All of these.
    All(u32),
    /// One of these.
    Any(u32),
}

/// One test or action, or several put together.
#[derive(Clone, Debug)]
pub enum Expression {
    /// Both, the second only if the first holds.
    And(Box<Expression>, Box<Expression>),
    /// One of both, the second only if the first does not hold.
    Or(Box<Expression>, Box<Expression>),
    /// The contrary.
    Not(Box<Expression>),
    /// Always, or never.
    Constant(bool),
    /// The last part of the path matches; with case ignored or not.
    Name(String, bool),
    /// The path matches; with case ignored or not.
    Path(String, bool),
    /// It is of one of these types.
    Type(Vec<char>),
    /// Its size in units of so many bytes, rounded up.
    Size(Compare, u64),
    /// It is an empty file or directory.
    Empty,
    /// Its permission bits.
    Permissions(Permissions),
    /// A number stat(2) tells.
    Number(Compare, fn(&std::fs::Metadata) -> u64),
    /// Its age in units of so many seconds.
    Age(Stamp, Compare, i64),
    /// It was modified after that moment, in seconds and nanoseconds.
    NewerThan(i64, i64),
    /// This process may access it so.
    Access(rustix::fs::Access),
    /// Print the path and this character.
    Print(char),
    /// Print a line as `ls -dils` has it.
    List,
    /// Run a command for each.
    Execute(Vec<String>),
    /// Run a command for as many as fit; the number tells several of them apart.
    ExecuteMany(usize, Vec<String>),
    /// Remove it.
    Delete,
    /// Do not go down into it.
    Prune,
    /// Stop.
    Quit,
}

/// What holds for the whole walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Evaluate nothing above that depth.
    pub minimum_depth: usize,
    /// Do not go below that depth.
    pub maximum_depth: usize,
    /// What a directory holds comes before it.
    pub contents_first: bool,
    /// Stay on the device of the operand.
    pub one_device: bool,
}

/// Reads the words of an expression.
///
/// # Errors
/// A sentence that says which word is wrong and how.
pub fn parse(words: &[String]) -> Result<(Expression, Settings), String> {
    let settings = Settings {
        minimum_depth: 0,
        maximum_depth: usize::MAX,
        contents_first: false,
        one_device: false,
    };
    let mut parser = Parser {
        words,
        at: 0,
        settings,
        acts: false,
        batches: 0,
    };
    let mut expression = match words.is_empty() {
        true => Expression::Constant(true),
        false => parser.either()?,
    };
    if let Some(word) = parser.words.get(parser.at) {
        return Err(format!("unexpected '{word}'"));
    }
    if !parser.acts {
        let print = Box::new(Expression::Print('\n'));
        expression = Expression::And(Box::new(expression), print);
    }
    Ok((expression, parser.settings))
}

struct Parser<'a> {
    words: &'a [String],
    at: usize,
    settings: Settings,
    /// There is an action, so nothing is printed without being asked for.
    acts: bool,
    batches: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.words.get(self.at).map(String::as_str)
    }

    fn take(&mut self, words: &[&str]) -> bool {
        let found = self.peek().is_some_and(|word| words.contains(&word));
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, name: &str) -> Result<&'a str, String> {
        let word = self
            .peek()
            .ok_or_else(|| format!("missing argument to '{name}'"))?;
        self.at += 1;
        Ok(word)
    }

    fn parsed<T>(&mut self, name: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, String> {
        let word = self.value(name)?;
        read(word).ok_or_else(|| format!("invalid argument '{word}' to '{name}'"))
    }

    fn either(&mut self) -> Result<Expression, String> {
        let mut left = self.both()?;
        while self.take(&["-o", "-or"]) {
            left = Expression::Or(Box::new(left), Box::new(self.both()?));
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Expression, String> {
        let mut left = self.one()?;
        loop {
            match self.peek() {
                None | Some(")" | "-o" | "-or") => return Ok(left),
                Some(_) => {
                    self.take(&["-a", "-and"]);
                    left = Expression::And(Box::new(left), Box::new(self.one()?));
                }
            }
        }
    }

    fn one(&mut self) -> Result<Expression, String> {
        let name = self.peek().ok_or("an expression ends too early")?;
        self.at += 1;
        match name {
            "!" | "-not" => Ok(Expression::Not(Box::new(self.one()?))),
            "(" => {
                let inner = self.either()?;
                if self.take(&[")"]) {
                    Ok(inner)
                } else {
                    Err("'(' without ')'".into())
                }
            }
            _ => match self.option(name)? {
                true => Ok(Expression::Constant(true)),
                false => self.test(name),
            },
        }
    }

    /// Takes a setting of the whole walk; false if the word is none.
    fn option(&mut self, name: &str) -> Result<bool, String> {
        match name {
            "-maxdepth" => self.settings.maximum_depth = self.parsed(name, |w| w.parse().ok())?,
            "-mindepth" => self.settings.minimum_depth = self.parsed(name, |w| w.parse().ok())?,
            "-depth" | "-d" => self.settings.contents_first = true,
            "-xdev" | "-mount" => self.settings.one_device = true,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn test(&mut self, name: &str) -> Result<Expression, String> {
        use rustix::fs::Access;
        Ok(match name {
            "-true" => Expression::Constant(true),
            "-false" => Expression::Constant(false),
            "-name" => Expression::Name(self.value(name)?.into(), false),
            "-iname" => Expression::Name(self.value(name)?.to_lowercase(), true),
            "-path" | "-wholename" => Expression::Path(self.value(name)?.into(), false),
            "-ipath" => Expression::Path(self.value(name)?.to_lowercase(), true),
            "-type" => Expression::Type(self.parsed(name, types)?),
            "-size" => self.parsed(name, size)?,
            "-empty" => Expression::Empty,
            "-perm" => Expression::Permissions(self.parsed(name, permissions)?),
            "-links" => Expression::Number(self.parsed(name, Compare::parse)?, MetadataExt::nlink),
            "-inum" => Expression::Number(self.parsed(name, Compare::parse)?, MetadataExt::ino),
            "-uid" => Expression::Number(self.parsed(name, Compare::parse)?, |d| d.uid().into()),
            "-gid" => Expression::Number(self.parsed(name, Compare::parse)?, |d| d.gid().into()),
            "-user" => {
                let user = self.parsed(name, |word| Names::users().number(word))?;
                Expression::Number(Compare::Exactly(user.into()), |data| data.uid().into())
            }
            "-group" => {
                let group = self.parsed(name, |word| Names::groups().number(word))?;
                Expression::Number(Compare::Exactly(group.into()), |data| data.gid().into())
            }
            "-newer" => {
                let file = self.value(name)?;
                let data = std::fs::metadata(file)
                    .map_err(|error| format!("'{file}': {}", crate::own::reason(&error)))?;
                Expression::NewerThan(data.mtime(), data.mtime_nsec())
            }
            "-readable" => Expression::Access(Access::READ_OK),
            "-writable" => Expression::Access(Access::WRITE_OK),
            "-executable" => Expression::Access(Access::EXEC_OK),
            _ => match age(name) {
                Some((stamp, unit)) => {
                    Expression::Age(stamp, self.parsed(name, Compare::parse)?, unit)
                }
                None => return self.action(name),
            },
        })
    }

    fn action(&mut self, name: &str) -> Result<Expression, String> {
        let acted = self.acts;
        self.acts = true;
        Ok(match name {
            "-print" => Expression::Print('\n'),
            "-print0" => Expression::Print('\0'),
            "-ls" => Expression::List,
            "-exec" => self.command(name)?,
            "-delete" => {
                self.settings.contents_first = true;
                Expression::Delete
            }
            "-quit" => Expression::Quit,
            "-prune" => {
                self.acts = acted;
                Expression::Prune
            }
            _ => return Err(format!("unknown predicate '{name}'")),
        })
    }

    fn command(&mut self, name: &str) -> Result<Expression, String> {
        let mut command: Vec<String> = Vec::new();
        loop {
            match self.value(name)? {
                ";" if !command.is_empty() => return Ok(Expression::Execute(command)),
                "+" if command.len() > 1 && command.last().is_some_and(|word| word == "{}") => {
                    command.pop();
                    self.batches += 1;
                    return Ok(Expression::ExecuteMany(self.batches - 1, command));
                }
                word => command.push(word.into()),
            }
        }
    }
}

fn types(text: &str) -> Option<Vec<char>> {
    let letters: Vec<char> = text.chars().filter(|letter| *letter != ',').collect();
    letters
        .iter()
        .all(|letter| "bcdflps".contains(*letter))
        .then_some(letters)
}

/// Without a letter the unit is a block of 512 bytes.
fn size(text: &str) -> Option<Expression> {
    let (digits, unit) = match text.chars().last()? {
        'c' => (&text[..text.len() - 1], 1),
        'w' => (&text[..text.len() - 1], 2),
        'b' => (&text[..text.len() - 1], 512),
        'k' => (&text[..text.len() - 1], 1 << 10),
        'M' => (&text[..text.len() - 1], 1 << 20),
        'G' => (&text[..text.len() - 1], 1 << 30),
        _ => (text, 512),
    };
    Some(Expression::Size(Compare::parse(digits)?, unit))
}

fn permissions(text: &str) -> Option<Permissions> {
    let (kind, digits): (fn(u32) -> Permissions, &str) = match text.chars().next()? {
        '-' => (Permissions::All, &text[1..]),
        '/' => (Permissions::Any, &text[1..]),
        _ => (Permissions::Exactly, text),
    };
    u32::from_str_radix(digits, 8)
        .ok()
        .filter(|mode| *mode <= 0o7777)
        .map(kind)
}

/// The stamp and the unit in seconds of a test of age.
fn age(name: &str) -> Option<(Stamp, i64)> {
    const DAY: i64 = 86_400;
    Some(match name {
        "-atime" => (Stamp::Access, DAY),
        "-mtime" => (Stamp::Modification, DAY),
        "-ctime" => (Stamp::Change, DAY),
        "-amin" => (Stamp::Access, 60),
        "-mmin" => (Stamp::Modification, 60),
        "-cmin" => (Stamp::Change, 60),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(Expression, Settings), String> {
        parse(
            &text
                .split_whitespace()
                .map(String::from)
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn without_an_action_the_path_is_printed() {
        let (expression, _) = read("-type f").expect("well formed");
        assert!(
            matches!(expression, Expression::And(_, print) if matches!(*print, Expression::Print('\n')))
        );
        let (expression, _) = read("-type f -print0").expect("well formed");
        assert!(
            matches!(expression, Expression::And(_, print) if matches!(*print, Expression::Print('\0')))
        );
    }

    #[test]
    fn or_binds_weaker_than_and() {
        let (expression, _) = read("-true -false -o -true -print").expect("well formed");
        assert!(matches!(expression, Expression::Or(..)));
        let (expression, _) = read("! ( -true -o -false ) -print").expect("well formed");
        assert!(
            matches!(expression, Expression::And(left, _) if matches!(*left, Expression::Not(_)))
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, part) in [
            ("-nope", "-nope"),
            ("-name", "-name"),
            ("( -true", "'('"),
            ("-type x", "'x'"),
            ("-perm 9", "'9'"),
            ("-exec ls", "-exec"),
            ("-true )", "')'"),
        ] {
            let message = read(text).expect_err(text);
            assert!(message.contains(part), "{message}");
        }
    }
}
