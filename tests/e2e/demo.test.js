// `tidegate demo` as somebody meets it who has just installed it: its page in a browser.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';

import { WebSocket } from 'ws';

import { startBrowser } from './lib/browser.js';
import { Gateway } from './lib/gateway.js';
import { request } from './lib/http.js';
import { once } from './lib/wait.js';

const gateway = await Gateway.start({
  args: (site) => ['demo', '--http', `127.0.0.1:${site.http}`, '--https', `127.0.0.1:${site.https}`],
});
const base = `https://localhost:${gateway.https}`;

test('the page sends, hears the echo and draws it', async () => {
  const browser = await startBrowser();
  const page = await browser.newPage();
  const problems = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('request', (each) => /^(https:\/\/localhost:|data:)/.test(each.url()) || problems.push(`asked for ${each.url()}`));
  let socket;
  page.on('websocket', (each) => (socket = each.url()));
  try {
    await page.goto(`${base}/`);
    await page.locator('#state[data-state=open]').waitFor();
    assert.equal(socket, `wss://localhost:${gateway.https}/ws`);
    const empty = await page.locator('#plot').screenshot();

    await page.getByLabel('Message', { exact: true }).fill('Hello, tide');
    await page.getByRole('button', { name: 'Send' }).click();
    const line = page.locator('#messages li', { hasText: 'Hello, tide' });
    await line.locator('.took', { hasText: /^\d+(\.\d+)? ms$/ }).waitFor();

    await page.getByRole('button', { name: 'Pulse' }).click();
    await page.waitForFunction(() => Number(document.getElementById('count').textContent) >= 20);
    await page.getByRole('button', { name: 'Pulse' }).click();
    assert.match(await page.locator('#plot').getAttribute('aria-label'), /median \d/);
    assert.ok(!empty.equals(await page.locator('#plot').screenshot()), 'the plot shows something');

    const screenshot = path.join(os.tmpdir(), `tidegate-demo-${process.pid}.png`);
    await page.screenshot({ path: screenshot, fullPage: true });
    assert.ok(fs.statSync(screenshot).size > 10_000);
    console.log(`screenshot: ${screenshot}`);

    await page.getByRole('button', { name: 'Disconnect' }).click();
    await page.locator('#messages li', { hasText: 'closed with 1000' }).waitFor();
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await page.locator('#state[data-state=open]').waitFor();
    assert.deepEqual(problems, []);
  } finally {
    await browser.close();
  }
});

test('its parts are served with a policy that keeps the outside out', async () => {
  for (const [where, type] of [['/', 'text/html'], ['/demo.css', 'text/css'], ['/demo.js', 'text/javascript']]) {
    const answer = await request(base + where, { rejectUnauthorized: false });
    assert.equal(answer.status, 200);
    assert.ok(answer.headers['content-type'].startsWith(type));
    assert.match(answer.headers['content-security-policy'], /default-src 'none'/);
  }
  assert.equal((await request(`${base}/healthz`, { rejectUnauthorized: false })).status, 200);
  assert.equal((await request(`${base}/nothing`, { rejectUnauthorized: false })).status, 404);
  assert.equal((await request(`${base}/`, { rejectUnauthorized: false, method: 'POST', body: 'x' })).status, 405);
});

test('http goes to https', async () => {
  const answer = await request(`http://localhost:${gateway.http}/x`);
  assert.ok([301, 302, 307, 308].includes(answer.status), String(answer.status));
  assert.equal(answer.headers.location, `https://localhost:${gateway.https}/x`);
});

test('the echo keeps to the protocol', async () => {
  const client = new WebSocket(`wss://localhost:${gateway.https}/ws`, { rejectUnauthorized: false });
  await once(client, 'open');
  for (const size of [0, 1, 125, 126, 65_535, 65_536, 3_000_000]) {
    const data = Buffer.alloc(size, 'tide');
    const answer = once(client, 'message');
    client.send(data);
    const [got] = await answer;
    assert.ok(got.equals(data), `${size} bytes`);
  }
  const pong = once(client, 'pong');
  client.ping('ping');
  assert.equal((await pong)[0].toString(), 'ping');
  const end = once(client, 'close');
  client.close(4000);
  assert.equal((await end)[0], 4000);
});

test('SIGTERM ends the page\'s socket with 1001, and the gateway with 0', async () => {
  const client = new WebSocket(`wss://localhost:${gateway.https}/ws`, { rejectUnauthorized: false });
  await once(client, 'open');
  const end = once(client, 'close', 30_000);
  gateway.signal('SIGTERM');
  assert.equal((await end)[0], 1001);
  await gateway.ended(40_000);
});
