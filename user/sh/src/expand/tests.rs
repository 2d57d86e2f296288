//! Tests of expansion, without processes.

use super::field::{Field, Mark, split};
use crate::ast::{Command, Word};
use crate::lexer::Lexer;
use crate::parser::Parser;
use crate::shell::Shell;
use crate::text::shown;

fn words(text: &str) -> Vec<Word> {
    let text = format!(": {text}").into_bytes();
    let list = Parser::new(&mut Lexer::new(text, "test", 1))
        .program()
        .expect("well formed");
    match list.items[0].and_or.first.commands.as_slice() {
        [Command::Simple(simple)] => simple.words[1..].to_vec(),
        other => panic!("{other:?} is no simple command"),
    }
}

fn shell() -> Shell {
    let mut shell = Shell::new(b"test".to_vec());
    for (name, value) in [
        ("x", "value"),
        ("two", "a b"),
        ("empty", ""),
        ("HOME", "/home/me"),
        ("path", "/a/b.c.d"),
    ] {
        shell
            .variables
            .set(name, value.as_bytes().to_vec(), false)
            .expect("nothing is read-only");
    }
    shell
        .variables
        .unset("unset")
        .expect("nothing is read-only");
    shell.variables.unset("IFS").expect("nothing is read-only");
    shell.arguments = vec![b"one".to_vec(), b"2 3".to_vec()];
    shell
}

fn expand(text: &str) -> Vec<String> {
    let fields = shell()
        .expand_words(&words(text))
        .unwrap_or_else(|end| panic!("{text}: {end:?}"));
    fields.iter().map(|field| shown(field)).collect()
}

#[test]
fn parameters() {
    assert_eq!(
        expand("$x ${x}y ${unset-d} ${empty:-d} ${x:+a} ${#x} $#"),
        ["value", "valuey", "d", "d", "a", "5", "2"]
    );
    assert_eq!(
        expand("${path##*/} ${path%.*} ${path%%.*} ${path#/*/}"),
        ["b.c.d", "/a/b.c", "/a/b", "b.c.d"]
    );
    assert_eq!(expand("$1 \"$2\" $3"), ["one", "2 3"]);
}

#[test]
fn splitting() {
    assert_eq!(expand("$two \"$two\" x$two"), ["a", "b", "a b", "xa", "b"]);
    assert_eq!(expand("$empty a \"$empty\" ''"), ["a", "", ""]);
    assert_eq!(expand("$@"), ["one", "2", "3"]);
    assert_eq!(expand("\"<$@>\" \"$*\""), ["<one", "2 3>", "one 2 3"]);
    assert_eq!(expand("${unset:-a 'b c'}"), ["a", "b c"]);
}

#[test]
fn tildes() {
    assert_eq!(
        expand("~ ~/x '~' a~ ~nobodyofthatname"),
        ["/home/me", "/home/me/x", "~", "a~", "~nobodyofthatname"]
    );
    assert_eq!(expand("${unset:-~/y}"), ["/home/me/y"]);
}

#[test]
fn arithmetic_and_pure_substitutions() {
    assert_eq!(
        expand("$((${#x} * 2)) $(echo $x) \"$(printf 'a\\n\\n')\""),
        ["10", "value", "a"]
    );
    assert_eq!(expand("`echo \\`echo deep\\``"), ["deep"]);
}

#[test]
fn assignments_and_errors() {
    let mut shell = shell();
    let value = shell.expand_text(&words("${new:=set}")[0]);
    assert_eq!(value, Ok(b"set".to_vec()));
    assert_eq!(shell.variables.get("new"), Some(b"set".as_slice()));
    shell.options.set(crate::options::Flag::NoUnset, true);
    assert!(shell.expand_text(&words("$unset")[0]).is_err());
    assert_eq!(shell.status, 2);
    assert_eq!(
        shell.expand_assignment(&words("~:x:~/y")[0]),
        Ok(b"/home/me:x:/home/me/y".to_vec())
    );
}

#[test]
fn gaps_of_blanks_and_other_separators() {
    let fields = |text: &str, separators: &str| -> Vec<String> {
        let field = Field::new(text.as_bytes(), Mark::Expanded);
        split(field, separators.as_bytes())
            .iter()
            .map(|field| shown(&field.text()))
            .collect()
    };
    assert_eq!(fields("  a  b ", " "), ["a", "b"]);
    assert_eq!(fields("a::b:", ":"), ["a", "", "b"]);
    assert_eq!(fields(" a : b : : c ", " :"), ["a", "b", "", "c"]);
    assert_eq!(fields(":a", ":"), ["", "a"]);
    assert_eq!(fields("", ":"), Vec::<String>::new());
    let quoted = Field::new(b"a b", Mark::Quoted);
    assert_eq!(split(quoted.clone(), b" "), [quoted]);
}
