//! Tests of tokens, words and here-documents.

use super::{Lexer, Source, Token};
use crate::ast::{Bytes, Form, Name, Part, Word};

fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer::new(text.as_bytes().to_vec(), "test", 1);
    let mut tokens = Vec::new();
    loop {
        match lexer.token().expect("the text is well formed") {
            Token::End => return tokens,
            token => tokens.push(token),
        }
    }
}

fn word(text: &str) -> Word {
    match tokens(text).as_slice() {
        [Token::Word(word)] => word.clone(),
        other => panic!("{text} gave {other:?}"),
    }
}

fn error(text: &str) -> String {
    let mut lexer = Lexer::new(text.as_bytes().to_vec(), "test", 1);
    loop {
        match lexer.token() {
            Ok(Token::End) => panic!("{text} is well formed"),
            Ok(_) => {}
            Err(error) => return error.to_string(),
        }
    }
}

fn literal(text: &str) -> Token {
    Token::Word(Word {
        parts: vec![Part::Literal(text.as_bytes().to_vec())],
    })
}

#[test]
fn operators_are_the_longest_that_fit() {
    let all = "< > >> << <<- <& >& <> >| && || ;; ;& ; & | ( )";
    let seen: Vec<String> = tokens(all)
        .into_iter()
        .map(|token| match token {
            Token::Operator(operator) => operator.to_owned(),
            other => panic!("{other:?} is no operator"),
        })
        .collect();
    assert_eq!(seen.join(" "), all);
    assert_eq!(
        tokens("a&&b"),
        [literal("a"), Token::Operator("&&"), literal("b")]
    );
    assert_eq!(tokens("a&\\\n&b"), tokens("a&&b"));
}

#[test]
fn a_number_before_a_redirection_is_a_descriptor() {
    assert_eq!(
        tokens("2>f"),
        [Token::Descriptor(2), Token::Operator(">"), literal("f")]
    );
    assert_eq!(
        tokens("2 >f"),
        [literal("2"), Token::Operator(">"), literal("f")]
    );
    assert_eq!(
        tokens("a2>f"),
        [literal("a2"), Token::Operator(">"), literal("f")]
    );
}

#[test]
fn comments_and_continuations_vanish() {
    assert_eq!(
        tokens("a # b\nc"),
        [literal("a"), Token::Newline, literal("c")]
    );
    assert_eq!(tokens("a#b"), [literal("a#b")]);
    assert_eq!(tokens("a\\\nb"), [literal("ab")]);
}

#[test]
fn quotes_mark_their_text() {
    let quoted = |text: &str| Part::Quoted(text.as_bytes().to_vec());
    let plain = |text: &str| Part::Literal(text.as_bytes().to_vec());
    assert_eq!(word("a'b'c").parts, [plain("a"), quoted("b"), plain("c")]);
    assert_eq!(word("\\$x").parts, [quoted("$"), plain("x")]);
    assert_eq!(word("''").parts, [quoted("")]);
    assert_eq!(
        word("\"a\\$b\\c\"").parts,
        [Part::DoubleQuoted(vec![
            plain("a"),
            quoted("$"),
            plain("b"),
            quoted("\\"),
            plain("c")
        ])]
    );
}

#[test]
fn dollars_are_told_apart() {
    let name = |text: &str| match word(text).parts.as_slice() {
        [Part::Parameter(parameter)] => (parameter.name.clone(), parameter.form.clone()),
        other => panic!("{text} gave {other:?}"),
    };
    assert_eq!(name("$x"), (Name::Variable("x".to_owned()), Form::Plain));
    assert_eq!(name("$1"), (Name::Positional(1), Form::Plain));
    assert_eq!(name("${10}"), (Name::Positional(10), Form::Plain));
    assert_eq!(name("$0"), (Name::Special(b'0'), Form::Plain));
    assert_eq!(name("${#}"), (Name::Special(b'#'), Form::Plain));
    assert_eq!(
        name("${#x}"),
        (Name::Variable("x".to_owned()), Form::Length)
    );
    assert_eq!(name("${#@}"), (Name::Special(b'@'), Form::Length));
    assert!(matches!(
        name("${x:-y}").1,
        Form::Test {
            empty_counts: true,
            ..
        }
    ));
    assert!(matches!(
        name("${x%%y}").1,
        Form::Strip { longest: true, .. }
    ));
    assert_eq!(tokens("$ a"), [literal("$"), literal("a")]);
    assert!(matches!(
        word("$((1+2))").parts.as_slice(),
        [Part::Arithmetic(_)]
    ));
    assert!(matches!(
        word("$((a) | (b))").parts.as_slice(),
        [Part::Command(_)]
    ));
}

#[test]
fn errors_name_the_line_where_it_began() {
    assert_eq!(
        error("a\n'b\nc"),
        "test:2: syntax error: no closing ' for the one opened here"
    );
    assert_eq!(
        error("\"a"),
        "test:1: syntax error: no closing \" for the one opened here"
    );
    assert_eq!(
        error("`a"),
        "test:1: syntax error: no closing ` for the one opened here"
    );
    assert!(error("$((1").contains("no closing ))"));
    assert!(error("${").contains("no closing }"));
    assert!(error(&"${x:-".repeat(300)).contains("levels deep"));
}

#[test]
fn lines_are_asked_for_only_when_needed() {
    struct Lines(Vec<&'static str>, Vec<bool>);
    impl Source for Lines {
        fn next_line(&mut self, continuation: bool) -> Option<Bytes> {
            self.1.push(continuation);
            (!self.0.is_empty()).then(|| self.0.remove(0).as_bytes().to_vec())
        }
    }
    let mut lines = Lines(vec!["echo 'a\n", "b'\n", "next\n"], Vec::new());
    let mut lexer = Lexer::from_source(&mut lines, "test", 1);
    while lexer.token().expect("the text is well formed") != Token::Newline {}
    assert_eq!(lines.1, [false, true], "the third line is not needed yet");
    assert_eq!(lines.0, ["next\n"]);
}
