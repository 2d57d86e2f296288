//! The tools that make, enter and list namespaces. What needs the right to make some says so and
//! passes without it.

use crate::{TOOLS, run};

fn may_make_namespaces() -> bool {
    let may = run(&["unshare", "-u", "true"]).status == 0;
    if !may {
        println!("skipped: this user may not make namespaces");
    }
    may
}

#[test]
fn a_command_runs_in_new_namespaces() {
    if !may_make_namespaces() {
        return;
    }
    let script = format!("echo $$; hostname elsewhere; hostname; {TOOLS} ps -e -o pid=,comm=");
    let output = run(&["unshare", "-pfu", "--mount-proc", "sh", "-c", &script]).good();
    let lines: Vec<&str> = output.lines().map(str::trim).collect();
    assert_eq!(lines[..3], ["1", "elsewhere", "1 sh"], "{output}");
    assert_eq!(lines.len(), 4, "{output}");
    assert!(!run(&["hostname"]).good().contains("elsewhere"));
    assert_eq!(run(&["unshare", "-f", "sh", "-c", "exit 7"]).status, 7);
    assert_eq!(
        run(&["unshare", "-f", "sh", "-c", "kill -9 $$"]).status,
        137
    );
}

#[test]
fn a_command_enters_the_namespaces_of_a_process() {
    if !may_make_namespaces() {
        return;
    }
    let script = format!(
        "hostname elsewhere; {TOOLS} nsenter -t 1 -p sh -c 'exit 3'; echo $?; \
         {TOOLS} nsenter -t $$ -u hostname; {TOOLS} lsns -t uts -p $$ | wc -l"
    );
    let output = run(&["unshare", "-pfu", "--mount-proc", "sh", "-c", &script]).good();
    assert_eq!(output.replace(' ', ""), "3\nelsewhere\n2\n");
}

#[test]
fn what_cannot_be_entered_or_run_is_named() {
    assert!(run(&["nsenter", "true"]).bad(2).contains("-t PID"));
    assert!(
        run(&["nsenter", "-t", "0", "true"])
            .bad(2)
            .contains("0 is no process number")
    );
    let message = run(&["nsenter", "-t", "999999999", "-u", "true"]).bad(1);
    assert_eq!(message, "nsenter: process 999999999: No such process\n");
    let message = run(&["unshare", "/no/such"]).bad(127);
    assert!(message.contains("/no/such: No such file"), "{message}");
    assert!(
        run(&["unshare", "-f", "/no/such"])
            .bad(127)
            .contains("/no/such: No such file")
    );
    assert_eq!(run(&["lsns", "-t", "nonsense"]).status, 1);
}

#[test]
fn persona_teaches_and_says_where_it_cannot_work() {
    let menu = run(&["persona"]).good();
    assert!(menu.contains("persona create NAME"), "{menu}");
    assert_eq!(run(&["persona", "--help"]).good(), menu);
    assert!(run(&["persona", "help", "stop"]).good().contains("SIGKILL"));
    assert!(
        run(&["persona", "lits"])
            .bad(2)
            .contains("did you mean list?")
    );
    assert!(
        run(&["persona", "create"])
            .bad(2)
            .contains("usage: persona create NAME")
    );
    assert!(
        run(&["persona", "create", "a/b"])
            .bad(2)
            .contains("letters, digits")
    );
    // The host is another kernel.
    for words in [
        &["list"][..],
        &["switch", "-"],
        &["create", "demo"],
        &["stop", "demo"],
    ] {
        let message = run(&[&["persona"], words].concat()).bad(1);
        assert!(
            message.contains("/proc/dev_ns/list is not there"),
            "{message}"
        );
    }
}
