// A drain of many tunnels: every client is told to come again, and not all of them at the same moment.
import assert from 'node:assert/strict';
import http from 'node:http';
import test from 'node:test';

import { WebSocket, WebSocketServer } from 'ws';

import { Gateway, smoke } from './lib/gateway.js';
import { request } from './lib/http.js';
import { accepts, freePort, listen } from './lib/net.js';
import { plotSpread } from './lib/plot.js';
import { once, until } from './lib/wait.js';

const tunnels = smoke ? 300 : 2000;
const window = smoke ? 2 : 10;
const deadline = window + 10;
const atOnce = 100;

const server = http.createServer((request_, response) => response.end('here'));
const sockets = new WebSocketServer({ server });
const upstreamCodes = [];
sockets.on('connection', (socket) => {
  socket.on('message', (data, binary) => socket.send(data, { binary }));
  socket.on('close', (code) => upstreamCodes.push(code));
});
const upstream = await listen(server);

const yaml = (more) => (site) => `
listeners:
  http: { address: "127.0.0.1:${site.http}" }
routes:
  - upstream: app
upstreams:
  app: http://127.0.0.1:${upstream}
${more}
`;

test(`a drain of ${tunnels} tunnels: 1001 for each, spread over the window, and an end before the deadline`, async () => {
  const gateway = await Gateway.start({ yaml: yaml(`drain: { window: ${window}s, deadline: ${deadline}s }`) });
  const clients = [];
  while (clients.length < tunnels) {
    const some = Array.from({ length: Math.min(atOnce, tunnels - clients.length) }, () => new WebSocket(`ws://127.0.0.1:${gateway.http}/`));
    await Promise.all(some.map((client) => once(client, 'open', 30_000)));
    clients.push(...some);
  }
  const codes = [];
  const times = [];
  let began = 0;
  for (const client of clients) {
    client.on('error', (error) => codes.push(error.message));
    client.on('close', (code) => {
      codes.push(code);
      times.push((performance.now() - began) / 1000);
    });
  }
  began = performance.now();
  gateway.signal('SIGTERM');
  await until(() => codes.length >= tunnels, 'every client to hear of the end', deadline * 1000);
  await gateway.ended(deadline * 1000);
  const seconds = (performance.now() - began) / 1000;

  const bins = 10;
  const counts = plotSpread('drain-closes', {
    title: `Close 1001 to ${tunnels} clients, drain.window ${window} s`, times, span: window, bins: smoke ? 20 : 40,
  });
  assert.deepEqual(new Set(codes), new Set([1001]));
  assert.equal(codes.length, tunnels);
  assert.deepEqual(new Set(upstreamCodes), new Set([1001]));
  assert.ok(seconds < deadline, `it took ${seconds} s`);
  // Each tenth of the window has a fair share: five standard deviations of a random spread, and some room for the
  // machine.
  const share = tunnels / bins;
  const each = Array.from({ length: bins }, (_, i) => counts.slice((i * counts.length) / bins, ((i + 1) * counts.length) / bins)
    .reduce((a, b) => a + b));
  for (const count of each) assert.ok(Math.abs(count - share) < 5 * Math.sqrt(share) + share / 4, `uneven: ${each}`);
  // Once a second at most, and each line says how far it is.
  const lines = gateway.stderr.match(/draining: \d+ of \d+ connections and tunnels left, [\d.]+ s to the deadline/g) ?? [];
  assert.ok(lines.length > 0 && lines.length <= seconds + 1, `${lines.length} lines of progress`);
});

test('TERM, as Kubernetes does it: not ready at once, accepting for the delay, and no connection is reset', async () => {
  const metrics = await freePort();
  const gateway = await Gateway.start({
    yaml: yaml(`drain: { delay: 3s, window: 100ms, deadline: 15s }\nmetrics: { address: "127.0.0.1:${metrics}" }`),
  });
  const ready = async () => (await request(`http://127.0.0.1:${metrics}/readyz`)).status;
  await until(async () => (await ready()) === 200, 'the gateway to be ready');
  gateway.signal('SIGTERM');
  const began = performance.now();
  await until(async () => (await ready()) === 503, 'the gateway not to be ready', 2500);
  // Until the endpoint is gone everywhere, clients come. Then they are refused; nobody is accepted and dropped.
  const outcomes = [];
  const come = async () => {
    for (;;) {
      try {
        const { status } = await request(`http://127.0.0.1:${gateway.http}/`);
        outcomes.push(status);
      } catch (error) {
        outcomes.push(error.code);
        if (error.code === 'ECONNREFUSED') return;
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, come));
  assert.ok(performance.now() - began > 2900, 'the delay was kept');
  assert.deepEqual(new Set(outcomes), new Set([200, 'ECONNREFUSED']));
  assert.equal(await accepts(gateway.http), false);
  await gateway.ended();
});

test('the application ends too', () => {
  server.close();
  server.closeAllConnections();
});
