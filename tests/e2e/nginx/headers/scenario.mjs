import { connection, get, head, post, reply } from '../../lib/golden/words.js';

const fields = [
  ['User-Agent', 'curl/8'], ['Accept', '*/*'], ['X-Server', 'mine'], ['X-Twice', 'a'], ['Api_Key', 'k'], ['X-Removed', 'me'], ['Accept-Encoding', 'gzip'], ['Connection', 'keep-alive, X-Hop'], ['X-Hop', '1'], ['Keep-Alive', 'timeout=5'],
  ['TE', 'trailers'], ['Proxy-Connection', 'x'], ['Proxy', 'http://evil/'], ['Cookie', 'a=1'], ['Cookie', 'b=2'], ['X-List', '1'], ['X-List', '2'], ['Forwarded', 'for=1.2.3.4'], ['Via', '1.1 x'], ['X-Empty-From-Client', ''], ['Range', 'bytes=0-1'], ['If-None-Match', '"x"'],
];
const answer = reply(200, [['X-Secret', '1'], ['ETag', '"e"'], ['Server', 'app/1'], ['Date', 'Mon, 01 Jan 2024 00:00:00 GMT'], ['X-Accel-Charset', 'utf-8'], ['X-Accel-Expires', '60'], ['X-Accel-Limit-Rate', '0'], ['X-Pad', 'x'], ['Status', '200'], ['Keep-Alive', 'timeout=9'], ['X-List', '1'], ['X-List', '2'], ['Link', '</a>; rel=preload'], ['X-Under_score', 'y'], ['Trailer', 'X'], ['Cache-Control', 'a'], ['Cache-Control', 'b'], ['Expires', 'Thu, 01 Jan 1970 00:00:01 GMT'], ['Content-Language', 'de'], ['Accept-Ranges', 'bytes'], ['Content-Encoding', 'identity'], ['Via', '1.1 app']], 'body');
const levels = ['', 'own/', 'own/nested/', 'values/', 'hidden/', 'no-fields/', 'no-body/', 'set-body/?user=ann', 'method/', 'version/'];
export default {
  about: 'Fields to and from the upstream: what is set, inherited, removed, hidden, passed; hop-by-hop fields; the body and the method replaced',
  upstreams: { app: { '*': answer, '/ignored/': reply(200, { 'X-Accel-Redirect': '/elsewhere', 'X-Accel-Buffering': 'no' }, 'stays'), '/accel': reply(200, { 'X-Accel-Redirect': '/version/inner?x=1', 'Set-Cookie': 'kept=1', 'X-Lost': '1', 'Content-Type': 'text/kept' }, 'lost') } },
  connections: [
    connection('get', levels.map((level) => get(`/${level}`, { headers: fields }))),
    connection('post', levels.map((level) => post(`/${level}`, 'the body', { headers: [['Content-Type', 'text/x'], ...fields.slice(0, 4)] }))),
    connection('head', [head('/'), head('/method/'), head('/hidden/')]),
    connection('ignored', [get('/ignored/'), get('/accel')]),
    connection('underscores', [get('/', { headers: { Api_Key: 'k', 'X-Ok': '1' } }), get('/', { host: 'underscores.example.com', headers: { Api_Key: 'k', 'X-Ok': '1', 'X.Dot': 'd' } }), get('/', { headers: { 'X.Dot': 'd', 'X-A!': '1' } })]),
  ],
  differences: [
    { at: / trailer$/, nginx: 'X', here: null, why: 'Trailer is of this hop' },
    { at: /^upstream app .* (proxy|proxy-connection)$/, here: null, why: 'Proxy and Proxy-Connection never reach an upstream' },
  ],
};
