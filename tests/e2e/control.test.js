// The operator's commands against a running gateway, and on a terminal of their own.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import test from 'node:test';

import { WebSocket, WebSocketServer } from 'ws';

import { run } from './lib/command.js';
import { Gateway, binary, temporaryDirectory } from './lib/gateway.js';
import { listen } from './lib/net.js';
import { Terminal } from './lib/terminal.js';
import { once, until } from './lib/wait.js';

const server = http.createServer((_, response) => response.end('here'));
new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket) => {
  socket.on('error', () => {});
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});
const upstream = `http://127.0.0.1:${await listen(server)}`;

const yaml = (site) => `listeners:
  http: { address: "127.0.0.1:${site.http}" }
  https: { address: "127.0.0.1:${site.https}", tls: ${site.tls} }
routes:
  - { name: chat, path: /chat, upstream: app }
  - { name: other, path: /, upstream: app }
upstreams:
  app: { servers: [{ address: "${upstream}" }] }
admin: { address: "unix:${site.directory}/admin.sock" }
`;

/** A gateway, and its commands: `gateway.ask('tunnels', '--json')`. */
async function start(change = (text) => text) {
  const gateway = await Gateway.start({ yaml: (site) => change(yaml(site)) });
  gateway.socket = `unix:${gateway.directory}/admin.sock`;
  gateway.ask = (command, ...args) => run(binary, [command, '--admin', gateway.socket, ...args]);
  gateway.json = async (...args) => JSON.parse((await gateway.ask(...args, '--json')).stdout);
  return gateway;
}

async function tunnel(gateway, target = '/chat') {
  const client = new WebSocket(`ws://127.0.0.1:${gateway.http}${target}`, { perMessageDeflate: false });
  client.on('error', () => {});
  await once(client, 'open');
  return client;
}

async function echo(client, text) {
  const came = once(client, 'message');
  client.send(text);
  await came;
}

test('status: how the gateway is', async () => {
  const gateway = await start();
  const client = await tunnel(gateway);
  await echo(client, 'hello');
  const { code, stdout, stderr } = await gateway.ask('status');
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, new RegExp(`^Tidegate \\S+, pid ${gateway.child.pid}, running for `));
  assert.match(stdout, new RegExp(`^configuration +${gateway.file}$`, 'm'));
  assert.match(stdout, /^tunnels +1 +1$/m);
  assert.match(stdout, /^messages +1 +1$/m);
  assert.match(stdout, new RegExp(`^https +127\\.0\\.0\\.1:${gateway.https} +yes `, 'm'));
  assert.match(stdout, new RegExp(`^app +${upstream} +up +yes +1 +1$`, 'm'));
  assert.match(stdout, /^localhost +https +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC +[12]$/m);
  assert.equal((await gateway.json('status')).state, 'running');
  client.terminate();
  await gateway.stop();
});

test('the gateway is found by its configuration, by the environment, by --admin', async () => {
  const gateway = await start();
  const found = async (args, env = {}) => {
    const { code, stdout, stderr } = await run(binary, ['status', ...args], { env: { ...process.env, ...env } });
    assert.equal(code, 0, stderr);
    assert.match(stdout, new RegExp(`pid ${gateway.child.pid},`));
  };
  await found(['-c', gateway.file]);
  await found([], { TIDEGATE_ADMIN: gateway.socket });
  await found(['--admin', gateway.socket, '-c', '/nowhere.yaml'], { TIDEGATE_ADMIN: 'unix:/nowhere.sock' });
  // A file with errors elsewhere leads there all the same: `reload` is how its owner hears of them.
  fs.appendFileSync(gateway.file, 'nonsense: 1\n');
  await found(['-c', gateway.file]);
  await gateway.stop();
});

