"""A program on a terminal of its own, for tests that type and look."""

import fcntl
import os
import pty
import struct
import subprocess
import termios

from mesh import PATIENCE_S, eventually


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, *words, rows=24, columns=80, env=None):
        self._master, slave = pty.openpty()
        self.resize(rows, columns)
        self.child = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, close_fds=True, env=env,
                                      start_new_session=True,
                                      preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        os.set_blocking(self._master, False)
        self.screen = ""

    def resize(self, rows, columns):
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self._master, text.encode())

    def read_until(self, text):
        """Everything since the last call, up to the end of `text`."""
        def look():
            try:
                self.screen += os.read(self._master, 65536).decode()
            except BlockingIOError:
                pass
            except OSError:  # the program has ended
                return text in self.screen or self.fail(text)
            return text in self.screen
        eventually(look, f"'{text}' on the screen: {self.screen!r}")
        seen, _, self.screen = self.screen.partition(text)
        return seen + text

    def fail(self, text):
        raise AssertionError(f"ended before it showed '{text}': {self.screen!r}")

    def end(self):
        """The exit code, once the program ends by itself."""
        try:
            return self.child.wait(PATIENCE_S)
        finally:
            self.child.kill()
            os.close(self._master)
