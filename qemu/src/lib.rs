//! Machines, launch, QMP and the ramdisk builder: everything that drives QEMU from the host.
