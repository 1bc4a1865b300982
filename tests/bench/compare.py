#!/usr/bin/env python3
"""Measures proxies beside each other and prints how they compare.

Every peer runs pinned to one CPU, the load generator and the echo upstream to another. In each round every peer is
measured once, each round in another order; what counts is CPU time per operation relative to stock nginx in the same
round, and of those ratios the median. Memory is that of an idle tunnel: private dirty pages before and after opening
4,000 of them in a fresh process. All of it is user space and loopback.
"""

import argparse
import contextlib
import dataclasses
import fnmatch
import json
import pathlib
import resource
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import peers
from peers import Failed, Site, end, free_port, spawn, wait_for_port

IDLE_TUNNELS = 4000
BAR_OVER_RELAY = 1.10


@dataclasses.dataclass
class Row:
    """What is measured: a line of the table."""
    name: str
    mode: str
    connections: int
    size: int = 64
    certificate: str = ""  # "ecdsa" or "rsa"; empty: plain
    resume: bool = False
    with_relay: bool = True
    warmup: float = 0.4


ROWS = [
    Row("ws 64 B x 200", "messages", 200),
    Row("wss 64 B x 200", "messages", 200, certificate="ecdsa"),
    Row("ws 64 B x 2000", "messages", 2000),
    Row("wss 64 B x 2000", "messages", 2000, certificate="ecdsa"),
    Row("wss 4 KiB x 100", "messages", 100, 4096, "ecdsa"),
    Row("ws 64 KiB x 16", "messages", 16, 65536),
    Row("wss 64 KiB x 16", "messages", 16, 65536, "ecdsa"),
    Row("wss 1 MiB x 4", "messages", 4, 1 << 20, "ecdsa"),
    Row("handshake ECDSA", "handshakes", 32, certificate="ecdsa"),
    Row("handshake RSA", "handshakes", 32, certificate="rsa"),
    Row("handshake resumed", "handshakes", 32, certificate="ecdsa", resume=True),
    Row("handshake plain", "handshakes", 32),
    Row("http GET", "http", 64, with_relay=False),
    Row("https GET", "http", 64, certificate="ecdsa", with_relay=False),
    Row("idle ws", "idle", IDLE_TUNNELS),
    Row("idle wss", "idle", IDLE_TUNNELS, certificate="ecdsa"),
]


