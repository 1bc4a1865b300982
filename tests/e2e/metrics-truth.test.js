// A scripted run whose true counts are known, and what Prometheus' own queries say of it: each family of the metrics,
// every series of it, exactly. Durations: their number exactly, their sum within the time that the run took.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import test from 'node:test';
import tls from 'node:tls';

import { WebSocket, WebSocketServer } from 'ws';

import { run } from './lib/command.js';
import { Gateway } from './lib/gateway.js';
import { request } from './lib/http.js';
import { RawSocket, freePort, listen } from './lib/net.js';
import { Prometheus } from './lib/prometheus.js';
import { once, until } from './lib/wait.js';

/** What must be counted: series by family and labels. Those that are 0 are as good as absent. */
class Truth {
  constructor() {
    this.series = new Map();
  }

  add(family, labels, count = 1) {
    const key = name(family, labels);
    this.series.set(key, (this.series.get(key) ?? 0) + count);
  }

  of(family) {
    return [...this.series].filter(([key, value]) => key.startsWith(`${family}{`) && value !== 0).sort();
  }
}

function name(family, labels) {
  const pairs = Object.entries(labels).filter(([, value]) => value !== '').sort();
  return `${family}{${pairs.map(([key, value]) => `${key}="${value}"`).join(',')}}`;
}

/** Of one frame on the wire (RFC 6455 §5.2). */
function frameSize(length, { masked }) {
  return 2 + (length > 65535 ? 8 : length > 125 ? 2 : 0) + (masked ? 4 : 0) + length;
}

// ------------------------------------------------------------------------------------------------------------------
// The upstream: an echo that also does as it is told, and answers requests by their path.

const server = http.createServer((incoming, response) => {
  const { pathname } = new URL(incoming.url, 'http://app');
  incoming.resume();
  if (pathname === '/pages/broken') incoming.socket.destroy();
  else if (pathname.startsWith('/pages/')) response.writeHead(Number(pathname.slice(7))).end();
  // /slow is never answered
});
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
server.on('upgrade', (incoming, socket, head) => {
  const { pathname } = new URL(incoming.url, 'http://app');
  if (pathname === '/chat/declined') {
    socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
  } else if (pathname === '/chat/strange') {
    socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
      + 'Sec-WebSocket-Accept: c3RyYW5nZQ==\r\n\r\n');
  } else {
    sockets.handleUpgrade(incoming, socket, head, (peer) => {
      peer.on('error', () => {});
      peer.on('message', (data, binary) => {
        const order = data.toString();
        if (order.startsWith('close ')) peer.close(Number(order.slice(6)));
        else if (order === 'die') peer.terminate();
        else if (order === 'ping me') peer.ping('x');
        else peer.send(data, { binary });
      });
    });
  }
});
const upstream = await listen(server);

// ------------------------------------------------------------------------------------------------------------------
// What clients do, each with what must be counted of it.

class Script {
  static async start() {
    const script = new Script();
    script.truth = new Truth();
    script.began = Date.now() / 1000;
    // Ports of our own: those of the gateway's are tried until they accept, and that would be counted.
    for (const key of ['plain', 'moved', 'secure', 'metrics', 'dead']) script[key] = await freePort();
    script.yaml = (site) => `
listeners:
  plain: { address: "127.0.0.1:${script.plain}" }
  moved: { address: "127.0.0.1:${script.moved}", redirect: https }
  secure: { address: "127.0.0.1:${script.secure}", tls: ${site.tls} }
routes:
  - { name: chat, path: /chat, upstream: app }
  - { name: small, path: /small, upstream: app, websocket: { max_message: 1KiB } }
  - { name: idle, path: /idle, upstream: other, websocket: { idle_timeout: 200ms } }
  - { name: guarded, path: /guarded, upstream: other, websocket: { origins: ["https://example.com"] } }
  - { name: slow, path: /slow, upstream: app, timeouts: { response: 150ms } }
  - { name: dead, path: /dead, upstream: dead }
  - { name: pages, path: /pages, upstream: app }
  - { name: hello, path: { exact: /hello }, respond: { status: 200, body: hello } }
  - { name: old, path: { exact: /old }, redirect: { status: 308, to: "https://example.com/" } }
upstreams:
  app: http://127.0.0.1:${upstream}
  other: http://127.0.0.1:${upstream}
  dead: http://127.0.0.1:${script.dead}
metrics: { address: "127.0.0.1:${script.metrics}" }
drain: { window: 50ms, deadline: 8s }
workers: 2
`;
    script.gateway = await Gateway.start({ yaml: script.yaml });
    const ready = async () => (await request(`http://127.0.0.1:${script.metrics}/readyz`)).status === 200;
    await until(() => ready().catch(() => false), 'the gateway to be ready', 20_000);
    return script;
  }

