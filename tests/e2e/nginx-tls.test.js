// TLS by virtual server, from one file in Debian's nginx and in Tidegate under its name: which certificate a name
// gets, what clients must show, and what is known of it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test, { after } from 'node:test';
import tls from 'node:tls';

import { run } from './lib/command.js';
import { binary, temporaryDirectory } from './lib/gateway.js';
import { nginxBinary } from './lib/golden/sides.js';
import { accepts, freePort } from './lib/net.js';
import { until } from './lib/wait.js';

const directory = temporaryDirectory();
fs.chmodSync(directory, 0o755);
const link = path.join(directory, 'nginx');
fs.symlinkSync(path.resolve(binary), link);
const at = (name) => path.join(directory, name);

async function openssl(...args) {
  const result = await run('openssl', args);
  assert.equal(result.code, 0, result.stderr);
}

const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
for (const name of ['default', 'a', 'wild', 'regex', 'closed', 'clients', 'stranger']) {
  await openssl('req', '-x509', ...ec, '-days', '2', '-subj', `/CN=${name}`, '-keyout', at(`${name}.key`),
    '-out', at(`${name}.pem`));
}
await openssl('req', ...ec, '-subj', '/O=Somebody, Inc./CN=client', '-keyout', at('client.key'), '-out', at('client.csr'));
await openssl('x509', '-req', '-in', at('client.csr'), '-CA', at('clients.pem'), '-CAkey', at('clients.key'),
  '-set_serial', '0xABCDEF', '-days', '2', '-out', at('client.pem'));
await openssl('ec', '-aes256', '-passout', 'pass:sesame', '-in', at('a.key'), '-out', at('a-locked.key'));
fs.writeFileSync(at('passwords'), 'wrong\nsesame\n');

const facts = '$ssl_server_name|$ssl_protocol|$ssl_session_reused|$ssl_client_verify|$ssl_client_s_dn|$ssl_client_i_dn|'
  + '$ssl_client_serial|$ssl_client_fingerprint';
const server = (port, name, names, more = '') => `
  server {
    listen 127.0.0.1:${port} ssl${name === 'default' ? ' default_server' : ''};
    server_name ${names};
    ssl_certificate ${at(name)}.pem;
    ssl_certificate_key ${at(name)}${name === 'a' ? '-locked' : ''}.key;
    ${more}
    return 200 "${name}|${facts}";
  }`;
const configuration = (port, rejecting) => `
daemon off;
pid ${at(`${port}.pid`)};
error_log ${at(`${port}.log`)};
events {}
http {
  access_log off;
  ${server(port, 'default', 'default.example')}
  ${server(port, 'a', 'a.example www.a.example', `ssl_password_file ${at('passwords')};`)}
  ${server(port, 'wild', '*.wild.example')}
  ${server(port, 'regex', '"~^r[0-9]+\\\\.example$"')}
  ${server(port, 'closed', 'closed.example', `ssl_client_certificate ${at('clients.pem')}; ssl_verify_client on;`)}
  ${server(port, 'closed', 'maybe.example', `ssl_client_certificate ${at('clients.pem')}; ssl_verify_client optional;`)}
  ${server(port, 'closed', 'any.example', 'ssl_verify_client optional_no_ca;')}
  server { listen 127.0.0.1:${rejecting} ssl default_server; ssl_reject_handshake on; }
  ${server(rejecting, 'a', 'a.example', `ssl_password_file ${at('passwords')};`)}
}
`;

async function side(program) {
  const [port, rejecting] = [await freePort(), await freePort()];
  const file = at(`${port}.conf`);
  fs.writeFileSync(file, configuration(port, rejecting));
  const child = spawn(program, ['-c', file, '-e', at(`${port}-start.log`)], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text));
  after(() => child.kill('SIGTERM'));
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`${program} ended: ${said}`);
    return accepts(rejecting);
  }, `${program} to accept`);
  return { port, rejecting };
}
const sides = [await side(nginxBinary), await side(link)];

