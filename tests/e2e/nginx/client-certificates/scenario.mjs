import { connection, get } from '../../lib/golden/words.js';

const to = (listener, clientCertificate, sni = 'optional.example.com') => ({ to: listener, sni, clientCertificate });
export default {
  about: 'Client certificates: asked for, demanded, any; and handshakes rejected for names that no server has',
  listeners: ['https', 'strict', 'any', 'reject'],
  upstreams: { app: {} },
  connections: [
    connection('none', [get('/', { host: 'optional.example.com' }), get('/members/', { host: 'optional.example.com' })], to('https')),
    connection('the right one', [get('/', { host: 'optional.example.com' }), get('/members/', { host: 'optional.example.com' })], to('https', 'client')),
    connection('a wrong one', [get('/', { host: 'optional.example.com' })], to('https', 'other')),
    connection('demanded, none', [get('/', { host: 'strict.example.com' })], to('strict', undefined, 'strict.example.com')),
    connection('demanded, right', [get('/', { host: 'strict.example.com' })], to('strict', 'client', 'strict.example.com')),
    connection('demanded, wrong', [get('/', { host: 'strict.example.com' })], to('strict', 'other', 'strict.example.com')),
    connection('any, wrong', [get('/', { host: 'any.example.com' })], to('any', 'other', 'any.example.com')),
    connection('rejected', [], { to: 'reject', sni: 'unknown.test' }), connection('rejected without a name', [], { to: 'reject', tls: true }), connection('known', get('/', { host: 'known.example.com' }), { to: 'reject', sni: 'known.example.com' }),
  ],
};
