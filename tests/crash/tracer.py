"""Ends a process at its n-th system call.

A tracer is a process of its own: it starts `reeve run`, follows the calls of the supervisor or of the anchor
(all of its threads, none of its children), and at call n kills whom it was told to. strace could inject the
signal, but counts every thread by itself and follows the sessions, too, when it follows threads.
"""
import ctypes
import json
import mmap
import os
import signal
import struct
import sys

CONT, DETACH, SYSCALL, SETOPTIONS, GETEVENTMSG = 7, 17, 24, 0x4200, 0x4201
SEIZE, INTERRUPT, LISTEN, SYSCALL_INFO = 0x4206, 0x4207, 0x4208, 0x420E
SYSGOOD, TRACE_FORK, TRACE_CLONE, TRACE_EXEC = 1, 2, 8, 16
EVENT_FORK, EVENT_EXEC, EVENT_STOP = 1, 4, 128
WALL = 0x40000000
FOLLOWING = -2  # instead of a call's number: every thread is followed now

# Calls of x86-64 that change nothing which outlives the process: looking, waiting, memory, descriptors of its
# own. A kill at one of them leaves what a kill at the one before has left. On other machines all are counted.
NO_TRACE = {
    0, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17, 19, 21, 24, 28, 32, 33, 35, 39, 51, 52, 55, 63, 72, 79, 89,
    95, 96, 99, 102, 104, 107, 108, 110, 111, 137, 138, 157, 158, 186, 202, 204, 217, 218, 228, 230, 232, 233,
    254, 262, 267, 269, 271, 273, 281, 283, 286, 290, 291, 292, 293, 294, 302, 318, 332, 334, 434, 439,
} if os.uname().machine == "x86_64" else set()
OPENAT, CLOSE = 257, 3

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long] * 2 + [ctypes.c_void_p] * 2


def ptrace(request, pid, data=0, address=0):
    if libc.ptrace(request, pid, address, data) >= 0:
        return True
    error = ctypes.get_errno()
    if error == 3:  # it has been killed meanwhile: the next wait says so
        return False
    raise OSError(error, f"ptrace {request:#x} on {pid}: {os.strerror(error)}")