class Load:
    """The load generator, led through its stdin."""

    def __init__(self, tools, cpu, folder, site, row, connections=None):
        self.log = folder / "load.log"
        self.log.unlink(missing_ok=True)
        command = [tools / "load", "--to", f"127.0.0.1:{site.port(row.certificate)}", "--mode", row.mode,
                   "--connections", connections or row.connections, "--size", row.size]
        if row.certificate:
            command += ["--tls", "1.3"]
        if row.resume:
            command += ["--resume"]
        self.process = spawn(command, cpu, self.log, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        try:
            self.expect(60)
        except Failed:
            end(self.process)
            raise
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            end(self.process)

    def expect(self, seconds):
        """The next line it says."""
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            raise Failed(f"the load generator said nothing for {seconds} s")
        line = self.process.stdout.readline()
        if not line:
            raise Failed(self.log.read_text().strip() or "the load generator ended")
        return line

    def run(self, seconds):
        self.process.stdin.write(f"run {seconds}s\n")
        self.process.stdin.flush()
        return json.loads(self.expect(seconds + 30))


class Comparison:
    """The peers and the tools of one run of this program."""

    def __init__(self, options, folder, resources):
        self.options = options
        self.folder = folder
        self.cpu_under_test, self.cpu_of_load = (int(cpu) for cpu in options.cpus.split(","))
        self.certificates = folder / "certificates"
        self.certificates.mkdir()
        peers.make_certificates(self.certificates)
        self.upstream = free_port()
        echo = spawn([options.tools / "echo_upstream", f"127.0.0.1:{self.upstream}"], self.cpu_of_load,
                     folder / "echo.log")
        resources.callback(end, echo)
        wait_for_port(self.upstream, echo, folder / "echo.log")
        self.started = 0

    def start(self, kind):
        self.started += 1
        site = Site(free_port(), free_port(), free_port(), self.upstream, self.certificates)
        return kind(self.folder / f"{self.started}-{kind.__name__}", site, self.cpu_under_test)

    def load(self, peer, row, connections=None):
        return Load(self.options.tools, self.cpu_of_load, peer.folder, peer.site, row, connections)

    def operation(self, peer, row):
        """Microseconds of CPU per operation, and what the load generator saw."""
        with self.load(peer, row) as load:
            load.run(row.warmup)
            before = peer.cpu_seconds()
            seen = load.run(self.options.seconds)
            used = peer.cpu_seconds() - before
        if row.resume and seen["resumed"] < 0.95 * seen["operations"]:
            raise Failed(f"only {seen['resumed']} of {seen['operations']} handshakes were resumed")
        return {"cpu_us": used / seen["operations"] * 1e6, **seen}

    def idle_kib(self, kind, row):
        """KiB per idle tunnel, in a process that had a few before."""
        peer = self.start(kind)
        try:
            with self.load(peer, row, 10):
                pass
            before = settled(peer.private_kib)
            with self.load(peer, row):
                return (settled(peer.private_kib) - before) / row.connections
        finally:
            peer.stop()


def settled(measure):
    """What it measures once it has stopped changing."""
    deadline = time.monotonic() + 10
    last = measure()
    while time.monotonic() < deadline:
        time.sleep(0.2)
        now = measure()
        if now == last:
            break
        last = now
    return last


def measure_operations(comparison, kinds, rows, resources, results):
    """Rounds over all rows: in each, every peer once, beginning with another one each time."""
    running = {}
    for kind in kinds:
        peer = comparison.start(kind)
        resources.callback(peer.stop)
        running[kind.name] = peer
    for row in rows:
        for turn in range(comparison.options.rounds):
            order = [kind.name for kind in kinds if row.with_relay or kind is not peers.Relay]
            shift = turn % len(order)
            for name in order[shift:] + order[:shift]:
                try:
                    result = comparison.operation(running[name], row)
                except Failed as reason:
                    print(f"{row.name}, {name}: {reason}", file=sys.stderr)
                    result = None
                results.setdefault(row.name, {}).setdefault(name, []).append(result)
            print(f"{row.name}: round {turn + 1} of {comparison.options.rounds}", file=sys.stderr)


def measure_memory(comparison, kinds, rows, results):
    for row in rows:
        for kind in kinds:
            try:
                results.setdefault(row.name, {})[kind.name] = comparison.idle_kib(kind, row)
            except Failed as reason:
                print(f"{row.name}, {kind.name}: {reason}", file=sys.stderr)
        print(f"{row.name}: done", file=sys.stderr)


def median_ratio(ours, nginx):
    """The median of the rounds' ratios, or None if no round has both."""
    ratios = [a["cpu_us"] / b["cpu_us"] for a, b in zip(ours, nginx) if a and b]
    return statistics.median(ratios) if ratios else None


def verdict(ratios):
    """Tidegate against the bar: 1.10 of the relay, and below every peer."""
    ours = ratios.get("tidegate")
    if ours is None:
        return ""
    lost = []
    relay = ratios.get("relay")
    if relay is not None:
        if ours > BAR_OVER_RELAY * relay:
            lost.append(f"{ours / relay:.2f} x relay")
    lost += [f"above {name}" for name, ratio in ratios.items()
             if name not in ("tidegate", "relay") and ratio is not None and ours >= ratio]
    return ", ".join(lost) or (f"met ({ours / relay:.2f} x relay)" if relay else "met")


def print_tables(kinds, results):
    names = [kind.name for kind in kinds]
    operations = [row for row in ROWS if row.mode != "idle" and row.name in results]
    if operations:
        print("\nCPU time per operation relative to stock nginx, median of the rounds\n")
        print("| what | nginx, us | " + " | ".join(names[1:]) + " | bar |")
        print("|---|---|" + "---|" * len(names))
        for row in operations:
            measured = results[row.name]
            stock = [result["cpu_us"] for result in measured["nginx"] if result]
            ratios = {name: median_ratio(measured.get(name, []), measured["nginx"]) for name in names}
            cells = ["" if ratios[name] is None else f"{ratios[name]:.2f}" for name in names[1:]]
            nginx = f"{statistics.median(stock):.2f}" if stock else ""
            print(f"| {row.name} | {nginx} | " + " | ".join(cells) + f" | {verdict(ratios)} |")
    memory = [row for row in ROWS if row.mode == "idle" and row.name in results]
    if memory:
        print(f"\nKiB of private memory per idle tunnel, of {IDLE_TUNNELS}\n")
        print("| what | " + " | ".join(names) + " |")
        print("|---|" + "---|" * len(names))
        for row in memory:
            cells = [f"{results[row.name][name]:.1f}" if name in results[row.name] else "" for name in names]
            print(f"| {row.name} | " + " | ".join(cells) + " |")


def parse_options():
    parser = argparse.ArgumentParser(prog="tests/bench/run", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gateway", type=pathlib.Path, help="the binary under test")
    parser.add_argument("--no-gateway", action="store_true", help="the peers alone")
    parser.add_argument("--tools", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--rows", default="*", help="which, as comma-separated patterns: 'ws*,idle*' (see --list)")
    parser.add_argument("--without", default="", help="peers to leave out, separated by commas")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="per measurement")
    parser.add_argument("--cpus", default="0,1", help="the one of the proxies, the one of load and upstream")
    parser.add_argument("--json", type=pathlib.Path, help="write every measurement to this file")
    parser.add_argument("--list", action="store_true", help="print the rows and stop")
    return parser.parse_args()


def main():
    options = parse_options()
    if options.list:
        print("\n".join(row.name for row in ROWS))
        return
    wanted = [row for row in ROWS if any(fnmatch.fnmatch(row.name, one) for one in options.rows.split(","))]
    if not wanted:
        raise Failed("no row has such a name; --list shows them")
    peers.Relay.tools = options.tools
    if options.gateway and not options.no_gateway:
        peers.Tidegate.binary = options.gateway.resolve()
    kinds = peers.installed([name for name in options.without.split(",") if name])
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    results = {}
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tidegate-bench-"))
    try:
        with contextlib.ExitStack() as resources:
            comparison = Comparison(options, folder, resources)
            operations = [row for row in wanted if row.mode != "idle"]
            if operations:
                measure_operations(comparison, kinds, operations, resources, results)
        with contextlib.ExitStack() as resources:
            comparison = Comparison(options, pathlib.Path(tempfile.mkdtemp(dir=folder)), resources)
            measure_memory(comparison, kinds, [row for row in wanted if row.mode == "idle"], results)
    finally:
        shutil.rmtree(folder)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))
    print_tables(kinds, results)


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        sys.exit(str(failure))
