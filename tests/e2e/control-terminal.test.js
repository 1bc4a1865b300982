// The operator's commands against a stand-in that speaks the admin API as its page says: what they ask, and what they
// show, on a terminal and without one. Against a real gateway: control.test.js.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import test from 'node:test';

import { run } from './lib/command.js';
import { binary, temporaryDirectory } from './lib/gateway.js';
import { Terminal } from './lib/terminal.js';
import { until } from './lib/wait.js';

/** Answers on a unix socket by what `answers` has under "METHOD /path"; remembers what it was asked. */
class StandIn {
  static async start(answers) {
    const standIn = new StandIn();
    standIn.answers = { 'GET /status': () => standIn.status(), 'GET /upstreams': [], ...answers };
    standIn.asked = [];
    standIn.began = Date.now();
    const file = path.join(temporaryDirectory(), 'admin.sock');
    standIn.address = `unix:${file}`;
    standIn.server = http.createServer((incoming, response) => standIn.answer(incoming, response));
    await new Promise((resolve) => standIn.server.listen(file, resolve));
    return standIn;
  }

  async answer(incoming, response) {
    let body = '';
    for await (const part of incoming) body += part;
    const url = new URL(incoming.url, 'http://admin');
    this.asked.push({ request: `${incoming.method} ${incoming.url}`, body });
    const found = this.answers[`${incoming.method} ${url.pathname}`];
    const answer = typeof found === 'function' ? found(url, response) : found;
    if (response.headersSent) return;
    response.statusCode = answer === undefined ? 404 : answer.error || answer.applied === false ? 422 : 200;
    response.end(JSON.stringify(answer ?? { error: 'there is no such page' }));
  }

  seconds() {
    return (Date.now() - this.began) / 1000;
  }

  status(more = {}) {
    const flow = { to_upstream: Math.floor(this.seconds() * 1000), to_client: 0 };
    return {
      version: '0.1.0', pid: 4711, config: '/etc/t.yaml', state: 'running', uptime_seconds: this.seconds(),
      tunnels: { active: 50, opened: 60 }, connections: { active: 51, total: 70 }, messages: flow, bytes: flow, ...more,
    };
  }

  ask(...args) {
    return run(binary, [...args, '--admin', this.address]);
  }

  close() {
    this.server.close();
    this.server.closeAllConnections();
  }
}

const tunnels = (standIn) => () => ({
  total: 50,
  tunnels: Array.from({ length: 50 }, (_, i) => ({
    id: `0123456789abcd${String(i).padStart(2, '0')}`, state: 'open', route: 'chat', server: 'http://chat-1:3000',
    remote_addr: `192.0.2.${i}`, path: '/chat', age_seconds: standIn.seconds(), idle_seconds: 0,
    messages: { to_upstream: Math.floor(standIn.seconds() * 100), to_client: 0 },
    bytes: { to_upstream: 0, to_client: 0 },
  })),
});

async function startWithTunnels() {
  const standIn = await StandIn.start({});
  standIn.answers['GET /tunnels'] = tunnels(standIn);
  return standIn;
}

