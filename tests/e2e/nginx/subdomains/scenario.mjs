import { connection, get } from '../../lib/golden/words.js';

const visit = (host) => connection(`Host ${host}`, get('/p?q=1', { host }));
export default {
  about: 'Which server: exact, *.suffix, .suffix, prefix.*, regexes with captures, none, the default',
  upstreams: { apps: {} },
  connections: [
    ...['example.org', 'EXAMPLE.org', 'www.example.org', 'www.example.com', 'www.example.', 'a.b.example.org', 'apps.example.org', 'x.apps.example.org', 'x.y.apps.example.org',
      'api.apps.example.org', 'API2.apps.example.org:81', 'ann.users.example.net', 'ann.lee.users.example.net', 'one.dev.io', 'a.b.dev.io', 'example.org.', 'nobody.test', '[::1]:80', '127.0.0.1', 'localhost:8080'].map(visit),
    connection('no host', get('/', { host: null, version: '1.0' })),
    connection('empty host', get('/', { host: '' })),
    connection('absolute', get('http://ann.users.example.net:90/x?y', { host: 'other.test' })),
  ],
};
