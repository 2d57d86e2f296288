//! Binder, a context for each persona: the same services run in two personas at once, on the same
//! names, and never meet. With our own service manager, and with the hub of the library rsbinder,
//! as its crate has it, on the persona's device and on a binderfs of its own.

use qemu::Kind;
use scenarios::{Console, Image};

/// Two personas with the same programs in each.
const PERSONAS: [&str; 2] = ["left", "right"];

/// What stands in for a service manager, and how it is asked for the names.
struct Manager {
    /// The command line that starts it.
    start: &'static str,
    /// What it says when it is ready.
    ready: &'static str,
    /// The command line that prints the names.
    list: &'static str,
    /// What follows `hello` and `service`, so that they use the same device.
    device: &'static str,
}

/// Ours, on the device of the persona.
const OURS: Manager = Manager {
    start: "servicemanager",
    ready: "ready on /dev/binder",
    list: "service list",
    device: "",
};
/// rsbinder's, on the same device: it looks below /dev/binderfs only.
const HUB: Manager = Manager {
    start: "RUST_LOG=rsb_hub=info rsb_hub --insecure-allow-all -d ../binder",
    ready: "serving on",
    list: "rsb_service -d ../binder list",
    device: "-d /dev/binder",
};
/// rsbinder's, on a binderfs.
const HUB_ON_BINDERFS: Manager = Manager {
    start: "RUST_LOG=rsb_hub=info rsb_hub --insecure-allow-all",
    ready: "serving on",
    list: "rsb_service list",
    device: "",
};

/// A machine with the personas.
struct Machine(Console);

impl Machine {
    fn boot(image: &Image) -> Self {
        let mut machine = Self(Console::boot(image, Kind::Q35));
        for persona in PERSONAS {
            machine.good(&format!("persona create {persona}"));
        }
        machine
    }

    /// Runs `line` in the root persona; it must succeed. Returns what was said.
    #[track_caller]
    fn good(&mut self, line: &str) -> String {
        let answer = self.0.run(line);
        assert_eq!(answer.status, 0, "{line}: {}", answer.text);
        answer.text
    }

    /// Runs `line` inside, and returns the status and what was said.
    fn inside(&mut self, persona: &str, line: &str) -> (i32, String) {
        let answer = self.0.run(&format!("persona run {persona} sh -c '{line}'"));
        (answer.status, answer.text)
    }

    /// Runs `line` inside; it must succeed and say `words`.
    #[track_caller]
    fn says(&mut self, persona: &str, line: &str, words: &str) -> String {
        let (status, text) = self.inside(persona, line);
        assert_eq!(status, 0, "{persona}: {line}: {text}");
        assert!(text.contains(words), "{persona}: {line}: {text}");
        text
    }

    /// Runs `line` inside; it must fail and say `words`.
    #[track_caller]
    fn fails(&mut self, persona: &str, line: &str, words: &str) {
        let (status, text) = self.inside(persona, line);
        assert_ne!(status, 0, "{persona}: {line}: {text}");
        assert!(text.contains(words), "{persona}: {line}: {text}");
    }

    /// Starts `line` inside, in the background, as `name`: what it says is in `/tmp/PERSONA.NAME`.
    #[track_caller]
    fn start(&mut self, persona: &str, name: &str, line: &str) {
        let file = format!("/tmp/{persona}.{name}");
        let line = format!("{line} > {file} 2>&1 & echo $! > {file}.pid");
        let (status, text) = self.inside(persona, &line);
        assert_eq!(status, 0, "{persona}: {line}: {text}");
    }

    /// Waits until what was started as `name` says `words`.
    fn wait_for(&mut self, persona: &str, name: &str, words: &str) {
        let file = format!("/tmp/{persona}.{name}");
        let line = format!("until grep -q \"{words}\" {file}; do sleep 0.1; done");
        self.good(&line);
    }

    /// Kills what was started as `name`.
    fn kill(&mut self, persona: &str, name: &str) {
        let line = format!("kill -KILL $(cat /tmp/{persona}.{name}.pid)");
        self.says(persona, &line, "");
    }

