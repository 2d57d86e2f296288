//! Prompts: PS1 and PS2 as the person sees them.
//!
//! Contract: the backslash sequences `\u \h \H \w \W \$ \n \r \e \j \\ \[ \]` of bash; the rest is
//! expanded as in double quotes (POSIX.1-2017 XCU 2.5.3). What a sequence stands for is never
//! expanded itself, so a folder's name cannot run commands. A prompt changes neither `$?` nor
//! anything else.

use crate::ast::{Bytes, Part, Word};
use crate::builtin::current_folder;
use crate::lexer::Lexer;
use crate::shell::Shell;
use crate::text::shown;

impl Shell {
    /// The prompt for a new command, or for the rest of one.
    pub fn prompt(&mut self, continuation: bool) -> String {
        let (variable, default): (&str, &[u8]) = if continuation {
            ("PS2", b"> ")
        } else {
            ("PS1", b"\\w \\$ ")
        };
        let source = self.variables.get(variable).unwrap_or(default).to_vec();
        let word = self.prompt_word(&source);
        let status = self.status;
        // A prompt that cannot be expanded is shown as it is written.
        let text = self.expand_text(&word).unwrap_or(source);
        self.status = status;
        shown(&text)
    }

    /// A prompt's source with its sequences replaced by quoted text.
    fn prompt_word(&self, source: &[u8]) -> Word {
        let mut parts = Vec::new();
        let mut live = Bytes::new();
        let mut bytes = source.iter().copied();
        while let Some(byte) = bytes.next() {
            if byte != b'\\' {
                live.push(byte);
                continue;
            }
            let Some(letter) = bytes.next() else {
                break;
            };
            parts.extend(live_parts(std::mem::take(&mut live)));
            parts.push(Part::Quoted(self.sequence(letter)));
        }
        parts.extend(live_parts(live));
        Word {
            parts: vec![Part::DoubleQuoted(parts)],
        }
    }

    fn sequence(&self, letter: u8) -> Bytes {
        let root = rustix::process::geteuid().is_root();
        match letter {
            b'$' => {
                if root {
                    b"#".to_vec()
                } else {
                    b"$".to_vec()
                }
            }
            b'u' => self.user_name().into_bytes(),
            b'h' => shown(&host_name())
                .split('.')
                .next()
                .unwrap_or_default()
                .as_bytes()
                .to_vec(),
            b'H' => host_name(),
            b'w' => self.short_folder(),
            b'W' => {
                let folder = self.short_folder();
                let last = folder
                    .rsplit(|&byte| byte == b'/')
                    .next()
                    .unwrap_or_default()
                    .to_vec();
                if last.is_empty() { folder } else { last }
            }
            b'j' => self.jobs.iter().count().to_string().into_bytes(),
            b'n' => b"\n".to_vec(),
            b'r' => b"\r".to_vec(),
            b'e' => b"\x1b".to_vec(),
            // They tell readline what has no width; our editor sees that by itself.
            b'[' | b']' => Bytes::new(),
            b'\\' => b"\\".to_vec(),
            other => vec![b'\\', other],
        }
    }

    /// The working folder, with `~` for the home folder.
    fn short_folder(&self) -> Bytes {
        let folder = current_folder(self);
        let home = self.variables.get("HOME").filter(|home| home.len() > 1);
        match home.and_then(|home| folder.strip_prefix(home)) {
            Some(rest) if rest.is_empty() || rest.starts_with(b"/") => [b"~", rest].concat(),
            _ => folder,
        }
    }

    fn user_name(&self) -> String {
        let wanted = rustix::process::geteuid().as_raw().to_string();
        let accounts = std::fs::read("/etc/passwd").unwrap_or_default();
        let accounts = shown(&accounts);
        let name = accounts.lines().find_map(|line| {
            let mut fields = line.split(':');
            let (name, _, id) = (fields.next()?, fields.next()?, fields.next()?);
            (id == wanted).then(|| name.to_owned())
        });
        name.unwrap_or(wanted)
    }
}

/// The parts of text that is expanded; as it is if it is no program text.
fn live_parts(text: Bytes) -> Vec<Part> {
    match Lexer::new(text.clone(), "PS1", 1).prompt_parts() {
        Ok(parts) => parts,
        Err(_) => vec![Part::Quoted(text)],
    }
}

fn host_name() -> Bytes {
    rustix::system::uname().nodename().to_bytes().to_vec()
}
