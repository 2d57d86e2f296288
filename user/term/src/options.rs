//! The command line of `term`.

use std::ffi::OsString;

use lexopt::prelude::*;
use screen::{Colour, Who};

const HELP: &str = "\
Usage: term [--name NAME] [--colour '#RRGGBB'] [COMMAND [ARG...]]

A terminal on the screen (/dev/fb0), with the keyboards of /dev/input, and COMMAND
in it; by default a login shell. It ends when COMMAND does.

  --name NAME     what stands in the bar; by default the persona's own name
  --colour '#RRGGBB'
                  the colour of the bar; by default one that goes with the name

Shift with PageUp and PageDown, Home and End, and the mouse wheel move through what
has scrolled away. Caps Lock and Num Lock are as usual; the right Alt key types
accents and other letters (AltGr). Alt-F1 to Alt-F12 switch personas.
";

/// How the terminal is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whose terminal it is.
    pub who: Who,
    /// The program in it, and its arguments.
    pub command: Vec<OsString>,
}

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Wish {
    /// This text.
    Help(&'static str),
    /// A terminal.
    Run(Options),
}

impl Options {
    /// Reads the arguments, the program's own name not among them.
    ///
    /// # Errors
    /// What is wrong with them, in a sentence.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Wish, String> {
        let mut parser = lexopt::Parser::from_args(arguments);
        let (mut name, mut colour) = (None, None);
        let mut command = Vec::new();
        while let Some(argument) = parser.next().map_err(explain)? {
            match argument {
                Long("help") | Short('h') => return Ok(Wish::Help(HELP)),
                Long("name") => {
                    let value = parser.value().map_err(explain)?;
                    name = Some(value.to_string_lossy().into_owned());
                }
                Long("colour" | "color") => colour = Some(read_colour(&mut parser)?),
                Value(program) => {
                    command.push(program);
                    command.extend(parser.raw_args().map_err(explain)?);
                }
                other => return Err(explain(other.unexpected())),
            }
        }
        let mut who = name.map_or_else(Who::here, |name| Who::named(&name));
        who.colour = colour.unwrap_or(who.colour);
        if command.is_empty() {
            let shell = std::env::var_os("SHELL").filter(|shell| !shell.is_empty());
            command = vec![shell.unwrap_or_else(|| "/bin/sh".into()), "-l".into()];
        }
        Ok(Wish::Run(Self { who, command }))
    }
}

fn read_colour(parser: &mut lexopt::Parser) -> Result<Colour, String> {
    let value = parser.value().map_err(explain)?;
    let text = value.to_string_lossy();
    Colour::parse(&text)
        .ok_or_else(|| format!("'{text}' is no colour; write one as '#rrggbb', such as '#4c8dff'"))
}

fn explain(error: lexopt::Error) -> String {
    format!("{error}; see term --help")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Wish, String> {
        Options::parse(words.iter().map(OsString::from))
    }

    #[test]
    fn the_command_keeps_its_own_options() {
        let Ok(Wish::Run(options)) = parse(&["--name", "demo", "ls", "-l", "--name"]) else {
            panic!("that is well formed");
        };
        assert_eq!(options.command, ["ls", "-l", "--name"]);
        assert_eq!(options.who, Who::named("demo"));
    }

    #[test]
    fn without_a_command_it_is_a_login_shell() {
        let Ok(Wish::Run(options)) = parse(&["--colour", "#010203"]) else {
            panic!("that is well formed");
        };
        assert_eq!(options.command[1..], ["-l"]);
        assert_eq!(options.who.colour, Colour::hex(0x01_0203));
    }

    #[test]
    fn mistakes_are_explained() {
        let message = parse(&["--colour", "red"]).expect_err("red is no number");
        assert!(message.contains("#rrggbb"), "{message}");
        let message = parse(&["--nmae", "x"]).expect_err("misspelt");
        assert!(message.contains("term --help"), "{message}");
    }
}
