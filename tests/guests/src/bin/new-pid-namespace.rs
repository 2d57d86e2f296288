//! `new-pid-namespace`: asks for a pid namespace in each of the three ways, and says what each was
//! answered: the number of an error, or `made`.

use abi_tests::check::error_name;
use abi_tests::process::leave;
use abi_tests::sys;

/// CLONE_NEWPID.
const NEW_PID: u64 = 0x2000_0000;
/// The signal of a child's end.
const CHILD: u64 = 17;

fn main() {
    let arguments = [NEW_PID, 0, 0, 0, CHILD, 0, 0, 0];
    let answers = [
        ("clone", sys!(56, NEW_PID | CHILD, 0, 0, 0, 0)),
        ("clone3", sys!(435, &arguments, 64)),
        ("unshare", sys!(272, NEW_PID)),
    ];
    for (call, answer) in answers {
        match answer {
            // Each child comes by here as well, and has nothing to say.
            0 if call != "unshare" => leave(0),
            -4095..=-1 => println!("{call}: {}", error_name(-answer as i32)),
            _ => println!("{call}: made"),
        }
    }
}