  /** Of a request that was answered by `code`; `route` empty: none. */
  answered(listener, route, method, code) {
    this.truth.add('tidegate_http_requests_total', { listener, route, method, code });
    this.truth.add('tidegate_http_request_duration_seconds_count', { route });
  }

  connected(listener, { active = 0 } = {}) {
    this.truth.add('tidegate_connections_total', { listener });
    this.truth.add('tidegate_connections_active', { listener }, active);
  }

  tlsDone(version = 'TLSv1.3', resumed = 'false') {
    this.truth.add('tidegate_tls_handshakes_total', { listener: 'secure', version, resumed, result: 'ok' });
    this.truth.add('tidegate_handshake_duration_seconds_count', { phase: 'tls' });
  }

  async ask(route, target, code, { method = 'GET', count = method } = {}) {
    const { status } = await request(`http://127.0.0.1:${this.plain}${target}`, { method });
    assert.equal(status, code, target);
    this.connected('plain');
    this.answered('plain', route, count, code);
  }

  /** A handshake that does not come to a tunnel. */
  async refusedHandshake(route, target, code, result, headers = {}) {
    const { status } = await request(`http://127.0.0.1:${this.plain}${target}`, {
      headers: {
        Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', ...headers,
      },
    });
    assert.equal(status, code, target);
    this.connected('plain');
    this.answered('plain', route, 'GET', code);
    this.truth.add('tidegate_handshakes_total', { route, result });
  }

  async open(route, { secure = false, to = 'app', path = `/${route}`, headers = {} } = {}) {
    const url = secure ? `wss://localhost:${this.secure}${path}` : `ws://127.0.0.1:${this.plain}${path}`;
    const client = new WebSocket(url, { ca: this.gateway.ca, perMessageDeflate: false, headers });
    client.on('error', () => {});
    await once(client, 'open');
    const listener = secure ? 'secure' : 'plain';
    if (secure) this.tlsDone();
    this.connected(listener, { active: 1 });
    this.truth.add('tidegate_http_requests_total', { listener, route, method: 'GET', code: 101 });
    this.truth.add('tidegate_handshakes_total', { route, result: 'accepted' });
    for (const phase of ['connect', 'upstream', 'total'])
      this.truth.add('tidegate_handshake_duration_seconds_count', { phase });
    this.truth.add('tidegate_tunnels_opened_total', { route, upstream: to });
    this.truth.add('tidegate_tunnels_active', { route, upstream: to });
    this.truth.add('tidegate_upstream_tunnels', { upstream: to, server: `http://127.0.0.1:${upstream}` });
    return { client, listener, route, to };
  }

  /** What one side says in one frame. */
  said({ route }, direction, opcode, length) {
    const size = frameSize(length, { masked: direction === 'to_upstream' });
    this.truth.add('tidegate_tunnel_bytes_total', { route, direction }, size);
    if (opcode) this.truth.add('tidegate_tunnel_messages_total', { route, direction, opcode });
  }

  /** Sends a message and waits for its echo. */
  async echo(tunnel, data, opcode = 'text') {
    const came = once(tunnel.client, 'message');
    tunnel.client.send(data, { binary: opcode === 'binary' });
    await came;
    const { length } = Buffer.from(data);
    this.said(tunnel, 'to_upstream', opcode, length);
    this.said(tunnel, 'to_client', opcode, length);
  }

  /** A message in three fragments is one message, its echo one frame. */
  async echoInFragments(tunnel, pieces) {
    const came = once(tunnel.client, 'message');
    pieces.forEach((piece, i) => tunnel.client.send(piece, { fin: i === pieces.length - 1 }));
    await came;
    pieces.forEach((piece, i) => this.said(tunnel, 'to_upstream', i === pieces.length - 1 && 'text', piece.length));
    this.said(tunnel, 'to_client', 'text', pieces.join('').length);
  }

