import { connection, get, raw, serverEnds } from '../../lib/golden/words.js';

const ask = (name, options, ...hosts) => connection(name, hosts.map((host) => get('/', { host })), options);
const all = ['a.example.com', 'b.example.com', 'c.example.com', 'd.example.com', 'quoted.example.com', 'nobody.test'];
const proxied = raw('PROXY TCP4 203.0.113.7 192.0.2.1 5555 443\r\nGET / HTTP/1.1\r\nHost: p.example.com\r\n\r\n', 'GET');
export default {
  about: 'Which server by an address beside the wildcard of the same port: plain, TLS, the PROXY protocol, IPv6',
  listeners: ['http', 'https', 'mixed', { name: 'six', at: '::1' }],
  connections: [
    ...['127.0.0.1', '127.0.0.2', '127.0.0.3'].map((at) => ask(at, { at }, ...all)),
    ...['127.0.0.1', '127.0.0.2', '127.0.0.3'].flatMap((at) => [
      ask(`TLS at ${at}`, { to: 'https', at, tls: true }, 'example.com', 'other.example.net', 'nobody.test'),
      ask(`TLS at ${at} by name`, { to: 'https', at, sni: 'other.example.net' }, 'other.example.net', 'example.com'),
    ]),
    ask('TLS beside the plain', { to: 'mixed', sni: 'example.com' }, 'example.com'),
    ask('plain beside the TLS', { to: 'mixed', at: '127.0.0.2' }, 'example.com'),
    connection('plain HTTP to TLS', [get('/', { close: true })], { to: 'mixed' }),
    connection('PROXY where it is spoken', [proxied], { to: 'mixed', at: '127.0.0.3' }),
    connection('no PROXY where it is spoken', [get('/'), serverEnds()], { to: 'mixed', at: '127.0.0.3' }),
    ask('IPv6', { to: 'six' }, 'example.com', 'nobody.test'),
    ask('IPv4 of that port', { to: 'six', at: '127.0.0.1' }, 'example.com'),
  ],
};
