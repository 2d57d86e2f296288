//! `#!` lines. Source: execve(2), "Interpreter scripts".

/// Longest first line, as on Linux (BINPRM_BUF_SIZE).
const LINE_MAX: usize = 256;

/// What a script's first line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Script<'a> {
    /// The interpreter's path.
    pub interpreter: &'a [u8],
    /// The rest of the line as one argument, if there is one.
    pub argument: Option<&'a [u8]>,
}

/// The line names no interpreter, or its path is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoInterpreter;

/// Reads the first line of a file that starts with `#!`; none for other files.
///
/// # Errors
/// When the line names no interpreter.
pub fn parse(head: &[u8]) -> Result<Option<Script<'_>>, NoInterpreter> {
    let Some(line) = head.strip_prefix(b"#!") else {
        return Ok(None);
    };
    let line = &line[..line.len().min(LINE_MAX - 2)];
    let end = line.iter().position(|byte| *byte == b'\n' || *byte == 0);
    let text = trim(&line[..end.unwrap_or(line.len())]);
    let name_end = text.iter().position(is_blank);
    let cut_off = end.is_none() && name_end.is_none() && line.len() == LINE_MAX - 2;
    if text.is_empty() || cut_off {
        return Err(NoInterpreter);
    }
    let (interpreter, rest) = text.split_at(name_end.unwrap_or(text.len()));
    let rest = trim(rest);
    Ok(Some(Script {
        interpreter,
        argument: (!rest.is_empty()).then_some(rest),
    }))
}

fn is_blank(byte: &u8) -> bool {
    *byte == b' ' || *byte == b'\t'
}

fn trim(text: &[u8]) -> &[u8] {
    let Some(start) = text.iter().position(|byte| !is_blank(byte)) else {
        return &[];
    };
    let end = text
        .iter()
        .rposition(|byte| !is_blank(byte))
        .map_or(start, |last| last + 1);
    &text[start..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interpreter(head: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
        parse(head)
            .expect("names an interpreter")
            .map(|script| (script.interpreter, script.argument))
    }

    #[test]
    fn lines_are_taken_apart_as_linux_does() {
        assert_eq!(interpreter(b"\x7fELF"), None);
        assert_eq!(
            interpreter(b"#!/bin/sh\nexit"),
            Some((&b"/bin/sh"[..], None))
        );
        assert_eq!(interpreter(b"#!/bin/sh"), Some((&b"/bin/sh"[..], None)));
        let with_argument = interpreter(b"#! \t/usr/bin/env  sh -x \t\n");
        assert_eq!(
            with_argument,
            Some((&b"/usr/bin/env"[..], Some(&b"sh -x"[..])))
        );
    }

    #[test]
    fn lines_without_an_interpreter_are_refused() {
        assert_eq!(parse(b"#!\n"), Err(NoInterpreter));
        assert_eq!(parse(b"#!  \t\n/bin/sh"), Err(NoInterpreter));
        let mut long = b"#!/".to_vec();
        long.resize(300, b'a');
        assert_eq!(parse(&long), Err(NoInterpreter));
    }
}