    /// Starts a manager and the service `hello` in each persona: all managers, then all services.
    fn start_everything(&mut self, manager: &Manager) {
        for persona in PERSONAS {
            self.start(persona, "manager", manager.start);
        }
        for persona in PERSONAS {
            self.wait_for(persona, "manager", manager.ready);
            // It is there before the service, and is told when that comes.
            let hello = format!("hello {}", manager.device);
            self.start(persona, "early", &format!("{hello} -w say early"));
            self.start(persona, "hello", &format!("{hello} serve"));
        }
        for persona in PERSONAS {
            self.wait_for(persona, "hello", "is ready");
            self.wait_for(persona, "early", &format!("{persona}: early"));
        }
    }
}

/// Everyone is answered by the service of its own persona, by calls of every kind.
fn each_is_answered_by_its_own(machine: &mut Machine, manager: &Manager) {
    let hello = format!("hello {}", manager.device);
    for persona in PERSONAS {
        let answer = format!("{persona}: one two");
        machine.says(persona, &format!("{hello} say one two"), &answer);
        let answer = format!("{persona}: welcome, nobody");
        machine.says(persona, &format!("{hello} greet nobody"), &answer);
        let notes = format!("for n in 1 2 3; do {hello} note $n-from-{persona}; done");
        machine.says(persona, &notes, "");
    }
    for persona in PERSONAS {
        // Nobody waited for the last one.
        let all =
            format!("until [ $({hello} notes | wc -l) -eq 3 ]; do sleep 0.1; done; {hello} notes");
        let text = machine.says(persona, &all, "");
        let notes: Vec<&str> = text
            .lines()
            .filter(|line| line.contains("-from-"))
            .collect();
        let expected = [1, 2, 3].map(|number| format!("{number}-from-{persona}"));
        assert_eq!(notes, expected, "{text}");
    }
}

/// The same from four clients at a time in each persona, all of them at once.
fn many_are_answered_at_once(machine: &mut Machine, manager: &Manager) {
    let hello = format!("hello {}", manager.device);
    let greet = format!("for m in 1 2 3 4 5; do {hello} greet g$n.$m; done");
    for persona in PERSONAS {
        let line = format!("for n in 1 2 3 4; do ({greet}) & done; wait; echo all done");
        machine.start(persona, "many", &format!("{{ {line}; }}"));
    }
    for persona in PERSONAS {
        machine.wait_for(persona, "many", "all done");
        let text = machine.good(&format!("cat /tmp/{persona}.many"));
        let start = format!("{persona}: welcome, g");
        let answers = text.lines().filter(|line| line.starts_with(&start));
        assert_eq!(answers.count(), 20, "{text}");
    }
}

/// A name of one persona is none of the other.
fn a_name_stays_in_its_persona(machine: &mut Machine, manager: &Manager) {
    let [left, right] = PERSONAS;
    let serve = format!("hello {} -n on-the-left serve", manager.device);
    machine.start(left, "other", &serve);
    machine.wait_for(left, "other", "is ready");
    for persona in PERSONAS {
        machine.says(persona, manager.list, "hello");
    }
    machine.says(left, manager.list, "on-the-left");
    let text = machine.says(right, manager.list, "manager");
    assert!(!text.contains("on-the-left"), "{text}");
    let say = format!("hello {} -n on-the-left say x", manager.device);
    machine.says(left, &say, "left: x");
    machine.fails(right, &say, "there is no service");
    // Nobody has started anything in the root persona.
    let answer = machine.0.run("service -d /dev/binder list");
    assert_eq!(answer.status, 1, "{}", answer.text);
    assert!(
        answer.text.contains("there is no service manager here"),
        "{}",
        answer.text
    );
}