  async ping(tunnel, payload) {
    const came = once(tunnel.client, 'pong');
    tunnel.client.ping(payload);
    await came;
    this.said(tunnel, 'to_upstream', 'ping', payload.length);
    this.said(tunnel, 'to_client', 'pong', payload.length);
  }

  /** Of the upstream, which asks for a pong. */
  async pingedByUpstream(tunnel) {
    const came = once(tunnel.client, 'ping');
    tunnel.client.send('ping me');
    await came;
    this.said(tunnel, 'to_upstream', 'text', 7);
    this.said(tunnel, 'to_client', 'ping', 1);
    this.said(tunnel, 'to_upstream', 'pong', 1);
  }

  closeFrame(tunnel, side, code, label = String(code)) {
    this.truth.add('tidegate_tunnel_close_codes_total', { route: tunnel.route, side, code: label });
    if (side === 'gateway') return;
    this.said(tunnel, side === 'client' ? 'to_upstream' : 'to_client', null, code === 1005 ? 0 : 2);
  }

  closed({ route, listener, to }, side, reason) {
    this.truth.add('tidegate_tunnels_closed_total', { route, side, reason });
    this.truth.add('tidegate_tunnel_duration_seconds_count', { route });
    this.truth.add('tidegate_tunnels_active', { route, upstream: to }, -1);
    this.truth.add('tidegate_upstream_tunnels', { upstream: to, server: `http://127.0.0.1:${upstream}` }, -1);
    this.truth.add('tidegate_connections_active', { listener }, -1);
  }

  /** The client says goodbye, the upstream answers. `label`: what the code is counted as. */
  async close(tunnel, code, label) {
    const end = once(tunnel.client, 'close');
    if (code === 1005) tunnel.client.close();
    else tunnel.client.close(code);
    await end;
    for (const side of ['client', 'upstream']) this.closeFrame(tunnel, side, code, label);
    this.closed(tunnel, 'client', 'finished');
  }

  async closeByUpstream(tunnel, code, label) {
    const end = once(tunnel.client, 'close');
    tunnel.client.send(`close ${code}`);
    await end;
    this.said(tunnel, 'to_upstream', 'text', `close ${code}`.length);
    for (const side of ['client', 'upstream']) this.closeFrame(tunnel, side, code, label);
    this.closed(tunnel, 'upstream', 'finished');
  }

  /** The gateway has told both, and both have answered. */
  closedByGateway(tunnel, side, code, reason) {
    for (const by of ['gateway', 'gateway', 'client', 'upstream']) this.closeFrame(tunnel, by, code);
    this.closed(tunnel, side, reason);
  }

  async reload(result, text) {
    fs.writeFileSync(this.gateway.file, text);
    const before = this.truth.series.get(name('tidegate_config_reloads_total', { result })) ?? 0;
    this.gateway.signal('SIGHUP');
    this.truth.add('tidegate_config_reloads_total', { result });
    await until(async () => {
      const { body } = await request(`http://127.0.0.1:${this.metrics}/metrics`);
      return body.toString().includes(`tidegate_config_reloads_total{result="${result}"} ${before + 1}\n`);
    }, `a reload that is a ${result}`);
  }
}

// ------------------------------------------------------------------------------------------------------------------
// The run.

