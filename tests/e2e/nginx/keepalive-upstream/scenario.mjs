import { bytes, connection, get, head, later, post, reply, webSocket } from '../../lib/golden/words.js';

const node = {
  '/close': reply(200, { Connection: 'close' }, 'x'), '/http10': reply(200, { Connection: 'keep-alive' }, 'x', { version: '1.0' }), '/chunked': reply(200, {}, undefined, { framing: 'chunked', pieces: ['a', 'b'] }), '/eof': reply(200, {}, 'until the end', { framing: 'close' }),
  '/204': reply(204), '/304': reply(304), '/error': reply(500, {}, 'x'), '/ws': webSocket(), '/surplus': bytes('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nxxsurplus', 'keep'),
};
export default {
  about: 'keepalive: connections used again, by whom, for how many requests, and which answers end them',
  upstreams: { a: node, b: {}, c: {} },
  connections: [
    connection('one client', [get('/1'), get('/2'), post('/3', 'body'), head('/4')]),
    connection('another client', [get('/5'), get('/6')]),
    connection('answers', [get('/chunked'), get('/7'), get('/204'), get('/304'), get('/error'), get('/8'), get('/http10'), get('/9'), get('/close'), get('/10'), get('/eof'), get('/11'), head('/chunked'), get('/12')]),
    connection('surplus', [get('/surplus'), get('/13')]),
    connection('few', Array.from({ length: 7 }, (_, i) => get(`/few/${i}`))),
    connection('brief', [get('/brief/1'), get('/brief/2'), later(400), get('/brief/3')]),
    connection('others', [get('/one-zero/1'), get('/one-zero/2'), get('/closing/1'), get('/closing/2'), get('/direct/1'), get('/direct/2')]),
  ],
};
