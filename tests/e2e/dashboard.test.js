// The dashboard in a browser, with a gateway behind it and traffic through that.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import test, { after, before } from 'node:test';

import { WebSocket, WebSocketServer } from 'ws';

import { startBrowser } from './lib/browser.js';
import { Gateway } from './lib/gateway.js';
import { request } from './lib/http.js';
import { accepts, freePort, listen, RawSocket } from './lib/net.js';
import { once, until } from './lib/wait.js';

const TUNNELS = 40;
const PULSE_MS = 50;

/** A server that sends back what it is sent. Answers its port. */
function echo() {
  const server = http.createServer((incoming, answer) => answer.end('ok'));
  new WebSocketServer({ server }).on('connection', (socket) => {
    socket.on('message', (data, binary) => socket.send(data, { binary }));
    socket.on('error', () => {});
  });
  return listen(server);
}

const admin = await freePort();
const base = `http://127.0.0.1:${admin}`;
const servers = [await echo(), await echo()];
const dead = await freePort();

const configuration = (site) => `
listeners:
  http: { address: "127.0.0.1:${site.http}" }
  https: { address: "127.0.0.1:${site.https}", tls: ${site.tls} }
routes:
  - { name: chat, path: /ws/, upstream: chat }
  - { name: lost, path: /lost/, upstream: lost }
  - { name: health, path: { exact: /healthz }, respond: { status: 200, body: ok } }
upstreams:
  chat:
    servers: [ "http://127.0.0.1:${servers[0]}", "http://127.0.0.1:${servers[1]}" ]
    balance: least_tunnels
  lost: http://127.0.0.1:${dead}
admin: { address: "127.0.0.1:${admin}" }
workers: 2
drain: { window: 5s, deadline: 12s }
`;

async function startGateway() {
  const gateway = await Gateway.start({ yaml: configuration });
  await until(() => accepts(admin), 'the admin address to accept');
  return gateway;
}

const api = async (where) => JSON.parse((await request(base + where)).body);

/** Tunnels through the gateway, each with messages until `pause()`. */
class Crowd {
  static async join(port, size) {
    const crowd = new Crowd();
    const address = `ws://127.0.0.1:${port}/ws/room?token=hush-hush`;
    crowd.sockets = Array.from({ length: size }, () => new WebSocket(address, { headers: { Cookie: 'id=hush-hush' } }));
    for (const socket of crowd.sockets) socket.on('error', () => {});
    await Promise.all(crowd.sockets.map((socket) => once(socket, 'open')));
    return crowd;
  }

  talk() {
    this.timer = setInterval(() => {
      for (const socket of this.sockets) if (socket.readyState === WebSocket.OPEN) socket.send('tide'.repeat(16));
    }, PULSE_MS);
  }

  pause() {
    clearInterval(this.timer);
  }

  leave() {
    this.pause();
    for (const socket of this.sockets) socket.terminate();
  }
}

let browser;
let gateway;
let crowd;

before(async () => {
  browser = await startBrowser();
  gateway = await startGateway();
  crowd = await Crowd.join(gateway.http, TUNNELS);
});

after(async () => {
  crowd?.leave();
  await browser?.close();
});

/** The dashboard in a tab; `problems` gathers what should not be: errors, refusals of the policy, requests elsewhere. */
async function openDashboard({ width = 1280, scheme = 'light' } = {}) {
  const page = await browser.newPage();
  const problems = [];
  await page.setViewportSize({ width, height: 900 });
  await page.emulateMedia({ colorScheme: scheme });
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && problems.push(message.text()));
  page.on('request', (each) => each.url().startsWith(`${base}/`) || /^data:/.test(each.url()) || problems.push(`asked for ${each.url()}`));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective}`));
  });
  return { page, problems };
}

const text = (page, id) => page.locator(`#${id}`).textContent();
const shows = (page, id, pattern, timeoutMs) =>
  until(async () => pattern.test(await text(page, id)), `#${id} to show ${pattern}`, timeoutMs);

/** The table's rows, each as its cells' texts. */
const rows = (page, id) => page.locator(`#${id} tbody tr:not(.empty)`).evaluateAll(
  (all) => all.map((row) => [...row.cells].map((cell) => cell.textContent)));