async function runTunnels(script) {
  const kept = await script.open('chat');
  for (let i = 0; i < 10; ++i) await script.echo(kept, `message ${i}`);
  await script.echo(kept, 'x'.repeat(300));
  await script.echo(kept, Buffer.alloc(70_000, 7), 'binary');
  await script.echoInFragments(kept, ['one ', 'two ', 'three']);
  await script.ping(kept, 'are you there');
  await script.pingedByUpstream(kept);

  const secure = await script.open('chat', { secure: true });
  for (let i = 0; i < 5; ++i) await script.echo(secure, Buffer.alloc(64, i), 'binary');
  await script.close(secure, 1000);
  for (const [code, label] of [[1001], [1005], [3000, '3xxx'], [4999, '4xxx']])
    await script.close(await script.open('chat'), code, label);
  for (const [code, label] of [[1000], [1011], [4001, '4xxx']])
    await script.closeByUpstream(await script.open('chat'), code, label);

  // Ends without a Close frame: of the client, and of the upstream, which the client is told by 1011.
  const gone = await script.open('chat');
  gone.client.terminate();
  script.closed(gone, 'client', 'client_ended');
  const widowed = await script.open('chat');
  const end = once(widowed.client, 'close');
  widowed.client.send('die');
  assert.equal((await end)[0], 1011);
  script.said(widowed, 'to_upstream', 'text', 3);
  script.closeFrame(widowed, 'gateway', 1011);
  script.closeFrame(widowed, 'client', 1011);
  script.closed(widowed, 'upstream', 'upstream_ended');

  // What the gateway ends: a tunnel where nothing happens.
  const idle = await script.open('idle', { to: 'other' });
  assert.equal((await once(idle.client, 'close'))[0], 1001);
  script.closedByGateway(idle, 'gateway', 1001, 'idle_timeout');

  const guarded = await script.open('guarded', { to: 'other', headers: { Origin: 'https://example.com' } });
  await script.echo(guarded, 'let in');
  return [kept, guarded];
}

/** One byte too much: the message comes whole, and goes nowhere. */
async function runTooBig(script) {
  const tunnel = await script.open('small');
  await script.echo(tunnel, 'y'.repeat(1024));
  const end = once(tunnel.client, 'close');
  tunnel.client.send('z'.repeat(1025));
  assert.equal((await end)[0], 1009);
  script.said(tunnel, 'to_upstream', 'text', 1025);
  script.closedByGateway(tunnel, 'client', 1009, 'message_too_big');
}

async function runHandshakes(script) {
  await script.refusedHandshake('chat', '/chat/declined', 403, 'declined');
  await script.refusedHandshake('chat', '/chat/declined', 403, 'declined');
  await script.refusedHandshake('chat', '/chat/strange', 502, 'upstream_bad_upgrade');
  await script.refusedHandshake('guarded', '/guarded', 403, 'origin_refused', { Origin: 'https://evil.example' });
  await script.refusedHandshake('hello', '/hello', 200, 'answered');
  await script.refusedHandshake('', '/nowhere', 404, 'no_route');
  await script.refusedHandshake('', '/chat', 426, 'websocket_version', { 'Sec-WebSocket-Version': '8' });
  await script.refusedHandshake('', '/chat', 400, 'bad_handshake', { 'Sec-WebSocket-Key': 'short' });
  for (let i = 0; i < 3; ++i) {
    await script.refusedHandshake('dead', '/dead', 502, 'upstream_unreachable');
    script.truth.add('tidegate_upstream_connect_errors_total', { upstream: 'dead', reason: 'upstream_unreachable' });
  }
}

async function runRequests(script) {
  for (let i = 0; i < 4; ++i) await script.ask('pages', '/pages/200', 200);
  await script.ask('pages', '/pages/404', 404);
  await script.ask('pages', '/pages/204', 204, { method: 'DELETE' });
  await script.ask('pages', '/pages/201', 201, { method: 'POST' });
  await script.ask('pages', '/pages/200', 200, { method: 'HEAD' });
  await script.ask('pages', '/pages/207', 207, { method: 'PROPFIND', count: 'other' });
  await script.ask('pages', '/pages/broken', 502, { method: 'POST' });
  await script.ask('slow', '/slow', 504);
  await script.ask('hello', '/hello', 200);
  await script.ask('', '/nowhere', 404);
  await script.ask('dead', '/dead', 502);
  script.truth.add('tidegate_upstream_connect_errors_total', { upstream: 'dead', reason: 'upstream_unreachable' });
  await script.ask('old', '/old', 308);
  script.truth.add('tidegate_redirects_total', {});
  for (let i = 0; i < 2; ++i) {
    const { status } = await request(`http://127.0.0.1:${script.moved}/x`);
    assert.equal(status, 301);
    script.connected('moved');
    script.answered('moved', '', 'GET', 301);
    script.truth.add('tidegate_redirects_total', {});
  }
  // A head that is refused is no request of any route, and has no duration.
  const raw = await RawSocket.connect(script.plain);
  raw.write('GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n');
  assert.match(await raw.untilEnd(), /^HTTP\/1\.1 400 /);
  script.connected('plain');
  script.truth.add('tidegate_http_requests_total', { listener: 'plain', method: 'GET', code: 400 });
}

