// USR2 in the middle of traffic: another process takes the listening sockets over, and nobody is turned away.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import test from 'node:test';

import { WebSocket, WebSocketServer } from 'ws';

import { Gateway, binary, smoke } from './lib/gateway.js';
import { request } from './lib/http.js';
import { freePort, listen } from './lib/net.js';
import { once, until } from './lib/wait.js';

const attempts = smoke ? 2000 : 10_000;
const handovers = smoke ? 1 : 3;
const clientsAtOnce = 24;

const server = http.createServer((request_, response) => response.end('here'));
const sockets = new WebSocketServer({ server });
sockets.on('connection', (socket) => socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })));
const upstream = await listen(server);

const yaml = (site) => `
listeners:
  http: { address: "127.0.0.1:${site.http}" }
routes:
  - upstream: app
upstreams:
  app: http://127.0.0.1:${upstream}
workers: 2
metrics: { address: "127.0.0.1:${site.metrics}" }
drain: { window: 1s, deadline: 10s }
log: { access: "${site.accessLog}" }
`;

const successors = new Set();
process.on('exit', () => {
  for (const pid of successors) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended, as it should.
    }
  }
});

/** A gateway behind a path that can be made to lead elsewhere. */
async function start() {
  const gateway = new Gateway();
  await gateway.prepare();
  gateway.metrics = await freePort();
  gateway.configure(yaml);
  gateway.program = path.join(gateway.directory, 'tidegate');
  fs.symlinkSync(binary, gateway.program);
  await gateway.launch(['run', '-c', gateway.file], { program: gateway.program });
  return gateway;
}

/** Those to which it has handed over, in order. */
const heirs = (gateway) => [...gateway.stderr.matchAll(/handed over to process (\d+)/g)].map((match) => Number(match[1]));

/** USR2 to the process that serves, and answers the one that serves now. */
async function handOver(gateway) {
  const before = heirs(gateway).length;
  process.kill(heirs(gateway).at(-1) ?? gateway.child.pid, 'SIGUSR2');
  await until(() => heirs(gateway).length > before, `a hand-over\n${gateway.stderr}`, 30_000);
  successors.add(heirs(gateway).at(-1));
  return heirs(gateway).at(-1);
}

/** Also of a process that is nobody's child any more. */
function hasEnded(pid) {
  try {
    return /\) Z /.test(fs.readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return true;
  }
}

async function end(gateway) {
  const last = heirs(gateway).at(-1);
  if (last === undefined) return gateway.stop();
  process.kill(last, 'SIGTERM');
  await until(() => hasEnded(last), 'the last process to end', 20_000);
  await gateway.ended();  // and all that it started: they share its stderr
}

async function echo(gateway) {
  const client = new WebSocket(`ws://127.0.0.1:${gateway.http}/`);
  await once(client, 'open');
  client.terminate();
  return 'echo';
}

test(`USR2: no connection is refused or reset in ${attempts} attempts`, async () => {
  const gateway = await start();
  const tunnels = await Promise.all(Array.from({ length: 50 }, async () => {
    const client = new WebSocket(`ws://127.0.0.1:${gateway.http}/`);
    await once(client, 'open');
    return client;
  }));
  const codes = Promise.all(tunnels.map(async (client) => (await once(client, 'close', 60_000))[0]));
  let begun = 0;
  const outcomes = new Map();
  const client = async () => {
    while (begun < attempts) {
      begun += 1;
      const attempt = begun % 2 ? echo(gateway) : request(`http://127.0.0.1:${gateway.http}/`).then(({ status }) => status);
      const outcome = await attempt.catch((error) => error.code ?? error.message);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  };
  const traffic = Promise.all(Array.from({ length: clientsAtOnce }, client));
  for (let i = 1; i <= handovers; ++i) {
    await until(() => begun > (attempts * i) / (handovers + 1), 'some traffic', 60_000);
    await handOver(gateway);
    assert.ok(begun < attempts, 'the hand-over fell into the traffic');
  }
  await traffic;
  assert.deepEqual(new Set(await codes), new Set([1001]));
  assert.deepEqual(Object.fromEntries(outcomes), { 200: attempts / 2, echo: attempts / 2 });
  assert.equal(await once(gateway.child, 'exit').catch(() => gateway.child.exitCode).then(() => gateway.child.exitCode), 0);
  const { body } = await request(`http://127.0.0.1:${gateway.metrics}/metrics`);
  assert.match(body.toString(), /^tidegate_drain_remaining_tunnels 0$/m, 'the new process answers for the metrics');
  await end(gateway);
});

test('USR2 to a program that does not start, and to a configuration that is refused: the old process goes on', async () => {
  const gateway = await start();
  const client = new WebSocket(`ws://127.0.0.1:${gateway.http}/`);
  await once(client, 'open');
  const failures = () => gateway.stderr.match(/hand-over failed: .*; this process goes on as before/g) ?? [];

  fs.rmSync(gateway.program);
  fs.writeFileSync(gateway.program, '#!/bin/sh\nexit 7\n', { mode: 0o755 });
  gateway.signal('SIGUSR2');
  await until(() => failures().length === 1, 'the failure to be told');
  assert.match(failures()[0], /exited with code 7/);

  fs.rmSync(gateway.program);
  fs.symlinkSync(binary, gateway.program);
  fs.appendFileSync(gateway.file, 'colour: green\n');
  gateway.signal('SIGUSR2');
  await until(() => failures().length === 2, 'the failure to be told', 20_000);
  assert.match(gateway.stderr, /colour/);

  const answer = once(client, 'message');
  client.send('still here');
  assert.equal(String((await answer)[0]), 'still here');
  assert.equal((await request(`http://127.0.0.1:${gateway.http}/`)).status, 200);
  client.close();
  await end(gateway);
});

test('socket activation: the program accepts on a socket that its parent bound', async () => {
  const gateway = new Gateway();
  await gateway.prepare();
  gateway.metrics = await freePort();
  gateway.configure(yaml);
  const parent = net.createServer();
  await new Promise((resolve) => parent.listen(gateway.http, '127.0.0.1', resolve));
  // LISTEN_PID is known to the process itself alone.
  const script = 'export LISTEN_FDS=1 LISTEN_PID=$$ LISTEN_FDNAMES=front; exec "$@"';
  const launched = gateway.launch(['-c', script, 'sh', binary, 'run', '-c', gateway.file], {
    program: '/bin/sh', stdio: [parent._handle.fd],
  });
  parent.close();
  await launched;
  await until(() => /inherited for 127\.0\.0\.1:\d+: 1 listening socket/.test(gateway.stderr), 'the inheritance');
  assert.equal((await request(`http://127.0.0.1:${gateway.http}/`)).status, 200);
  await gateway.stop();
});

test('the application ends too', () => {
  server.close();
  server.closeAllConnections();
});
