package hello;

/** Someone who says hello, and can be asked who that is. */
interface IGuest {
    /** The guest's name. */
    String name();
}
