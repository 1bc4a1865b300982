// A Vite and React development server: its page, its modules and its hot-reload socket, in a browser.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import react from '@vitejs/plugin-react';
import { createServer } from 'vite';

import { startBrowser } from './lib/browser.js';
import { Gateway, temporaryDirectory } from './lib/gateway.js';
import { freePort } from './lib/net.js';
import { until } from './lib/wait.js';

const here = path.dirname(fileURLToPath(import.meta.url));

// A copy of the project, since the test edits it.
const root = fs.realpathSync(temporaryDirectory());
fs.cpSync(path.join(here, 'fixtures/vite-react'), root, { recursive: true });
fs.symlinkSync(path.join(here, 'node_modules'), path.join(root, 'node_modules'), 'dir');

const vitePort = await freePort();
const vite = await createServer({
  root,
  configFile: false,
  logLevel: 'error',
  cacheDir: path.join(root, '.vite'),
  plugins: [react()],
  server: { host: '127.0.0.1', port: vitePort, strictPort: true, fs: { strict: false } },
});
await vite.listen();

const gateway = await Gateway.start({
  yaml: (site) => `
listeners:
  https: { address: "127.0.0.1:${site.https}", tls: ${site.tls} }
routes:
  - upstream: vite
upstreams:
  vite: http://127.0.0.1:${vitePort}
`,
});

test('an edit appears in the page without a reload, through wss', async () => {
  const browser = await startBrowser();
  try {
    const page = await browser.newPage();
    const sockets = [];
    page.on('websocket', (socket) => sockets.push(new URL(socket.url())));
    await page.goto(`https://localhost:${gateway.https}/`);
    await page.getByText('before the edit').waitFor();
    await page.getByRole('button').click();
    await page.getByRole('button').getByText('1').waitFor();
    await page.evaluate(() => (window.notReloaded = true));

    assert.equal(sockets.length, 1, sockets.join(' '));
    assert.equal(sockets[0].protocol, 'wss:');
    assert.equal(sockets[0].port, String(gateway.https));

    const file = path.join(root, 'src/App.jsx');
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('before the edit', 'after the edit'));
    await page.getByText('after the edit').waitFor({ timeout: 15_000 });
    assert.equal(await page.evaluate(() => window.notReloaded), true);
    assert.equal(await page.getByRole('button').textContent(), '1', 'the state of the component is kept');
  } finally {
    await browser.close();
  }
});

test('the tunnel is in the access log, with the messages that went through it', async () => {
  const closes = await until(() => {
    const records = gateway.accessRecords().filter((record) => record.event === 'tunnel_close');
    return records.length > 0 && records;
  }, 'the record');
  assert.equal(closes.length, 1);
  assert.ok(closes[0].messages_to_client >= 2, JSON.stringify(closes[0]));
});

test('the gateway stops clean', async () => {
  await gateway.stop();
  await vite.close();
});
