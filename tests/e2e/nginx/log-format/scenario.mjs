import {
  closeFrame, connection, frames, get, handshake, head, pipelined, post, raw, reply, webSocket,
} from '../../lib/golden/words.js';

const agent = { 'User-Agent': 'a "quoted" \\ agent\twith tab \xe4', Referer: 'http://x/?a=b', 'X-Forwarded-For': '1.2.3.4, 5.6.7.8', Cookie: 'a=1; b=2' };
export default {
  about: 'access_log and log_format: the combined and other lines, escapes, json, conditions, levels, times, upstream lists, failures',
  listeners: ['http', 'https'],
  upstreams: { app: { '/': reply(200, { 'X-App': 'v1', 'Content-Type': 'text/html' }, 'hello'), '/404': reply(404, {}, 'none'), '/ws': webSocket(), '/chunked': reply(200, {}, undefined, { framing: 'chunked', pieces: ['abc'] }) } },
  refusing: ['nobody'],
  logs: ['main.log', 'timed.log', 'json.log', 'none.log', 'combined.log', 'errors.log', 'own.log', 'tls.log'],
  connections: [
    connection('requests', [get('/', { headers: agent }), get('/404?a=%22b'), head('/'), post('/', 'body'), get('/chunked'), get('/return/x%20y'), get('/quiet/'), get('/own/'), get('/dead/'), get('/inner/x'), get('/auth/'), get('/auth/', { headers: { Authorization: 'Basic YW5uOnNlY3JldA==' } }), get('/', { host: 'www.example.com' }), get('/', { host: 'inherits.example.com' })]),
    connection('1.0', get('/', { version: '1.0', host: null })),
    connection('tunnel', [handshake('/ws?token=x'), frames(['hello']), closeFrame()]),
    connection('hung up', get('/444/')),
    connection('pipelined', pipelined(get('/return/1'), get('/return/2'))),
    connection('tls', get('/'), { to: 'https', sni: 'example.com' }),
    connection('bad request', raw('GET /bad HTTP/1.1\r\nHost: a b\r\n\r\n')),
    connection('no request', raw('\x16\x03\x01 binary \x00\r\n\r\n', 'GET')),
    connection('no path', raw('GET\r\n\r\n')),
  ],
  differences: [
    { at: /^log (combined|errors).log: .* "(GET \/bad HTTP\/1.1|GET|\\x16.*)" 400 157 /, here: null, why: 'what is no request is not in the access log' },
    { at: /^log timed.log: (-|GET) (-|\/bad) -\|400\|/, here: null, why: 'as above' },
    { at: /^log json.log: .*"status":400/, here: null, why: 'as above' },
    { at: /^log none.log: \|\|(\x16\x03\x01 binary |GET$|GET \/bad )/, here: null, why: 'as above' },
    { at: /^log (combined|errors).log: .* "GET \/(auth|dead)\/ HTTP\/1.1" (401 179|502 157) /, here: null, why: 'a page of its own is as long as the name under it' },
    { at: /^log (combined|errors).log: .* "GET \/(auth|dead)\/ HTTP\/1.1" (401 175|502 153) /, nginx: null, why: 'as above' },
    { at: /^log timed.log: GET \/(auth|dead)\/ -\|.*\|(179|157)\|42\|/, here: null, why: 'as above' },
    { at: /^log timed.log: GET \/(auth|dead)\/ -\|.*\|(175|153)\|42\|/, nginx: null, why: 'as above' },
  ],
};
