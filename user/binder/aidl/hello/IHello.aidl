package hello;

import hello.IGuest;

/** The example: a service that answers to who says hello. */
interface IHello {
    /** Says `message` again, the name of the service's machine in front. */
    String echo(in String message);

    /** Asks the guest for its name, while it waits for the answer, and greets it. */
    String greet(in IGuest guest);

    /** Takes down a line; nobody waits for that. */
    oneway void note(in String line);

    /** What was taken down, in the order in which it was sent. */
    String[] notes();
}
