#!/usr/bin/env python3
"""Measures what reloads cost those who talk meanwhile: `tests/bench/run reloads`.

One gateway, pinned to one CPU with all its threads, load and echo upstream to another. Each round sends messages for a
while without and for a while with reloads, ten a second, each with another time limit, and every fifth with another
certificate. What counts is the time of a message's round trip.
"""

import argparse
import contextlib
import pathlib
import shutil
import signal
import statistics
import sys
import tempfile
import threading

import compare
import peers
from peers import Failed

PAUSE = 0.1  # between reloads
ROWS = [compare.Row("ws 64 B x 200", "messages", 200), compare.Row("wss 64 B x 200", "messages", 200, certificate="ecdsa")]


class Reloader:
    """Changes the configuration and sends HUP until it is left."""

    def __init__(self, peer, spare):
        self.peer = peer
        self.spare = spare  # two folders with certificates, since making them takes a CPU for a while
        self.file = peer.folder / "tidegate.yaml"
        self.text = self.file.read_text()
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.count = 0

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()

    def run(self):
        while not self.stopping.wait(PAUSE):
            self.count += 1
            if self.count % 5 == 0:
                shutil.copytree(self.spare[self.count % 2], self.peer.site.certificates, dirs_exist_ok=True)
            self.file.write_text(f"{self.text}timeouts: {{ response: {60 + self.count % 60}s }}\n")
            self.peer.process.send_signal(signal.SIGHUP)


def reloads_done(peer):
    return (peer.folder / "log").read_text().count("server: reloaded: ")


def measure(comparison, peer, row, seconds, spare=None):
    with comparison.load(peer, row) as load, contextlib.ExitStack() as stack:
        load.run(row.warmup)
        if spare:
            stack.enter_context(Reloader(peer, spare))
        return load.run(seconds)


def parse_options():
    parser = argparse.ArgumentParser(prog="tests/bench/run reloads", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gateway", type=pathlib.Path, required=True, help="the binary under test")
    parser.add_argument("--tools", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="per measurement")
    parser.add_argument("--cpus", default="0,1", help="the one of the gateway, the one of load and upstream")
    return parser.parse_args()


def main():
    options = parse_options()
    peers.Tidegate.binary = options.gateway.resolve()
    peers.Tidegate.more = ["--no-watch"]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tidegate-bench-"))
    try:
        with contextlib.ExitStack() as resources:
            comparison = compare.Comparison(options, folder, resources)
            peer = comparison.start(peers.Tidegate)
            resources.callback(peer.stop)
            spare = [folder / "first", folder / "second"]
            for each in spare:
                each.mkdir()
                peers.make_certificates(each)
            print("| what | round trip, p50, us | with reloads | p99, us | with reloads | reloads |")
            print("|---|---|---|---|---|---|")
            for row in ROWS:
                quiet, busy = [], []
                before = reloads_done(peer)
                for _ in range(options.rounds):
                    quiet.append(measure(comparison, peer, row, options.seconds))
                    busy.append(measure(comparison, peer, row, options.seconds, spare))
                done = reloads_done(peer) - before
                cells = [statistics.median(result[key] for result in results)
                         for key in ("p50_us", "p99_us") for results in (quiet, busy)]
                print(f"| {row.name} | " + " | ".join(f"{cell:,.0f}" for cell in cells) + f" | {done} |")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        sys.exit(str(failure))