/// What dies on the left is noticed there, and nowhere else.
fn a_death_is_noticed_where_it_happens(machine: &mut Machine, manager: &Manager) {
    let [left, right] = PERSONAS;
    let hello = format!("hello {}", manager.device);
    let check = format!("service {} check hello", manager.device);
    for persona in PERSONAS {
        machine.start(persona, "watch", &format!("{hello} watch"));
        machine.wait_for(persona, "watch", "watching");
    }
    machine.kill(left, "hello");
    machine.wait_for(left, "watch", "has died");
    // The manager hears of it, too, and gives the name back.
    machine.says(
        left,
        &format!("while {check}; do sleep 0.1; done"),
        "not found",
    );
    machine.fails(left, &format!("{hello} say x"), "there is no service");
    machine.says(right, &check, "Service hello: found");
    machine.says(right, &format!("{hello} say x"), "right: x");

    machine.kill(left, "manager");
    machine.fails(left, &format!("{hello} say x"), "no service manager here");
    machine.says(right, manager.list, "hello");
    machine.start(left, "manager", manager.start);
    machine.wait_for(left, "manager", manager.ready);
    machine.start(left, "hello", &format!("{hello} serve"));
    machine.wait_for(left, "hello", "is ready");
    machine.says(left, &format!("{hello} say x"), "left: x");

    machine.good("persona stop left");
    machine.says(right, &format!("{hello} say x"), "right: x");
    let text = machine.good("cat /tmp/right.watch");
    assert!(!text.contains("has died"), "{text}");
    machine.kill(right, "hello");
    machine.wait_for(right, "watch", "has died");
}

/// All of it.
fn they_never_meet(machine: &mut Machine, manager: &Manager) {
    machine.start_everything(manager);
    each_is_answered_by_its_own(machine, manager);
    many_are_answered_at_once(machine, manager);
    a_name_stays_in_its_persona(machine, manager);
    a_death_is_noticed_where_it_happens(machine, manager);
    machine.0.still_answers();
}

#[test]
fn our_service_manager_runs_in_two_personas_at_once() {
    let mut machine = Machine::boot(&Image::built());
    they_never_meet(&mut machine, &OURS);
}

#[test]
fn rsbinders_hub_runs_in_two_personas_at_once() {
    let mut machine = Machine::boot(&Image::built().with_rsbinder());
    machine.good("mkdir /dev/binderfs");
    they_never_meet(&mut machine, &HUB);
}

#[test]
fn rsbinders_hub_runs_on_a_binderfs_in_each_persona() {
    let mut machine = Machine::boot(&Image::built().with_rsbinder());
    for persona in PERSONAS {
        machine.says(persona, "rsb_device binder", "has been created at");
    }
    // They are mounted where they were asked for, and not in the root persona.
    machine.good("test ! -e /dev/binderfs/binder");
    // The persona's own device is yet another context.
    machine.start("left", "native", "servicemanager -d /dev/binder");
    machine.wait_for("left", "native", OURS.ready);
    they_never_meet(&mut machine, &HUB_ON_BINDERFS);
}

#[test]
fn a_context_has_one_manager() {
    let mut machine = Machine::boot(&Image::built().with_rsbinder());
    machine.good("mkdir /dev/binderfs");
    machine.start("left", "manager", OURS.start);
    machine.wait_for("left", "manager", OURS.ready);
    machine.fails("left", OURS.start, "perhaps there is one");
    machine.fails("left", HUB.start, "one is already running");
    machine.start("right", "manager", HUB.start);
    machine.wait_for("right", "manager", HUB.ready);
    machine.fails("right", OURS.start, "perhaps there is one");
}

#[test]
fn a_service_is_called_by_hand_and_asked_for_its_state() {
    let mut machine = Machine::boot(&Image::built().with_rsbinder());
    machine.good("mkdir /dev/binderfs");
    machine.start_everything(&OURS);
    let text = machine.says("left", "service list", "Found 2 services:");
    assert!(text.contains("0\thello: [hello.IHello]"), "{text}");
    assert!(
        text.contains("1\tmanager: [android.os.IServiceManager]"),
        "{text}"
    );
    // The answer: no exception, a length of 7, and "left: x" in UTF-16.
    let text = machine.says("left", "service call hello 1 s16 x", "Result: Parcel(");
    for line in [
        "  0x00000000: 00000000 00000007 0065006c 00740066 '........l.e.f.t.'",
        "  0x00000010: 0020003a 00000078                   ':. .x...        ')",
    ] {
        assert!(text.contains(line), "{text}");
    }
    // A method that is not there.
    let text = machine.says("left", "service call hello 99", "Parcel(Error: ");
    assert!(text.contains("0xffffffffffffffb6"), "{text}");
    machine.fails("left", "service call nobody 1", "does not exist");
    // A descriptor goes to the service, which writes into it.
    let dump = "rsb_service -d ../binder dump hello";
    machine.says("left", dump, "hello on left, 0 notes");
    let dump = "rsb_service -d ../binder dump manager";
    machine.says("left", dump, "hello pid ");
}