test('where no gateway answers: what was tried, and what else to try', async () => {
  const directory = temporaryDirectory();
  const nobody = path.join(directory, 'admin.sock');
  for (const command of [['status'], ['tunnels'], ['tunnels', '--watch'], ['reload'], ['drain'], ['stop'],
    ['upstream', 'app', upstream, '--up']]) {
    const { code, stdout, stderr } = await run(binary, [...command, '--admin', `unix:${nobody}`]);
    assert.deepEqual([code, stdout], [1, ''], command);
    assert.match(stderr, new RegExp(`there is no socket at unix:${nobody} .*is the gateway running.*--admin`));
  }
  const { code, stderr } = await run(binary, ['status', '--admin', 'nonsense']);
  assert.equal(code, 2);
  assert.match(stderr, /--admin: "nonsense" is no address; write unix:/);
});

test('tunnels: one line each, and a tunnel closed by its id', async () => {
  const gateway = await start();
  const [first, second] = [await tunnel(gateway, '/chat?room=1'), await tunnel(gateway, '/elsewhere')];
  for (let i = 0; i < 3; ++i) await echo(second, 'x'.repeat(100));
  const lines = (await gateway.ask('tunnels')).stdout.trimEnd().split('\n');
  assert.equal(lines.length, 3);
  assert.match(lines[1], /^[0-9a-f]{16} +open .* 127\.0\.0\.1 +chat /);
  assert.match(lines[2], /^[0-9a-f]{16} +open .* 127\.0\.0\.1 +other .* 3 +3 +318 B +306 B$/);
  const busiest = await gateway.json('tunnels', '--order', 'messages', '--limit', '1');
  assert.deepEqual([busiest.total, busiest.tunnels.map(({ route }) => route)], [2, ['other']]);
  assert.equal((await gateway.json('tunnels', '--route', 'chat')).total, 1);
  assert.equal((await gateway.ask('tunnels', '--upstream', 'nothing')).stdout, 'no tunnels\n');

  const end = once(first, 'close');
  const [{ id }] = (await gateway.json('tunnels', '--route', 'chat')).tunnels;
  const closing = await gateway.ask('tunnels', '--close', id, '--code', '4321');
  assert.deepEqual([closing.code, closing.stdout], [0, `closing ${id} with code 4321\n`]);
  assert.equal((await end)[0], 4321);
  await until(async () => (await gateway.json('tunnels')).total === 1, 'the tunnel to be gone');
  const gone = await gateway.ask('tunnels', '--close', id);
  assert.equal(gone.code, 1);
  assert.notEqual(gone.stderr, '');
  second.terminate();
  await gateway.stop();
});

test('tunnels --debug-tunnel: frame headers as they pass, until the tunnel ends', async () => {
  const gateway = await start();
  const client = await tunnel(gateway);
  const [{ id }] = (await gateway.json('tunnels')).tunnels;
  const trace = spawn(binary, ['tunnels', '--admin', gateway.socket, '--debug-tunnel', id]);
  let text = '';
  let code;
  trace.stdout.setEncoding('utf8').on('data', (part) => (text += part));
  trace.on('close', (value) => (code = value));
  // When it follows cannot be seen from here: so we speak until it has heard us.
  await until(async () => {
    await echo(client, 'a secret');
    return /to client/.test(text);
  }, 'the trace to hear a frame');
  const end = once(client, 'close');
  client.close(1000);
  await end;
  await until(() => code !== undefined, 'the trace to end');
  assert.equal(code, 0);
  assert.match(text, /^\d\d:\d\d:\d\d\.\d{6}  to upstream  text +8 bytes  fin masked$/m);
  assert.match(text, /^\d\d:\d\d:\d\d\.\d{6}  to client    text +8 bytes  fin$/m);
  assert.match(text, /to upstream  close +2 bytes  fin masked code 1000$/m);
  assert.match(text, /the tunnel has ended\n$/);
  assert.doesNotMatch(text, /secret/);
  const nobody = await gateway.ask('tunnels', '--debug-tunnel', id);
  assert.equal(nobody.code, 1);
  assert.notEqual(nobody.stderr, '');
  await gateway.stop();
});

