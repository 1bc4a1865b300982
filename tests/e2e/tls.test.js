// TLS by other people's clients: openssl s_client and curl.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import test from 'node:test';

import { makeCertificate } from './lib/certificates.js';
import { curl, run } from './lib/command.js';
import { Gateway, smoke } from './lib/gateway.js';
import { RawSocket, freePort, listen } from './lib/net.js';

const full = { skip: smoke };

const server = http.createServer((request, response) => {
  request.resume().on('end', () => response.end(`${request.headers['x-forwarded-proto']} ${request.url}`));
});
const upstream = await listen(server);

// Listeners beside the usual two: one that knows several names and no others, one for clients with a certificate.
const strict = await freePort();
const mutual = await freePort();
const redirecting = await freePort();
const gateway = new Gateway();
await gateway.prepare();
const other = await makeCertificate(gateway.directory, 'other', { names: ['other.example', '*.wild.example'], kind: 'rsa' });
const client = await makeCertificate(gateway.directory, 'client', { names: ['client.example'] });
gateway.configure((site) => `
listeners:
  http: { address: "127.0.0.1:${site.http}", redirect: https }
  moved: { address: "127.0.0.1:${redirecting}", redirect: { status: 308, to: "https://$host:${site.https}$request_uri" } }
  https: { address: "127.0.0.1:${site.https}", tls: ${site.tls} }
  strict:
    address: "127.0.0.1:${strict}"
    tls:
      certificates:
        - { certificate: "${site.certificate}", private_key: "${site.privateKey}" }
        - { certificate: "${other.certificate}", private_key: "${other.privateKey}" }
      reject_unknown_sni: true
  mutual:
    address: "127.0.0.1:${mutual}"
    tls:
      certificates: [{ certificate: "${site.certificate}", private_key: "${site.privateKey}" }]
      client_auth: { ca: "${client.certificate}", verify: required }
routes:
  - upstream: app
    response_headers: { set: { Strict-Transport-Security: max-age=63072000 } }
upstreams:
  app: http://127.0.0.1:${upstream}
`);
await gateway.launch(['run', '-c', gateway.file]);

/** One request through s_client, which prints the connection's properties and then the answer. */
async function sClient(port, ...args) {
  const result = await run('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-ign_eof', ...args], {
    input: 'GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
  });
  return result.stdout + result.stderr;
}

test('TLS 1.2 and 1.3 with forward secrecy and AEAD, and nothing older', async () => {
  for (const [flag, name] of [['-tls1_2', 'TLSv1.2'], ['-tls1_3', 'TLSv1.3']]) {
    const said = await sClient(gateway.https, flag, '-servername', 'localhost', '-CAfile', gateway.certificate);
    assert.match(said, new RegExp(`New, TLSv1\\.[23], Cipher is .*(GCM|CHACHA20)`), name);
    assert.match(said, new RegExp(`Protocol *: ${name.replace('.', '\\.')}|New, ${name.replace('.', '\\.')}`));
    assert.match(said, /Verify(?: return code|ication): (?:0 \(ok\)|OK)/);
    assert.match(said, /https \/x/);
  }
  const old = await sClient(gateway.https, '-tls1_1', '-cipher', 'ALL:@SECLEVEL=0');
  assert.match(old, /alert protocol version|no protocols available/);
  assert.doesNotMatch(old, /https \/x/);
  const weak = await sClient(gateway.https, '-tls1_2', '-cipher', 'AES128-SHA:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0');
  assert.match(weak, /handshake failure|no ciphers available/);
});

test('ALPN: http/1.1, whatever else is offered', async () => {
  assert.match(await sClient(gateway.https, '-alpn', 'h2,http/1.1'), /ALPN protocol: http\/1\.1/);
  assert.match(await sClient(gateway.https), /No ALPN negotiated/);
});

test('sessions are resumed', async () => {
  const session = path.join(gateway.directory, 'session.pem');
  for (const flag of ['-tls1_2', '-tls1_3']) {
    assert.match(await sClient(gateway.https, flag, '-servername', 'localhost', '-sess_out', session), /New, /);
    assert.match(await sClient(gateway.https, flag, '-servername', 'localhost', '-sess_in', session), /Reused, /);
  }
  const five = await run('openssl', ['s_client', '-connect', `127.0.0.1:${gateway.https}`, '-tls1_2', '-reconnect'], {
    input: 'Q\n',
  });
  assert.equal(five.stdout.match(/^Reused, /gm)?.length, 5, five.stdout.slice(-2000));
});

test('a session of one listener means nothing to one that asks for certificates', full, async () => {
  const session = path.join(gateway.directory, 'foreign.pem');
  await sClient(gateway.https, '-tls1_2', '-sess_out', session);
  const said = await sClient(mutual, '-tls1_2', '-sess_in', session);
  assert.doesNotMatch(said, /https \/x/);
});

