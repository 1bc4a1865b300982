import { connection, get } from '../../lib/golden/words.js';

const to = { to: 'https' };
export default {
  about: 'TLS: versions, ciphers, two kinds of certificate, the certificate by SNI, Host that differs from SNI',
  listeners: ['http', 'https'],
  connections: [
    connection('plain', get('/', { host: 'example.com' })),
    connection('TLS 1.3', get('/'), { ...to, sni: 'example.com' }),
    connection('TLS 1.2', get('/'), { ...to, sni: 'example.com', maxVersion: 'TLSv1.2' }),
    connection('RSA', get('/'), { ...to, sni: 'example.com', maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES256-GCM-SHA384' }),
    connection('the client chooses', get('/'), { ...to, sni: 'example.com', maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256' }),
    connection('no cipher in common', [], { ...to, sni: 'example.com', maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES256-SHA384' }),
    connection('too old', [], { ...to, sni: 'example.com', minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
    connection('by SNI', get('/', { host: 'other.example.net' }), { ...to, sni: 'other.example.net' }),
    connection('by wildcard', get('/', { host: 'a.example.net' }), { ...to, sni: 'a.example.net' }),
    connection('unknown name', get('/', { host: 'unknown.test' }), { ...to, sni: 'unknown.test' }),
    connection('no SNI', get('/', { host: 'other.example.net' }), { ...to, tls: true }),
    connection('Host is not SNI', [get('/', { host: 'other.example.net' }), get('/', { host: 'example.com' })], { ...to, sni: 'example.com' }),
    connection('plain HTTP to it', [get('/', { close: true })], to),
  ],
};
