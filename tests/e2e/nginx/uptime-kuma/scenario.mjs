import { closeFrame, connection, frames, get, handshake, reply, webSocket } from '../../lib/golden/words.js';

const host = 'status.example.com';
const secure = { to: 'https', sni: host };
export default {
  about: 'Uptime Kuma: an RSA certificate, proxy_pass with the URI /',
  listeners: ['https'],
  upstreams: { kuma: { '/socket.io/': webSocket({ greet: '\x81\x060{"a":' }), '/dashboard': reply(200, { 'Content-Type': 'text/html', 'X-Frame-Options': 'SAMEORIGIN', Server: 'kuma', 'X-Powered-By': 'Express' }, '<p>') } },
  connections: [
    connection('pages', [get('/dashboard', { host }), get('/api/push/abc?status=up&msg=OK%20now&ping=', { host }), get('/./a/../b//c%2e', { host }), get('/assets/%E4%BD%A0.js', { host })], secure),
    connection('live', [handshake('/socket.io/?EIO=4&transport=websocket', { host }), frames(['40'], 2), closeFrame()], secure),
    connection('TLS 1.2', get('/', { host }), { ...secure, maxVersion: 'TLSv1.2' }),
  ],
};
