import { closeFrame, connection, frames, get, handshake, post, webSocket } from '../../lib/golden/words.js';

const as = (pair, scheme = 'Basic') => ({ headers: { Authorization: `${scheme} ${Buffer.from(pair, 'latin1').toString('base64')}` } });
const secret = ['plain', 'apr1', 'sha', 'ssha', 'crypt', 'md5', 'extra'];
export default {
  about: 'auth_basic: every kind of password in the file, the realm, off, what reaches the upstream, malformed credentials',
  upstreams: { app: { '/ws': webSocket() } },
  connections: [
    connection('none', [get('/'), get('/files/a.txt'), get('/public/x'), get('/other/')]),
    connection('each kind', secret.map((name) => get(`/${name}`, as(`${name}:secret`)))),
    connection('each kind, wrong', secret.map((name) => get(`/${name}`, as(`${name}:Secret`)))),
    connection('odd', [
      get('/', as('plain:second')), get('/', as('nobody:x')), get('/', as('plain')), get('/', as('plain:')), get('/', as(':secret')), get('/', as('empty:')), get('/', as('plain:secret', 'basic')), get('/', as('plain:secret', 'Basic  ')),
      get('/', { headers: { Authorization: 'Basic ***' } }), get('/', { headers: { Authorization: 'Bearer x' } }), get('/', { headers: { Authorization: 'Basic' } }),
    ]),
    connection('elsewhere', [get('/public/x', as('plain:secret')), get('/public/x', as('plain:wrong')), get('/files/a.txt', as('plain:secret')), get('/files/none', as('plain:secret')), get('/variable/?realm=off'), get('/variable/?realm=Here'), get('/no-file/', as('a:b')), get('/page/')]),
    connection('post', [post('/', 'body'), post('/', 'body', as('plain:secret'))]),
    connection('handshake', [handshake('/ws'), handshake('/ws', as('plain:secret')), frames(['hi']), closeFrame()]),
  ],
};
