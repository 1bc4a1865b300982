// Signals and logs: how a gateway is stopped, and what it has written by then.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import test from 'node:test';

import { WebSocket, WebSocketServer } from 'ws';

import { Gateway } from './lib/gateway.js';
import { open, request } from './lib/http.js';
import { RawSocket, accepts, listen } from './lib/net.js';
import { once, until } from './lib/wait.js';

// The application: an echo, and a request that is answered when the test says so.
const held = [];
const ends = [];
const server = http.createServer((request, response) => {
  if (request.url === '/hold') held.push(response);
  else response.end('here');
});
const sockets = new WebSocketServer({ server });
sockets.on('connection', (socket) => {
  socket.on('message', (data, binary) => socket.send(data, { binary }));
  socket.on('close', (code) => ends.push(code));
});
const upstream = await listen(server);

const start = (more = '') => Gateway.start({
  yaml: (site) => `
listeners:
  http: { address: "127.0.0.1:${site.http}" }
  https: { address: "127.0.0.1:${site.https}", tls: ${site.tls} }
routes:
  - { name: everything, path: /, upstream: app }
upstreams:
  app: http://127.0.0.1:${upstream}
${more}
`,
});

async function connect(gateway, scheme, path = '/') {
  const url = scheme === 'wss' ? `wss://localhost:${gateway.https}${path}` : `ws://127.0.0.1:${gateway.http}${path}`;
  const client = new WebSocket(url, { ca: gateway.ca });
  await once(client, 'open');
  return client;
}

test('SIGTERM: every tunnel gets Close 1001 on both sides, then the gateway ends with 0', async () => {
  const gateway = await start();
  ends.length = 0;
  const clients = await Promise.all(Array.from({ length: 20 }, (_, i) => connect(gateway, i % 2 ? 'ws' : 'wss')));
  const codes = Promise.all(clients.map(async (client) => (await once(client, 'close'))[0]));
  gateway.signal('SIGTERM');
  assert.deepEqual(new Set(await codes), new Set([1001]));
  await gateway.ended();
  await until(() => ends.length === 20, 'the application to see every end');
  assert.deepEqual(new Set(ends), new Set([1001]));
});

test('SIGTERM: a request under way is answered, and nothing new is accepted', async () => {
  const gateway = await start();
  held.length = 0;
  const answer = request(`http://127.0.0.1:${gateway.http}/hold`);
  await until(() => held.length === 1, 'the application to hold the request');
  gateway.signal('SIGTERM');
  await until(async () => !(await accepts(gateway.http)), 'the gateway to stop accepting');
  held[0].end('late');
  const { status, headers, body } = await answer;
  assert.equal(status, 200);
  assert.equal(body.toString(), 'late');
  assert.equal(headers.connection, 'close');
  await gateway.ended();
});

test('SIGTERM: connections that wait for a request do not delay the end', async () => {
  const gateway = await start('drain: { window: 50ms, deadline: 60s }');
  const idle = await RawSocket.connect(gateway.http);
  idle.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await idle.until(/here$/);
  const silent = await RawSocket.connect(gateway.http);
  gateway.signal('SIGTERM');
  await gateway.ended(10_000);
  await idle.untilEnd();
  await silent.untilEnd();
});

test('SIGTERM: what is left at the deadline is cut', async () => {
  const gateway = await start('drain: { window: 50ms, deadline: 500ms }');
  held.length = 0;
  const answer = request(`http://127.0.0.1:${gateway.http}/hold`);
  const refused = assert.rejects(answer);
  await until(() => held.length === 1, 'the application to hold the request');
  gateway.signal('SIGTERM');
  await gateway.ended(10_000);
  await refused;
});

test('a second SIGTERM stops at once', async () => {
  const gateway = await start('drain: { window: 60s, deadline: 120s }');
  held.length = 0;
  const answer = request(`http://127.0.0.1:${gateway.http}/hold`);
  const refused = assert.rejects(answer);
  await until(() => held.length === 1, 'the application to hold the request');
  gateway.signal('SIGTERM');
  await until(async () => !(await accepts(gateway.http)), 'the gateway to stop accepting');
  gateway.signal('SIGTERM');
  await gateway.ended(10_000);
  await refused;
});

test('SIGINT stops at once, and ends with 0', async () => {
  const gateway = await start('drain: { window: 60s, deadline: 120s }');
  const client = await connect(gateway, 'wss');
  const end = once(client, 'close');
  await gateway.stop('SIGINT');
  await end;
});

