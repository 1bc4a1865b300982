import {
  closeFrame, connection, frames, get, handshake, head, pipelined, post, raw, reply, webSocket,
} from '../../lib/golden/words.js';

const agent = { 'User-Agent': 'a "quoted" \\ agent\twith tab \xe4', Referer: 'http://x/?a=b', 'X-Forwarded-For': '1.2.3.4, 5.6.7.8', Cookie: 'a=1; b=2' };
export default {
  about: 'access_log and log_format: the combined and other lines, escapes, json, conditions, levels, times, upstream lists, failures',
  listeners: ['http', 'https'],
  upstreams: { app: { '/': reply(200, { 'X-App': 'v1', 'Content-Type': 'text/html' }, 'hello'), '/404': reply(404, {}, 'none'), '/ws': webSocket(), '/chunked': reply(200, {}, undefined, { framing: 'chunked', pieces: ['a', 'bc'] }) } },
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
    { at: /^log .* (400 157|\|400\||\|\| ?binary|\|\|GET)/s, why: 'what is no request is not in the access log' },
    { at: /^log json.log: .*"status":400/, why: 'what is no request is not in the access log' },
    { at: /^log none.log: /s, why: 'what is no request is not in the access log' },
    { at: /^log .*\b(502|401)\b/, why: 'a page of its own is as long as the name under it' },
    { at: /^log timed.log: /, why: 'empty $args, $pipe, lengths of what the upstream sent', open: true },
  ],
};
