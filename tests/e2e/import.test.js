// `tidegate import`: where the YAML and the report go, the exit codes, and that what it writes runs.
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

const site = (port, more = '') => `events {}
http {
  server {
    listen 127.0.0.1:8080;
    location / {
      proxy_pass http://127.0.0.1:${port}; proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header X-Real-IP $remote_addr;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
    }
    location = /healthz { return 200 fine; }
    ${more}
  }
}
`;

test('import: the YAML on stdout, the report on stderr', async () => {
  const file = write('plain.conf', site(3000));
  const { code, stdout, stderr } = await tidegate('import', 'plain.conf');
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^listeners:\n/);
  assert.match(stdout, /app: http:\/\/127\.0\.0\.1:3000/);
  assert.match(stderr, /^plain\.conf:1: exact: events$/m);
  assert.match(stderr, /^plain\.conf:6: exact: proxy_pass http:\/\/127\.0\.0\.1:3000$/m);
  assert.match(stderr, /^\d+ directives: \d+ exact, \d+ approximated, \d+ ignored, 0 refused$/m);
  assert.ok(fs.existsSync(file));
});

test('import: exit code 3 where something was refused, with what to do instead', async () => {
  write('refused.conf', site(3000, 'location /secret/ { auth_basic x; auth_basic_user_file users; proxy_pass http://127.0.0.1:1; }'));
  const { code, stdout, stderr } = await tidegate('import', 'refused.conf');
  assert.equal(code, 3, stderr);
  assert.match(stderr, /^refused\.conf:13: refused: auth_basic x: .*tidegate run --nginx/m);
  assert.match(stdout, /path: \/secret\/\n    respond: \{ status: 403 \}/);
});

test('import: exit code 1 for what nginx would not start with, in its words', async () => {
  write('broken.conf', 'events {}\nhttp {\n  server { listn 80; }\n}\n');
  const { code, stdout, stderr } = await tidegate('import', 'broken.conf', '-o', 'broken.yaml');
  assert.equal(code, 1, stderr);
  assert.equal(stdout, '');
  assert.match(stderr, /broken\.conf:3.*unknown directive "listn"/);
  assert.ok(!fs.existsSync(path.join(directory, 'broken.yaml')));
  assert.equal((await tidegate('import', 'nowhere.conf')).code, 1);
});

test('a file of sites-enabled/: what to do with it is said', async () => {
  write('part.conf', 'server { listen 8080; return 204; }\n');
  for (const args of [['import', 'part.conf'], ['check', '--nginx', 'part.conf'], ['run', '--nginx', 'part.conf']]) {
    const { code, stderr } = await tidegate(...args);
    assert.equal(code, 1, stderr);
    assert.match(stderr, /part\.conf:1: "server" directive is not allowed here\n/);
    assert.match(stderr, /warning: this is a part of a configuration: name the nginx\.conf that includes it/);
  }
});

test('import: exit code 2 for a bad command line', async () => {
  assert.equal((await tidegate('import')).code, 2);
  assert.equal((await tidegate('import', 'a.conf', '--force')).code, 2);
});

test('import: a file that is there stays, unless it is to be replaced', async () => {
  write('again.conf', site(3000));
  const yaml = write('mine.yaml', 'mine\n');
  const first = await tidegate('import', 'again.conf', '-o', 'mine.yaml');
  assert.equal(first.code, 1, first.stderr);
  assert.match(first.stderr, /^mine\.yaml: is there already; .*--force/);
  assert.equal(fs.readFileSync(yaml, 'utf8'), 'mine\n');

  const second = await tidegate('import', 'again.conf', '-o', 'mine.yaml', '--force');
  assert.equal(second.code, 0, second.stderr);
  assert.match(second.stderr, /^mine\.yaml: replaced$/m);
  assert.equal(second.stdout, '');
  assert.match(fs.readFileSync(yaml, 'utf8'), /^listeners:/);
  assert.deepEqual(fs.readdirSync(directory).filter((name) => name.startsWith('mine')), ['mine.yaml']);

  const third = await tidegate('import', 'again.conf', '-o', 'new.yaml');
  assert.equal(third.code, 0, third.stderr);
  assert.match(third.stderr, /^new\.yaml: written$/m);
  assert.equal((await tidegate('import', 'again.conf', '-o', 'no/such/folder.yaml')).code, 1);
});

test('import: what it writes passes the check and runs', async () => {
  const upstream = http.createServer((asked, answer) => answer.end(`${asked.headers['x-real-ip']} ${asked.url}`));
  const port = await listen(upstream);
  write('run.conf', site(port, 'location /app/ { proxy_pass http://127.0.0.1:' + port + '/; }'));
  const imported = await tidegate('import', 'run.conf', '-o', 'run.yaml');
  assert.equal(imported.code, 0, imported.stderr);
  const checked = await tidegate('check', '-c', 'run.yaml');
  assert.equal(checked.code, 0, checked.stderr);

  const yaml = fs.readFileSync(path.join(directory, 'run.yaml'), 'utf8');
  const gateway = await Gateway.start({ yaml: (own) => yaml.replace('127.0.0.1:8080', `127.0.0.1:${own.http}`) });
  const get = (target) => request(`http://127.0.0.1:${gateway.http}${target}`);
  assert.equal(String((await get('/a?b=c')).body), '127.0.0.1 /a?b=c');
  assert.equal(String((await get('/app/x')).body), '127.0.0.1 /x');
  assert.equal((await get('/app?y')).headers.location, '/app/?y');
  assert.equal(String((await get('/healthz')).body), 'fine');
  await gateway.stop();
  upstream.close();
});
