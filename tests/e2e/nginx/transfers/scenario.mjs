import { chunked, connection, get, post, reply, request, split } from '../../lib/golden/words.js';

const large = (seed) => Array.from({ length: 60000 }, (_, i) => String.fromCharCode((i * seed) % 251)).join('').repeat(20);
const up = large(7);
const pieces = Array.from({ length: 12 }, (_, i) => up.slice(i * 100000, (i + 1) * 100000));
const parts = { headers: { 'Transfer-Encoding': 'chunked' }, body: chunked(...pieces) };
const down = large(11);
const through = (name, options) => [
  connection(`${name}: up`, [post('/up', up), request('PUT', '/streamed/up', { body: up }), get('/after')], options),
  connection(`${name}: up in chunks`, [request('POST', '/up', parts), request('POST', '/streamed/up', parts)], options),
  connection(`${name}: down`, [get('/length'), get('/chunked'), get('/streamed/length'), get('/streamed/chunked'), get('/after')], options),
  connection(`${name}: down until the end`, [get('/close')], options),
];
export default {
  about: 'Bodies of more than a megabyte both ways, by length and in chunks, buffered and streamed, over plain and TLS',
  listeners: ['http', 'https'],
  upstreams: {
    app: {
      '/length': reply(200, {}, down), '/streamed/length': reply(200, {}, down), '/chunked': reply(200, {}, undefined, { framing: 'chunked', pieces }), '/streamed/chunked': reply(200, {}, undefined, { framing: 'chunked', pieces }), '/close': reply(200, {}, down, { framing: 'close' }),
    },
  },
  connections: [...through('plain', {}), ...through('TLS', { to: 'https', sni: 'example.com' }), connection('in two pieces', split(post('/up', up), 300, 500000), {})],
};