test('reload: what changed, or why not, with its place; plan: the same beforehand', async () => {
  const gateway = await start();
  const client = await tunnel(gateway);
  const good = fs.readFileSync(gateway.file, 'utf8');
  const changed = good.replace('path: /chat, upstream: app', 'path: /chat, upstream: app, timeouts: { response: 5m }');
  const next = path.join(gateway.directory, 'next.yaml');

  fs.writeFileSync(next, changed);
  const plan = await gateway.ask('plan', '-c', next);
  assert.equal(plan.code, 0, plan.stderr);
  assert.match(plan.stdout, /^~ route chat: .*5m.*\[1 live tunnel: /m);
  assert.match(plan.stdout, /nothing has been changed yet\n$/);
  assert.equal((await gateway.json('status')).reload.succeeded, 0);

  fs.writeFileSync(next, `${changed}nonsense: 1\n`);
  const bad = await gateway.ask('plan', '-c', next);
  assert.deepEqual([bad.code, bad.stdout], [1, '']);
  assert.match(bad.stderr, /next\.yaml:\d+:\d+: .*nonsense[^]*it would be refused\n$/);

  fs.writeFileSync(gateway.file, `${changed}nonsense: 1\n`);
  const refused = await gateway.ask('reload');
  assert.deepEqual([refused.code, refused.stdout], [1, '']);
  assert.match(refused.stderr, /tidegate\.yaml:\d+:\d+: .*nonsense[^]*goes on with the configuration it has\n$/);

  fs.writeFileSync(gateway.file, changed);
  const applied = await gateway.ask('reload');
  assert.equal(applied.code, 0, applied.stderr);
  assert.match(applied.stdout, /^~ route chat: .*5m[^]*reloaded\n$/);
  assert.equal((await gateway.ask('reload')).stdout, 'reloaded: nothing has changed\n');
  await echo(client, 'still there');
  client.terminate();
  await gateway.stop();
});

test('upstream: a server drained, up again, weighted', async () => {
  const gateway = await start();
  const order = (...args) => gateway.ask('upstream', 'app', upstream, ...args);
  const line = (state, weight) => new RegExp(`^app +${upstream} +${state} +yes +${weight} +0$`, 'm');
  assert.match((await order('--drain')).stdout, line('drain', '1'));
  assert.match((await order('--up', '--weight', '3')).stdout, line('up', '3 \\(configured 1\\)'));
  assert.match((await order('--reset-weight')).stdout, line('up', '1'));
  const { code, stderr } = await gateway.ask('upstream', 'app', 'http://nowhere:1', '--up');
  assert.equal(code, 1);
  assert.notEqual(stderr, '');
  await gateway.stop();
});

test('tunnels --watch on a terminal: rates, an order by a key, q, and the screen as it was', async () => {
  const gateway = await start();
  const client = await tunnel(gateway);
  const talk = setInterval(() => client.send('tick'), 20);
  const terminal = new Terminal(`${binary} tunnels --watch --admin ${gateway.socket}; echo "code $?"; stty -a`);
  await terminal.shows(/\x1b\[\?1049h[^]*ID +AGE .*MSGS\/S/);
  await terminal.shows(/[0-9a-f]{16} .* \/chat +[1-9]\d*(\.\d)? +[1-9]/);
  await terminal.shows(/by age {3}m messages/);
  terminal.type('b');
  await terminal.shows(/by bytes {3}m messages/);
  terminal.type('m');
  await terminal.shows(/by messages {3}m messages/);
  terminal.type('q');
  assert.equal(await terminal.ended(), 0);
  assert.match(terminal.screen, /\x1b\[\?1049lcode 0\r\n[^]* icanon[^]* echo /);
  const pictures = terminal.screen.split('\x1b[H').slice(1).map((text) => text.split('\x1b[J')[0]);
  for (const picture of pictures) {
    const lines = picture.split('\n').map((line) => line.replaceAll('\x1b[K', '').replaceAll('\r', ''));
    assert.equal(lines.length, 20);
    for (const text of lines) assert.ok([...text].length <= 100, text);
  }
  clearInterval(talk);
  client.terminate();
  await gateway.stop();
});

test('tunnels --watch: Ctrl-C leaves the terminal as it was; so does the gateway that ends', async () => {
  const gateway = await start();
  const watch = `${binary} tunnels --watch --admin ${gateway.socket}; echo "code $?"; stty -a`;
  const interrupted = new Terminal(`trap : INT; ${watch}`);
  await interrupted.shows(/by age/);
  interrupted.type('\x03');
  await interrupted.ended();
  assert.match(interrupted.screen, /\x1b\[\?1049l(\^C)?(\r\n)?code 130\r\n[^]* icanon[^]* echo /);
  const orphaned = new Terminal(watch);
  await orphaned.shows(/by age/);
  await gateway.stop();
  await orphaned.ended();
  assert.match(orphaned.screen, /\x1b\[\?1049l.*is the gateway running[^]*code 1\r\n[^]* icanon[^]* echo /);
});

test('tunnels --watch without a terminal: a table per second, no escapes', async () => {
  const gateway = await start();
  const client = await tunnel(gateway);
  const watch = spawn(binary, ['tunnels', '--watch', '--admin', gateway.socket]);
  let text = '';
  let code;
  watch.stdout.setEncoding('utf8').on('data', (part) => (text += part));
  watch.on('close', (value) => (code = value));
  await until(() => text.split('\nID ').length >= 3, 'two tables');
  assert.doesNotMatch(text, /\x1b/);
  client.terminate();
  await gateway.stop();
  await until(() => code !== undefined, 'the watch to end with the gateway');
  assert.equal(code, 1);
});

test('drain: a line per second until the gateway has gone', async () => {
  const gateway = await start((text) => `${text}drain: { window: 100ms, deadline: 4s }\n`);
  const client = await tunnel(gateway);
  const end = once(client, 'close');
  client._socket.pause();  // does not answer the Close frame, so that the drain lasts
  const draining = gateway.ask('drain');
  await until(async () => (await gateway.json('status')).state === 'draining', 'the drain');
  const { stdout } = await gateway.ask('status');
  assert.match(stdout, /^drain +1 of 1 left, cut at /m);
  setTimeout(() => client._socket.resume(), 1500);
  const { code, stdout: told, stderr } = await draining;
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(told, /^([01] of 1 connections and tunnels left, \d.*s to the deadline\n)+drained: the gateway has gone\n/m);
  assert.doesNotMatch(told, /\x1b/);
  assert.equal((await end)[0], 1001);
  await gateway.ended();
});

test('drain on a terminal: a bar; and --no-wait does not wait', async () => {
  const gateway = await start((text) => `${text}drain: { window: 100ms, deadline: 8s }\n`);
  const client = await tunnel(gateway);
  client._socket.pause();
  const terminal = new Terminal(`${binary} drain --admin ${gateway.socket}`);
  await terminal.shows(/\r\[-+\] 1 of 1 connections and tunnels left, \d.*s to the deadline\x1b\[K/);
  client.terminate();
  assert.equal(await terminal.ended(), 0);
  assert.match(terminal.screen, /\r\x1b\[Kdrained: the gateway has gone\r\n$/);
  await gateway.ended();

  const another = await start((text) => `${text}drain: { window: 100ms, deadline: 8s }\n`);
  const slow = await tunnel(another);
  slow._socket.pause();
  const { code, stdout } = await another.ask('drain', '--no-wait');
  assert.deepEqual([code, stdout], [0, 'the drain has begun\n']);
  assert.equal((await another.json('status')).state, 'draining');
  slow.terminate();
  await another.ended();
});

test('stop: at once, and waited for', async () => {
  const gateway = await start();
  const client = await tunnel(gateway);
  const { code, stdout, stderr } = await gateway.ask('stop');
  assert.deepEqual([code, stdout, stderr], [0, 'stopped: the gateway has gone\n', '']);
  await gateway.ended();
  client.terminate();
});
