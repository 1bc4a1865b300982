import {
  chunked, closeFrame, connection, frames, get, handshake, head, pipelined, post, reply, split, webSocket,
} from '../../lib/golden/words.js';

const host = 'yourdomain.com';
export default {
  about: 'The two servers that the project began with: http to https, and everything to one Node server',
  listeners: ['http', 'https'],
  upstreams: {
    app: {
      '/ws': webSocket({ fields: { 'Sec-WebSocket-Protocol': 'chat' } }),
      '/greeting': webSocket({ greet: '\x81\x05hello' }),
      '/refused': reply(403, { 'X-Reason': 'no' }, 'not you'),
      '/chunked': reply(200, { 'Set-Cookie': 'a=1' }, undefined, { framing: 'chunked', pieces: ['one', 'two', 'three'] }),
      '*': reply(),
    },
  },
  connections: [
    connection('to https', [get('/a%20b?x=1&y=%2F', { host: `${host}:8080` }), head('/', { host }), post('/x', 'abc', { host, close: true })]),
    connection('a host that is not there', get('/', { host: 'other.example' })),
    connection('pages', [
      get('/', { host, headers: { Accept: '*/*', 'X-Forwarded-For': '10.0.0.1', Cookie: 'a=b; c=d' } }),
      head('/head', { host }),
      get('/chunked', { host }),
      post('/form', 'name=value', { host, headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }),
      get('/last', { host, close: true }),
    ], { to: 'https', sni: host }),
    connection('a chunked body', post('/upload', chunked('hello ', 'world'), { host, headers: { 'Transfer-Encoding': 'chunked' } }), { to: 'https', sni: host }),
    connection('pipelined', pipelined(get('/1', { host }), get('/2', { host }), get('/3', { host, close: true })), { to: 'https', sni: host }),
    connection('byte by byte', split(post('/bytes', 'body', { host, close: true }), 4, 9, 17, 40), { to: 'https', sni: host }),
    connection('a tunnel', [
      handshake('/ws', { host, headers: { 'Sec-WebSocket-Protocol': 'chat', Origin: `https://${host}` } }),
      frames(['hello', 'x'.repeat(300), 'y'.repeat(70000)]),
      closeFrame(1000),
    ], { to: 'https', sni: host }),
    connection('a greeting behind the 101', [handshake('/greeting', { host }), frames(['after'], 2), closeFrame()], { to: 'https', sni: host }),
    connection('a handshake refused', [handshake('/refused', { host }), get('/next', { host })], { to: 'https', sni: host }),
    connection('http 1.0', get('/old', { host, version: '1.0' }), { to: 'https', sni: host }),
  ],
};
