// Metrics: promtool reads them, and a real Prometheus scrapes them, knows the true counts, and evaluates the rules.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import test from 'node:test';

import { WebSocket, WebSocketServer } from 'ws';

import { run } from './lib/command.js';
import { Gateway } from './lib/gateway.js';
import { request } from './lib/http.js';
import { freePort, listen } from './lib/net.js';
import { Prometheus, alerts, folder } from './lib/prometheus.js';
import { once, until } from './lib/wait.js';

const server = http.createServer((_, response) => response.end('here'));
new WebSocketServer({ server }).on('connection', (socket) => {
  socket.on('message', (data, binary) => socket.send(data, { binary }));
});
const upstream = await listen(server);

async function start() {
  const metrics = await freePort();
  const gateway = await Gateway.start({
    yaml: (site) => `
listeners:
  http: { address: "127.0.0.1:${site.http}" }
  https: { address: "127.0.0.1:${site.https}", tls: ${site.tls} }
routes:
  - { name: chat, path: /chat, upstream: app }
  - { name: everything, path: /, upstream: app }
upstreams:
  app: http://127.0.0.1:${upstream}
metrics: { address: "127.0.0.1:${metrics}" }
`,
  });
  return Object.assign(gateway, { metrics });
}

async function exchange(url, options, messages) {
  const client = new WebSocket(url, options);
  await once(client, 'open');
  for (let i = 0; i < messages; ++i) {
    const echo = once(client, 'message');
    client.send(`message ${i}`);
    await echo;
  }
  return client;
}

test('promtool finds nothing to say against the metrics and the rules', async () => {
  const gateway = await start();
  const client = await exchange(`ws://127.0.0.1:${gateway.http}/chat`, {}, 1);
  const { body } = await request(`http://127.0.0.1:${gateway.metrics}/metrics`);
  const metrics = await run('promtool', ['check', 'metrics'], { input: body });
  assert.deepEqual([metrics.code, metrics.stdout, metrics.stderr], [0, '', '']);
  const rules = await run('promtool', ['check', 'rules', alerts]);
  assert.equal(rules.code, 0, rules.stdout + rules.stderr);
  client.terminate();
  await gateway.stop();
});

test('Prometheus scrapes true counts, of tunnels that live too, and evaluates the rules', async () => {
  const gateway = await start();
  const prometheus = await Prometheus.start(gateway.metrics);
  const clients = await Promise.all(Array.from({ length: 6 }, (_, i) => (i % 2
    ? exchange(`ws://127.0.0.1:${gateway.http}/chat`, {}, 5)
    : exchange(`wss://localhost:${gateway.https}/chat`, { ca: gateway.ca }, 5))));
  for (let i = 0; i < 3; ++i) await request(`http://127.0.0.1:${gateway.http}/page`);

  await prometheus.becomes('tidegate_tunnels_active{route="chat",upstream="app"}', 6);
  await prometheus.becomes('tidegate_tunnel_messages_total{route="chat",direction="to_upstream",opcode="text"}', 30);
  await prometheus.becomes('tidegate_tunnel_messages_total{route="chat",direction="to_client",opcode="text"}', 30);
  await prometheus.becomes(`tidegate_upstream_tunnels{upstream="app",server="http://127.0.0.1:${upstream}"}`, 6);
  await prometheus.becomes('sum(tidegate_connections_active)', 6);
  await prometheus.becomes('sum(tidegate_tls_handshakes_total{result="ok"})', 3);
  await prometheus.becomes('tidegate_http_requests_total{listener="http",route="everything",method="GET",code="200"}', 3);
  await prometheus.becomes('sum(tidegate_http_requests_total{code="101"})', 6);
  await prometheus.becomes('tidegate_handshakes_total{route="chat",result="accepted"}', 6);
  await prometheus.becomes('tidegate_handshake_duration_seconds_count{phase="total"}', 6);
  await prometheus.becomes('tidegate_http_request_duration_seconds_count{route="chat"}', 0);
  await prometheus.becomes('tidegate_config_last_reload_successful', 1);
  await prometheus.becomes('tidegate_tls_certificate_not_after_timestamp_seconds{listener="https"} > bool time()', 1);

  const ends = clients.map((client) => once(client, 'close'));
  for (const client of clients) client.close(1000);
  await Promise.all(ends);
  await prometheus.becomes('tidegate_tunnels_active{route="chat",upstream="app"}', 0);
  await prometheus.becomes('tidegate_tunnels_closed_total{route="chat",side="client",reason="finished"}', 6);
  await prometheus.becomes('tidegate_tunnel_close_codes_total{route="chat",side="client",code="1000"}', 6);
  await prometheus.becomes('tidegate_tunnel_close_codes_total{route="chat",side="upstream",code="1000"}', 6);
  await prometheus.becomes('tidegate_tunnel_duration_seconds_count{route="chat"}', 6);

  // What a scrape costs in bytes is Prometheus' affair too: it asks for gzip.
  const evaluated = async () => {
    const { data } = JSON.parse(await prometheus.get('/api/v1/rules'));
    const rules = data.groups.flatMap((group) => group.rules);
    assert.ok(rules.length > 10);
    return rules.every((rule) => rule.health !== 'unknown') && rules;
  };
  for (const rule of await until(evaluated, 'every rule to be evaluated')) {
    assert.equal(rule.health, 'ok', `${rule.name}: ${rule.lastError}`);
  }
  // And each of the dashboard's queries, with its variables filled in, is one that Prometheus understands.
  const { panels } = JSON.parse(fs.readFileSync(path.join(folder, 'grafana-dashboard.json')));
  for (const { expr } of panels.flatMap((panel) => panel.targets)) {
    const query = expr.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '1m');
    await prometheus.get(`/api/v1/query?query=${encodeURIComponent(query)}`);
  }
  await prometheus.stop();
  await gateway.stop();
});

test('readiness ends with SIGTERM, while tunnels and metrics go on', async () => {
  const gateway = await start();
  const ask = async (target) => (await request(`http://127.0.0.1:${gateway.metrics}${target}`)).status;
  await until(async () => (await ask('/readyz')) === 200, 'every listener to accept');
  const client = await exchange(`ws://127.0.0.1:${gateway.http}/chat`, {}, 1);
  const end = once(client, 'close');
  client._socket.pause();  // does not answer the Close frame, so that the drain lasts
  gateway.signal('SIGTERM');
  await until(async () => (await ask('/readyz')) === 503, '/readyz to say 503');
  assert.equal(await ask('/healthz'), 200);
  assert.equal(await ask('/metrics'), 200);
  client._socket.resume();
  await end;
  await gateway.ended();
});
