// HTTP through the gateway: an Express application, Node's client, curl and raw sockets.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import { Readable } from 'node:stream';
import test from 'node:test';

import express from 'express';

import { curl } from './lib/command.js';
import { Gateway, smoke } from './lib/gateway.js';
import { open, request } from './lib/http.js';
import { RawSocket, listen } from './lib/net.js';
import { until } from './lib/wait.js';

const MiB = 1024 * 1024;
const full = { skip: smoke };
const block = randomBytes(MiB);

function* blocks(count) {
  for (let i = 0; i < count; ++i) yield block;
}

function digestOf(count) {
  const hash = createHash('sha256');
  for (const each of blocks(count)) hash.update(each);
  return hash.digest('hex');
}

// The application.
const seen = { aborted: 0, uploads: 0 };
const listeners = new Set();  // answers to /events and /poll that are open
const app = express();
app.disable('x-powered-by');
app.get('/json', (req, res) => res.json({ hello: req.query.name ?? 'world' }));
app.post('/json', express.json(), (req, res) => res.status(201).json({ got: req.body }));
app.post('/upload', (req, res) => {
  const hash = createHash('sha256');
  let bytes = 0;
  seen.uploads += 1;
  req.on('data', (chunk) => {
    hash.update(chunk);
    bytes += chunk.length;
  });
  req.on('end', () => res.json({ bytes, digest: hash.digest('hex'), encoding: req.headers['transfer-encoding'] ?? null }));
});
app.get('/download/:count', (req, res) => {
  const count = Number(req.params.count);
  res.type('application/octet-stream');
  if (req.query.length) res.set('Content-Length', String(count * MiB));
  Readable.from(blocks(count)).pipe(res);
});
app.get('/trailers', (req, res) => {
  res.set('Trailer', 'X-Sum');
  res.write('body');
  res.addTrailers({ 'X-Sum': '42' });
  res.end();
});
app.get('/cookies', (req, res) => {
  res.cookie('one', '1', { httpOnly: true });
  res.cookie('two', '2', { path: '/x' });
  res.json({ got: req.headers.cookie ?? null });
});
app.get('/redirect', (req, res) => res.redirect('/json?name=elsewhere'));
app.get('/headers', (req, res) => res.json(req.headers));
app.get('/events', (req, res) => {
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  res.flushHeaders();
  listeners.add(res);
  res.on('close', () => listeners.delete(res));
});
app.get('/poll', (req, res) => {
  listeners.add(res);
  res.on('close', () => {
    listeners.delete(res);
    if (!res.writableFinished) seen.aborted += 1;
  });
});
app.post('/refuse', (req, res) => res.set('Connection', 'close').status(403).send('no'));
app.get('/cut', (req, res) => {
  res.set('Content-Length', '1000');
  res.write('only this');
  setImmediate(() => res.socket.destroy());
});
const server = http.createServer(app);
const upstream = await listen(server);

const gateway = await Gateway.start({
  yaml: (site) => `
listeners:
  http: { address: "127.0.0.1:${site.http}" }
  https: { address: "127.0.0.1:${site.https}", tls: ${site.tls} }
routes:
  - { path: /limited/, upstream: app, limits: { body: 1KiB } }
  - { path: { exact: /healthz }, respond: { status: 200, body: ok } }
  - { path: /old/, redirect: { status: 308, to: "http://$host/new/$uri_rest$is_args$args" } }
  - { path: /, upstream: app }
upstreams:
  app: http://127.0.0.1:${upstream}
`,
});
const plain = `http://127.0.0.1:${gateway.http}`;
const secure = `https://localhost:${gateway.https}`;

