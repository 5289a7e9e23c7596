"""`reeve status` with 0 and with 1000 sessions: processor time of the command, and of the supervisor that it asks."""

import os
import subprocess

import measure
import peers
import processes


def ask(supervisor, status):
    """Seconds of processor time: the command's, the supervisor's."""
    before = processes.processor_time([status["pid"]])
    command = subprocess.Popen(
        [supervisor.options.reeve, "status"], env=supervisor.environment, stdout=subprocess.DEVNULL
    )
    _, ended, used = os.wait4(command.pid, 0)
    command.returncode = os.waitstatus_to_exitcode(ended)
    if command.returncode != 0:
        raise RuntimeError(f"reeve status ended with {command.returncode}")
    return used.ru_utime + used.ru_stime, processes.processor_time([status["pid"]]) - before


def main():
    options = measure.arguments(__doc__.splitlines()[0], rounds=21)
    with measure.Report(options, "status") as report:
        for count in (0, 1000):
            with measure.folder() as folder, peers.Reeve(options, folder, count) as supervisor:
                status = supervisor.wait_for_status()
                asked = [ask(supervisor, status) for _ in range(options.rounds)]
                figures = {"reeve status": [one[0] for one in asked], "the supervisor": [one[1] for one in asked]}
                report.figures(f"cpu-{count}", f"reeve status with {count} sessions: processor time", figures)


if __name__ == "__main__":
    main()