test('the access log: a tunnel\'s two records, and a request\'s', async () => {
  const gateway = await start();
  const client = await connect(gateway, 'wss', '/chat?token=secret');
  const opened = await until(() => gateway.accessRecords().find((record) => record.event === 'tunnel_open'), 'the first record');
  assert.equal(opened.status, 101);
  assert.equal(opened.route, 'everything');
  assert.equal(opened.listener, 'https');
  assert.equal(opened.remote_addr, '127.0.0.1');
  assert.equal(opened.target, '/chat?token=*');
  assert.match(opened.id, /^[0-9a-f]{16}$/);

  for (const text of ['one', 'two', 'three']) {
    const answer = once(client, 'message');
    client.send(text);
    await answer;
  }
  client.close(4002);
  await once(client, 'close');
  const closed = await until(() => gateway.accessRecords().find((record) => record.event === 'tunnel_close'), 'the last record');
  assert.equal(closed.id, opened.id);
  assert.equal(closed.messages_to_upstream, 3);
  assert.equal(closed.messages_to_client, 3);
  assert.equal(closed.close_code_from_client, 4002);
  assert.equal(closed.close_code_from_upstream, 4002);
  assert.ok(closed.bytes_to_client > 0);
  assert.ok(['client', 'upstream'].includes(closed.ended_by), closed.ended_by);

  await request(`http://127.0.0.1:${gateway.http}/page?key=secret`, { headers: { Authorization: 'Bearer secret', Cookie: 'id=secret' } });
  const asked = await until(() => gateway.accessRecords().find((record) => record.event === 'request'), 'the request\'s record');
  assert.equal(asked.method, 'GET');
  assert.equal(asked.target, '/page?key=*');
  assert.equal(asked.status, 200);
  assert.equal(asked.bytes_sent, 4);
  assert.ok(asked.duration_seconds > 0 && asked.duration_seconds < 10);
  await gateway.stop();
  assert.doesNotMatch(fs.readFileSync(gateway.accessLog, 'latin1') + gateway.stderr + gateway.stdout, /secret/);
});

test('the access log holds a line of valid JSON for whatever is sent', async () => {
  const gateway = await start();
  const garbage = ['GET /\x80\xFF HTTP/1.1\r\nHost: x\r\nUser-Agent: \xC3("\\\r\n\r\n', '\x00\x01\x02\r\n\r\n', '"}\n{"\r\n\r\n'];
  for (const bytes of garbage) {
    const socket = await RawSocket.connect(gateway.http);
    socket.write(bytes);
    await socket.until(/^HTTP\/1\.1 \d{3} /);
    socket.destroy();
  }
  await gateway.stop();
  assert.ok(gateway.accessRecords().length >= garbage.length - 1);
});

test('SIGUSR1 opens the access log again', async () => {
  const gateway = await start();
  await request(`http://127.0.0.1:${gateway.http}/first`);
  await until(() => gateway.accessRecords().length === 1, 'the first record');
  const moved = `${gateway.accessLog}.1`;
  fs.renameSync(gateway.accessLog, moved);
  gateway.signal('SIGUSR1');
  await until(() => fs.existsSync(gateway.accessLog), 'the new file');
  await request(`http://127.0.0.1:${gateway.http}/second`);
  await until(() => gateway.accessRecords().length === 1, 'the second record');
  assert.equal(gateway.accessRecords()[0].target, '/second');
  assert.match(fs.readFileSync(moved, 'utf8'), /\/first/);
  assert.equal(fs.statSync(gateway.accessLog).mode & 0o777, 0o640);
  await gateway.stop();
});

test('combined: the access log in nginx\'s format', async () => {
  const gateway = new Gateway();
  await gateway.prepare();
  gateway.configure((site) => `
listeners:
  http: { address: "127.0.0.1:${site.http}" }
routes: [{ upstream: app }]
upstreams: { app: "http://127.0.0.1:${upstream}" }
log: { access: "${site.accessLog}", format: combined }
`);
  await gateway.launch(['run', '-c', gateway.file]);
  await request(`http://127.0.0.1:${gateway.http}/x?a=b`, { headers: { 'User-Agent': 'Probe "1"', Referer: 'http://r/' } });
  await gateway.stop();
  const pattern = /^127\.0\.0\.1 - - \[\d\d\/\w{3}\/\d{4}(:\d\d){3} [+-]\d{4}\] "GET \/x\?a=\* HTTP\/1\.1" 200 4 "http:\/\/r\/" "Probe \\x221\\x22"\n$/;
  assert.match(fs.readFileSync(gateway.accessLog, 'utf8'), pattern);
});

test('a client that stalls does not hold the drain', async () => {
  const gateway = await start('drain: { window: 50ms, deadline: 1s }');
  const { stream } = await open(`http://127.0.0.1:${gateway.http}/`);
  stream.pause();
  const half = await RawSocket.connect(gateway.http);
  half.write('GET / HTTP/1.1\r\nHost:');
  await gateway.stop();
});

test('the application ends too', () => {
  server.close();
  server.closeAllConnections();
});
