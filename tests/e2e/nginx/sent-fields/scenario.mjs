import { connection, get, handshake, head, post, reply } from '../../lib/golden/words.js';

const list = [['X-List', '1'], ['X-List', '2'], ['Link', '</a>'], ['Link', '</b>'], ['Set-Cookie', 'a=1; Path=/'], ['Set-Cookie', 'b=2'], ['X-Hidden', '1'], ['X-Powered-By', 'x'], ['Server', 'app/1']];
const targets = ['/page.html', '/style.css', '/none', '/charset/page.html', '/return', '/charset-return', '/redirect', '/forbidden', '/api/html', '/api/json', '/api/image', '/api/cached', '/api/redirect', '/api/chunked', '/api/untyped', '/api/304', '/api/204', '/api/404', '/plain/x'];
export default {
  about: '$sent_http_* while the head is made: expires by the type, add_header of what is sent already, of files, returns, errors and upstreams',
  upstreams: {
    app: {
      '/api/html': reply(200, [['Content-Type', 'text/html; charset=UTF-8'], ...list], '<p>'), '/api/json': reply(200, { 'Content-Type': 'application/json', 'X-Kind': 'k' }, '{}'), '/api/image': reply(200, { 'Content-Type': 'image/png' }, 'png'),
      '/api/cached': reply(200, [['Content-Type', 'text/css'], ['Cache-Control', 'private'], ['Cache-Control', 'max-age=3'], ['Expires', 'Thu, 01 Jan 1970 00:00:01 GMT'], ['ETag', '"e"']], 'p{}'), '/api/redirect': reply(302, { Location: '/api/next' }, ''),
      '/api/chunked': reply(200, { 'Content-Type': 'text/html' }, undefined, { framing: 'chunked', pieces: ['a', 'b'] }), '/api/untyped': reply(200, [['Content-Type', '']], 'x'), '/api/304': reply(304, { ETag: '"e"' }), '/api/204': reply(204), '/api/404': reply(404, {}, 'none'), '/plain/x': reply(200, [['Content-Type', 'text/html'], ...list], 'x'),
    },
  },
  connections: [
    connection('get', targets.map((target) => get(target))),
    connection('head', targets.map((target) => head(target))),
    connection('post', [post('/api/json', 'x'), post('/page.html', 'x')]),
    connection('conditions', [get('/page.html', { headers: { 'If-Modified-Since': 'Sat, 03 Feb 2024 04:05:06 GMT' } }), get('/style.css', { headers: { Range: 'bytes=0-0' } }), get('/style.css', { headers: { Range: 'bytes=0-0,2-2' } })]),
    connection('closing', get('/page.html', { close: true })),
    connection('1.0', get('/page.html', { version: '1.0' })),
    connection('not a tunnel', handshake('/api/json')),
  ],
  differences: [
    { at: /^client (get|head) answer [78] x-length$/, nginx: /^(169|153)$/, here: /^(165|149)$/, why: 'a page of its own is as long as the name under it' },
    { at: 'client post answer 2 x-length', nginx: '157', here: '153', why: 'as above' },
  ],
};