for (const [scheme, base, options] of [['http', plain, {}], ['https', secure, { ca: gateway.ca }]]) {
  test(`${scheme}: GET and POST of JSON`, async () => {
    const got = await request(`${base}/json?name=tide`, options);
    assert.equal(got.status, 200);
    assert.deepEqual(JSON.parse(got.body), { hello: 'tide' });
    const posted = await request(`${base}/json`, {
      ...options, method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"a":[1,2,"drei"]}',
    });
    assert.equal(posted.status, 201);
    assert.deepEqual(JSON.parse(posted.body), { got: { a: [1, 2, 'drei'] } });
  });

  test(`${scheme}: requests share a connection`, async () => {
    const agent = new (scheme === 'http' ? http : https).Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set();
    for (let i = 0; i < 20; ++i) {
      const answer = await request(`${base}/json?name=${i}`, { ...options, agent });
      ports.add(answer.localPort);
      assert.deepEqual(JSON.parse(answer.body), { hello: String(i) });
    }
    assert.equal(ports.size, 1);
    agent.destroy();
  });

  test(`${scheme}: an upload of 50 MiB, by length and chunked`, full, async () => {
    const digest = digestOf(50);
    for (const headers of [{ 'Content-Length': 50 * MiB }, {}]) {
      const answer = await request(`${base}/upload`, {
        ...options, method: 'POST', headers, body: Readable.from(blocks(50)),
      });
      const result = JSON.parse(answer.body);
      assert.equal(result.bytes, 50 * MiB);
      assert.equal(result.digest, digest);
      assert.equal(result.encoding, headers['Content-Length'] ? null : 'chunked');
    }
  });

  test(`${scheme}: a download of 50 MiB, by length and chunked`, full, async () => {
    const digest = digestOf(50);
    for (const query of ['?length=1', '']) {
      const { stream, headers } = await open(`${base}/download/50${query}`, options);
      const hash = createHash('sha256');
      for await (const chunk of stream) hash.update(chunk);
      assert.equal(hash.digest('hex'), digest);
      assert.equal(headers['content-length'], query ? String(50 * MiB) : undefined);
    }
  });

  test(`${scheme}: a reader that pauses loses nothing`, full, async () => {
    const { stream } = await open(`${base}/download/20`, options);
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of stream) {
      hash.update(chunk);
      bytes += chunk.length;
      if (bytes % 7 === 0) await new Promise(setImmediate);
    }
    assert.equal(hash.digest('hex'), digestOf(20));
  });

  test(`${scheme}: events arrive one at a time, as they are sent`, async () => {
    const { status, headers, stream } = await open(`${base}/events`, options);
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'text/event-stream');
    const [source] = await until(() => listeners.size === 1 && [...listeners], 'the application to hold the stream');
    let text = '';
    stream.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    for (let i = 1; i <= 5; ++i) {
      source.write(`id: ${i}\ndata: event ${i}\n\n`);
      await until(() => text.endsWith(`data: event ${i}\n\n`), `event ${i}`, 2000);
    }
    stream.destroy();
    await until(() => listeners.size === 0, 'the application to see the reader go');
  });

  test(`${scheme}: a long poll is answered when there is something to say`, async () => {
    const answer = request(`${base}/poll`, options);
    const [waiting] = await until(() => listeners.size === 1 && [...listeners], 'the poll');
    waiting.json({ news: true });
    assert.deepEqual(JSON.parse((await answer).body), { news: true });
  });

  test(`${scheme}: a client that leaves before its answer cancels the request`, async () => {
    const before = seen.aborted;
    const outgoing = (scheme === 'http' ? http : https).request(`${base}/poll`, { ...options, agent: false });
    outgoing.on('error', () => {});
    outgoing.end();
    await until(() => listeners.size === 1, 'the poll');
    outgoing.destroy();
    await until(() => seen.aborted === before + 1, 'the application to see the client go');
  });

  test(`${scheme}: an answer that is cut short does not look whole`, async () => {
    await assert.rejects(request(`${base}/cut`, options), /aborted|hang up|ECONNRESET/);
  });
}

test('HEAD has the head of GET and no body', async () => {
  const got = await request(`${plain}/json`);
  const head = await request(`${plain}/json`, { method: 'HEAD' });
  assert.equal(head.status, 200);
  assert.equal(head.body.length, 0);
  assert.equal(head.headers['content-length'], got.headers['content-length']);
  assert.equal(head.headers.etag, got.headers.etag);
});

test('304 has no body, and the connection goes on', async () => {
  const { headers } = await request(`${plain}/json`);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const cached = await request(`${plain}/json`, { agent, headers: { 'If-None-Match': headers.etag } });
  assert.equal(cached.status, 304);
  assert.equal(cached.body.length, 0);
  assert.equal((await request(`${plain}/json`, { agent })).status, 200);
  agent.destroy();
});

test('cookies pass both ways, several at a time', async () => {
  const answer = await request(`${plain}/cookies`, { headers: { Cookie: 'a=1; b=2' } });
  assert.deepEqual(JSON.parse(answer.body), { got: 'a=1; b=2' });
  assert.deepEqual(answer.headers['set-cookie'], ['one=1; Path=/; HttpOnly', 'two=2; Path=/x']);
});

test('redirects of the application are not touched', async () => {
  const answer = await request(`${plain}/redirect`);
  assert.equal(answer.status, 302);
  assert.equal(answer.headers.location, '/json?name=elsewhere');
});

test('the application is told who asked', async () => {
  const answer = await request(`${secure}/headers`, {
    ca: gateway.ca,
    headers: { 'X-Forwarded-For': '203.0.113.9', 'X-Real-IP': '203.0.113.9', Forwarded: 'for=203.0.113.9', Proxy: 'x', under_score: 'x' },
  });
  const headers = JSON.parse(answer.body);
  assert.equal(headers['x-forwarded-for'], '127.0.0.1');
  assert.equal(headers['x-real-ip'], '127.0.0.1');
  assert.equal(headers['x-forwarded-proto'], 'https');
  assert.equal(headers['x-forwarded-host'], `localhost:${gateway.https}`);
  assert.equal(headers.host, `localhost:${gateway.https}`);
  for (const name of ['forwarded', 'proxy', 'under_score']) assert.equal(headers[name], undefined, name);
});