test('tunnels --watch: rates, an order by a key, q, and the screen as it was', async () => {
  const standIn = await startWithTunnels();
  const terminal = new Terminal(`${binary} tunnels --watch --admin ${standIn.address}; echo "code $?"; stty -a`);
  await terminal.shows(/\x1b\[\?1049h[^]*ID +AGE .*MSGS\/S/);
  await terminal.shows(/0123456789abcd00 .* \/chat +([5-9]\d|1\d\d) +0 B/);
  await terminal.shows(/by age {3}m messages/);
  terminal.type('b');
  await terminal.shows(/by bytes {3}m messages/);
  terminal.type('xm');
  await terminal.shows(/by messages {3}m messages/);
  terminal.type('q');
  assert.equal(await terminal.ended(), 0);
  assert.match(terminal.screen, /\x1b\[\?1049lcode 0\r\n[^]* icanon[^]* echo /);
  for (const order of ['age', 'bytes', 'messages'])
    assert.ok(standIn.asked.some(({ request }) => request === `GET /tunnels?order=${order}&limit=100`), order);
  const pictures = terminal.screen.split('\x1b[H').slice(1).map((text) => text.split('\x1b[J')[0]);
  assert.ok(pictures.length >= 3);
  for (const picture of pictures) {
    const lines = picture.split('\n').map((line) => line.replaceAll('\x1b[K', '').replaceAll('\r', ''));
    assert.equal(lines.length, 20);
    for (const text of lines) assert.ok([...text].length <= 100, text);
  }
  standIn.close();
});

test('tunnels --watch: Ctrl-C leaves the terminal as it was, and so does the end of the gateway', async () => {
  const standIn = await startWithTunnels();
  const watch = `${binary} tunnels --watch --admin ${standIn.address}; echo "code $?"; stty -a`;
  const interrupted = new Terminal(`trap : INT; ${watch}`);
  await interrupted.shows(/by age/);
  interrupted.type('\x03');
  await interrupted.ended();
  assert.match(interrupted.screen, /\x1b\[\?1049l(\^C)?(\r\n)?code 130\r\n[^]* icanon[^]* echo /);
  const orphaned = new Terminal(watch);
  await orphaned.shows(/by age/);
  standIn.close();
  await orphaned.ended();
  assert.match(orphaned.screen, /\x1b\[\?1049l.*is the gateway running[^]*code 1\r\n[^]* icanon[^]* echo /);
});

test('tunnels --watch without a terminal: a table per second, no escapes', async () => {
  const standIn = await startWithTunnels();
  const watching = standIn.ask('tunnels', '--watch', '--limit', '2', '--route', 'a b');
  await until(() => standIn.asked.length >= 6, 'three looks');
  standIn.close();
  const { code, stdout, stderr } = await watching;
  assert.equal(code, 1);
  assert.match(stderr, /is the gateway running/);
  assert.ok(stdout.split('\nID ').length >= 3);
  assert.doesNotMatch(stdout, /\x1b/);
  assert.ok(standIn.asked.some(({ request }) => request === 'GET /tunnels?order=age&limit=2&route=a%20b'));
});

test('tunnels --debug-tunnel: a line per frame until the end; --json as it came', async () => {
  const lines = [
    {
      at: '2026-11-21T08:29:00.123456Z', direction: 'to_upstream', opcode: 'text', fin: true, rsv: 4, masked: true,
      length: 64,
    },
    { dropped: 12 }, { ended: true },
  ].map((line) => JSON.stringify(line));
  const standIn = await StandIn.start({
    'GET /tunnels/0123456789abcdef/frames': (_, response) => {
      response.setHeader('Content-Type', 'application/x-ndjson');
      response.write(`${lines[0]}\n${lines[1].slice(0, 5)}`);
      setImmediate(() => response.end(`${lines[1].slice(5)}\n${lines[2]}\n`));
    },
  });
  const trace = await standIn.ask('tunnels', '--debug-tunnel', '0123456789abcdef');
  assert.deepEqual([trace.code, trace.stderr], [0, '']);
  assert.deepEqual(trace.stdout.split('\n'), [
    '08:29:00.123456  to upstream  text               64 bytes  fin rsv1 masked',
    '... 12 frames came faster than could be told', 'the tunnel has ended', '',
  ]);
  const raw = await standIn.ask('tunnels', '--debug-tunnel', '0123456789abcdef', '--json');
  assert.equal(raw.stdout, `${lines.join('\n')}\n`);
  const nobody = await standIn.ask('tunnels', '--debug-tunnel', 'ffff');
  assert.deepEqual([nobody.code, nobody.stdout, nobody.stderr], [1, '', 'there is no such page\n']);
  standIn.close();
});

test('reload and plan: what changed or would, and why it was refused, with its place', async () => {
  const differences = [{
    kind: 'changed', subject: 'route', name: 'chat', what: 'timeouts.response: 60s -> 5m', tunnels: 10, consequence: '',
  }];
  const refusal = {
    applied: false, differences: [],
    diagnostics: [{ severity: 'error', file: '/etc/t.yaml', line: 3, column: 5, message: 'unknown key' }],
  };
  let answer = { applied: true, differences, diagnostics: [] };
  const standIn = await StandIn.start({ 'POST /reload': () => answer, 'POST /plan': () => answer });
  const file = path.join(temporaryDirectory(), 'new one.yaml');
  fs.writeFileSync(file, 'listeners: {}\n');
  const said = '~ route chat: timeouts.response: 60s -> 5m  [10 live tunnels: they go on as they are]\n';
  const told = async (...args) => {
    const { code, stdout, stderr } = await standIn.ask(...args);
    return [code, stdout, stderr];
  };
  assert.deepEqual(await told('reload'), [0, `${said}reloaded\n`, '']);
  assert.deepEqual(await told('plan', '-c', file), [0, `${said}it can be applied; nothing has been changed yet\n`, '']);
  assert.deepEqual(standIn.asked.at(-1), {
    request: `POST /plan?file=${encodeURIComponent(file)}`, body: 'listeners: {}\n',
  });
  answer = refusal;
  const complaint = '/etc/t.yaml:3:5: unknown key\n';
  assert.deepEqual(await told('reload'),
    [1, '', `${complaint}refused: the gateway goes on with the configuration it has\n`]);
  assert.deepEqual(await told('plan', '-c', file), [1, '', `${complaint}it would be refused\n`]);
  const raw = await standIn.ask('reload', '--json');
  assert.equal(raw.code, 1);
  assert.deepEqual(JSON.parse(raw.stdout), refusal);
  answer = { error: 'there is no file to read again' };
  assert.deepEqual(await told('reload'), [1, '', 'there is no file to read again\n']);
  assert.match((await standIn.ask('plan', '-c', '/nowhere.yaml')).stderr, /nowhere\.yaml: it cannot be read/);
  standIn.close();
});

test('upstream and tunnels --close: the order as the admin API takes it', async () => {
  const order = 'POST /upstreams/app/servers/http%3A%2F%2F127.0.0.1%3A3000';
  const server = { address: 'http://127.0.0.1:3000', state: 'drain', reachable: true, weight: 1, configured_weight: 1 };
  const standIn = await StandIn.start({
    [order]: {}, 'GET /upstreams': [{ name: 'app', servers: [server] }, { name: 'other', servers: [server] }],
    'DELETE /tunnels/0123456789abcdef': (url) => (
      { id: '0123456789abcdef', code: Number(url.searchParams.get('code')) }),
  });
  for (const [args, body] of [
    [['--drain'], { state: 'drain' }], [['--up', '--weight', '3'], { state: 'up', weight: 3 }],
    [['--reset-weight'], { weight: null }],
  ]) {
    standIn.asked = [];
    const { code, stdout, stderr } = await standIn.ask('upstream', 'app', server.address, ...args);
    assert.equal(code, 0, stderr);
    assert.equal(standIn.asked[0].request, order);
    assert.deepEqual(JSON.parse(standIn.asked[0].body), body);
    assert.match(stdout, /^app +http:\/\/127\.0\.0\.1:3000 +drain +yes +1 +0$/m);
    assert.doesNotMatch(stdout, /^other/m);
  }
  const closing = await standIn.ask('tunnels', '--close', '0123456789abcdef', '--code', '4321');
  assert.deepEqual([closing.code, closing.stdout], [0, 'closing 0123456789abcdef with code 4321\n']);
  standIn.close();
});

/** Each look finds one tunnel less; when none is left it has gone. */
async function startDraining() {
  const standIn = await StandIn.start({});
  let left = 3;
  const deadline = new Date(Date.now() + 25_000).toISOString();
  standIn.answers['POST /drain'] = () => {
    standIn.answers['GET /status'] = (_, response) => {
      const drain = { initial: 4, remaining: --left, deadline_at: deadline };
      if (left > 0) return standIn.status({ state: 'draining', drain });
      response.destroy();
      standIn.close();
      return {};
    };
    return { state: 'draining' };
  };
  return standIn;
}

test('drain: a bar on a terminal, a line per second elsewhere, until the gateway has gone', async () => {
  const bar = await startDraining();
  const terminal = new Terminal(`${binary} drain --admin ${bar.address}`);
  assert.equal(await terminal.ended(), 0, terminal.screen);
  assert.match(terminal.screen, /\r\[#+-+\] 2 of 4 connections and tunnels left, \d+s to the deadline\x1b\[K/);
  assert.match(terminal.screen, /\r\x1b\[Kdrained: the gateway has gone\r\n$/);
  const lines = await startDraining();
  const { code, stdout, stderr } = await lines.ask('drain');
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /^2 of 4 connections and tunnels left, \d+s to the deadline\n/);
  assert.match(stdout, /^[^\x1b]*drained: the gateway has gone\n$/);
});

test('what a peer sends does not steer the terminal', async () => {
  const evil = '\x1b]0;owned\x07\x1b[2J\u202e';
  const standIn = await StandIn.start({
    'GET /status': { version: '0', last_errors: [{ at: evil, level: evil, area: evil, message: evil, id: evil }] },
    'GET /upstreams': [{ name: evil, servers: [{ address: evil, state: evil }] }],
    'GET /tunnels': {
      total: 1, tunnels: [{ id: evil, remote_addr: evil, path: evil, host: evil, route: evil, server: evil }],
    },
    'POST /reload': { error: evil },
    'GET /tunnels/x/frames': (_, response) => {
      response.end(`${JSON.stringify({ at: evil, opcode: evil })}\nno JSON ${evil}\n`);
    },
  });
  for (const command of [['status'], ['tunnels'], ['reload'], ['tunnels', '--debug-tunnel', 'x']]) {
    const { stdout, stderr } = await standIn.ask(...command);
    assert.doesNotMatch(stdout + stderr, /[\x1b\x07\u202e]/);
    assert.match(stdout + stderr, /\\x1b\]0;owned/);
  }
  standIn.close();
});
