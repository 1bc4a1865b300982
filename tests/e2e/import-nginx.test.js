// What `tidegate import` writes and refuses nothing of does as nginx does with the original: the same requests to
// both, in front of one upstream that tells what it got.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import test from 'node:test';

import { run } from './lib/command.js';
import { Gateway, binary, temporaryDirectory } from './lib/gateway.js';
import { Server, nginx } from './lib/golden/sides.js';
import { request } from './lib/http.js';
import { freePort, listen } from './lib/net.js';

const told = ['host', 'x-real-ip', 'x-forwarded-proto', 'x-app', 'accept-encoding', 'x-gone'];
const upstream = http.createServer((asked, answer) => {
  asked.resume().on('end', () => {
    const fields = told.filter((name) => asked.headers[name] !== undefined).map((name) => [name, asked.headers[name]]);
    // As the client wrote it, where nginx's $host is in lower case: that is what the report says of `Host $host`.
    if (fields[0]?.[0] === 'host') fields[0][1] = fields[0][1].toLowerCase();
    answer.setHeader('X-Powered-By', 'an upstream');
    answer.setHeader('X-Kept', 'yes');
    answer.end(JSON.stringify({ method: asked.method, url: asked.url, ...Object.fromEntries(fields) }));
  });
});
const port = await listen(upstream);

const proxying = `
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_set_header X-Real-IP $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;`;
const to = `http://127.0.0.1:${port}`;

const sites = {
  paths: {
    servers: `server {
      listen LISTEN;
      server_name example.com;
      ${proxying}
      proxy_set_header Host $host;
      location / { proxy_pass ${to}; }
      location = /exact { return 200 "exact"; }
      location /app/ { proxy_pass ${to}/; }
      location /code/ { rewrite ^/code/(.*)$ /$1 break; proxy_pass ${to}; }
      location ^~ /static/ { return 404 "static"; }
      location ~ \\.txt$ { return 200 "regex"; }
      location ~* ^/PHOTO { return 204; }
      location /same/ { proxy_pass ${to}/same/; }
      location /outer/ { return 200 "outer"; location /outer/inner/ { return 200 "inner"; } }
      location /old/ { return 308 https://$host/new$request_uri; }
      location /moved { return 302 /elsewhere?x=1; }
      rewrite ^/blog/(.*)$ https://blog.example.com/$1 permanent;
    }`,
    requests: ['/', '/a?b=c', '/exact', '/exactly', '/exact?x', '/app/', '/app/x/y?z=1', '/app', '/app?q=1', '/code/a?b', '/code', '/static/a.txt',
      '/b.txt', '/photo/1', '/same/x', '/outer/x', '/outer/inner/x', '/old/thing?y', '/moved', '/blog/2026/11?p=2', '/%41%20b',
      '//double//slash', '/a/../b.txt', '/app/%2e%2e/x', '/APP/'],
  },
  fields: {
    servers: `server {
      listen LISTEN default_server;
      server_name _;
      ${proxying}
      add_header X-Frame-Options DENY always;
      location / {
        proxy_pass ${to};
        proxy_hide_header X-Powered-By;
      }
      location /own/ {
        proxy_pass ${to};
        ${proxying}
        proxy_set_header Host own.example.com;
        proxy_set_header X-App "app $arg_a";
        proxy_set_header Accept-Encoding "";
        proxy_set_header X-Gone "";
        add_header X-Own "$host" always;
      }
      location /large { client_max_body_size 10; proxy_pass ${to}; }
      location /gets/ { limit_except GET { deny all; } proxy_pass ${to}; }
      location ~ /\\.ht { deny all; }
      location /options/ {
        if ($request_method = OPTIONS) { add_header Access-Control-Allow-Origin * always; return 204; }
        if ($http_x_beta = "1") { return 200 "beta"; }
        if ($arg_debug = 1) { return 403; }
        proxy_pass ${to};
      }
    }`,
    requests: ['/', '/own/?a=b', { path: '/own/', headers: { 'Accept-Encoding': 'gzip', 'X-Gone': 'x', 'X-App': 'mine' } },
      { path: '/large', method: 'POST', body: '0123456789' }, { path: '/large', method: 'POST', body: '0123456789a' },
      '/gets/x', { path: '/gets/x', method: 'HEAD' }, { path: '/gets/x', method: 'POST', body: 'x' }, '/.htaccess',
      '/options/', { path: '/options/', method: 'OPTIONS' }, { path: '/options/', headers: { 'X-Beta': '1' } }, '/options/?debug=1', '/options/?debug=2'],
  },
  hosts: {
    servers: `server {
      listen LISTEN;
      server_name a.example.com old.example.com *.b.example.com;
      ${proxying}
      proxy_set_header Host $host;
      if ($host = old.example.com) { return 302 https://a.example.com$request_uri; }
      location / { proxy_pass ${to}; }
    }
    server {
      listen LISTEN;
      server_name c.example.com www.c.example.com;
      if ($host != c.example.com) { return 301 $scheme://c.example.com$request_uri; }
      location /only { return 200 "c"; }
      location / { return 404 "nothing"; }
    }
    server {
      listen LISTEN default_server;
      server_name _;
      location / { return 200 "default"; }
      location = /healthz { return 200 "fine"; }
    }`,
    requests: ['a.example.com', 'old.example.com', 'y.b.example.com', 'b.example.com', 'c.example.com', 'www.c.example.com', 'other.example', 'A.Example.Com'].flatMap((host) =>
      ['/', '/only', '/healthz'].map((path) => ({ path, headers: { Host: host } }))),
  },
};

