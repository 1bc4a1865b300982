// WebSocket through the gateway: the `ws` package on both sides, permessage-deflate on, plain and with TLS.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import http from 'node:http';
import test from 'node:test';

import { WebSocket, WebSocketServer } from 'ws';

import { Gateway, smoke } from './lib/gateway.js';
import { listen } from './lib/net.js';
import { once, until } from './lib/wait.js';

const MiB = 1024 * 1024;
const full = { skip: smoke };

// The application. What it did with each connection is in `connections`, by the request's path.
const connections = new Map();
const server = http.createServer((request, response) => response.end('not a WebSocket'));
const sockets = new WebSocketServer({
  noServer: true,
  perMessageDeflate: { threshold: 0 },
  maxPayload: 64 * MiB,
  handleProtocols: (offered) => (offered.has('second') ? 'second' : false),
});
server.on('upgrade', (request, socket, head) => {
  if (request.url === '/refuse') {
    socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\nSet-Cookie: a=1\r\nConnection: close\r\n\r\nnope');
    return;
  }
  sockets.handleUpgrade(request, socket, head, (ws) => {
    const seen = { ws, pings: [], request };
    connections.set(request.url, seen);
    ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }));
    ws.on('ping', (data) => seen.pings.push(data.toString()));
    ws.on('close', (code, reason) => (seen.closed = { code, reason: reason.toString() }));
    ws.on('error', () => {});
    if (request.url.startsWith('/greet')) for (const text of ['one', 'two', 'three']) ws.send(text);
  });
});
const upstream = await listen(server);

const gateway = await Gateway.start({
  yaml: (site) => `
listeners:
  http: { address: "127.0.0.1:${site.http}" }
  https: { address: "127.0.0.1:${site.https}", tls: ${site.tls} }
routes:
  - { path: /dead/, upstream: dead }
  - { path: /only/, upstream: app, websocket: { origins: ["https://example.com"] } }
  - { path: /small/, upstream: app, websocket: { max_message: 1KiB } }
  - { path: /, upstream: app }
upstreams:
  app: http://127.0.0.1:${upstream}
  dead: http://127.0.0.1:1
`,
});

let serial = 0;
const unique = (path) => `${path}?${++serial}`;

function connect(scheme, path, options = {}, protocols = []) {
  const base = scheme === 'wss' ? `wss://localhost:${gateway.https}` : `ws://127.0.0.1:${gateway.http}`;
  const client = new WebSocket(base + path, protocols, {
    ca: gateway.ca, maxPayload: 64 * MiB, perMessageDeflate: { threshold: 0 }, ...options,
  });
  client.on('error', () => {});
  return client;
}

async function opened(...args) {
  const client = connect(...args);
  await once(client, 'open');
  return client;
}

async function exchange(client, data, options) {
  const answer = once(client, 'message', 60_000);
  client.send(data, options);
  const [got, isBinary] = await answer;
  return { got, isBinary };
}

async function closed(client) {
  const [code, reason] = await once(client, 'close');
  return { code, reason: reason.toString() };
}

