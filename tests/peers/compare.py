"""Runs generators in turn against one target and compares what each costs and how evenly it sends.

Started by tests/peers/run. Standard library only; every server and generator is its own child and ends with it.
"""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

GENERATOR_CORE, TARGET_CORE = "0", "1"
CONNECTIONS = 64
RATE = 2000
# Connections are opened in the first second; arrivals in it say more about that than about the schedule.
SETTLE_NS = 1_000_000_000

NGINX = """
worker_processes 1;
daemon off;
pid {directory}/pid;
error_log {directory}/error.log crit;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port};
        root {directory}/www;
        location = /status {{ stub_status; }}
    }}
}}
"""

K6_CLOSED = """
import http from 'k6/http';
export const options = {{ discardResponseBodies: true, vus: {connections}, duration: '{seconds}s' }};
export default function () {{ http.get('{url}'); }}
"""

K6_OPEN = """
import http from 'k6/http';
export const options = {{ discardResponseBodies: true, scenarios: {{ even: {{
    executor: 'constant-arrival-rate', rate: {rate}, timeUnit: '1s', duration: '{seconds}s',
    preAllocatedVUs: {connections}, maxVUs: {connections} }} }} }};
export default function () {{ http.get('{url}'); }}
"""

THRONG = """// Sends what its peers send, for a comparison.
throng 1
target peer "{base}"
behavior get {{ http GET "{path}" name=get }}
scenario load {{
    behavior get
    {load}
}}
"""