async function screenshot(page, name) {
  const file = path.join(os.tmpdir(), `tidegate-dashboard-${name}-${process.pid}.png`);
  await page.screenshot({ path: file, fullPage: true });
  assert.ok(fs.statSync(file).size > 10_000);
  console.log(`screenshot: ${file}`);
}

test('it comes with a policy, to loopback alone, and only reads', async () => {
  const answer = await request(`${base}/`);
  assert.equal(answer.status, 200);
  assert.match(answer.headers['content-type'], /^text\/html/);
  const policy = answer.headers['content-security-policy'];
  for (const part of [
    "default-src 'none'", "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ]) assert.ok(policy.split('; ').includes(part), `${part} in ${policy}`);
  assert.doesNotMatch(policy, /unsafe/);
  assert.equal((await request(`${base}/drain`, { method: 'POST' })).status, 405);
  assert.equal((await request(`${base}/`, { headers: { Host: 'rebound.example' } })).status, 403);
  assert.equal((await request(`${base}/status`, { headers: { Origin: 'https://elsewhere.example' } })).status, 403);
});

test('what it shows is what the gateway says', async () => {
  const { page, problems } = await openDashboard();
  crowd.talk();
  await page.goto(`${base}/`);
  await shows(page, 'state', /^running$/);
  await shows(page, 'messages-rate', /^[1-9]/);
  crowd.pause();

  // At rest the figures stand still, here and there.
  const settled = await until(async () => {
    const before = await api('/status');
    const table = await rows(page, 'tunnels');
    const after = await api('/status');
    const { tunnels } = await api('/tunnels?order=messages&limit=20');
    const expected = tunnels.map((each) => each.messages.to_upstream + each.messages.to_client);
    const still = before.messages.to_client === after.messages.to_client && table.length === 20 && table[0][8] === '0';
    return still && JSON.stringify(table.map((row) => Number(row[7].replaceAll(',', '')))) === JSON.stringify(expected) && { status: after, table };
  }, 'the tunnels to be shown as they are');
  // All have said as much as each other: which twenty are the busiest is the gateway's to choose.
  const known = new Set((await api('/tunnels?limit=1000')).tunnels.map((each) => each.id));
  assert.equal(new Set(settled.table.map((row) => row[0])).size, 20);
  for (const row of settled.table) assert.ok(known.has(row[0]), row[0]);
  for (const row of settled.table) assert.match(row[1], /127\.0\.0\.1/);
  assert.equal(await text(page, 'tunnels-total'), `the first 20 of ${TUNNELS}`);

  const { status } = settled;
  assert.equal(await text(page, 'tunnels-active'), String(status.tunnels.active));
  assert.equal(status.tunnels.active, TUNNELS);
  assert.equal(await text(page, 'version'), status.version);
  assert.equal(await text(page, 'process'), String(gateway.child.pid));
  assert.equal(await text(page, 'config'), gateway.file);
  await shows(page, 'messages-rate', /^0\/s$/);  // a rate is over the last seconds
  assert.match(await page.title(), new RegExp(`^${TUNNELS} tunnels`));

  const routes = await rows(page, 'routes');
  assert.deepEqual(routes.map((row) => [row[0], row[2], row[3]]),
    [['chat', 'chat', String(TUNNELS)], ['lost', 'lost', '0'], ['health', 'respond', '0']]);
  const upstreams = await api('/upstreams');
  const shown = await rows(page, 'upstreams');
  assert.deepEqual(shown.map((row) => [row[0], row[4]]), upstreams.flatMap(({ name, servers: list }) => [
    [name, String(list.reduce((sum, each) => sum + each.tunnels, 0))], ...list.map((each) => [each.address, String(each.tunnels)])]));
  assert.match(shown.find((row) => row[0] === 'chat')[6], /^1\.\d\d$/);
  assert.equal((await rows(page, 'workers')).length, 2);
  assert.deepEqual((await rows(page, 'listeners')).map((row) => row[0]).sort(), ['http', 'https']);
  const handshakes = await rows(page, 'handshakes');
  assert.deepEqual(handshakes.map((row) => row[5]), (status.slowest_handshakes ?? []).map((each) => each.id));
  for (const row of handshakes) assert.match(row[3], /^[\d.]+ m?s$/);

  // The certificate was made for two days.
  assert.match(await text(page, 'notice-lines'), /Certificate localhost ends in 1 day\./);
  assert.equal((await rows(page, 'certificates'))[0][3], '1');

  const hidden = await page.content();
  assert.doesNotMatch(hidden, /hush-hush/);
  assert.deepEqual(problems, []);
  await page.close();
});

test('the plots move with the traffic, and can be read by pointer and keyboard', async () => {
  const { page, problems } = await openDashboard();
  await page.goto(`${base}/`);
  await shows(page, 'state', /^running$/);
  crowd.talk();
  const line = page.locator('#plot-messages path.line').first();
  await until(async () => ((await line.getAttribute('d')) ?? '').split('L').length > 3, 'a line of three points');
  const drawn = await line.getAttribute('d');
  await until(async () => (await line.getAttribute('d')) !== drawn, 'the line to move');
  const readout = page.locator('#plot-messages .entry b').first();
  await until(async () => /^[1-9][\d.]*( k)?\/s$/.test(await readout.textContent()), 'a rate to be read');
  assert.match(await page.locator('#plot-bytes .entry b').first().textContent(), / (B|KiB|MiB)\/s$/);

  const plot = page.locator('#plot-messages svg');
  const { width } = await plot.boundingBox();
  await plot.hover({ position: { x: width - 14, y: 40 } });
  const when = page.locator('#plot-messages .when');
  await until(async () => /^(now|\d+ s ago)$/.test(await when.textContent()), 'the time that is pointed at');
  assert.notEqual(await page.locator('#plot-tunnels .when').textContent(), '', 'all plots point at the same time');
  await page.mouse.move(0, 0);
  await until(async () => (await when.textContent()) === '', 'the pointer to be gone');

  await plot.focus();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  assert.match(await when.textContent(), /^\d+ s ago$/);
  assert.match(await plot.getAttribute('aria-valuetext'), /to upstream .*to client /);
  await page.keyboard.press('Escape');
  assert.equal(await when.textContent(), '');

  await page.getByRole('radio', { name: 'oldest' }).focus();
  const asked = page.waitForRequest((each) => each.url().includes('order=messages'));
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  await asked;
  assert.deepEqual(problems, []);
  crowd.pause();
  await page.close();
});

test('nothing on it jumps while figures change', async () => {
  const { page, problems } = await openDashboard();
  await page.goto(`${base}/`);
  await until(async () => (await rows(page, 'tunnels')).length === 20, 'the first answer');
  await page.evaluate(() => {
    window.shifts = [];
    new PerformanceObserver((list) => list.getEntries().forEach((each) => window.shifts.push(each.value))).observe({ type: 'layout-shift' });
  });
  crowd.talk();
  let polls = 0;
  page.on('response', (each) => each.url().endsWith('/status') && (polls += 1));
  await until(() => polls >= 5, 'five more answers');
  crowd.pause();
  const moved = (await page.evaluate(() => window.shifts)).reduce((sum, each) => sum + each, 0);
  assert.ok(moved < 0.01, `moved by ${moved}`);
  assert.deepEqual(problems, []);
  await page.close();
});

test('what peers send is text, whatever it says', async () => {
  const nasty = '/ws/<img/src=x/onerror=window.fell=1>';
  const client = await RawSocket.connect(gateway.http);
  client.write(`GET ${nasty}?token=hush-hush HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n');
  await client.until(/^HTTP\/1.1 101 /);
  for (let i = 0; i < 500; ++i) client.write('\x81\x80\0\0\0\0');  // so that it is among the busiest

  const { page, problems } = await openDashboard();
  await page.goto(`${base}/`);
  const cell = await until(async () => (await rows(page, 'tunnels')).flat().find((each) => each.includes('onerror')), 'the tunnel to be shown');
  assert.equal(cell, `a.example${nasty}`);
  assert.equal(await page.locator('#tunnels img').count(), 0);
  assert.equal(await page.evaluate(() => window.fell), undefined);
  assert.doesNotMatch(await page.content(), /hush-hush/);
  assert.deepEqual(problems, []);
  await page.close();
  client.destroy();
});

test('a server that cannot be reached is told of', async () => {
  assert.equal((await request(`http://127.0.0.1:${gateway.http}/lost/`)).status, 502);
  const { page } = await openDashboard({ scheme: 'dark' });
  await page.goto(`${base}/`);
  await shows(page, 'notice-lines', /No server of lost can be reached\./);
  const server = (await rows(page, 'upstreams')).find((row) => row[0].endsWith(`:${dead}`));
  assert.equal(server[2], 'unreachable');
  await page.close();
});

test('it fits a phone', async () => {
  const { page, problems } = await openDashboard({ width: 360 });
  await page.goto(`${base}/`);
  await until(async () => (await rows(page, 'tunnels')).length === 20, 'the tunnels');
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
  await screenshot(page, 'phone');
  assert.deepEqual(problems, []);
  await page.close();
});

test('a tab that nobody sees asks nothing', async () => {
  const { page, problems } = await openDashboard();
  await page.clock.install();
  await page.goto(`${base}/`);
  await shows(page, 'state', /^running$/);
  let asked = 0;
  page.on('request', () => (asked += 1));
  await page.clock.runFor(1500);
  await until(() => asked >= 4, 'the next questions');

  const see = (hidden) => page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
  await page.waitForLoadState('networkidle');
  await see(true);
  asked = 0;
  await page.clock.runFor(60_000);
  assert.equal(asked, 0);
  await see(false);
  await until(() => asked >= 4, 'the questions of a tab that is seen again');
  assert.deepEqual(problems, []);
  await page.close();
});

test('a page from elsewhere can neither read it nor frame it', async () => {
  const elsewhere = http.createServer((incoming, answer) => {
    answer.setHeader('Content-Type', 'text/html');
    answer.end(`<!doctype html><title>elsewhere</title><iframe src="${base}/"></iframe>`);
  });
  const port = await listen(elsewhere);
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${port}/`);
  const read = await page.evaluate((url) => fetch(url).then((answer) => answer.text(), () => 'refused'), `${base}/status`);
  assert.equal(read, 'refused');
  assert.equal((await request(`${base}/status`, { headers: { Origin: `http://127.0.0.1:${port}` } })).status, 403);
  const frame = page.frames().find((each) => each !== page.mainFrame());
  assert.doesNotMatch(await frame.content(), /Tidegate/);
  await page.close();
  elsewhere.close();
});

test('a drain shows its progress, its end that the gateway is gone, and another one is found', async () => {
  const { page, problems } = await openDashboard();
  await page.goto(`${base}/`);
  await shows(page, 'tunnels-active', new RegExp(`^${TUNNELS}$`));
  assert.ok(await page.locator('#drain').isHidden());
  crowd.talk();
  gateway.signal('SIGTERM');
  await shows(page, 'state', /^draining$/);
  await shows(page, 'notice-lines', /^Draining: \d+ of \d+ left; what is left is cut in \d+ s\.$/);
  const done = () => page.locator('#drain').evaluate((bar) => bar.value);
  const first = await done();
  await until(async () => (await done()) > Math.max(first, 0.2), 'the bar to grow');
  assert.ok(await page.locator('#drain').isVisible());
  await screenshot(page, 'draining');
  assert.deepEqual(problems, []);

  await gateway.ended();
  await shows(page, 'state', /^gone$/, 20_000);
  assert.match(await text(page, 'notice-lines'), /It was draining: most likely it has ended\. Below is what was known at \d\d:\d\d:\d\d\./);
  assert.ok(await page.locator('#drain').isHidden());
  assert.match(await page.title(), /^gone/);
  for (const problem of problems) assert.match(problem, /^Failed to load resource: net::ERR_/);

  gateway = await startGateway();
  await shows(page, 'state', /^running$/, 20_000);
  await shows(page, 'tunnels-active', /^0$/);
  assert.deepEqual(await rows(page, 'tunnels'), []);
  await gateway.stop();
  await page.close();
});
