import { closeFrame, connection, frames, get, handshake, post, webSocket } from '../../lib/golden/words.js';

const host = 'www.example.com';
const secure = { to: 'https', sni: host };
export default {
  about: 'What certbot --nginx leaves behind: returns and ifs, options-ssl-nginx.conf, ssl-dhparams.pem',
  listeners: ['http', 'https'],
  upstreams: { app: { '/ws': webSocket() } },
  connections: [
    connection('plain', [get('/a?b=c', { host }), get('/', { host: 'example.com:80' }), get('/', { host: 'elsewhere.test' }), post('/x', 'body', { host })]),
    connection('pages', [get('/', { host }), get('/.well-known/acme-challenge/x', { host })], secure),
    connection('tunnel', [handshake('/ws', { host }), frames(['hi']), closeFrame()], secure),
    connection('TLS 1.2', get('/', { host }), { ...secure, maxVersion: 'TLSv1.2' }),
    connection('IPv6', get('/', { host }), { ...secure, at: '::1' }),
  ],
};
