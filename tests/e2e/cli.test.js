// The command line: what `check` says of a broken file, and the exit codes.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import test from 'node:test';

import { run } from './lib/command.js';
import { Gateway, binary, temporaryDirectory } from './lib/gateway.js';
import { request } from './lib/http.js';
import { listen } from './lib/net.js';

const directory = temporaryDirectory();
const tidegate = (...args) => run(binary, args, { cwd: directory });

function write(name, text) {
  const file = path.join(directory, name);
  fs.writeFileSync(file, text);
  return file;
}

const good = `
listeners:
  http: { address: "127.0.0.1:8080" }
routes:
  - upstream: app
upstreams:
  app: http://localhost:3000
`;

test('check: a good file', async () => {
  const { code, stdout, stderr } = await tidegate('check', '-c', write('good.yaml', good));
  assert.equal(code, 0, stdout + stderr);
});

test('check: every error at once, each with its place', async () => {
  const file = write('bad.yaml', `listeners:
  http:
    adress: "127.0.0.1:8080"
routes:
  - path: /a/
    upstream: nowhere
upstreams:
  app: http://localhost:3000
timeouts:
  header: 15parsecs
`);
  const { code, stdout, stderr } = await tidegate('check', '-c', file);
  const said = stdout + stderr;
  assert.equal(code, 1, said);
  const line = (number, words) =>
    assert.match(said, new RegExp(`bad\\.yaml:${number}:\\d+: .*${words}`, 'i'), `line ${number}`);
  line(3, 'adress.*address');
  line(6, 'nowhere');
  line(10, '15parsecs');
});

test('check: what only shows when the parts are put together', async () => {
  for (const [name, text, place] of [
    ['a regex', good.replace('- upstream: app', '- { path: { regex: "(" }, upstream: app }'), 5],
    ['a certificate', good.replace('"127.0.0.1:8080" }',
      '"127.0.0.1:8080", tls: { certificates: [{ certificate: none.pem, private_key: none.key }] } }'), 3],
  ]) {
    const { code, stderr } = await tidegate('check', '-c', write('parts.yaml', text));
    assert.equal(code, 1, name);
    assert.match(stderr, new RegExp(`parts\\.yaml:${place}:\\d+: `), name);
  }
});

test('check and run: a bad regex and a missing certificate are told beside an unknown key', async () => {
  const file = write('both.yaml', `listeners:
  http: { address: "127.0.0.1:8080", tls: { certificates: [{ certificate: none.pem, private_key: none.key }] } }
routes:
  - { path: { regex: "(" }, upstream: app, weigth: 3 }
upstreams:
  app: http://localhost:3000
`);
  for (const command of ['check', 'run']) {
    const { code, stderr } = await tidegate(command, '-c', file);
    assert.equal(code, 1, stderr);
    assert.match(stderr, /both\.yaml:2:\d+: .*none\.pem[^]*both\.yaml:4:\d+: .*regex[^]*both\.yaml:4:\d+: .*weigth/);
  }
});

test('check: what YAML parsers let pass', async () => {
  for (const [name, text] of [
    ['duplicate', `${good}upstreams:\n  app: http://localhost:3001\n`],
    ['second document', `${good}---\nlisteners: {}\n`],
    ['merge', `${good.replace('- upstream: app', '- { <<: { upstream: app } }')}`],
    ['not YAML', 'listeners: [unclosed\n'],
    ['empty', ''],
    ['a list', '- a\n'],
  ]) {
    const { code, stdout, stderr } = await tidegate('check', '-c', write('odd.yaml', text));
    assert.equal(code, 1, `${name}: ${stdout}${stderr}`);
    assert.match(stdout + stderr, /odd\.yaml/, name);
  }
  const file = path.join(directory, 'latin1.yaml');
  fs.writeFileSync(file, Buffer.from(`${good}# caf\xE9\n`, 'latin1'));
  assert.equal((await tidegate('check', '-c', file)).code, 1);
});

test('a bad file, or none, ends run with 1 and says why', async () => {
  const bad = await tidegate('run', '-c', write('bad2.yaml', `${good}nonsense: 1\n`));
  assert.equal(bad.code, 1);
  assert.match(bad.stderr, /bad2\.yaml:\d+:\d+: .*nonsense/);
  const missing = await tidegate('run', '-c', path.join(directory, 'missing.yaml'));
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /missing\.yaml/);
});

test('an address that cannot be had ends run with 1 and names it', async () => {
  const file = write('address.yaml', good.replace('127.0.0.1:8080', '192.0.2.1:8080'));
  const { code, stderr } = await tidegate('run', '-c', file);
  assert.equal(code, 1);
  assert.match(stderr, /192\.0\.2\.1:8080/);
});

test('a bad command line ends with 2', async () => {
  for (const args of [['frobnicate'], ['run', '--nonsense'], ['check', '--nonsense'], ['run', '-c'],
    ['run', '--to', 'http://127.0.0.1:1', '-c', 'x.yaml'], ['run', '--to', 'nonsense://']]) {
    const { code, stderr } = await tidegate(...args);
    assert.equal(code, 2, `${args.join(' ')}: ${stderr}`);
    assert.notEqual(stderr, '');
  }
});

test('help and version end with 0', async () => {
  for (const args of [['--help'], ['run', '--help'], ['--version']]) {
    const { code, stdout } = await tidegate(...args);
    assert.equal(code, 0);
    assert.notEqual(stdout, '');
  }
});

test('run --to: no file at all', async () => {
  const server = http.createServer((incoming, response) => response.end(`hello ${incoming.headers['x-forwarded-proto']}`));
  const upstream = await listen(server);
  const gateway = await Gateway.start({
    args: (site) => ['run', '--to', `http://localhost:${upstream}`, '--http', `127.0.0.1:${site.http}`, '--https',
      `127.0.0.1:${site.https}`],
  });
  const answer = await request(`https://localhost:${gateway.https}/`, { rejectUnauthorized: false });
  assert.equal(answer.body.toString(), 'hello https');
  const moved = await request(`http://localhost:${gateway.http}/x?y=z`);
  assert.equal(moved.status, 301);
  assert.equal(moved.headers.location, `https://localhost:${gateway.https}/x?y=z`);
  await gateway.stop();
  server.close();
  server.closeAllConnections();
});
