//! The logs of programs, written and read by the tools of three personas at once.

use qemu::Kind;
use scenarios::Image;

/// Makes two personas. `all` takes times and pids from what the root sees of all, `own` from what
/// a persona sees of itself.
const BEGIN: &str = "\
persona create red sleep 1000 > /dev/null; persona create blue sleep 1000 > /dev/null
all() { sed -E 's/^.{18} +//; s/^[0-9]+:?([a-z]*) +[0-9]+ +[0-9]+ /\\1 /'; }
own() { sed -E 's/^.{18} +[0-9]+ +[0-9]+ //'; }
logcat -c -b main -b radio -b system -b events
";

#[track_caller]
fn check(script: &str, expected: &str) {
    let image = Image::built();
    for kind in Kind::ALL {
        let output = image.run_on(kind, &format!("{BEGIN}{script}")).succeeded();
        assert_eq!(output, expected, "{kind}");
    }
}

#[test]
fn the_root_sees_all_and_each_persona_its_own() {
    check(
        "logwrite from the root
         persona run red logwrite -p W -t app 'from red'
         persona run blue logwrite -b radio -p e -t phone 'from blue'
         printf 'one\\ntwo\\n' | logwrite -t lines
         echo as it is > /dev/log/system
         echo everything; logcat -d -b main -b radio -b system | all
         echo the usual; logcat -d | all
         echo red by name; logcat -d -p red -b main -b radio | all
         echo blue by pid; logcat -d -p \"$(pidof -s sleep)\" -b main -b radio | all | wc -l
         echo the last; logcat -t 1 | all
         echo in red; persona run red logcat -d -b main -b radio -b system | own
         echo in blue; persona run blue logcat -d -b main -b radio | own
         persona run blue logcat -d -p 1; echo $?
         logcat -d -b main -f /tmp/kept; all < /tmp/kept | wc -l",
        "everything
 I logwrite: from the root
red W app     : from red
blue E phone   : from blue
 I lines   : one
 I lines   : two
 I         : as it is
the usual
 I logwrite: from the root
red W app     : from red
 I lines   : one
 I lines   : two
 I         : as it is
red by name
red W app     : from red
blue by pid
1
the last
 I         : as it is
in red
W app     : from red
in blue
E phone   : from blue
logcat: only the root persona can pick another's entries
1
4
",
    );
}

#[test]
fn what_is_added_is_shown_at_once_to_those_who_may_see_it() {
    check(
        "logcat > /tmp/root & root=$!
         persona run red logcat > /tmp/red & red=$!
         until [ -e /tmp/red ]; do sleep 0.1; done; sleep 0.5
         persona run blue logwrite -t app of blue
         persona run red logwrite -t app of red
         until grep -q 'of red' /tmp/root && grep -q 'of red' /tmp/red; do sleep 0.1; done
         kill $root $red; wait
         all < /tmp/root; own < /tmp/red",
        "blue I app     : of blue\nred I app     : of red\nI app     : of red\n",
    );
}

#[test]
fn a_persona_empties_its_own_and_the_root_all() {
    check(
        "logwrite root; persona run red logwrite red; persona run blue logwrite blue
         logcat -g; persona run red logcat -g
         persona run red logcat -c; logcat -d | all
         logcat -c; logcat -d; persona run blue logcat -d; logcat -g -b main
         logcat -b other; echo $?; persona run red logcat -b radio -d -p nobody; echo $?",
        "main: ring buffer is 256KiB (152 bytes to read), max payload is 4076 bytes
system: ring buffer is 256KiB (0 bytes to read), max payload is 4076 bytes
main: ring buffer is 256KiB (34 bytes to read), max payload is 4076 bytes
system: ring buffer is 256KiB (0 bytes to read), max payload is 4076 bytes
 I logwrite: root
blue I logwrite: blue
main: ring buffer is 256KiB (0 bytes to read), max payload is 4076 bytes
logcat: there is no log 'other' (there are main, system, radio, events)
Try 'logcat --help' for more information.
2
logcat: personas are looked after from the root persona only, and this process is in \
another one; go back to the root's shell
1
",
    );
}

/// A log takes its 256 KiB when somebody first opens it, and not again. What is free is asked until
/// it stays the same for half a second: programs that have ended just before give back their memory
/// a little later, and later still where this machine has other things to do.
#[test]
fn a_log_takes_its_memory_when_it_is_first_used() {
    let line = "free() { sed -n 's/MemFree: *//p' /proc/meminfo | cut -d ' ' -f 1; }
                settled() { last=; same=0
                            until [ $same = 5 ]; do
                                sleep 0.1; now=$(free)
                                [ $now = \"$last\" ] && same=$((same + 1)) || same=0
                                last=$now
                            done
                            echo $now; }
                gone() { before=$(settled); : > /dev/log/$1; after=$(settled)
                         kib=$((before - after)); [ $kib -ge 250 ] && [ $kib -lt 400 ] && echo $1; }
                gone system; gone system; gone radio; gone radio; gone events; gone radio
                logcat -g -b radio";
    for kind in Kind::ALL {
        let output = Image::built().run_on(kind, line).succeeded();
        assert_eq!(
            output,
            "system\nradio\nevents\n\
             radio: ring buffer is 256KiB (0 bytes to read), max payload is 4076 bytes\n",
            "{kind}"
        );
    }
}
