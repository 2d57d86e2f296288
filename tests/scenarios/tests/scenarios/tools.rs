//! The everyday tools on this kernel: each family once, with what Linux prints for the same lines.
//! What each tool does in detail is tested on the host, beside the tools.

use scenarios::Image;

/// Runs the lines as one script and compares what it prints.
#[track_caller]
fn check(script: &str, expected: &str) {
    let ran = Image::built().run(script);
    assert_eq!(ran.output, expected, "{ran:#?}");
}

#[test]
fn files_are_made_copied_moved_and_removed() {
    check(
        "cd /tmp; mkdir -p a/b; echo one > a/f; ln -s f a/l; ln a/f a/h
         chmod 640 a/f; chown nobody:users a/f; touch -d '2020-01-02 03:04' a/f
         cp -a a c; mv c d; rm -r a; mkfifo d/p; ls; ls -l d/f; cat d/l
         stat -c '%a %U %G %s' d/f; readlink d/l; realpath d/l
         find d -type f | sort; rmdir d/b && ls -1F d; test -p d/p && echo fifo
         mktemp | wc -c; truncate -s 5 t; stat -c %s t; dd if=t bs=2 status=none | wc -c",
        "d\n-rw-r----- 2 nobody users 4 Jan  2  2020 d/f\none\n640 nobody users 4\nf\n/tmp/d/f\n\
         d/f\nd/h\nf\nh\nl@\np|\nfifo\n20\n5\n5\n",
    );
}

#[test]
fn text_goes_through_pipes() {
    check(
        "seq 12 | sort -rn | head -n 3 | paste -s -d ,; seq 100 | tail -n 2 | tr 0-9 a-j
         printf 'b 2\\na 1\\nb 2\\n' | sort | uniq -c | sed 's/^ *//'
         cut -d: -f1,7 /etc/passwd | grep ^root; echo abcdef | fold -w 4 | nl | tee /tmp/n | wc -l
         comm -12 /tmp/n /tmp/n | cut -f2; printf 'x y\\nz\\n' | xargs -n 1 echo -
         expr 6 \\* 7; echo hello | od -c | head -n 1; echo hello | hexdump -C | head -n 1
         yes | head -n 1; grep -c . /etc/profile > /dev/null && echo counted",
        "12,11,10\njj\nbaa\n1 a 1\n2 b 2\nroot:/bin/sh\n2\nabcd\nef\n- x\n- y\n- z\n42\n\
         0000000   h   e   l   l   o  \\n\n\
         00000000  68 65 6c 6c 6f 0a                                 |hello.|\ny\ncounted\n",
    );
}

#[test]
fn processes_are_seen_timed_and_ended() {
    check(
        "sleep 100 & pid=$!; ps -o comm= -p $pid; pidof sleep | grep -cw $pid
         tools kill -s KILL $pid; wait $pid; echo $?; timeout 0.2 sleep 100; echo $?
         nice -n 3 nice; env -i A=1 env; tools kill 99999; whoami; tty
         ps -o pid=,comm= -p 1; chroot / /bin/echo chrooted; id nobody",
        "sleep\n1\n137\n124\n3\nA=1\n\
         kill: (99999) - No such process\nroot\nnot a tty\n    1 init\nchrooted\n\
         uid=65534(nobody) gid=65534(nogroup) groups=65534(nogroup)\n",
    );
}

#[test]
fn the_machine_is_described_and_changed() {
    check(
        "uname -s; hostname; hostname other; hostname; nproc; date -u -d @0 +%F
         mkdir /mnt/t; mount -t tmpfs -o size=64k scratch /mnt/t; mount | grep -c ' /mnt/t '
         df /mnt/t | tail -n 1 | sed 's/ .*//'; umount /mnt/t; umount /mnt/t; echo $?
         free | grep -c :; uptime -p; dmesg > /tmp/d; echo $?; sync; mknod /root/z c 1 5
         head -c 3 /root/z | od -An -tx1; ls -l /root/z | cut -c 1-10; stty size",
        "Linux\njanus\nother\n1\n1970-01-01\n1\nscratch\n\
         umount: /mnt/t: not mounted.\n32\n2\nup 0 minutes\n0\n 00 00 00\ncrw-r--r--\n\
         stty: standard input: Inappropriate ioctl for device\n",
    );
}

/// The kernel's log, with records that a program writes.
#[test]
fn the_kernels_log_is_shown_chosen_and_cleared() {
    check(
        "dmesg | grep -c 'Command line:'; dmesg -n 1
         echo '<11>one' > /dev/kmsg; echo '<30>two' > /dev/kmsg; printf '<14>th\\033ree\\nlines' > /dev/kmsg
         dmesg -t -u | grep -v init; dmesg -t -l err | tail -n 1; dmesg -t -f daemon | tail -n 1
         dmesg -r -f daemon | sed 's/\\[.*\\]/T/'; dmesg -x -f daemon | sed 's/\\[.*\\]/T/'
         dmesg -T -f daemon | grep -c \"$(date +%Y)\\] two\"
         dmesg -c > /tmp/all; grep -c two /tmp/all; dmesg; echo '<14>four' > /dev/kmsg; dmesg -t
         dmesg -C; dmesg; dmesg -C -n 3 2> /dev/null; echo $?
         dmesg -W > /tmp/new & sleep 0.3; echo '<14>five' > /dev/kmsg
         until grep -q five /tmp/new; do sleep 0.1; done; kill $!; wc -l < /tmp/new
         cut -f 1 /proc/sys/kernel/printk; dmesg -D; cut -f 1 /proc/sys/kernel/printk
         dmesg -n 5; dmesg -E; cut -f 1 /proc/sys/kernel/printk",
        "1\none\ntwo\nth\\x1bree\nlines\none\ntwo\n<30>T two\ndaemon:info  : T two\n1\n1\nfour\n2\n\
         1\n1\n1\n5\n",
    );
}
