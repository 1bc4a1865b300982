// Reload: by HUP, and by itself, however the files come to be others.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import test from 'node:test';
import tls from 'node:tls';

import { WebSocket, WebSocketServer } from 'ws';

import { makeCertificate } from './lib/certificates.js';
import { Gateway } from './lib/gateway.js';
import { request } from './lib/http.js';
import { freePort, listen } from './lib/net.js';
import { once, until } from './lib/wait.js';

const server = http.createServer();
new WebSocketServer({ server }).on('connection', (socket) => {
  socket.on('message', (data, binary) => socket.send(data, { binary }));
});
const upstream = await listen(server);

/** `version` is what /version answers. */
const yaml = (site, version, more = '') => `
listeners:
  http: { address: "127.0.0.1:${site.http}" }
  https: { address: "127.0.0.1:${site.https}", tls: ${site.tls} }
routes:
  - { path: { exact: /version }, respond: { status: 200, body: "${version}" } }
  - { path: /, upstream: app }
upstreams: { app: "http://127.0.0.1:${upstream}" }
drain: { window: 50ms, deadline: 3s }
log: { access: off }
${more}`;

/** How often the log says so; each reload says it once. */
const count = (gateway, pattern) => [...gateway.stderr.matchAll(pattern)].length;
const reloads = (gateway) => count(gateway, /server: reloaded: /g);
const refusals = (gateway) => count(gateway, /server: reload refused /g);

async function version(gateway) {
  return (await request(`http://127.0.0.1:${gateway.http}/version`)).body.toString();
}

const noticed = (gateway, wanted) => until(async () => (await version(gateway)) === wanted, `version ${wanted}`);

/** A tunnel that is asked whether it still lives. */
async function openTunnel(gateway) {
  const socket = new WebSocket(`wss://localhost:${gateway.https}/`, { ca: gateway.ca });
  await once(socket, 'open');
  return {
    async answers() {
      const answer = once(socket, 'message');
      socket.send('still here');
      assert.equal((await answer)[0].toString(), 'still here');
    },
    close: () => socket.terminate(),
  };
}

