"""The proxies that are measured, each with one worker, no access log, and the same TLS settings.

A peer is started in a folder of its own, listens on the three ports of `Site`, and is ended by its own process id.
"""

import dataclasses
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

CIPHERS = ":".join([
    "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
])


class Failed(Exception):
    """A measurement or a program did not come about; the text says why."""


@dataclasses.dataclass
class Site:
    """Where a peer listens, what it proxies to, and with which certificates."""
    plain: int
    ecdsa: int
    rsa: int
    upstream: int
    certificates: pathlib.Path  # holds {ecdsa,rsa}.{pem,key} and {ecdsa,rsa}.both

    def port(self, certificate):
        return getattr(self, certificate) if certificate else self.plain


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def spawn(command, cpu, log, **more):
    """Starts a program on one CPU, its words going to `log` unless they are piped."""
    with open(log, "ab") as words:
        more.setdefault("stdin", subprocess.DEVNULL)
        more.setdefault("stdout", words)
        return subprocess.Popen([str(part) for part in command], stderr=words,
                                preexec_fn=lambda: os.sched_setaffinity(0, {cpu}), **more)


def end(process):
    """Ends a program of ours: politely, then not."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for_port(port, process, log):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Failed(f"it ended at once:\n{pathlib.Path(log).read_text()[-2000:]}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise Failed(f"nothing listens on port {port} after 10 s")


class Peer:
    """One proxy under measurement. Subclasses say how it is configured and started."""
    name = ""

    def __init__(self, folder, site, cpu):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.site = site
        log = self.folder / "log"
        self.process = spawn(self.command(), cpu, log)
        try:
            for port in (site.plain, site.ecdsa, site.rsa):
                wait_for_port(port, self.process, log)
        except Failed as reason:
            self.stop()
            raise Failed(f"{self.name} did not start: {reason}") from None

    def command(self):
        raise NotImplementedError

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def stop(self):
        end(self.process)

    def pids(self):
        """The process and its descendants."""
        found, unseen = [], [self.process.pid]
        while unseen:
            pid = unseen.pop()
            found.append(pid)
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                unseen += [int(child) for child in (task / "children").read_text().split()]
        return found

    def cpu_seconds(self):
        """CPU time so far, user and system, of all threads. The scheduler's own count is exact to the nanosecond,
        where utime and stime are in hundredths of a second."""
        nanoseconds = 0
        for pid in self.pids():
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                nanoseconds += int((task / "schedstat").read_text().split()[0])
        return nanoseconds / 1e9

    def private_kib(self):
        """Memory of its own that it has written to."""
        kib = 0
        for pid in self.pids():
            for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Private_Dirty:"):
                    kib += int(line.split()[1])
        return kib


class Nginx(Peer):
    """As Debian ships it."""
    name = "nginx"
    buffers = ""

    def command(self):
        def server(port, certificate):
            tls = f"""
    ssl_certificate {self.site.certificates}/{certificate}.pem;
    ssl_certificate_key {self.site.certificates}/{certificate}.key;""" if certificate else ""
            return f"""
  server {{
    listen 127.0.0.1:{port}{' ssl' if certificate else ''};{tls}
    location / {{ proxy_pass http://upstream_server; }}
  }}"""

        config = self.write("nginx.conf", f"""
{'user root;' if os.getuid() == 0 else ''}
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid {self.folder}/pid;
error_log {self.folder}/error.log warn;
events {{ worker_connections 20000; }}
http {{
  access_log off;
  client_body_temp_path {self.folder}/body;
  proxy_temp_path {self.folder}/proxy;
  fastcgi_temp_path {self.folder}/fastcgi;
  uwsgi_temp_path {self.folder}/uwsgi;
  scgi_temp_path {self.folder}/scgi;
  keepalive_requests 1000000000;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
  upstream upstream_server {{
    server 127.0.0.1:{self.site.upstream};
    keepalive 64;
    keepalive_requests 1000000000;
  }}
  proxy_http_version 1.1;
  proxy_set_header Host $host;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection $connection_upgrade;
  proxy_read_timeout 1h;
  {self.buffers}
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_ciphers {CIPHERS};
  ssl_prefer_server_ciphers on;
  ssl_session_cache shared:all:10m;{server(self.site.plain, '')}{server(self.site.ecdsa, 'ecdsa')}{
  server(self.site.rsa, 'rsa')}
}}
""")
        return ["nginx", "-p", self.folder, "-c", config, "-e", self.folder / "error.log"]


class NginxLargeBuffers(Nginx):
    """With buffers for its tunnels as large as ours."""
    name = "nginx 64k"
    buffers = "proxy_buffer_size 64k; proxy_buffers 4 64k;"


class Haproxy(Peer):
    name = "haproxy"

    def command(self):
        certificates = self.site.certificates
        config = self.write("haproxy.cfg", f"""
global
  nbthread 1
  maxconn 9000
  ssl-default-bind-ciphers {CIPHERS}
  ssl-default-bind-options ssl-min-ver TLSv1.2
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout tunnel 1h
frontend all
  bind 127.0.0.1:{self.site.plain}
  bind 127.0.0.1:{self.site.ecdsa} ssl crt {certificates}/ecdsa.both
  bind 127.0.0.1:{self.site.rsa} ssl crt {certificates}/rsa.both
  default_backend upstream_server
backend upstream_server
  http-reuse always
  server one 127.0.0.1:{self.site.upstream}
""")
        return ["haproxy", "-db", "-f", config]


class Tidegate(Peer):
    name = "tidegate"
    binary = None  # set from the command line
    more = []  # options behind `run -c FILE`

    def command(self):
        certificates = self.site.certificates

        def listener(name):
            return f"""
  {name}:
    address: "127.0.0.1:{self.site.port(name)}"
    tls:
      certificates: [{{ certificate: {certificates}/{name}.pem, private_key: {certificates}/{name}.key }}]
      protocols: [TLSv1.2, TLSv1.3]
      ciphers: {CIPHERS}
      prefer_server_ciphers: true"""

        config = self.write("tidegate.yaml", f"""
listeners:
  plain: {{ address: "127.0.0.1:{self.site.plain}" }}{listener('ecdsa')}{listener('rsa')}
routes:
  - path: /
    upstream: echo
upstreams:
  echo: http://127.0.0.1:{self.site.upstream}
workers: 1
log: {{ access: off }}
""")
        return [self.binary, "run", "-c", config, *self.more]


class Relay(Peer):
    """The yardstick."""
    name = "relay"
    tools = None  # set from the command line

    def command(self):
        site = self.site
        command = [self.tools / "relay", "--upstream", f"127.0.0.1:{site.upstream}",
                   "--plain", f"127.0.0.1:{site.plain}"]
        for name in ("ecdsa", "rsa"):
            command += ["--tls", f"127.0.0.1:{site.port(name)}",
                        site.certificates / f"{name}.pem", site.certificates / f"{name}.key"]
        return command


def make_certificates(folder):
    """Self-signed, ECDSA P-256 and RSA 2048."""
    for name, key in (("ecdsa", ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]),
                      ("rsa", ["-newkey", "rsa:2048"])):
        subprocess.run(["openssl", "req", "-x509", *key, "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost",
                        "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem"],
                       check=True, capture_output=True)
        (folder / f"{name}.key").chmod(0o600)
        both = (folder / f"{name}.pem").read_text() + (folder / f"{name}.key").read_text()
        (folder / f"{name}.both").write_text(both)


def installed(without):
    """The classes of the peers that can be measured here, stock nginx first: all ratios are to it."""
    if not shutil.which("nginx"):
        raise Failed("nginx is not installed, and it is what everything is measured against")
    peers = [Nginx, Tidegate, NginxLargeBuffers, Haproxy, Relay]
    if not shutil.which("haproxy"):
        without = [*without, Haproxy.name]
    if Tidegate.binary is None:
        without = [*without, Tidegate.name]
    return [peer for peer in peers if peer is Nginx or peer.name not in without]
