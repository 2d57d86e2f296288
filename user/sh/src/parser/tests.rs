//! Tests of the grammar, and that printing a tree gives text for the same tree.

use super::Parser;
use crate::ast::{Command, Compound, Connector, List};
use crate::error::SyntaxError;
use crate::lexer::Lexer;
use crate::print;

fn parse(text: &str) -> Result<List, SyntaxError> {
    Parser::new(&mut Lexer::new(text.as_bytes().to_vec(), "test", 1)).program()
}

fn commands(text: &str) -> Vec<Command> {
    let list = parse(text).expect("the text is well formed");
    list.items
        .into_iter()
        .flat_map(|item| item.and_or.first.commands)
        .collect()
}

/// The tree with all line numbers forgotten: printing does not keep lines.
fn without_lines(list: &List) -> String {
    let text = format!("{list:?}");
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("line: ") {
        let (before, after) = rest.split_at(at + 6);
        out.push_str(before);
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    out + rest
}

/// Printed text: neighbouring quoted pieces are one, and `$x` is `${x}`.
fn printed(list: &List) -> String {
    let text = list.items.iter().map(|item| {
        let text = String::from_utf8_lossy(&print::and_or(&item.and_or)).into_owned();
        text + if item.background { " &\n" } else { "\n" }
    });
    text.collect()
}

#[test]
fn lists_and_pipelines() {
    let list = parse("a | b && ! c || d & e").expect("well formed");
    assert_eq!(list.items.len(), 2);
    assert!(list.items[0].background && !list.items[1].background);
    let and_or = &list.items[0].and_or;
    assert_eq!(and_or.first.commands.len(), 2);
    let connectors: Vec<Connector> = and_or
        .rest
        .iter()
        .map(|(connector, _)| *connector)
        .collect();
    assert_eq!(connectors, [Connector::And, Connector::Or]);
    assert!(and_or.rest[0].1.negated);
}

#[test]
fn simple_commands_are_taken_apart() {
    let [Command::Simple(simple)] = &commands("a=1 b= >f cmd x=y 2>&1")[..] else {
        panic!("one simple command");
    };
    assert_eq!(simple.assignments.len(), 2);
    assert_eq!(simple.words.len(), 2);
    assert_eq!(simple.redirects.len(), 2);
}

#[test]
fn compounds() {
    assert!(matches!(
        &commands("{ a; }")[0],
        Command::Compound(Compound::Group(_), _)
    ));
    assert!(
        matches!(&commands("(a) >f")[0], Command::Compound(Compound::Subshell(_), redirects) if redirects.len() == 1)
    );
    assert!(
        matches!(&commands("if a; then b; elif c; then d; else e; fi")[0],
        Command::Compound(Compound::If(branches, Some(_)), _) if branches.len() == 2)
    );
    assert!(matches!(
        &commands("until a\ndo b\ndone")[0],
        Command::Compound(Compound::Loop { until: true, .. }, _)
    ));
    assert!(matches!(
        &commands("for x do a; done")[0],
        Command::Compound(Compound::For { words: None, .. }, _)
    ));
    assert!(matches!(&commands("case x in a|b) ;; (c) d; esac")[0],
        Command::Compound(Compound::Case(_, arms), _) if arms.len() == 2));
    assert!(matches!(&commands("f() { a; }")[0], Command::Function(name, _) if name == "f"));
}

#[test]
fn reserved_words_are_words_where_no_command_begins() {
    let [Command::Simple(simple)] = &commands("echo if then fi")[..] else {
        panic!("one simple command");
    };
    assert_eq!(simple.words.len(), 4);
}

#[test]
fn one_line_is_read_at_a_time() {
    let mut lexer = Lexer::new(b"a; b\nc )\n".to_vec(), "test", 1);
    let first = Parser::new(&mut lexer)
        .complete_command()
        .expect("the first line is well formed");
    assert_eq!(first.map(|list| list.items.len()), Some(2));
    let error = Parser::new(&mut lexer)
        .complete_command()
        .expect_err("the second is not");
    assert_eq!(error.line, 2);
}

#[test]
fn nesting_has_a_limit() {
    let deep = "(".repeat(1000);
    assert!(
        parse(&deep)
            .expect_err("too deep")
            .message
            .contains("levels deep")
    );
    let deep = "$(".repeat(1000);
    assert!(
        parse(&deep)
            .expect_err("too deep")
            .message
            .contains("levels deep")
    );
    let deep = "if ".repeat(1000);
    assert!(
        parse(&deep)
            .expect_err("too deep")
            .message
            .contains("levels deep")
    );
}

#[test]
fn what_is_printed_parses_to_the_same_tree() {
    let cases = [
        include_str!("../../tests/shell/cases/arithmetic.txt"),
        include_str!("../../tests/shell/cases/builtins.txt"),
        include_str!("../../tests/shell/cases/commands.txt"),
        include_str!("../../tests/shell/cases/expansion.txt"),
        include_str!("../../tests/shell/cases/functions.txt"),
        include_str!("../../tests/shell/cases/glob.txt"),
        include_str!("../../tests/shell/cases/quoting.txt"),
        include_str!("../../tests/shell/cases/redirections.txt"),
    ];
    let mut checked = 0;
    for script in cases.iter().flat_map(|text| text.split("\n=== ")) {
        let body = script.split("\n--- ").next().unwrap_or_default();
        let body = body.split_once('\n').map_or("", |(_, body)| body);
        let Ok(list) = parse(body) else {
            continue;
        };
        let text = printed(&list);
        let again =
            parse(&text).unwrap_or_else(|error| panic!("{error}\nof:\n{text}\nfrom:\n{body}"));
        // The pieces of a word may be joined, but a second printing shows the same.
        assert_eq!(printed(&again), text, "from:\n{body}");
        checked += usize::from(without_lines(&again) == without_lines(&list));
    }
    assert!(checked > 250, "only {checked} trees came back exactly");
}
