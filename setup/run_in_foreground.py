"""Run a command as its own job of the terminal: `run_in_foreground.py COMMAND ARGUMENT...`.

Ctrl-C sends SIGINT to the terminal's foreground process group. Were the command in make's group, make would be
interrupted too and end with an error although the command stopped cleanly. So this does what a shell does for a job:
it puts the command into a group of its own and hands that group the terminal. Without a terminal there is no Ctrl-C to
keep from make, and the command simply takes this process's place.
"""

import os
import signal
import subprocess
import sys
from types import FrameType


def main(command: list[str]) -> int:
    """Run the command to its end and return its exit status."""
    terminal = _terminal_held_by_us()
    if terminal is None:
        os.execvp(command[0], command)  # noqa: S606
    # Only the foreground group may hand the terminal on; SIGTTOU would stop us when taking it back.
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)

    def take_the_terminal() -> None:
        os.setpgid(0, 0)
        os.tcsetpgrp(terminal, os.getpid())  # before the command begins: it may be interrupted at once

    job = subprocess.Popen(command, preexec_fn=take_the_terminal)  # noqa: S603

    def pass_on(number: int, frame: FrameType | None) -> None:
        os.killpg(job.pid, number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, pass_on)
    try:
        return _wait_through_pauses(job.pid, terminal)
    finally:
        os.tcsetpgrp(terminal, os.getpgrp())


def _terminal_held_by_us() -> int | None:
    """The controlling terminal, when this process group is the one that Ctrl-C on it would reach."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        return None
    return terminal if os.tcgetpgrp(terminal) == os.getpgrp() else None


def _wait_through_pauses(job: int, terminal: int) -> int:
    """Wait for the job. When Ctrl-Z pauses it, pause make as well, so that the shell's `fg` wakes both."""
    while True:
        _, status = os.waitpid(job, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code
        os.tcsetpgrp(terminal, os.getpgrp())
        os.killpg(0, signal.SIGSTOP)
        os.tcsetpgrp(terminal, job)
        os.killpg(job, signal.SIGCONT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