class Tracer:
    """The worker's side. `clock` is whose calls are counted, `victims` who dies at call `when` (0: nobody)."""

    def __init__(self, argv, environment, output, clock, victims, when, before_kill, from_start,
                 all_calls):
        self.argv, self.environment, self.output = argv, environment, output
        self.clock, self.victims, self.when, self.before_kill = clock, victims, when, before_kill
        self.from_start, self.all_calls = from_start, all_calls
        self.shared = mmap.mmap(-1, 64)  # calls, whether killed, the anchor's pid, the call's number
        commands, self.commands = os.pipe()
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.commands)
            code = 1
            try:
                Loop(self).live(commands)
                code = 0
            except BaseException as error:  # pylint: disable=broad-except
                print(f"tracer: {error!r}", file=sys.stderr)
            finally:
                os._exit(code)
        os.close(commands)

    def look(self):
        calls, killed, anchor, number = struct.unpack("qqqq", self.shared[:32])
        return {"calls": calls, "killed": bool(killed), "anchor": anchor, "call": number}

    def follow(self, supervisor, anchor):
        """From now on; for a tracer that does not follow from the start."""
        os.write(self.commands, json.dumps({"supervisor": supervisor, "anchor": anchor}).encode() + b"\n")

    def close(self):
        """What it followed goes on without it."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.commands)
        self.shared.close()


class Loop:
    """The tracer's side."""

    def __init__(self, settings):
        self.s = settings
        self.calls = 0
        self.counting = False
        self.finished = False
        self.anchor = self.supervisor = -1
        self.threads = set()  # of the clock
        self.number = -1

    def publish(self):
        self.s.shared[:32] = struct.pack("qqqq", self.calls, self.finished, self.anchor, self.number)

    def live(self, commands):
        go, start = os.pipe()
        self.anchor = os.fork()
        if self.anchor == 0:
            os.setsid()
            out = os.open(self.s.output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
            os.dup2(out, 1)
            os.dup2(out, 2)
            os.read(go, 1)
            os.execve(self.s.argv[0], self.s.argv, self.s.environment)
        self.publish()
        if self.s.from_start:
            options = SYSGOOD | TRACE_EXEC | (TRACE_FORK if self.s.clock == "supervisor" else 0)
            if self.s.clock == "anchor":
                self.threads.add(self.anchor)
            ptrace(SEIZE, self.anchor, options)
            os.write(start, b"g")
        else:
            os.write(start, b"g")
            self.seize(json.loads(os.read(commands, 4096)))
        while True:
            try:
                tid, status = os.waitpid(-1, WALL)
            except ChildProcessError:
                signal.pause()
            if os.WIFSTOPPED(status):
                self.stopped(tid, os.WSTOPSIG(status), status >> 16)
            self.publish()

    def seize(self, who):
        self.supervisor = who["supervisor"]
        self.counting = True
        target = who[self.s.clock]
        for tid in map(int, os.listdir(f"/proc/{target}/task")):
            if ptrace(SEIZE, tid, SYSGOOD | TRACE_CLONE):
                self.threads.add(tid)
                ptrace(INTERRUPT, tid)
        # Followed from here on: what was to be seen of it may begin.
        for _ in range(len(self.threads)):
            tid, status = os.waitpid(-1, WALL)
            if os.WIFSTOPPED(status):
                self.stopped(tid, os.WSTOPSIG(status), status >> 16)
        self.number = FOLLOWING
        self.publish()

    def resume(self, tid, number=0):
        ptrace(SYSCALL if tid in self.threads and not self.finished else CONT, tid, number)

    def stopped(self, tid, number, event):
        if event == EVENT_STOP and number in (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU):
            ptrace(LISTEN, tid)
            return
        if event == EVENT_FORK:  # of the anchor: its first child is the supervisor, and all that is asked of it
            child = ctypes.c_ulong()
            ptrace(GETEVENTMSG, tid, ctypes.addressof(child))
            self.supervisor = child.value
            ptrace(DETACH, tid)
            return
        if event == EVENT_STOP and tid != self.anchor and tid not in self.threads:
            self.threads.add(tid)
            if self.s.from_start and self.s.clock == "supervisor" and len(self.threads) == 1:
                ptrace(SETOPTIONS, tid, SYSGOOD | TRACE_CLONE | TRACE_EXEC)
        if event == EVENT_EXEC and tid in self.threads:
            self.counting = True
        is_call = event == 0 and number == signal.SIGTRAP | 0x80
        if is_call:
            self.call(tid)
        self.resume(tid, 0 if is_call or event else number)

    @staticmethod
    def leaves_no_trace(tid, number, first, flags):
        if number == OPENAT and NO_TRACE:
            return not flags & (os.O_CREAT | os.O_TRUNC)
        if number == CLOSE and NO_TRACE:  # it may let go of a lock, but not in the kernel's own tables
            try:
                return os.readlink(f"/proc/{tid}/fd/{first}").startswith(("/proc", "/sys", "/usr", "/lib", "/etc"))
            except OSError:
                return True
        return number in NO_TRACE

    def call(self, tid):
        info = ctypes.create_string_buffer(88)
        if not ptrace(SYSCALL_INFO, tid, ctypes.addressof(info), 88) or info.raw[0] != 1:  # not an entry
            return
        if not self.counting or self.finished:
            return
        number, first, _, flags = struct.unpack("4Q", info.raw[24:56])
        if not self.s.all_calls and self.leaves_no_trace(tid, number, first, flags):
            return
        self.calls += 1
        if self.calls != self.s.when:
            return
        self.number = number
        self.s.before_kill()
        for victim in self.s.victims:
            os.kill(self.anchor if victim == "anchor" else self.supervisor, signal.SIGKILL)
        self.finished = True