/** The serial number of the certificate that a new connection is shown. */
async function servedSerial(gateway) {
  const socket = tls.connect({ host: '127.0.0.1', port: gateway.https, servername: 'localhost', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

/** As an AtomicWriter of Kubernetes puts new versions of a volume in place. */
function publish(volume, name, files) {
  fs.mkdirSync(path.join(volume, name), { recursive: true });
  for (const [file, text] of Object.entries(files)) fs.writeFileSync(path.join(volume, name, file), text);
  const data = path.join(volume, '..data');
  const old = fs.existsSync(data) ? fs.readlinkSync(data) : null;
  fs.symlinkSync(name, `${data}_tmp`);
  fs.renameSync(`${data}_tmp`, data);
  for (const file of Object.keys(files)) {
    if (!fs.existsSync(path.join(volume, file))) fs.symlinkSync(`..data/${file}`, path.join(volume, file));
  }
  if (old) fs.rmSync(path.join(volume, old), { recursive: true });
}

async function prepared(args, prepare) {
  const gateway = new Gateway();
  await gateway.prepare();
  prepare(gateway);
  await gateway.launch(args(gateway));
  return gateway;
}

test('HUP reloads; with --no-watch nothing else does', async () => {
  const gateway = await prepared((site) => ['run', '-c', site.file, '--no-watch'],
    (site) => fs.writeFileSync(site.file, yaml(site, 'one')));
  const tunnel = await openTunnel(gateway);
  fs.writeFileSync(gateway.file, yaml(gateway, 'two'));
  await new Promise((resolve) => setTimeout(resolve, 1000));  // three times what a watch would take
  assert.equal(await version(gateway), 'one');
  gateway.signal('SIGHUP');
  await noticed(gateway, 'two');
  await until(() => reloads(gateway) === 1, 'the log to say so');
  assert.match(gateway.stderr, /reload: route \/version changed \(respond\.body: one -> two\)/);
  await tunnel.answers();
  tunnel.close();
  await gateway.stop();
});

test('a rewritten file, and a file renamed over it as editors do, are noticed once each', async () => {
  const gateway = await prepared((site) => ['run', '-c', site.file], (site) => fs.writeFileSync(site.file, yaml(site, 'one')));
  const tunnel = await openTunnel(gateway);
  fs.writeFileSync(gateway.file, yaml(gateway, 'two'));
  await noticed(gateway, 'two');
  for (const next of ['three', 'four']) {  // vim, with a backup: the name is gone for a moment
    fs.writeFileSync(`${gateway.file}.new`, yaml(gateway, next));
    fs.renameSync(gateway.file, `${gateway.file}~`);
    fs.renameSync(`${gateway.file}.new`, gateway.file);
    await noticed(gateway, next);
  }
  await until(() => reloads(gateway) >= 3, 'the log to say so');
  assert.equal(reloads(gateway), 3, gateway.stderr);
  assert.equal(refusals(gateway), 0, gateway.stderr);
  await tunnel.answers();
  tunnel.close();
  await gateway.stop();
});

test('each swap of ..data in a Kubernetes volume is noticed once', async () => {
  let volume;
  const gateway = await prepared(() => ['run', '-c', path.join(volume, 'tidegate.yaml')], (site) => {
    volume = path.join(site.directory, 'volume');
    publish(volume, '..1', { 'tidegate.yaml': yaml(site, 'one') });
    fs.writeFileSync(site.file, String([site.http, site.https]));  // launch() looks here for the ports
  });
  for (const [name, next] of [['..2', 'two'], ['..3', 'three']]) {
    publish(volume, name, { 'tidegate.yaml': yaml(gateway, next) });
    await noticed(gateway, next);
  }
  await until(() => reloads(gateway) >= 2, 'the log to say so');
  assert.equal(reloads(gateway), 2, gateway.stderr);
  assert.equal(refusals(gateway), 0, gateway.stderr);
  await gateway.stop();
});

test('a renewal by certbot: the new certificate is served, tunnels go on, and half of it changes nothing', async () => {
  const live = (site, file) => path.join(site.directory, 'live', 'localhost', file);
  const archive = (site, file) => path.join(site.directory, 'archive', 'localhost', file);
  const point = (site, name, version) => {
    fs.rmSync(live(site, `${name}.pem`), { force: true });
    fs.symlinkSync(`../../archive/localhost/${name}${version}.pem`, live(site, `${name}.pem`));
  };
  const renew = async (site, version) => {
    const made = await makeCertificate(site.directory, `v${version}`, { names: ['localhost'] });
    fs.copyFileSync(made.certificate, archive(site, `fullchain${version}.pem`));
    fs.copyFileSync(made.privateKey, archive(site, `privkey${version}.pem`));
    fs.chmodSync(archive(site, `privkey${version}.pem`), 0o600);
    return fs.readFileSync(made.certificate);
  };

  const gateway = new Gateway();
  await gateway.prepare();
  fs.mkdirSync(live(gateway, ''), { recursive: true });
  fs.mkdirSync(archive(gateway, ''), { recursive: true });
  gateway.ca = await renew(gateway, 1);
  point(gateway, 'fullchain', 1);
  point(gateway, 'privkey', 1);
  gateway.tls = `{ certificates: [{ certificate: live/localhost/fullchain.pem, private_key: live/localhost/privkey.pem }] }`;
  fs.writeFileSync(gateway.file, yaml(gateway, 'one'));
  await gateway.launch(['run', '-c', gateway.file]);
  const tunnel = await openTunnel(gateway);
  const first = await servedSerial(gateway);

  await renew(gateway, 2);
  point(gateway, 'privkey', 2);
  point(gateway, 'fullchain', 2);
  const second = await until(async () => {
    const serial = await servedSerial(gateway);
    return serial !== first && serial;
  }, 'the new certificate');
  await until(() => reloads(gateway) >= 1, 'the log to say so');
  assert.match(gateway.stderr, /reload: certificate \S+fullchain\.pem changed \(a new certificate of listener https\); 1 tunnel: it goes on/);
  await tunnel.answers();

  await renew(gateway, 3);
  point(gateway, 'privkey', 3);
  await until(() => refusals(gateway) === 1, 'the pair that does not match to be refused');
  assert.equal(await servedSerial(gateway), second);
  point(gateway, 'fullchain', 3);
  await until(async () => (await servedSerial(gateway)) !== second, 'the certificate of the third renewal');
  await until(() => reloads(gateway) >= 2, 'the log to say so');
  assert.equal(reloads(gateway), 2, gateway.stderr);
  assert.equal(refusals(gateway), 1, gateway.stderr);
  await tunnel.answers();
  tunnel.close();
  await gateway.stop();
});

test('a bad file changes nothing: the log and the metric say why, and the next good one is taken', async () => {
  const metricsPort = await freePort();
  const more = `metrics: { address: "127.0.0.1:${metricsPort}" }`;
  const gateway = await prepared((site) => ['run', '-c', site.file], (site) => fs.writeFileSync(site.file, yaml(site, 'one', more)));
  const metric = async (name) => {
    const { body } = await request(`http://127.0.0.1:${metricsPort}/metrics`);
    return Number(new RegExp(`^tidegate_${name} (\\S+)$`, 'm').exec(body.toString())?.[1]);
  };
  const tunnel = await openTunnel(gateway);
  fs.writeFileSync(gateway.file, yaml(gateway, 'two', more).replace('upstream: app', 'upstraem: app'));
  await until(() => refusals(gateway) === 1, 'the refusal');
  assert.match(gateway.stderr, /tidegate\.yaml:7:\d+: .*upstraem/);
  assert.equal(await version(gateway), 'one');
  assert.equal(await metric('config_last_reload_successful'), 0);
  assert.equal(await metric('config_reloads_total\\{result="failure"\\}'), 1);
  fs.writeFileSync(gateway.file, yaml(gateway, 'three', more));
  await noticed(gateway, 'three');
  await until(async () => (await metric('config_last_reload_successful')) === 1, 'the metric to say so');
  assert.equal(refusals(gateway), 1, gateway.stderr);
  await tunnel.answers();
  tunnel.close();
  await gateway.stop();
});
