//! Tests of arithmetic.

use crate::shell::Shell;

fn value(text: &str) -> Result<i64, String> {
    super::evaluate(&mut Shell::new(b"test".to_vec()), text.as_bytes(), 0)
}

#[test]
fn operators_bind_as_in_c() {
    assert_eq!(value("1 + 2 * 3"), Ok(7));
    assert_eq!(value("(1 + 2) * 3"), Ok(9));
    assert_eq!(value("10 - 4 - 3"), Ok(3));
    assert_eq!(value("1 << 2 + 1"), Ok(8));
    assert_eq!(value("1 | 6 & 3 ^ 1"), Ok(1 | ((6 & 3) ^ 1)));
    assert_eq!(value("1 || 0 && 0"), Ok(1));
    assert_eq!(value("2 < 3 == 1"), Ok(1));
    assert_eq!(value("0 ? 1 : 0 ? 2 : 3"), Ok(3));
    assert_eq!(value("1, 2, 3"), Ok(3));
    assert_eq!(value("- - 5 + ! 0 + ~0"), Ok(5));
}

#[test]
fn assignments_change_variables() {
    let mut shell = Shell::new(b"test".to_vec());
    let mut run = |text: &str| super::evaluate(&mut shell, text.as_bytes(), 0);
    assert_eq!(run("x = 5"), Ok(5));
    assert_eq!(run("x += 2, x"), Ok(7));
    assert_eq!(run("x++ + x"), Ok(15));
    assert_eq!(run("--x"), Ok(7));
    assert_eq!(run("y = x <<= 1"), Ok(14));
    assert_eq!(run("x == y"), Ok(1));
    assert_eq!(run("0 && (x = 1), x"), Ok(14));
    assert_eq!(run("1 ? 2 : (x = 1), x"), Ok(14));
}

#[test]
fn a_variable_is_an_expression() {
    let mut shell = Shell::new(b"test".to_vec());
    let set = shell.variables.set("x", b"1 + 2".to_vec(), false);
    assert_eq!(set, Ok(()));
    assert_eq!(super::evaluate(&mut shell, b"x * 2", 0), Ok(6));
    let set = shell.variables.set("loop", b"loop".to_vec(), false);
    assert_eq!(set, Ok(()));
    assert!(
        super::evaluate(&mut shell, b"loop", 0).is_err(),
        "it names itself for ever"
    );
}

#[test]
fn the_edges_of_the_range() {
    assert_eq!(value("9223372036854775807 + 1"), Ok(i64::MIN));
    assert_eq!(value("-9223372036854775807 - 1"), Ok(i64::MIN));
    assert_eq!(value("(-9223372036854775807 - 1) / -1"), Ok(i64::MIN));
    assert_eq!(value("(-9223372036854775807 - 1) % -1"), Ok(0));
    assert_eq!(value("1 << 64"), Ok(1));
    assert_eq!(value("0xffffffffffffffff"), Ok(-1));
}

#[test]
fn mistakes_are_explained() {
    for (text, message) in [
        ("1 / 0", "division by zero"),
        ("1 +", "found the end"),
        ("(1", "expected )"),
        ("1 ? 2", "expected :"),
        ("08", "not a number"),
        ("1 $ 2", "no part of an expression"),
        ("1 2", "expected an operator"),
    ] {
        let error = value(text).expect_err(text);
        assert!(error.contains(message), "{text}: {error}");
    }
    let deep = format!("{}1", "(".repeat(5000));
    assert!(value(&deep).expect_err("too deep").contains("levels deep"));
}
