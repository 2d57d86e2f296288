//! Starting: what the command line asks for.
//!
//! Contract: `sh [options] [file [arguments]]`, `sh -c text [name [arguments]]`, `sh -s
//! [arguments]`; `-i` forces an interactive shell, `-l` or a name that begins with `-` makes it
//! read `/etc/profile` and `~/.profile`; an interactive one reads the file ENV names. Source: POSIX.1-2017 XCU `sh`.

use crate::ast::Bytes;
use crate::builtin::parse_options;
use crate::error::Unwind;
use crate::execute::{After, Content};
use crate::interactive;
use crate::lexer::Lexer;
use crate::options::Flag;
use crate::shell::{Shell, error_text, write_error};
use crate::text::{os, shown};

/// What a login shell reads first.
const PROFILE: &str = "/etc/profile";

/// What `--help` as the first word prints.
const HELP: &str = "\
Usage: sh [OPTION...] [FILE [ARGUMENT...]]        run the commands in FILE, or those read
       sh [OPTION...] -c TEXT [NAME [ARGUMENT...]]  run the commands in TEXT
       sh [OPTION...] -s [ARGUMENT...]              run the commands read
  -i  talk to a person: prompt, line editing, jobs
  -l  read /etc/profile and ~/.profile first, as at a login
Options of 'set' are taken too (sh -e, sh -x, sh -o NAME); 'set -o' lists them.
";

/// Where the commands come from.
enum Program {
    Text(Bytes),
    File(Bytes),
    StandardInput,
}

/// Runs a shell as the arguments ask; gives the status to exit with.
pub fn run(arguments: Vec<Bytes>) -> i32 {
    if arguments.get(1).is_some_and(|word| word == b"--help") {
        print!("{HELP}");
        return 0;
    }
    let name = arguments.first().cloned().unwrap_or_else(|| b"sh".to_vec());
    let mut shell = Shell::new(name.clone());
    let program = match decide(&mut shell, arguments.get(1..).unwrap_or_default()) {
        Ok(program) => program,
        Err(message) => {
            write_error(format!("sh: {message}\n").as_bytes());
            return 2;
        }
    };
    if name.first() == Some(&b'-') {
        shell.options.set(Flag::Login, true);
    }
    let interactive = shell.has(Flag::Interactive)
        || matches!(program, Program::StandardInput)
            && rustix::termios::isatty(rustix::stdio::stdin())
            && rustix::termios::isatty(rustix::stdio::stderr());
    shell.options.set(Flag::Interactive, interactive);
    if let Err(end) = shell.set_up() {
        return end;
    }
    match program {
        Program::Text(text) => {
            let mut lexer = Lexer::new(text, "sh", 1);
            let result = shell.run_lexer(&mut lexer, After::Exit);
            shell.end(result)
        }
        Program::File(file) => shell.run_script(&file),
        Program::StandardInput if interactive => interactive::run(&mut shell),
        Program::StandardInput => {
            let result = shell.run_standard_input();
            shell.end(result)
        }
    }
}

/// Takes the options and decides what to run.
fn decide(shell: &mut Shell, arguments: &[Bytes]) -> Result<Program, String> {
    let mut words = arguments.to_vec();
    let command = take_command_letter(&mut words);
    let parsed = parse_options(shell, &words, |_| true)?;
    let mut operands = words.split_off(parsed.rest.min(words.len()));
    if command {
        if operands.is_empty() {
            return Err("-c: expected the commands as the next argument".to_owned());
        }
        let text = operands.remove(0);
        if !operands.is_empty() {
            shell.name = operands.remove(0);
        }
        shell.arguments = operands;
        return Ok(Program::Text(text));
    }
    if shell.has(Flag::Stdin) || operands.is_empty() {
        shell.arguments = operands;
        return Ok(Program::StandardInput);
    }
    let file = operands.remove(0);
    shell.name = file.clone();
    shell.arguments = operands;
    Ok(Program::File(file))
}

/// Takes `c` out of the option letters: `-c` is no option of `set`. Tells whether it was there.
fn take_command_letter(words: &mut Vec<Bytes>) -> bool {
    let mut index = 0;
    while let Some(word) = words.get_mut(index) {
        if word.len() < 2 || !b"-+".contains(&word[0]) || word == b"--" {
            return false;
        }
        let before = word.len();
        word.retain(|&byte| byte != b'c');
        if word.len() < before {
            if word.len() == 1 {
                words.remove(index);
            }
            return true;
        }
        // The name after `-o` is no word of letters.
        index += if word.contains(&b'o') { 2 } else { 1 };
    }
    false
}

impl Shell {
    /// Sets the variables every shell has, and reads the profile of a login shell. `Err` is the
    /// status if that ended the shell.
    fn set_up(&mut self) -> Result<(), i32> {
        let folder = crate::builtin::current_folder(self);
        let parent = rustix::process::getppid().map_or(0, |pid| pid.as_raw_nonzero().get());
        let defaults: [(&str, Bytes); 5] = [
            ("IFS", b" \t\n".to_vec()),
            ("OPTIND", b"1".to_vec()),
            ("PPID", parent.to_string().into_bytes()),
            ("PS4", b"+ ".to_vec()),
            ("PWD", folder),
        ];
        for (name, value) in defaults {
            // Nothing is read-only yet.
            let _ = self.variables.set(name, value, false);
        }
        self.variables.unexport("IFS");
        if self.has(Flag::Login) {
            self.read_profile(PROFILE.as_bytes())?;
            if let Some(home) = self.variables.get("HOME") {
                self.read_profile(&[home, b"/.profile"].concat())?;
            }
        }
        if self.is_interactive()
            && let Some(file) = self.variables.get("ENV").map(<[u8]>::to_vec)
        {
            self.read_profile(&file)?;
        }
        Ok(())
    }

    /// Runs a file of settings if it is there. `Err` is the status if that ended the shell.
    fn read_profile(&mut self, file: &[u8]) -> Result<(), i32> {
        let Ok(text) = std::fs::read(os(file)) else {
            return Ok(());
        };
        match self.run_file(text, &shown(file)) {
            Err(Unwind::Exit) => Err(self.finish()),
            Err(Unwind::Abandon) if !self.is_interactive() => Err(self.finish()),
            _ => Ok(()),
        }
    }

    fn run_script(&mut self, file: &[u8]) -> i32 {
        let text = match std::fs::read(os(file)) {
            Ok(text) => text,
            Err(error) => {
                let status = if error.kind() == std::io::ErrorKind::NotFound {
                    127
                } else {
                    126
                };
                self.complain(format!("{}: {}", shown(file), error_text(error)));
                return status;
            }
        };
        if Content::of(&text) != Content::Text {
            self.complain(format!(
                "{}: is not a script; run a program without sh",
                shown(file)
            ));
            return 126;
        }
        let name = shown(file);
        self.script = Some(name.clone());
        let mut lexer = Lexer::new(text, &name, 1);
        let result = self.run_lexer(&mut lexer, After::Exit);
        self.end(result)
    }

    /// The status to exit with after a program ended so.
    fn end(&mut self, _: Result<(), Unwind>) -> i32 {
        self.finish()
    }
}
