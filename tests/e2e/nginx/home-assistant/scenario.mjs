import { closeFrame, connection, frames, get, handshake, reply, webSocket } from '../../lib/golden/words.js';

const host = 'ha.example.com';
const secure = { to: 'https', sni: host };
export default {
  about: 'Home Assistant: TLS 1.2 alone, HSTS, redirects of the upstream turned to https, the front end\'s WebSocket, IPv6',
  listeners: ['http', 'https'],
  upstreams: {
    app: {
      '/api/websocket': webSocket({ greet: '\x81\x1f{"type":"auth_required","v":"1"}' }),
      '/auth': reply(302, { Location: 'http://ha.example.com/lovelace' }, ''),
      '/auth2': reply(303, { Location: '/relative', Refresh: '5; url=http://ha.example.com/x' }, ''),
      '/camera': reply(200, { 'Content-Type': 'multipart/x-mixed-replace; boundary=frame' }, undefined, { framing: 'close', pieces: ['--frame\r\n\r\n1\r\n', '--frame\r\n\r\n2\r\n'] }),
      '/missing': reply(404, {}, 'none'),
    },
  },
  connections: [
    connection('plain', [get('/lovelace/0?kiosk', { host }), get('/', { host: 'other', close: true })]),
    connection('plain, IPv6', get('/x', { host: '[::1]' }), { at: '::1' }),
    connection('pages', [get('/', { host }), get('/auth', { host }), get('/auth2', { host }), get('/missing', { host })], secure),
    connection('camera', get('/camera', { host }), secure),
    connection('without SNI', get('/', { host }), { to: 'https', tls: true }),
    connection('TLS 1.3 alone', [], { ...secure, minVersion: 'TLSv1.3' }),
    connection('tunnel', [handshake('/api/websocket', { host }), frames(['{"type":"auth"}'], 2), closeFrame()], secure),
    connection('plain HTTP on the TLS port', get('/', { host }), { to: 'https' }),
  ],
};
