//! How the shell is started: its command line and standard input.

use crate::support::{Place, Result, run};

fn sh(arguments: &[&str], input: &str) -> Result {
    run(Place::new().shell().args(arguments), input)
}

fn says(text: &str) -> Result {
    Result {
        text: text.to_owned(),
        status: 0,
    }
}

#[test]
fn a_command_with_its_name_and_arguments() {
    assert_eq!(
        sh(&["-c", "echo $0 $1 $#", "name", "a", "b"], ""),
        says("name a 2\n")
    );
    assert_eq!(sh(&["-ec", "false; echo no"], "").status, 1);
    assert_eq!(sh(&["-c", "-x", "-e"], "").status, 2);
    assert_eq!(sh(&["-c"], "").status, 2);
}

#[test]
fn options_before_the_program() {
    assert_eq!(sh(&["-e", "-c", "false; echo no"], "").status, 1);
    assert_eq!(sh(&["-o", "errexit", "-c", "false; echo no"], "").status, 1);
    assert_eq!(
        sh(&["-e", "+e", "-c", "false; echo yes"], ""),
        says("yes\n")
    );
    assert_eq!(sh(&["-Z"], "").status, 2);
}

#[test]
fn a_program_on_standard_input() {
    assert_eq!(sh(&[], "echo a\necho b\n"), says("a\nb\n"));
    assert_eq!(sh(&["-s", "x", "y"], "echo $2 $#\n"), says("y 2\n"));
    assert_eq!(sh(&[], "echo no newline"), says("no newline\n"));
    assert_eq!(sh(&[], "exit 3\necho no\n").status, 3);
}

#[test]
fn commands_read_the_rest_of_the_same_input() {
    assert_eq!(
        sh(&[], "read x\nline\necho \"<$x>\"\ncat\nrest\n"),
        says("<line>\nrest\n")
    );
    assert_eq!(
        sh(&[], "for i in 1 2\ndo\n  echo $i\ndone\ncat <<E\nbody\nE\n"),
        says("1\n2\nbody\n")
    );
}

#[test]
fn a_syntax_error_on_standard_input_names_its_line() {
    let result = sh(&[], "echo a\nfi\necho b\n");
    assert_eq!(
        result.text,
        "a\nsh:2: syntax error: found `fi`, expected a command\n"
    );
    assert_eq!(result.status, 2);
}

#[test]
fn an_interactive_shell_goes_on_after_errors() {
    let result = sh(
        &["-i"],
        "PS1=; PS2=\nfi\n${x?gone}\nnosuchcommand\necho alive\n",
    );
    assert!(result.text.contains("syntax error"), "{}", result.text);
    assert!(result.text.contains("x: gone"), "{}", result.text);
    assert!(
        result.text.contains("nosuchcommand: not found"),
        "{}",
        result.text
    );
    assert!(result.text.contains("alive\n"), "{}", result.text);
    assert_eq!(result.status, 0);
}

#[test]
fn an_interactive_shell_suggests_a_command() {
    let result = sh(&["-i"], "ecoh a\n");
    assert!(
        result.text.contains("did you mean echo?"),
        "{}",
        result.text
    );
}

#[test]
fn a_script_gets_its_arguments() {
    let place = Place::new();
    std::fs::write(place.path("work/s"), "echo $0 $1 $#; exit 5\n").expect("the place takes files");
    let result = run(place.shell().args(["s", "a b", "c"]), "");
    assert_eq!(
        result,
        Result {
            text: "s a b 2\n".to_owned(),
            status: 5
        }
    );
    assert_eq!(run(place.shell().arg("missing"), "").status, 127);
}

#[test]
fn the_environment_is_taken_and_given() {
    let place = Place::new();
    let command =
        "echo $FOO; FOO=new; BAR=own; export BAZ=x; env | grep -E '^(FOO|BAR|BAZ)=' | sort";
    let result = run(place.shell().env("FOO", "old").args(["-c", command]), "");
    assert_eq!(result, says("old\nBAZ=x\nFOO=new\n"));
}

#[test]
fn descriptors_open_at_the_start_can_be_used() {
    let result = sh(
        &["-c", "exec 3>file; sh -c 'echo through >&3'; cat file"],
        "",
    );
    assert_eq!(result, says("through\n"));
}