test('trailers reach a client that asks for them, and no other', async () => {
  const asked = await request(`${plain}/trailers`, { headers: { TE: 'trailers', Connection: 'TE' } });
  assert.equal(asked.body.toString(), 'body');
  assert.deepEqual(asked.trailers, { 'x-sum': '42' });
  const other = await request(`${plain}/trailers`);
  assert.equal(other.body.toString(), 'body');
  assert.deepEqual(other.trailers, {});
});

test('curl: Expect: 100-continue', async () => {
  const file = path.join(gateway.directory, 'upload.bin');
  fs.writeFileSync(file, block);
  const answer = await curl('-H', 'Expect: 100-continue', '--data-binary', `@${file}`, `${plain}/upload`);
  assert.match(answer.stderr, /< HTTP\/1\.1 100 Continue/);
  assert.equal(answer.status, 200);
  assert.equal(JSON.parse(answer.stdout).digest, digestOf(1));
});

test('curl: a refusal instead of 100 is passed on, and the body is not read as a request', async () => {
  const file = path.join(gateway.directory, 'upload.bin');
  fs.writeFileSync(file, block);
  const answer = await curl('-H', 'Expect: 100-continue', '--data-binary', `@${file}`, `${plain}/refuse`);
  assert.equal(answer.status, 403);
});

test('curl: HTTP/1.0 gets no chunks', async () => {
  const length = await curl('-0', `${plain}/json`);
  assert.equal(length.status, 200);
  assert.deepEqual(JSON.parse(length.stdout), { hello: 'world' });
  const stream = await curl('-0', '-o', path.join(gateway.directory, 'download'), `${plain}/download/2`);
  assert.equal(stream.header('Transfer-Encoding'), undefined);
  const file = fs.readFileSync(path.join(gateway.directory, 'download'));
  assert.equal(createHash('sha256').update(file).digest('hex'), digestOf(2));
});

test('pipelined requests are answered in order', async () => {
  const socket = await RawSocket.connect(gateway.http);
  const ask = (name) => `GET /json?name=${name} HTTP/1.1\r\nHost: example.com\r\n\r\n`;
  socket.write(ask('one') + ask('two') + ask('three') + 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  const all = await socket.untilEnd();
  const bodies = [...all.matchAll(/\{"hello":"(\w+)"\}/g)].map((match) => match[1]);
  assert.deepEqual(bodies, ['one', 'two', 'three']);
  assert.match(all, /ok$/);
});

test('a request cut into single bytes is understood', async () => {
  const socket = await RawSocket.connect(gateway.http);
  socket.socket.setNoDelay(true);
  for (const byte of 'POST /json HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n' +
       'Connection: close\r\n\r\n3\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n') {
    socket.write(byte);
    await new Promise(setImmediate);
  }
  assert.match(await socket.untilEnd(), /^HTTP\/1\.1 201 [^]*\{"got":\{"a":1\}\}/);
});

test('ambiguous requests are refused, and nothing behind them is read', async () => {
  const smuggled = 'GET /json?name=smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
  const cases = [
    'POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd',
    'POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    'GET /json HTTP/1.1\r\nHost : x\r\n\r\n',
    'GET /json HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n',
    'GET /json HTTP/1.1\nHost: x\n\n',
    'GET /json HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n',
    'GET /json HTTP/1.1\r\n\r\n',
  ];
  const uploads = seen.uploads;
  for (const bytes of cases) {
    const socket = await RawSocket.connect(gateway.http);
    socket.write(bytes + smuggled);
    const answer = await socket.untilEnd();
    assert.match(answer, /^HTTP\/1\.1 400 /, JSON.stringify(bytes));
    assert.doesNotMatch(answer, /smuggled/);
  }
  assert.equal(seen.uploads, uploads);
});

test('answers of the gateway\'s own: respond, redirect, and a body above the limit', async () => {
  const healthy = await request(`${plain}/healthz`);
  assert.equal(healthy.status, 200);
  assert.equal(healthy.body.toString(), 'ok');
  const moved = await request(`${plain}/old/a/b?c=d`, { headers: { Host: 'example.com' } });
  assert.equal(moved.status, 308);
  assert.equal(moved.headers.location, 'http://example.com/new/a/b?c=d');
  const large = await request(`${plain}/limited/x`, { method: 'POST', body: 'x'.repeat(1025) });
  assert.equal(large.status, 413);
});

test('many requests at once', full, async () => {
  const answers = await Promise.all(Array.from({ length: 300 }, (_, i) => request(`${plain}/json?name=${i}`)));
  answers.forEach((answer, i) => assert.deepEqual(JSON.parse(answer.body), { hello: String(i) }));
});

test('the gateway stops clean', async () => {
  await gateway.stop();
  server.close();
  server.closeAllConnections();
});
