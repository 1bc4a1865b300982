import { connection, get, head, pipelined, post, raw, reply } from '../../lib/golden/words.js';

const old = { version: '1.0' };
const bare = { version: '1.0', host: null };
const kept = { version: '1.0', headers: { Connection: 'keep-alive' } };
export default {
  about: 'HTTP/1.0 clients: no Host, no chunks, kept connections only when asked for, and 1.1 clients of answers without a length',
  upstreams: { app: { '*': (request, link) => reply(200, {}, undefined, { framing: /chunked/.test(request.start) ? 'chunked' : /eof/.test(request.start) ? 'close' : 'length', pieces: ['one', 'two'] })(request, link) } },
  connections: [
    connection('no host', get('/x', bare)), connection('no host, raw', get('/raw/', bare)), connection('a host', get('/raw/', old)), connection('kept', [get('/1', kept), get('/2', kept), get('/3', old)]),
    connection('chunked answer', get('/new/chunked', old)), connection('chunked answer, kept', [get('/new/chunked', kept)]), connection('answer until the end', get('/new/eof', old)), connection('answer until the end, kept', get('/new/eof', kept)),
    connection('1.1 of it', [get('/new/eof'), get('/eof'), get('/new/chunked'), head('/eof')]), connection('chunks off', [get('/plain-chunks-off/chunked')]), connection('chunks off, by length', [get('/plain-chunks-off/x'), get('/plain-chunks-off/y')]),
    connection('post', post('/x', 'body', old)), connection('chunked body', raw('POST /x HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n')),
    connection('1.1 without Host', raw('GET / HTTP/1.1\r\n\r\n')), connection('pipelined', pipelined(get('/1', kept), get('/2', old))),
    connection('1.1, asked to close', [get('/', { close: true })]), connection('1.1, keep-alive said', [get('/1', { headers: { Connection: 'keep-alive' } }), get('/2')]),
  ],
};
