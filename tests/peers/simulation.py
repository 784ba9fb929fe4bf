"""Simulates the same queues with throng and its peers in turn and compares what a simulated request costs each.

Started by tests/peers/simulation. Standard library only; every simulator is its own child, on one core.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

# What each does in a CPU second, about: only says how long a simulation has to be to last its time.
PACE = {"throng": 3_000_000, "nexosim": 1_300_000, "simpy": 80_000}

# Means over what was simulated against the formula: of SimPy's short runs a few standard deviations, and far from any
# mistake in a model.
TOLERANCE = 0.08

THRONG = """// A queue that its peers simulate as well, for a comparison.
throng 1
seed {seed}
target peer "http://127.0.0.1:1"
service peer {{ servers {servers}; time exponential mean="{mean_us}us" }}
behavior ask {{ {think}http GET "/" name=ask }}
scenario load {{
    behavior ask
    {load}
}}
"""


@dataclass
class Queue:
    """A service with some servers; requests by a Poisson process, or by users who think between two of them."""

    title: str
    servers: int
    mean: float
    rate: float = 0.0
    users: int = 0
    think: float = 0.0

    def expected(self):
        """Mean wait, mean time in the service and requests a second, by the formula."""
        offered = self.rate * self.mean
        if self.users:
            return self.expected_of_users()
        # Erlang's B, from one server to the next, and C by it.
        blocked = 1.0
        for server in range(1, self.servers + 1):
            blocked = offered * blocked / (server + offered * blocked)
        load = offered / self.servers
        waits = blocked / (1 - load * (1 - blocked))
        wait = waits * self.mean / (self.servers * (1 - load))
        return wait, wait + self.mean, self.rate

    def expected_of_users(self):
        """The same for a finite population: a chain of births and deaths."""
        weights = [1.0]
        for present in range(1, self.users + 1):
            births = (self.users - present + 1) / self.think
            weights.append(weights[-1] * births * self.mean / min(present, self.servers))
            if weights[-1] > 1e200:
                weights = [weight / 1e200 for weight in weights]
        total = sum(weights)
        waiting = sum(max(0, n - self.servers) * weight for n, weight in enumerate(weights)) / total
        present = sum(n * weight for n, weight in enumerate(weights)) / total
        rate = (self.users - present) / self.think
        return waiting / rate, present / rate, rate

    def arguments(self, length, seed):
        """As the peers' programs take it."""
        load = ["closed", self.users, self.think] if self.users else ["open", self.rate]
        return [str(word) for word in (*load, self.servers, self.mean, length, seed)]

    def workload(self, length, seed):
        """As throng takes it."""
        if self.users:
            load = f'population {{ hold {self.users} for="{length}s" }}'
        else:
            load = f'arrivals poisson {{ hold "{self.rate:g}/s" for="{length}s" }}\n    users max=1000000'
        think = f'think exponential mean="{self.think:g}s"; ' if self.users else ""
        mean_us = round(self.mean * 1e6)
        return THRONG.format(seed=seed, servers=self.servers, mean_us=mean_us, think=think, load=load)


QUEUES = [
    Queue("M/M/1, 100/s, half of the server's time", servers=1, mean=0.005, rate=100.0),
    Queue("open, 10,000/s, 1,250 servers", servers=1250, mean=0.1, rate=10_000.0),
    Queue("closed, 1,000 users who think 1 s, 12 servers", servers=12, mean=0.01, users=1000, think=1.0),
]


def run(command):
    """Runs a simulator; gives its CPU seconds, the start included, and what it printed."""
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    said = child.stdout.read()
    child.stdout.close()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"peers: `{' '.join(command)}` returned {child.returncode}")
    return usage.ru_utime + usage.ru_stime, said