/** A connection that shakes hands, asks for one page, and answers its session. */
async function tlsRequest(script, version, session) {
  let ticket;
  const raw = await RawSocket.connect(script.secure, {
    ca: script.gateway.ca, minVersion: version, maxVersion: version, session,
  });
  raw.socket.on('session', (data) => (ticket = data));
  ticket ??= raw.socket.getSession();
  assert.equal(raw.socket.isSessionReused(), session !== undefined);
  raw.write('GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  assert.match(await raw.untilEnd(), /^HTTP\/1\.1 200 /);
  script.connected('secure');
  script.tlsDone(version, String(session !== undefined));
  script.answered('secure', 'hello', 'GET', 200);
  return ticket;
}

async function runTls(script) {
  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    const session = await tlsRequest(script, version);
    await tlsRequest(script, version, session);
    await tlsRequest(script, version, session);
  }
  // No handshake at all: a client that has no version in common, and one that does not speak TLS.
  const old = tls.connect({ host: '127.0.0.1', port: script.secure, ciphers: 'AES128-SHA', maxVersion: 'TLSv1.2' });
  await once(old, 'error').catch(() => {});
  script.connected('secure');
  script.truth.add('tidegate_tls_handshakes_total',
    { listener: 'secure', version: 'none', resumed: 'false', result: 'tls_handshake_failed' });
  const plain = await RawSocket.connect(script.secure);
  plain.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  assert.match(await plain.untilEnd(), /^HTTP\/1\.1 400 /);
  script.connected('secure');
  script.truth.add('tidegate_tls_handshakes_total',
    { listener: 'secure', version: 'none', resumed: 'false', result: 'plain_http_on_tls' });
  script.truth.add('tidegate_http_requests_total', { listener: 'secure', method: 'other', code: 400 });
}

// ------------------------------------------------------------------------------------------------------------------
// What Prometheus says.

/** Families whose every series is known. */
const exact = [
  'tidegate_tunnels_active', 'tidegate_tunnels_opened_total', 'tidegate_tunnels_closed_total',
  'tidegate_tunnel_duration_seconds_count', 'tidegate_tunnel_bytes_total', 'tidegate_tunnel_messages_total',
  'tidegate_tunnel_close_codes_total', 'tidegate_handshakes_total', 'tidegate_handshake_duration_seconds_count',
  'tidegate_http_requests_total', 'tidegate_http_request_duration_seconds_count', 'tidegate_redirects_total',
  'tidegate_connections_active', 'tidegate_connections_total', 'tidegate_tls_handshakes_total',
  'tidegate_tls_certificate_not_after_timestamp_seconds', 'tidegate_upstream_up', 'tidegate_upstream_tunnels',
  'tidegate_upstream_connect_errors_total', 'tidegate_config_reloads_total', 'tidegate_config_last_reload_successful',
  'tidegate_drain_remaining_tunnels', 'tidegate_build_info',
];

async function seriesOf(prometheus, family) {
  const series = await prometheus.series(family);
  return series.map(({ labels, value }) => [name(family, labels), value]).filter(([, value]) => value !== 0).sort();
}

async function everythingAgrees(script, prometheus) {
  for (const family of exact) {
    const wanted = JSON.stringify(script.truth.of(family));
    const agrees = async () => JSON.stringify(await seriesOf(prometheus, family)) === wanted;
    await until(agrees, family, 10_000).catch(() => {});
    assert.deepEqual(await seriesOf(prometheus, family), script.truth.of(family), family);
  }
}

async function within(prometheus, expression, least, most) {
  const value = await prometheus.query(expression);
  assert.ok(value >= least && value <= most, `${expression} is ${value}, not within ${least} and ${most}`);
}