/** Where a redirect leads: nginx writes whole URLs, the gateway what the configuration says. */
function target(location, asked) {
  if (location === undefined) return undefined;
  const base = `http://${asked.headers.Host}`;
  const url = new URL(location, base);
  return url.hostname === new URL(base).hostname && url.protocol === 'http:' ? url.pathname + url.search : url.href;
}

async function answers(at, requests) {
  const all = [];
  for (const each of requests) {
    const asked = typeof each === 'string' ? { path: each } : each;
    asked.headers = { Host: 'example.com', ...asked.headers };
    const { path: file, body, ...options } = asked;
    const got = await request(`http://127.0.0.1:${at}`, { ...options, path: file, body });
    const text = String(got.body);
    // A status's own page is each side's own, and so are its fields.
    const own = got.status >= 300 && (text.startsWith('<html>') || /^\d{3} /.test(text) || text === '');
    all.push({
      asked: `${options.method ?? 'GET'} ${asked.headers.Host} ${file}`,
      status: got.status,
      location: target(got.headers.location, asked),
      body: own ? undefined : text,
      fields: own ? undefined : ['x-frame-options', 'x-own', 'x-powered-by', 'x-kept', 'access-control-allow-origin'].map((name) => got.headers[name]),
    });
  }
  return all;
}

for (const [name, { servers, requests }] of Object.entries(sites)) {
  test(`imported, nginx's ${name} are answered as by nginx`, async () => {
    const directory = temporaryDirectory();
    const world = { directory, file: path.join(directory, 'nginx.conf') };
    const configuration = (listens) => `pid ${directory}/nginx.pid;
events {}
http {
  default_type text/plain; access_log off;
  client_body_temp_path ${directory}/body; proxy_temp_path ${directory}/proxy; fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi; scgi_temp_path ${directory}/scgi;
  ${servers.replaceAll('LISTEN', `127.0.0.1:${listens}`)}
}
`;
    const imported = new Gateway();
    await imported.prepare();
    fs.writeFileSync(world.file, configuration(imported.http));
    const { code, stdout, stderr } = await run(binary, ['import', world.file], { cwd: directory });
    assert.equal(code, 0, stderr);
    imported.configure(() => stdout.replace(/^log:.*$/m, ''));

    const listens = await freePort();
    fs.writeFileSync(world.file, configuration(listens));
    const original = await Server.start(nginx, { ...world, awaited: [String(listens)] });
    try {
      await imported.launch(['run', '-c', imported.file]);
      try {
        assert.deepEqual(await answers(imported.http, requests), await answers(listens, requests), stdout);
      } finally {
        await imported.stop();
      }
    } finally {
      await original.stop();
    }
  });
}