for (const scheme of ['ws', 'wss']) {
  test(`${scheme}: text and binary come back, compressed end to end`, async () => {
    const client = await opened(scheme, unique('/echo'));
    assert.match(client.extensions, /permessage-deflate/);
    for (const text of ['', 'hello', 'Grüße 🌊', 'x'.repeat(125), 'x'.repeat(126), 'y'.repeat(65_536)]) {
      const { got, isBinary } = await exchange(client, text);
      assert.equal(got.toString(), text);
      assert.equal(isBinary, false);
    }
    for (const size of [0, 1, 125, 126, 65_535, 65_536, 200_000]) {
      const data = randomBytes(size);
      const { got, isBinary } = await exchange(client, data);
      assert.ok(got.equals(data), `${size} bytes`);
      assert.equal(isBinary, true);
    }
    client.close();
    await closed(client);
  });

  test(`${scheme}: no extension is agreed upon where the client offers none`, full, async () => {
    const client = await opened(scheme, unique('/echo'), { perMessageDeflate: false });
    assert.equal(client.extensions, '');
    const { got } = await exchange(client, 'plain');
    assert.equal(got.toString(), 'plain');
    client.close();
    await closed(client);
  });

  test(`${scheme}: messages of 16 MiB`, full, async () => {
    const data = randomBytes(16 * MiB);
    const text = 'tide '.repeat((16 * MiB) / 5);
    for (const [message, perMessageDeflate] of [[data, false], [text, false], [text, { threshold: 0 }]]) {
      const client = await opened(scheme, unique('/echo'), { perMessageDeflate });
      assert.ok((await exchange(client, message)).got.equals(Buffer.from(message)));
      client.close();
      await closed(client);
    }
  });

  test(`${scheme}: a fragmented message arrives whole`, full, async () => {
    const client = await opened(scheme, unique('/echo'));
    const answer = once(client, 'message');
    client.send('one ', { fin: false });
    client.ping('between');
    client.send('two ', { fin: false });
    client.send('three', { fin: true });
    assert.equal((await answer)[0].toString(), 'one two three');
    client.close();
    await closed(client);
  });

  test(`${scheme}: pings and pongs, both ways`, async () => {
    const path = unique('/ping');
    const client = await opened(scheme, path);
    const pong = once(client, 'pong');
    client.ping('from the client');
    assert.equal((await pong)[0].toString(), 'from the client');
    assert.deepEqual(connections.get(path).pings, ['from the client']);

    const { ws } = connections.get(path);
    const back = once(ws, 'pong');
    ws.ping('from the server');
    assert.equal((await back)[0].toString(), 'from the server');
    client.close();
    await closed(client);
  });

  test(`${scheme}: what the server sends with its 101 arrives first and in order`, async () => {
    for (let round = 0; round < 20; ++round) {
      const client = connect(scheme, unique('/greet'));
      const texts = [];
      client.on('message', (data) => texts.push(data.toString()));
      await until(() => texts.length === 3, 'three greetings');
      assert.deepEqual(texts, ['one', 'two', 'three']);
      client.close();
      await closed(client);
    }
  });

  test(`${scheme}: close codes and reasons pass, both ways`, async () => {
    for (const [code, reason] of [[1000, ''], [1000, 'done'], [1001, 'leaving'], [4321, 'r'.repeat(123)]]) {
      const path = unique('/close');
      const client = await opened(scheme, path);
      client.close(code, reason);
      assert.deepEqual(await closed(client), { code, reason });
      await until(() => connections.get(path).closed, 'the server to see the Close');
      assert.deepEqual(connections.get(path).closed, { code, reason });
    }
    for (const [code, reason] of [[1000, 'done'], [1011, 'failed'], [1012, 'restart'], [4000, 'mine']]) {
      const path = unique('/close');
      const client = await opened(scheme, path);
      const end = closed(client);
      connections.get(path).ws.close(code, reason);
      assert.deepEqual(await end, { code, reason });
    }
    const client = await opened(scheme, unique('/close'));
    client.close();
    assert.equal((await closed(client)).code, 1005);
  });

  test(`${scheme}: an upstream that dies is a Close 1011 for the client`, async () => {
    const path = unique('/die');
    const client = await opened(scheme, path);
    const end = closed(client);
    connections.get(path).ws.terminate();
    assert.equal((await end).code, 1011);
  });

  test(`${scheme}: a client that vanishes is gone for the server at once`, async () => {
    const path = unique('/vanish');
    const client = await opened(scheme, path);
    client.terminate();
    await until(() => connections.get(path).closed, 'the server to see the end');
    assert.equal(connections.get(path).closed.code, 1006);
  });

  test(`${scheme}: subprotocols are negotiated by the two ends`, async () => {
    const path = unique('/protocol');
    const client = await opened(scheme, path, {}, ['first', 'second']);
    assert.equal(client.protocol, 'second');
    assert.equal(connections.get(path).request.headers['sec-websocket-protocol'], 'first,second');
    client.close();
    await closed(client);
  });

  test(`${scheme}: a refused handshake reaches the client as the server wrote it`, async () => {
    const client = connect(scheme, '/refuse');
    const [, response] = await once(client, 'unexpected-response');
    assert.equal(response.statusCode, 401);
    assert.deepEqual(response.headers['set-cookie'], ['a=1']);
    const [body] = await once(response, 'data');
    assert.equal(body.toString(), 'nope');
    client.terminate();
  });

  test(`${scheme}: 100 tunnels at once, each in order`, full, async () => {
    const clients = await Promise.all(Array.from({ length: 100 }, () => opened(scheme, unique('/many'))));
    await Promise.all(clients.map(async (client, index) => {
      const expected = Array.from({ length: 20 }, (_, n) => `${index}:${n}`);
      const got = [];
      client.on('message', (data) => got.push(data.toString()));
      for (const text of expected) client.send(text);
      await until(() => got.length === expected.length, 'the echoes', 30_000);
      assert.deepEqual(got, expected);
    }));
    await Promise.all(clients.map((client) => {
      const end = closed(client);
      client.close(1000);
      return end;
    }));
  });
}

test('the server is told who the client is', async () => {
  const path = unique('/who');
  const client = await opened('wss', path, { origin: 'https://example.com', headers: { 'X-Forwarded-For': '203.0.113.9' } });
  const { headers } = connections.get(path).request;
  assert.equal(headers['x-forwarded-for'], '127.0.0.1');
  assert.equal(headers['x-forwarded-proto'], 'https');
  assert.equal(headers['x-real-ip'], '127.0.0.1');
  assert.equal(headers.host, `localhost:${gateway.https}`);
  assert.equal(headers.origin, 'https://example.com');
  client.close();
  await closed(client);
});

test('an upstream that is not there is a 502', async () => {
  const client = connect('ws', '/dead/');
  const [, response] = await once(client, 'unexpected-response');
  assert.equal(response.statusCode, 502);
  client.terminate();
});

test('an Origin that the route does not list is a 403, and no upstream hears of it', async () => {
  const path = unique('/only/x');
  const client = connect('ws', path, { origin: 'https://evil.example' });
  const [, response] = await once(client, 'unexpected-response');
  assert.equal(response.statusCode, 403);
  assert.equal(connections.has(path), false);
  client.terminate();

  const friend = await opened('ws', path, { origin: 'https://example.com' });
  friend.close();
  await closed(friend);
});

test('a message above the route\'s limit ends in Close 1009', full, async () => {
  const client = await opened('ws', unique('/small/x'), { perMessageDeflate: false });
  assert.equal((await exchange(client, 'x'.repeat(1024))).got.length, 1024);
  const end = closed(client);
  client.send('x'.repeat(1025));
  assert.equal((await end).code, 1009);
});

test('the gateway stops clean', async () => {
  await gateway.stop();
  server.close();
  server.closeAllConnections();
});