def get(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Child:
    """A server, pinned to the target's core."""

    def __init__(self, command, **options):
        self.process = subprocess.Popen(["taskset", "-c", TARGET_CORE, *command], **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_nginx(directory):
    (directory / "www").mkdir()
    (directory / "www" / "five").write_text("12345")
    for path in (directory, directory / "www"):
        path.chmod(0o755)  # the worker may be another user than this one
    port = free_port()
    (directory / "nginx.conf").write_text(NGINX.format(directory=directory, port=port))
    child = Child(["nginx", "-p", str(directory), "-c", str(directory / "nginx.conf")], stderr=subprocess.DEVNULL)
    base = f"http://127.0.0.1:{port}"
    for _ in range(100):
        try:
            get(f"{base}/five")
            return child, base
        except OSError:
            time.sleep(0.1)
    child.__exit__()
    sys.exit("peers: nginx did not start")


def nginx_requests(base):
    """Requests so far, this one included."""
    lines = get(f"{base}/status").splitlines()
    return int(lines[2].split()[2])


def run(command, seconds):
    """Runs a generator on its core; gives the CPU seconds it took, None when it failed."""
    child = subprocess.Popen(["taskset", "-c", GENERATOR_CORE, *command], stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE)
    limit = time.monotonic() + 3 * seconds + 30
    # What a generator says on its way fits in a pipe; one that says more is cut off by the limit.
    while time.monotonic() < limit:
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            break
        time.sleep(0.05)
    else:
        child.kill()
        os.wait4(child.pid, 0)
        print(f"peers: `{command[0]}` did not end in time", file=sys.stderr)
        return None
    said = child.stderr.read().decode(errors="replace")
    child.stderr.close()
    child.returncode = os.waitstatus_to_exitcode(status)
    # 90 and 99 are throng's own judgements of a run that took place.
    if child.returncode not in (0, 90, 99):
        print(f"peers: `{' '.join(command)}` returned {child.returncode}: {said[-500:]}", file=sys.stderr)
        return None
    return usage.ru_utime + usage.ru_stime


def commands(model, base, path, directory, options):
    """The generators that are installed, and how each makes the same load."""
    url, seconds = base + path, options.seconds
    load = {
        "closed": f'population {{ hold {CONNECTIONS} for="{seconds}s" }}',
        "open": f'arrivals even {{ hold "{RATE}/s" for="{seconds}s" }}\n    users min={CONNECTIONS} max={CONNECTIONS}',
    }[model]
    workload = directory / f"{model}.kdl"
    workload.write_text(THRONG.format(base=base, path=path, load=load))
    script = directory / f"{model}.js"
    template = K6_CLOSED if model == "closed" else K6_OPEN
    script.write_text(template.format(url=url, seconds=seconds, connections=CONNECTIONS, rate=RATE))
    summary = str(directory / f"{model}.json")
    found = {"throng": [options.throng, "run", str(workload), "--quiet", "--summary", summary]}
    if model == "closed":
        found["wrk"] = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", url]
    rate = [] if model == "closed" else ["-q", str(RATE)]
    found["oha"] = ["oha", "--no-tui", "-z", f"{seconds}s", "-c", str(CONNECTIONS), *rate, url]
    found["k6"] = ["k6", "run", "--quiet", "--no-summary", "--no-usage-report", str(script)]
    for name in list(found):
        if shutil.which(found[name][0]) is None:
            print(f"skipped: {name} is not installed")
            del found[name]
    return found


def table(title, unit, results):
    """Medians, each round, and each peer's ratio to throng: the median of the rounds' own ratios."""
    print(f"\n{title} ({unit})")
    print(f"  {'':8} {'median':>9} {'÷ throng':>9}   rounds")
    own = results.get("throng", [])
    for name, rounds in results.items():
        known = [value for value in rounds if value is not None]
        if not known:
            print(f"  {name:8} {'failed':>9}")
            continue
        pairs = [value / ours for value, ours in zip(rounds, own) if value is not None and ours]
        ratio = f"{statistics.median(pairs):9.2f}" if pairs else f"{'–':>9}"
        each = " ".join("–" if value is None else f"{value:.1f}" for value in rounds)
        print(f"  {name:8} {statistics.median(known):9.1f} {ratio}   {each}")


def closed(options, directory):
    nginx, base = start_nginx(directory)
    with nginx:
        found = commands("closed", base, "/five", directory, options)
        costs = {name: [] for name in found}
        rates = {name: [] for name in found}
        for _ in range(options.rounds):
            for name, command in found.items():
                before = nginx_requests(base)
                cpu = run(command, options.seconds)
                requests = nginx_requests(base) - before - 1
                good = cpu is not None and requests > 0
                costs[name].append(cpu / requests * 1e6 if good else None)
                rates[name].append(requests / options.seconds if good else None)
    table(f"closed, {CONNECTIONS} connections, GET of 5 bytes: CPU a request", "us", costs)
    table("closed: requests a second, for what one core gives", "1/s", rates)
    return costs


def deviations(stamps):
    """Each arrival's distance from the straight line that fits all of them best, in us, sorted."""
    stamps = sorted(stamps)
    stamps = [stamp for stamp in stamps if stamp >= stamps[0] + SETTLE_NS] if stamps else []
    if len(stamps) < 100:
        return None
    count = len(stamps)
    middle, mean = (count - 1) / 2, statistics.fmean(stamps)
    slope = sum((index - middle) * (stamp - mean) for index, stamp in enumerate(stamps))
    slope /= count * (count * count - 1) / 12
    return sorted(abs(stamp - mean - slope * (index - middle)) / 1e3 for index, stamp in enumerate(stamps))


def even(options, directory):
    recorder = Child([str(Path("target/peers/arrival-recorder").resolve())], stdin=subprocess.PIPE,
                     stdout=subprocess.PIPE, text=True)
    with recorder:
        base = recorder.process.stdout.readline().strip()
        found = commands("open", base, "/", directory, options)
        halves, tails, counts, costs = ({name: [] for name in found} for _ in range(4))
        for _ in range(options.rounds):
            for name, command in found.items():
                get(f"{base}/arrivals")
                cpu = run(command, options.seconds)
                stamps = [int(line) for line in get(f"{base}/arrivals").split()]
                distances = deviations(stamps) if cpu is not None else None
                good = distances is not None
                halves[name].append(distances[len(distances) // 2] if good else None)
                tails[name].append(distances[len(distances) * 99 // 100] if good else None)
                counts[name].append(len(stamps) if good else None)
                costs[name].append(cpu / len(stamps) * 1e6 if good else None)
    table(f"open, even {RATE}/s: distance of arrivals from the best even line, median", "us", halves)
    table("open: the same, 99th percentile", "us", tails)
    table(f"open: arrivals, of {RATE * options.seconds}", "requests", counts)
    table("open: CPU a request", "us", costs)
    return halves


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, choices=range(1, 51), metavar="1-50")
    parser.add_argument("--seconds", type=int, default=10, choices=range(2, 121), metavar="2-120")
    parser.add_argument("--only", choices=("closed", "open"))
    parser.add_argument("--throng", default="target/release/throng")
    parser.add_argument("--json", help="writes the rounds' figures here")
    options = parser.parse_args()
    if not {int(GENERATOR_CORE), int(TARGET_CORE)} <= os.sched_getaffinity(0):
        sys.exit("peers: needs cores 0 and 1, one for the generator and one for the target")
    results = {}
    with tempfile.TemporaryDirectory() as name:
        if options.only != "open":
            results["closed_cpu_us"] = closed(options, Path(name))
        if options.only != "closed":
            results["open_deviation_us"] = even(options, Path(name))
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1) + "\n")
    if any(value is None for figures in results.values() for rounds in figures.values() for value in rounds):
        sys.exit(1)


if __name__ == "__main__":
    main()
