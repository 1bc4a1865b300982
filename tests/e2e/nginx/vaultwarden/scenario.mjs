import { closeFrame, connection, frames, get, handshake, post, webSocket } from '../../lib/golden/words.js';

const host = 'vault.example.com';
const secure = { to: 'https', sni: host };
export default {
  about: 'Vaultwarden: kept connections that a tunnel leaves alone, Connection empty without an upgrade, an if for the host',
  listeners: ['http', 'https'],
  upstreams: { vault: { '/vault/notifications/hub': webSocket() } },
  connections: [
    connection('plain', [get('/vault/', { host }), get('/vault/', { host: 'VAULT.example.com' }), get('/', { host: 'other.example.com' })]),
    connection('api', [get('/vault/api/sync', { host }), post('/vault/identity/connect/token', 'grant_type=password', { host }), get('/vault/api/config', { host })], secure),
    connection('hub', [handshake('/vault/notifications/hub?access_token=ey.J', { host }), frames(['{"protocol":"messagepack","version":1}\x1e']), closeFrame()], secure),
    connection('after it', [get('/vault/alive', { host }), get('/vault/admin', { host }), get('/vault', { host })], secure),
    connection('admin', get('/vault/admin/users', { host }), { ...secure, from: '127.0.0.2' }),
  ],
};
