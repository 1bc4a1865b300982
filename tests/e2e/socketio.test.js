// Socket.IO over two servers that share nothing: what holds it together is stickiness alone.
import assert from 'node:assert/strict';
import http from 'node:http';
import test from 'node:test';

import { Server } from 'socket.io';
import { io } from 'socket.io-client';

import { Gateway } from './lib/gateway.js';
import { listen } from './lib/net.js';
import { until } from './lib/wait.js';

const clients = 20;

async function startServer(name) {
  const server = http.createServer();
  const application = new Server(server);
  application.on('connection', (socket) => {
    socket.on('who', (number, answer) => answer({ name, number }));
  });
  return { name, application, port: await listen(server) };
}

const servers = await Promise.all([startServer('first'), startServer('second')]);

const gateway = await Gateway.start({
  yaml: (site) => `
listeners:
  http: { address: "127.0.0.1:${site.http}" }
  https: { address: "127.0.0.1:${site.https}", tls: ${site.tls} }
routes:
  - { match: { listener: http }, upstream: by_cookie }
  - { match: { listener: https }, upstream: by_user }
upstreams:
  by_cookie:
    servers: [{ address: "http://127.0.0.1:${servers[0].port}" }, { address: "http://127.0.0.1:${servers[1].port}" }]
    sticky: { cookie: tidegate }
  by_user:
    servers: [{ address: "http://127.0.0.1:${servers[0].port}" }, { address: "http://127.0.0.1:${servers[1].port}" }]
    sticky: { hash: $arg_user }
`,
});

/** Connects by polling, upgrades, asks, and answers the names of the servers that spoke. */
async function visit(url, options) {
  const errors = [];
  const socket = io(url, { forceNew: true, reconnection: false, ...options });
  socket.on('connect_error', (error) => errors.push(`${error.message} ${error.description ?? ''}`));
  socket.on('disconnect', (reason) => errors.push(reason));
  let upgraded = '';
  socket.io.engine?.on('upgrade', (transport) => (upgraded = transport.name));
  const failed = () => {
    if (errors.length > 0) throw new Error(errors.join('; '));
    return false;
  };
  await until(() => socket.connected || failed(), 'the connection');
  const names = new Set();
  for (let number = 0; number < 10; ++number) {
    const answer = await socket.timeout(5000).emitWithAck('who', number);
    assert.equal(answer.number, number);
    names.add(answer.name);
  }
  await until(() => upgraded || failed(), 'the upgrade');
  assert.equal(upgraded, 'websocket');
  for (let number = 0; number < 10; ++number) {
    names.add((await socket.timeout(5000).emitWithAck('who', number)).name);
  }
  assert.deepEqual(errors, []);
  socket.off('disconnect');
  socket.disconnect();
  return [...names];
}

test('sticky by cookie: polling, then an upgrade, on the same server', async () => {
  const visits = await Promise.all(Array.from({ length: clients }, () =>
    visit(`http://127.0.0.1:${gateway.http}`, { withCredentials: true })));
  for (const names of visits) assert.equal(names.length, 1);
  assert.deepEqual(new Set(visits.flat()), new Set(['first', 'second']), 'both servers have clients');
});

test('sticky by the hash of an argument: the same user, the same server', async () => {
  const options = (index) => ({ ca: gateway.ca, query: { user: `user-${index}` } });
  const round = () => Promise.all(Array.from({ length: clients }, (_, index) =>
    visit(`https://localhost:${gateway.https}`, options(index))));
  const first = await round();
  for (const names of first) assert.equal(names.length, 1);
  assert.deepEqual(new Set(first.flat()), new Set(['first', 'second']), 'both servers have clients');
  assert.deepEqual(await round(), first);
});

test('WebSocket from the start, without polling', async () => {
  const socket = io(`ws://127.0.0.1:${gateway.http}`, { transports: ['websocket'], forceNew: true });
  await until(() => socket.connected, 'the connection');
  assert.equal((await socket.timeout(5000).emitWithAck('who', 1)).number, 1);
  socket.disconnect();
});

test('the gateway stops clean', async () => {
  await gateway.stop();
  for (const { application } of servers) application.close();
});
