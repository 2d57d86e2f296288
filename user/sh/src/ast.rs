//! The shell's syntax tree: what the parser makes, what the executor walks.
//!
//! Contract: the tree holds no state and no borrowed text, so a function body or a loop can be
//! run any number of times; `print.rs` turns every node back into text that parses to the same
//! node. The shapes follow the grammar in POSIX.1-2017, volume XCU, section 2.10.

use std::cell::OnceCell;
use std::rc::Rc;

/// Text as the shell sees it: bytes, since file names and arguments need not be UTF-8.
pub type Bytes = Vec<u8>;

/// One word of the source, before any expansion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Word {
    /// The pieces, in order; an empty list is the empty word.
    pub parts: Vec<Part>,
}

/// A piece of a word; how it was quoted decides what happens to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Unquoted text: tilde and pattern characters are live.
    Literal(Bytes),
    /// Text from single quotes or after a backslash: nothing in it is special.
    Quoted(Bytes),
    /// What stood between double quotes.
    DoubleQuoted(Vec<Part>),
    /// `$name`, `${name…}` and the special parameters.
    Parameter(Box<Parameter>),
    /// `$(…)` or backticks.
    Command(Rc<List>),
    /// `$((…))`; the parts are expanded as in double quotes, then evaluated.
    Arithmetic(Vec<Part>),
}

/// A parameter expansion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Which parameter.
    pub name: Name,
    /// What is made of its value.
    pub form: Form,
}

/// The name of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// A variable.
    Variable(String),
    /// `$1`, `${10}` …; never 0.
    Positional(usize),
    /// One of `@ * # ? - $ ! 0`.
    Special(u8),
}

/// What a parameter expansion does with the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// The value as it is.
    Plain,
    /// `${#x}`: its length in characters.
    Length,
    /// `${x:-word}` and its relatives.
    Test {
        /// Which relative.
        kind: TestKind,
        /// With the colon: an empty value counts as unset.
        empty_counts: bool,
        /// The word after the operator.
        word: Word,
    },
    /// `${x#pattern}` and its relatives.
    Strip {
        /// Which end is cut.
        end: End,
        /// Doubled operator: cut the longest match.
        longest: bool,
        /// What to cut.
        pattern: Word,
    },
}

/// The four operators that look whether a parameter is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestKind {
    /// `-`: use the word instead.
    Default,
    /// `=`: assign the word and use it.
    Assign,
    /// `?`: give up with the word as the message.
    Error,
    /// `+`: use the word if the parameter is set.
    Alternative,
}

/// An end of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// `#`
    Prefix,
    /// `%`
    Suffix,
}

/// Commands separated by `;`, `&` or newlines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct List {
    /// The commands in order.
    pub items: Vec<Item>,
}

/// One entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What to run.
    pub and_or: AndOr,
    /// Whether `&` followed.
    pub background: bool,
}

/// Pipelines joined by `&&` and `||`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AndOr {
    /// The first pipeline, always run.
    pub first: Pipeline,
    /// The others, each with what must hold before it runs.
    pub rest: Vec<(Connector, Pipeline)>,
}

/// What joins two pipelines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connector {
    /// `&&`
    And,
    /// `||`
    Or,
}

/// Commands joined by `|`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pipeline {
    /// Whether `!` stood in front.
    pub negated: bool,
    /// At least one command.
    pub commands: Vec<Command>,
}

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Assignments, words and redirections.
    Simple(Simple),
    /// A construct with a body, and the redirections around it.
    Compound(Compound, Vec<Redirect>),
    /// `name() body`.
    Function(String, Rc<Command>),
}

/// A simple command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Simple {
    /// The line it starts on.
    pub line: u32,
    /// `name=word` in front of the command name.
    pub assignments: Vec<(String, Word)>,
    /// The command name and its arguments.
    pub words: Vec<Word>,
    /// Redirections, in the order written.
    pub redirects: Vec<Redirect>,
}

/// A command with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compound {
    /// `{ … }`
    Group(List),
    /// `( … )`
    Subshell(List),
    /// `if … then … elif … else … fi`: the branches, then what is left.
    If(Vec<(List, List)>, Option<List>),
    /// `while … do … done`, or `until` where the flag is set.
    Loop {
        /// Whether it runs until the condition holds.
        until: bool,
        /// The condition.
        condition: List,
        /// The body.
        body: List,
    },
    /// `for name in words; do … done`; no words means `"$@"`.
    For {
        /// The loop variable.
        name: String,
        /// What it runs through.
        words: Option<Vec<Word>>,
        /// The body.
        body: List,
    },
    /// `case word in pattern) … esac`
    Case(Word, Vec<Arm>),
}

/// One branch of a `case`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arm {
    /// Patterns, any of which may match.
    pub patterns: Vec<Word>,
    /// What to run then.
    pub body: List,
    /// Ended by `;&`: go on with the next body.
    pub falls_through: bool,
}

/// A redirection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// The descriptor it is about; the operator decides when none was written.
    pub descriptor: Option<i32>,
    /// What to do.
    pub action: RedirectAction,
}

/// What a redirection does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedirectAction {
    /// `< file`
    Read(Word),
    /// `> file`
    Write(Word),
    /// `>| file`: overwrites even under `set -C`.
    Clobber(Word),
    /// `>> file`
    Append(Word),
    /// `<> file`
    ReadWrite(Word),
    /// `<& n` and `<& -`
    DuplicateInput(Word),
    /// `>& n` and `>& -`
    DuplicateOutput(Word),
    /// `<< end`
    Here(HereDocument),
}

/// A here-document. The body comes after the line that names it, so it is filled in later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HereDocument {
    /// The word that ends it.
    pub delimiter: Bytes,
    /// Whether any of the delimiter was quoted: then the body is not expanded.
    pub quoted: bool,
    /// `<<-`: leading tabs are dropped.
    pub strip_tabs: bool,
    /// The body.
    pub body: Rc<OnceCell<Word>>,
}

impl Word {
    /// The text of a word that is one piece of unquoted text, else nothing.
    pub fn as_literal(&self) -> Option<&[u8]> {
        match self.parts.as_slice() {
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// A word of one quoted piece, for text made by the shell itself.
    pub fn quoted(text: Bytes) -> Word {
        Word {
            parts: vec![Part::Quoted(text)],
        }
    }
}

/// Whether `text` is a name a variable or function may have.
pub fn is_name(text: &[u8]) -> bool {
    let Some((first, rest)) = text.split_first() else {
        return false;
    };
    (first.is_ascii_alphabetic() || *first == b'_')
        && rest
            .iter()
            .all(|&byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
