import { connection, get, handshake, pipelined, webSocket } from '../../lib/golden/words.js';

const key = (value) => ({ headers: { 'X-Key': value } });
export default {
  about: 'limit_req: no burst, a burst, delays, dry runs, keys of their own, the status, an empty key',
  upstreams: { app: { '/burst/ws': webSocket() } },
  connections: [
    connection('no burst', [get('/none/1'), get('/none/2'), get('/none/3')], { from: '127.0.0.3' }),
    connection('another address', [get('/none/1'), get('/none/2'), get('/page/'), get('/dry/')], { from: '127.0.0.4' }),
    connection('burst', Array.from({ length: 6 }, (_, i) => get(`/burst/${i}`, key('a')))),
    connection('another key', [get('/burst/', key('b')), get('/burst/', key('a'))]),
    connection('without a key', Array.from({ length: 6 }, (_, i) => get(`/burst/${i}`))),
    connection('handshake beyond it', [handshake('/burst/ws', key('a')), get('/slow-down')]),
    connection('files', [get('/files/a.txt'), get('/files/a.txt')]),
    connection('two limits', [get('/two/', key('c')), get('/two/', key('c')), get('/two/', key('d'))], { from: '127.0.0.5' }),
    connection('delayed', [1, 2, 3].map((i) => get(`/${i}`, { host: 'delayed.example.com', ...key('e') }))),
    connection('beyond the burst', pipelined(...Array.from({ length: 3 }, (_, i) => get(`/some/${i}`, { host: 'delayed.example.com', ...key('f') })))),
  ],
};
