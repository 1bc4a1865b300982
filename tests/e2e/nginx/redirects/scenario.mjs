import { connection, get } from '../../lib/golden/words.js';

const targets = ['/folder', '/folder?a=b', '/named/folder', '/portless/folder', '/relative/folder', '/relative/folder?x=y', '/return', '/named/return', '/portless/return', '/relative/return', '/relative/rewrite', '/app', '/error', '/error-url'];
const hosts = ['second.example.com', 'second.example.com:8080', 'SECOND.example.com', 'other.test:1'];
export default {
  about: 'Redirects of the server\'s own: host, port, scheme, absolute and relative',
  listeners: ['http', 'https'],
  upstreams: { app: {} },
  connections: [...hosts.map((host) => connection(host, targets.map((target) => get(target, { host })))), connection('no Host', targets.slice(0, 6).map((target) => get(target, { host: null, version: '1.0', headers: { Connection: 'keep-alive' } }))), connection('TLS', [get('/folder', { host: 'first.example.com' }), get('/return', { host: 'first.example.com:443' })], { to: 'https', sni: 'first.example.com' })],
};
