// The admin API, as curl speaks to it: over the unix socket and over TCP.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import test from 'node:test';

import { WebSocket, WebSocketServer } from 'ws';

import { curl } from './lib/command.js';
import { Gateway } from './lib/gateway.js';
import { freePort, listen } from './lib/net.js';
import { once, until } from './lib/wait.js';

const server = http.createServer((_, response) => response.end('here'));
new WebSocketServer({ server }).on('connection', (socket) => {
  socket.on('message', (data, binary) => socket.send(data, { binary }));
});
const upstream = await listen(server);

async function start() {
  const port = await freePort();
  const gateway = await Gateway.start({
    yaml: (site) => `
listeners:
  http: { address: "127.0.0.1:${site.http}" }
routes:
  - { name: chat, upstream: app }
upstreams:
  app: http://127.0.0.1:${upstream}
admin: { address: ["unix:admin.sock", "127.0.0.1:${port}"] }
`,
  });
  const socket = path.join(gateway.directory, 'admin.sock');
  /** Status and body (JSON where it is) of a curl over the unix socket, or to an URL. */
  const ask = async (target, ...args) => {
    const where = target.startsWith('http') ? [target] : ['--unix-socket', socket, `http://admin${target}`];
    const { status, stdout } = await curl(...args, ...where);
    return { status, body: /^[{[]/.test(stdout) ? JSON.parse(stdout) : stdout };
  };
  return Object.assign(gateway, { port, socket, ask });
}

async function open(gateway) {
  const client = new WebSocket(`ws://127.0.0.1:${gateway.http}/`);
  await once(client, 'open');
  return client;
}

test('curl is told status, configuration, routes, upstreams and tunnels', async () => {
  const gateway = await start();
  const client = await open(gateway);
  const { status, body } = await gateway.ask('/status');
  assert.equal(status, 200);
  assert.equal(body.pid, gateway.child.pid);
  assert.equal(body.config, gateway.file);
  assert.equal(body.tunnels.active, 1);
  assert.equal((await gateway.ask('/config')).body.routes[0].name, 'chat');
  assert.equal((await gateway.ask('/routes')).body[0].tunnels.active, 1);
  assert.equal((await gateway.ask('/upstreams')).body[0].servers[0].tunnels, 1);
  assert.equal((await gateway.ask('/tunnels?route=chat&order=messages')).body.total, 1);
  client.terminate();
  await gateway.stop();
});

test('curl closes one tunnel with a code of its own', async () => {
  const gateway = await start();
  const ids = async () => (await gateway.ask('/tunnels')).body.tunnels.map((tunnel) => tunnel.id);
  const stays = await open(gateway);
  const [first] = await ids();
  const goes = await open(gateway);
  const id = (await ids()).find((each) => each !== first);
  const closed = once(goes, 'close');
  const answer = await gateway.ask(`/tunnels/${id}?code=4321`, '-X', 'DELETE');
  assert.deepEqual(answer, { status: 202, body: { id, code: 4321 } });
  const [code] = await closed;
  assert.equal(code, 4321);
  await until(async () => (await gateway.ask('/tunnels')).body.total === 1, 'the tunnel to be gone');
  assert.equal(stays.readyState, WebSocket.OPEN);
  stays.terminate();
  await gateway.stop();
});

test('curl -N follows the frames of one tunnel, which hold no payload', async () => {
  const gateway = await start();
  const client = await open(gateway);
  const { id } = (await gateway.ask('/tunnels')).body.tunnels[0];
  const watching = spawn('curl', ['-sSN', '--unix-socket', gateway.socket, `http://admin/tunnels/${id}/frames`]);
  let told = '';
  watching.stdout.setEncoding('utf8').on('data', (text) => (told += text));
  // Nothing says from outside when the trace has begun.
  await until(async () => {
    const echo = once(client, 'message');
    client.send('confidential');
    await echo;
    return told.includes('\n');
  }, 'a frame to be told');
  const ended = once(watching, 'close');
  client.close(4001);
  assert.deepEqual(await ended, [0, null]);
  const lines = told.trim().split('\n').map((line) => JSON.parse(line));
  assert.ok(lines.some((line) => line.opcode === 'text' && line.length === 12));
  assert.ok(lines.some((line) => line.code === 4001));
  assert.deepEqual(lines.at(-1), { ended: true });
  assert.doesNotMatch(told, /confidential/);
  await gateway.stop();
});

test('over TCP it shows the dashboard, and steers nothing', async () => {
  const gateway = await start();
  const base = `http://127.0.0.1:${gateway.port}`;
  assert.match((await gateway.ask(`${base}/`)).body, /<!doctype html>/);
  assert.equal((await gateway.ask(`${base}/status`)).body.state, 'running');
  assert.equal((await gateway.ask(`${base}/stop`, '-X', 'POST')).status, 405);
  assert.equal((await gateway.ask(`${base}/status`, '-H', 'Host: rebound.example')).status, 403);
  assert.equal((await gateway.ask(`${base}/status`, '-H', 'Origin: https://example.com')).status, 403);
  await gateway.stop();
});

test('a body of curl that asks before it sends is read', async () => {
  const gateway = await start();
  const body = path.join(gateway.directory, 'body');
  fs.writeFileSync(body, 'x'.repeat(2 * 1024 * 1024));
  const answer = await gateway.ask('/drain', '-H', 'Expect: 100-continue', '--data-binary', `@${body}`);
  assert.deepEqual(answer, { status: 400, body: { error: 'this request takes no body; send none' } });
  fs.writeFileSync(body, 'x'.repeat(5 * 1024 * 1024));
  assert.equal((await gateway.ask('/drain', '-H', 'Expect: 100-continue', '--data-binary', `@${body}`)).status, 413);
  await gateway.stop();
});

test('POST /stop is answered, and the gateway ends', async () => {
  const gateway = await start();
  assert.deepEqual(await gateway.ask('/stop', '-X', 'POST'), { status: 202, body: { state: 'stopping' } });
  await gateway.ended();
});
