// certbot's webroot on the plain listener, beside the redirect for everything else.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';

import { Gateway } from './lib/gateway.js';
import { request } from './lib/http.js';
import { RawSocket } from './lib/net.js';

const gateway = await Gateway.start({
  yaml: (site) => `
listeners:
  http: { address: "127.0.0.1:${site.http}", redirect: https, acme_challenge: "${site.directory}/webroot" }
  https: { address: "127.0.0.1:${site.https}", tls: ${site.tls} }
routes:
  - respond: { status: 200, body: the site }
`,
});
const base = `http://127.0.0.1:${gateway.http}`;
const folder = path.join(gateway.directory, 'webroot/.well-known/acme-challenge');
const token = 'evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA';
const answer = `${token}.9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI`;

test('a challenge that appears is answered', async () => {
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, token), answer);
  const got = await request(`${base}/.well-known/acme-challenge/${token}`, { headers: { Host: 'yourdomain.com' } });
  assert.equal(got.status, 200);
  assert.equal(got.body.toString(), answer);
  const head = await request(`${base}/.well-known/acme-challenge/${token}`, { method: 'HEAD' });
  assert.equal(head.status, 200);
  assert.equal(head.headers['content-length'], String(answer.length));
});

test('one that is not there is a 404', async () => {
  assert.equal((await request(`${base}/.well-known/acme-challenge/missing`)).status, 404);
});

test('everything else goes to https', async () => {
  for (const target of ['/', '/.well-known/security.txt', '/x?y=z']) {
    const got = await request(base + target, { headers: { Host: 'yourdomain.com' } });
    assert.equal(got.status, 301);
    assert.equal(got.headers.location, `https://yourdomain.com${target}`);
  }
});

test('nothing outside of the folder is read', async () => {
  fs.writeFileSync(path.join(gateway.directory, 'secret'), 'a secret');
  fs.writeFileSync(path.join(gateway.directory, 'webroot/secret'), 'a secret');
  fs.symlinkSync(path.join(gateway.directory, 'secret'), path.join(folder, 'link'));
  fs.mkdirSync(path.join(folder, 'directory'));
  const up = '/.well-known/acme-challenge/';
  for (const name of ['../secret', '..%2fsecret', '%2e%2e/secret', '../../../secret', '/../../secret', 'directory', '', '%00',
    `${token}%00.txt`, 'x/../../../../secret']) {
    const socket = await RawSocket.connect(gateway.http);
    socket.write(`GET ${up}${name} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    const got = await socket.untilEnd();
    assert.doesNotMatch(got, /a secret/, name);
    assert.match(got, /^HTTP\/1\.1 (301|400|403|404) /, name);
  }
});

test('the gateway stops clean', () => gateway.stop());
