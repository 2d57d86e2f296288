//! The tree turned back into text.
//!
//! Contract: the text parses to the same tree (the parser's tests hold it to that). It is what
//! `type` shows of a function and `jobs` of a job; here-documents are printed after the line that
//! names them, as they must be read.

use crate::ast::{
    AndOr, Bytes, Command, Compound, Connector, End, Form, HereDocument, List, Name, Parameter,
    Part, Pipeline, Redirect, RedirectAction, Simple, TestKind, Word,
};

/// A word as it could be typed.
pub fn word(word: &Word) -> Bytes {
    let mut out = Printer::default();
    out.word(word);
    out.text
}

/// A part of a word as it could be typed.
pub fn part(part: &Part) -> Bytes {
    let mut out = Printer::default();
    out.part(part, false);
    out.text
}

/// A command on one line where its here-documents allow it.
pub fn command(command: &Command) -> Bytes {
    let mut out = Printer::default();
    out.command(command);
    out.finish_here();
    out.text
}

/// A pipeline, for the job table.
pub fn pipeline(pipeline: &Pipeline) -> Bytes {
    let mut out = Printer::default();
    out.pipeline(pipeline);
    out.finish_here();
    out.text
}

/// An and-or list, for the job table.
pub fn and_or(and_or: &AndOr) -> Bytes {
    let mut out = Printer::default();
    out.and_or(and_or);
    out.finish_here();
    out.text
}

/// Text quoted so that the shell reads it back as one word of just that text.
pub fn quote(text: &[u8]) -> Bytes {
    let safe = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-./:=+,@%^".contains(byte);
    if !text.is_empty() && text.iter().all(safe) {
        return text.to_vec();
    }
    let mut quoted = vec![b'\''];
    for &byte in text {
        if byte == b'\'' {
            quoted.extend_from_slice(b"'\\''");
        } else {
            quoted.push(byte);
        }
    }
    quoted.push(b'\'');
    quoted
}

/// Arguments quoted and joined, as they could be typed.
pub fn arguments(words: &[Bytes]) -> Bytes {
    let quoted: Vec<Bytes> = words.iter().map(|word| quote(word)).collect();
    quoted.join(&b' ')
}

#[derive(Default)]
struct Printer {
    text: Bytes,
    here: Vec<HereDocument>,
}

impl Printer {
    fn push(&mut self, text: impl AsRef<[u8]>) {
        self.text.extend_from_slice(text.as_ref());
    }

    fn finish_here(&mut self) {
        for document in std::mem::take(&mut self.here) {
            self.push("\n");
            if let Some(body) = document.body.get() {
                for part in &body.parts {
                    match part {
                        Part::Quoted(text) if !document.quoted => self.escaped(text, b"$`\\"),
                        Part::Quoted(text) => self.push(text),
                        other => self.part(other, true),
                    }
                }
            }
            self.push(&document.delimiter);
        }
    }

    fn escaped(&mut self, text: &[u8], special: &[u8]) {
        for &byte in text {
            if special.contains(&byte) {
                self.push("\\");
            }
            self.push([byte]);
        }
    }

    fn word(&mut self, word: &Word) {
        if word.parts.is_empty() {
            self.push("''");
        }
        self.parts(&word.parts, false);
    }

    fn parts(&mut self, parts: &[Part], in_quotes: bool) {
        for part in parts {
            self.part(part, in_quotes);
        }
    }

    fn part(&mut self, part: &Part, in_quotes: bool) {
        match part {
            Part::Literal(text) => self.push(text),
            Part::Quoted(text) if in_quotes => self.escaped(text, b"$`\"\\"),
            Part::Quoted(text) => {
                self.push(quote_all(text));
            }
            Part::DoubleQuoted(parts) => {
                self.push("\"");
                self.parts(parts, true);
                self.push("\"");
            }
            Part::Parameter(parameter) => self.parameter(parameter, in_quotes),
            Part::Command(list) => {
                self.push("$(");
                if list.starts_with_subshell() {
                    self.push(" ");
                }
                let here = std::mem::take(&mut self.here);
                self.list(list, "; ");
                let newline = !self.here.is_empty();
                self.finish_here();
                self.here = here;
                self.push(if newline { "\n)" } else { ")" });
            }
            Part::Arithmetic(parts) => {
                self.push("$((");
                self.parts(parts, true);
                self.push("))");
            }
        }
    }

    fn parameter(&mut self, parameter: &Parameter, in_quotes: bool) {
        let name = match &parameter.name {
            Name::Variable(name) => name.clone(),
            Name::Positional(number) => number.to_string(),
            Name::Special(byte) => char::from(*byte).to_string(),
        };
        self.push("${");
        match &parameter.form {
            Form::Plain => self.push(&name),
            Form::Length => self.push(format!("#{name}")),
            Form::Test {
                kind,
                empty_counts,
                word,
            } => {
                self.push(&name);
                self.push(if *empty_counts { ":" } else { "" });
                self.push(match kind {
                    TestKind::Default => "-",
                    TestKind::Assign => "=",
                    TestKind::Error => "?",
                    TestKind::Alternative => "+",
                });
                self.parts(&word.parts, in_quotes);
            }
            Form::Strip {
                end,
                longest,
                pattern,
            } => {
                self.push(&name);
                let operator = if *end == End::Prefix { "#" } else { "%" };
                self.push(operator.repeat(if *longest { 2 } else { 1 }));
                self.parts(&pattern.parts, false);
            }
        }
        self.push("}");
    }