test('SNI chooses the certificate', full, async () => {
  const subject = async (port, ...args) => (await sClient(port, ...args)).match(/subject=CN ?= ?(\S+)/)?.[1];
  assert.equal(await subject(strict, '-servername', 'localhost'), 'localhost');
  assert.equal(await subject(strict, '-servername', 'other.example'), 'other.example');
  assert.equal(await subject(strict, '-servername', 'OTHER.example'), 'other.example');
  assert.equal(await subject(strict, '-servername', 'a.wild.example'), 'other.example');
  assert.equal(await subject(gateway.https, '-servername', 'unknown.example'), 'localhost', 'the default');
});

test('an unknown name is an alert where that is asked for', async () => {
  const said = await sClient(strict, '-servername', 'unknown.example');
  assert.match(said, /unrecognized name/);
  assert.doesNotMatch(said, /https \/x/);
});

test('clients without a certificate are turned away where one is required', full, async () => {
  for (const flag of ['-tls1_2', '-tls1_3']) {
    assert.doesNotMatch(await sClient(mutual, flag), /https \/x/, flag);
    assert.doesNotMatch(await sClient(mutual, flag, '-cert', other.certificate, '-key', other.privateKey), /https \/x/, flag);
    assert.match(await sClient(mutual, flag, '-cert', client.certificate, '-key', client.privateKey), /https \/x/, flag);
  }
});

test('renegotiation is refused', full, async () => {
  const { socket } = await RawSocket.connect(gateway.https, { ca: gateway.ca, maxVersion: 'TLSv1.2' });
  const outcome = await new Promise((resolve) => {
    socket.on('error', (error) => resolve(error.message)).on('close', () => resolve('closed'));
    socket.renegotiate({ rejectUnauthorized: false }, (error) => resolve(error?.message ?? 'renegotiated'));
  });
  assert.match(outcome, /no renegotiation|closed|handshake/i);
  socket.destroy();
});

test('plain HTTP to the TLS port is told so, and not proxied', async () => {
  const socket = await RawSocket.connect(gateway.https);
  socket.write('GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const answer = await socket.untilEnd();
  assert.match(answer, /^HTTP\/1\.1 400 /);
  assert.match(answer, /https/i);
  assert.doesNotMatch(answer, /https? \/x/);
});

test('curl: the certificate is verified, the answer has HSTS', async () => {
  const answer = await curl('--cacert', gateway.certificate, `https://localhost:${gateway.https}/hello`, '--resolve',
    `localhost:${gateway.https}:127.0.0.1`);
  assert.equal(answer.status, 200);
  assert.equal(answer.stdout, 'https /hello');
  assert.equal(answer.header('Strict-Transport-Security'), 'max-age=63072000');
});

test('curl: http goes to https with 301, path and query kept', async () => {
  const answer = await curl('-H', 'Host: yourdomain.com', `http://127.0.0.1:${gateway.http}/a/b?c=d&e`);
  assert.equal(answer.status, 301);
  assert.equal(answer.header('Location'), 'https://yourdomain.com/a/b?c=d&e');
  const port = await curl('-H', 'Host: yourdomain.com:8080', `http://127.0.0.1:${gateway.http}/`);
  assert.equal(port.header('Location'), 'https://yourdomain.com/');
});

test('curl follows a redirect to another port, and keeps the method with 308', async () => {
  const answer = await curl('--cacert', gateway.certificate, '-L', '-d', 'body', `http://localhost:${redirecting}/a?b=c`, '--resolve',
    `localhost:${redirecting}:127.0.0.1`, '--resolve', `localhost:${gateway.https}:127.0.0.1`);
  assert.match(answer.stderr, /< HTTP\/1\.1 308 /);
  assert.equal(answer.status, 200);
  assert.equal(answer.stdout, 'https /a?b=c');
});

test('a redirect cannot be bent by the Host field', full, async () => {
  for (const host of ['evil.example/x', 'a b', 'x\ty', 'user@evil.example', '[::1', 'a:99999', '']) {
    const socket = await RawSocket.connect(gateway.http);
    socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    assert.match(await socket.untilEnd(), /^HTTP\/1\.1 400 /, host);
  }
});

test('a certificate that does not match its key stops the start, and says so', full, async () => {
  const file = path.join(gateway.directory, 'mismatch.yaml');
  fs.writeFileSync(file, `
listeners:
  https:
    address: "127.0.0.1:${await freePort()}"
    tls: { certificates: [{ certificate: "${gateway.certificate}", private_key: "${other.privateKey}" }] }
routes: [{ respond: { status: 200 } }]
`);
  const { code, stderr } = await run(process.env.TIDEGATE_BINARY, ['run', '-c', file]);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /mismatch\.yaml:\d+:\d+: /);
});

test('the gateway stops clean', async () => {
  await gateway.stop();
  server.close();
  server.closeAllConnections();
});