async function everythingElseIsPlausible(script, prometheus) {
  const now = Date.now() / 1000;
  const took = now - script.began;
  for (const family of ['tunnel_duration', 'handshake_duration', 'http_request_duration']) {
    const [counts, sums, all] = await Promise.all(['count', 'sum', 'bucket{le="+Inf"}'].map(async (part) => {
      const series = await prometheus.series(`tidegate_${family}_seconds_${part}`);
      return new Map(series.map(({ labels: { le, ...labels }, value }) => [name(family, labels), value]));
    }));
    assert.ok(counts.size > 3);
    assert.deepEqual(all, counts);
    for (const [series, count] of counts) {
      const sum = sums.get(series);
      assert.ok(count === 0 ? sum === 0 : sum > 0 && sum < count * took, `${series}: ${sum} seconds of ${count}`);
    }
  }
  await within(prometheus, 'tidegate_http_request_duration_seconds_sum{route="slow"}', 0.15, took);
  await within(prometheus, 'tidegate_tunnel_duration_seconds_sum{route="idle"}', 0.2, took);
  await within(prometheus, 'tidegate_config_last_reload_success_timestamp_seconds', script.began, now);
  for (const worker of ['0', '1']) await within(prometheus, `tidegate_loop_lag_seconds{worker="${worker}"}`, 0, took);
  await within(prometheus, 'process_start_time_seconds', script.began - 1, now);
  await within(prometheus, 'process_cpu_seconds_total', 0.001, took * 64);
  await within(prometheus, 'process_open_fds', 10, 200);
  await within(prometheus, 'process_max_fds', 1024, 2 ** 40);
  await within(prometheus, 'process_resident_memory_bytes', 2 ** 20, 2 ** 32);
  await within(prometheus, 'process_virtual_memory_bytes', 2 ** 20, 2 ** 50);
}

/** What the gateway itself is, rather than what was done to it. */
async function knowTheGateway(script) {
  const { truth, gateway } = script;
  const { stdout } = await run('openssl', ['x509', '-enddate', '-noout', '-in', gateway.certificate]);
  const notAfter = Date.parse(stdout.trim().slice('notAfter='.length)) / 1000;
  truth.add('tidegate_tls_certificate_not_after_timestamp_seconds', { listener: 'secure', name: 'localhost' }, notAfter);
  for (const each of ['app', 'other'])
    truth.add('tidegate_upstream_up', { upstream: each, server: `http://127.0.0.1:${upstream}` });
  truth.add('tidegate_config_last_reload_successful', {});
  const version = (await run(process.env.TIDEGATE_BINARY, ['--version'])).stdout.trim().split(' ')[1];
  truth.add('tidegate_build_info', { version });
}

test('Prometheus knows of each metric what was done', async () => {
  const script = await Script.start();
  await knowTheGateway(script);
  const prometheus = await Prometheus.start(script.metrics);
  const [kept, guarded] = await runTunnels(script);
  await runTooBig(script);
  await runHandshakes(script);
  await runRequests(script);
  await runTls(script);
  const good = fs.readFileSync(script.gateway.file, 'utf8');
  await script.reload('success', `${good}# again\n`);
  await script.reload('failure', `${good}nonsense: 1\n`);
  script.truth.add('tidegate_config_last_reload_successful', {}, -1);
  await everythingAgrees(script, prometheus);
  script.truth.add('tidegate_config_last_reload_successful', {});
  await script.reload('success', good);
  await script.echo(kept, 'still there');
  await everythingAgrees(script, prometheus);
  await everythingElseIsPlausible(script, prometheus);

  // A drain that one client does not go along with.
  guarded.client._socket.pause();
  const end = once(kept.client, 'close');
  script.gateway.signal('SIGTERM');
  assert.equal((await end)[0], 1001);
  script.closedByGateway(kept, 'gateway', 1001, 'drain');
  for (const by of ['gateway', 'gateway', 'upstream']) script.closeFrame(guarded, by, 1001);
  script.truth.add('tidegate_drain_remaining_tunnels', {});
  await prometheus.becomes('tidegate_drain_remaining_tunnels', 1);
  await prometheus.becomes('tidegate_tunnels_closed_total{route="chat",side="gateway",reason="drain"}', 1);
  await prometheus.becomes('sum(tidegate_tunnels_active)', 1);
  await prometheus.becomes('sum(tidegate_connections_active)', 1);
  guarded.client._socket.resume();
  await prometheus.stop();
  await script.gateway.ended();
});