def simulate(name, queue, length, seed, directory, options):
    """One simulation; gives its CPU seconds and figures."""
    if name == "throng":
        (directory / "queue.kdl").write_text(queue.workload(length, seed))
        summary = directory / "summary.json"
        cpu, _ = run([options.throng, "simulate", str(directory / "queue.kdl"), "--quiet", "--summary", str(summary)])
        service = json.loads(summary.read_text())["services"]["peer"]
        wait, sojourn = service["wait_ns"]["mean"] / 1e9, service["sojourn_ns"]["mean"] / 1e9
        return cpu, {"requests": service["requests"]["served"], "wait": wait, "sojourn": sojourn}
    program = [options.nexosim] if name == "nexosim" else [options.python, "tests/peers/simpy_queues.py"]
    cpu, said = run([*program, *queue.arguments(length, seed)])
    return cpu, json.loads(said)


def is_right(found, expected, requests_expected):
    """Whether figures are what the formula says; a wait that is next to nothing is compared with the time in the service."""
    wait, sojourn, _ = expected
    return (
        abs(found["wait"] - wait) <= TOLERANCE * max(wait, 0.1 * sojourn)
        and abs(found["sojourn"] - sojourn) <= TOLERANCE * sojourn
        and abs(found["requests"] - requests_expected) <= TOLERANCE * requests_expected
    )


def compare(queue, options, directory):
    """All rounds of one queue; gives requests a CPU second by simulator, and whether all figures were right."""
    expected = queue.expected()
    rates, found, right = {}, {}, True
    for number in range(options.rounds):
        for name in options.peers:
            length = max(1, round(PACE[name] * options.seconds / expected[2]))
            cpu, figures = simulate(name, queue, length, 1 + number, directory, options)
            rates.setdefault(name, []).append(figures["requests"] / cpu)
            found.setdefault(name, []).append(figures)
            if not is_right(figures, expected, length * expected[2]):
                right = False
                print(f"peers: {name} is not right: {figures}, by the formula {expected}", file=sys.stderr)
    print(f"\n{queue.title}: mean wait {expected[0] * 1e3:.4g} ms, in the service {expected[1] * 1e3:.4g} ms")
    print(f"  {'':8} {'requests':>11} {'÷':>6} {'mean wait':>10} {'in service':>10}   rounds")
    print(f"  {'':8} {'a CPU s':>11} {'throng':>6} {'ms':>10} {'ms':>10}   1,000 a CPU s")
    for name, rounds in rates.items():
        ratios = [rate / own for rate, own in zip(rounds, rates.get("throng", []))]
        ratio = f"{statistics.median(ratios):6.3f}" if ratios else f"{'–':>6}"
        wait, sojourn = (statistics.fmean(one[key] for one in found[name]) * 1e3 for key in ("wait", "sojourn"))
        each = " ".join(f"{rate / 1e3:,.0f}" for rate in rounds)
        print(f"  {name:8} {statistics.median(rounds):11,.0f} {ratio} {wait:10.4f} {sojourn:10.4f}   {each}")
    return rates, right


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, choices=range(1, 51), metavar="1-50")
    parser.add_argument("--seconds", type=float, default=5.0, help="CPU seconds of one simulation, about")
    parser.add_argument("--only", type=int, choices=range(1, len(QUEUES) + 1), help="one queue alone, by number")
    parser.add_argument("--throng", default="target/release/throng")
    parser.add_argument("--nexosim", default="", help="the program on NeXosim; left out without it")
    parser.add_argument("--python", default="", help="a Python that has SimPy; left out without it")
    parser.add_argument("--json", help="writes the rounds' figures here")
    options = parser.parse_args()
    wanted = {"throng": options.throng, "nexosim": options.nexosim, "simpy": options.python}
    options.peers = [name for name, program in wanted.items() if program]
    queues = QUEUES if options.only is None else QUEUES[options.only - 1 : options.only]
    results, all_right = {}, True
    with tempfile.TemporaryDirectory() as name:
        for queue in queues:
            results[queue.title], right = compare(queue, options, Path(name))
            all_right = all_right and right
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1) + "\n")
    if not all_right:
        sys.exit(1)


if __name__ == "__main__":
    main()