/** A request over a connection of its own: the certificate's name, and the answer's status and body; or the failure. */
function ask(port, { sni, host = sni, show, options = {} }) {
  return new Promise((resolve) => {
    const shown = show ? { cert: fs.readFileSync(at(`${show}.pem`)), key: fs.readFileSync(at(`${show}.key`)) } : {};
    const socket = tls.connect({ port, host: '127.0.0.1', servername: sni, rejectUnauthorized: false, ...shown, ...options });
    let text = '';
    let certificate;
    socket.once('secureConnect', () => {
      certificate = socket.getPeerCertificate().subject?.CN;
      socket.write(`GET / HTTP/1.1\r\nHost: ${host ?? 'none.example'}\r\nConnection: close\r\n\r\n`);
    });
    socket.setEncoding('utf8').on('data', (more) => (text += more));
    socket.on('error', (error) => resolve({ failed: error.code }));
    socket.on('end', () => {
      const [head, body] = text.split('\r\n\r\n');
      const status = Number(head.split(' ')[1]);
      resolve({ certificate, status, body: status === 200 ? body : /<center><h1>(.*?)<\/h1>/.exec(body)?.[1] });
    });
  });
}

const cases = {
  'the default, without a name': { sni: undefined },
  'the default, by its name': { sni: 'default.example' },
  'the default, by an unknown name': { sni: 'unknown.example' },
  'a name of its own': { sni: 'a.example' },
  'another name': { sni: 'www.a.example' },
  'a wildcard, two labels': { sni: 'x.y.wild.example' },
  'a regex': { sni: 'r12.example' },
  'a name, in TLS 1.2': { sni: 'a.example', options: { maxVersion: 'TLSv1.2' } },
  'a certificate that is wanted, and shown': { sni: 'closed.example', show: 'client' },
  'a certificate that is wanted, and not shown': { sni: 'closed.example' },
  'a certificate that is wanted, of a stranger': { sni: 'closed.example', show: 'stranger' },
  'a certificate that may be shown, and is': { sni: 'maybe.example', show: 'client' },
  'a certificate that may be shown, and is not': { sni: 'maybe.example' },
  'a certificate that may be shown, of a stranger': { sni: 'maybe.example', show: 'stranger' },
  'any certificate': { sni: 'any.example', show: 'stranger' },
  'another Host than the name': { sni: 'a.example', host: 'default.example' },
  'the Host of a server that wants certificates': { sni: 'a.example', host: 'closed.example' },
  'the same without a name': { sni: undefined, host: 'closed.example' },
};
for (const [name, how] of Object.entries(cases)) {
  test(name, async () => {
    const [theirs, ours] = await Promise.all(sides.map(({ port }) => ask(port, how)));
    assert.deepEqual(ours, theirs);
    assert.equal(ours.failed, undefined);
  });
}

test('a name in capitals means the same; $ssl_server_name has it in lower case', async () => {
  const [theirs, ours] = await Promise.all(sides.map(({ port }) => ask(port, { sni: 'WWW.A.Example' })));
  assert.equal(ours.certificate, theirs.certificate);
  assert.equal(ours.body, theirs.body.replace('WWW.A.Example', 'www.a.example'));
});

test('a handshake that is rejected, and one beside it that is not', async () => {
  for (const sni of ['unknown.example', undefined, 'a.example']) {
    const [theirs, ours] = await Promise.all(sides.map(({ rejecting }) => ask(rejecting, { sni })));
    assert.deepEqual(ours, theirs, sni);
    assert.equal(ours.failed !== undefined, sni !== 'a.example');
  }
});

test('a session of one server does not open another that wants a certificate', async () => {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) {
    const { port } = sides[1];
    const session = await new Promise((resolve, reject) => {
      const socket = tls.connect({ port, host: '127.0.0.1', servername: 'a.example', rejectUnauthorized: false, maxVersion });
      socket.once('session', resolve).once('error', reject);
      socket.on('secureConnect', () => socket.write('GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n'));
      socket.resume();
    });
    const again = await ask(port, { sni: 'a.example', options: { session, maxVersion } });
    assert.match(again.body, /\|r\|/, 'it is a session that resumes');
    const other = await ask(port, { sni: 'maybe.example', options: { session, maxVersion } });
    assert.match(other.body, /\|\.\|/, 'and not here');
  }
});