    fn list(&mut self, list: &List, separator: &str) {
        for (index, item) in list.items.iter().enumerate() {
            self.and_or(&item.and_or);
            let last = index + 1 == list.items.len();
            match (item.background, last) {
                (true, true) => self.push(" &"),
                (true, false) => self.push(" & "),
                (false, false) if self.here.is_empty() => self.push(separator),
                (false, false) => {
                    self.finish_here();
                    self.push("\n");
                }
                (false, true) => {}
            }
        }
    }

    /// A list and what separates it from the word that closes it.
    fn body(&mut self, list: &List) {
        self.list(list, "; ");
        if !self.here.is_empty() {
            self.finish_here();
            self.push("\n");
        } else if list.items.last().is_some_and(|item| item.background) {
            self.push(" ");
        } else {
            self.push("; ");
        }
    }

    fn and_or(&mut self, and_or: &AndOr) {
        self.pipeline(&and_or.first);
        for (connector, pipeline) in &and_or.rest {
            self.push(if *connector == Connector::And {
                " && "
            } else {
                " || "
            });
            self.pipeline(pipeline);
        }
    }

    fn pipeline(&mut self, pipeline: &Pipeline) {
        if pipeline.negated {
            self.push("! ");
        }
        for (index, command) in pipeline.commands.iter().enumerate() {
            if index > 0 {
                self.push(" | ");
            }
            self.command(command);
        }
    }

    fn command(&mut self, command: &Command) {
        match command {
            Command::Simple(simple) => self.simple(simple),
            Command::Compound(compound, redirects) => {
                self.compound(compound);
                for redirect in redirects {
                    self.push(" ");
                    self.redirect(redirect);
                }
            }
            Command::Function(name, body) => {
                self.push(format!("{name}() "));
                self.command(body);
            }
        }
    }

    fn simple(&mut self, simple: &Simple) {
        let mut space = "";
        for (name, value) in &simple.assignments {
            self.push(format!("{space}{name}="));
            self.parts(&value.parts, false);
            space = " ";
        }
        for word in &simple.words {
            self.push(space);
            self.word(word);
            space = " ";
        }
        for redirect in &simple.redirects {
            self.push(space);
            self.redirect(redirect);
            space = " ";
        }
    }

    fn compound(&mut self, compound: &Compound) {
        match compound {
            Compound::Group(list) => {
                self.push("{ ");
                self.body(list);
                self.push("}");
            }
            Compound::Subshell(list) => {
                self.push("( ");
                self.body(list);
                // The separator before `)` is allowed and keeps this in step with the others.
                self.push(")");
            }
            Compound::If(branches, otherwise) => {
                for (index, (condition, body)) in branches.iter().enumerate() {
                    self.push(if index == 0 { "if " } else { "elif " });
                    self.body(condition);
                    self.push("then ");
                    self.body(body);
                }
                if let Some(body) = otherwise {
                    self.push("else ");
                    self.body(body);
                }
                self.push("fi");
            }
            Compound::Loop {
                until,
                condition,
                body,
            } => {
                self.push(if *until { "until " } else { "while " });
                self.body(condition);
                self.do_done(body);
            }
            Compound::For { name, words, body } => self.for_each(name, words.as_deref(), body),
            Compound::Case(subject, arms) => {
                self.push("case ");
                self.word(subject);
                self.push(" in ");
                for arm in arms {
                    for (index, pattern) in arm.patterns.iter().enumerate() {
                        self.push(if index == 0 { "(" } else { " | " });
                        self.word(pattern);
                    }
                    self.push(") ");
                    self.list(&arm.body, "; ");
                    self.finish_here();
                    self.push(if arm.falls_through { "\n;& " } else { "\n;; " });
                }
                self.push("esac");
            }
        }
    }

    fn for_each(&mut self, name: &str, words: Option<&[Word]>, body: &List) {
        self.push(format!("for {name}"));
        if let Some(words) = words {
            self.push(" in");
            for word in words {
                self.push(" ");
                self.word(word);
            }
        }
        self.push("; ");
        self.do_done(body);
    }

    fn do_done(&mut self, body: &List) {
        self.push("do ");
        self.body(body);
        self.push("done");
    }

    fn redirect(&mut self, redirect: &Redirect) {
        if let Some(descriptor) = redirect.descriptor {
            self.push(descriptor.to_string());
        }
        let (operator, target) = match &redirect.action {
            RedirectAction::Read(target) => ("<", target),
            RedirectAction::Write(target) => (">", target),
            RedirectAction::Clobber(target) => (">|", target),
            RedirectAction::Append(target) => (">>", target),
            RedirectAction::ReadWrite(target) => ("<>", target),
            RedirectAction::DuplicateInput(target) => ("<&", target),
            RedirectAction::DuplicateOutput(target) => (">&", target),
            RedirectAction::Here(document) => {
                // Tabs were stripped when it was read, so the plain operator fits the body we have.
                self.push("<<");
                let end = &document.delimiter;
                self.push(if document.quoted {
                    quote_all(end)
                } else {
                    end.clone()
                });
                self.here.push(document.clone());
                return;
            }
        };
        self.push(operator);
        self.word(target);
    }
}

/// Text in quotes, whatever it is; as `quote`, but without empty pieces around a quote.
fn quote_all(text: &[u8]) -> Bytes {
    let mut quoted = Bytes::new();
    for (index, piece) in text.split(|&byte| byte == b'\'').enumerate() {
        if index > 0 {
            quoted.extend_from_slice(b"\\'");
        }
        if !piece.is_empty() || text.is_empty() {
            quoted.extend([b"'", piece, b"'"].concat());
        }
    }
    quoted
}

impl List {
    fn starts_with_subshell(&self) -> bool {
        self.items.first().is_some_and(|item| {
            matches!(
                item.and_or.first.commands.first(),
                Some(Command::Compound(Compound::Subshell(_), _))
            )
        })
    }
}
