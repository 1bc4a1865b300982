import { arrived, connection, frames, get, handshake, openGate, reply, send, webSocket } from '../../lib/golden/words.js';

const held = reply(200, {}, 'at last', { gate: 'door' });
export default {
  about: 'limit_conn: a request in flight or a tunnel holds its place, and gives it back when it ends',
  upstreams: { app: { '/held': held, '/two/held': held, '/ws': webSocket() } },
  connections: [
    connection('first', [send(get('/held')), arrived('app', 1)], { stays: true }),
    connection('second', [get('/x'), get('/return/'), get('/dry/')]),
    connection('another address', get('/x'), { from: '127.0.0.2' }),
    connection('first of two', [send(get('/two/held')), arrived('app', 4)], { stays: true }),
    connection('second of two', [send(get('/two/held')), arrived('app', 5)], { stays: true }),
    connection('third of two', [get('/two/x'), openGate('app', 'door')]),
    connection('a tunnel from elsewhere', [handshake('/ws'), frames(['x'])], { from: '127.0.0.7', stays: true }),
    connection('beside the tunnel', [handshake('/ws'), get('/x')], { from: '127.0.0.7' }),
  ],
};
