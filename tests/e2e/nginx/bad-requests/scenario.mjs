import { connection, raw, serverEnds } from '../../lib/golden/words.js';

const line = (text, name = text) => connection(JSON.stringify(name).slice(0, 60), raw(text, 'GET'));
const heads = {
  'no colon': 'GET / HTTP/1.1\r\nHost: x\r\nno colon here\r\n\r\n', 'a space before the colon': 'GET / HTTP/1.1\r\nHost: x\r\nX-A : b\r\n\r\n', 'folded': 'GET / HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\n\r\n', 'two hosts': 'GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n', 'a bad host': 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n',
  'bare line feeds': 'GET / HTTP/1.1\nHost: x\n\n', 'lower case method': 'get / HTTP/1.1\r\nHost: x\r\n\r\n', 'unknown method': 'FOO / HTTP/1.1\r\nHost: x\r\n\r\n', 'HTTP/2.0': 'GET / HTTP/2.0\r\nHost: x\r\n\r\n', 'HTTP/1.2': 'GET / HTTP/1.2\r\nHost: x\r\n\r\n', 'preface': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'HTTP/0.9': 'GET /\r\n',
  'two lengths': 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc', 'length and chunked': 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 'a bad length': 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3x\r\n\r\nabc', 'a negative length': 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -3\r\n\r\nabc',
  'another coding': 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n', 'bad chunks': 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n', 'a raw space': 'GET /a b HTTP/1.1\r\nHost: x\r\n\r\n', 'a tab': 'GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n', 'two spaces': 'GET  /  HTTP/1.1\r\nHost: x\r\n\r\n', 'a NUL': 'GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n', 'a bare CR': 'GET / HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n',
  'CONNECT': 'CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n', 'TRACE': 'TRACE / HTTP/1.1\r\nHost: x\r\n\r\n', 'an empty name': 'GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n', 'leading CRLF': '\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n', 'Expect': 'GET / HTTP/1.1\r\nHost: x\r\nExpect: 200-maybe\r\n\r\n', 'a long line': `GET /${'x'.repeat(3000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 'a long field': `GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(3000)}\r\n\r\n`,
  'many fields': `GET / HTTP/1.1\r\nHost: x\r\n${'X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n'.repeat(200)}\r\n`, 'chunked in 1.0': 'POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
};
/** What nginx says, and what is said here. */
const statuses = {
  CONNECT: ['400 Bad Request', '405 Method Not Allowed'], Expect: ['200 OK', '417 Expectation Failed'], 'HTTP/1.2': ['200 OK', '505 HTTP Version Not Supported'], 'another coding': ['501 Not Implemented', '400 Bad Request'],
  'bare line feeds': ['200 OK', '400 Bad Request'], 'leading CRLF': ['200 OK', '400 Bad Request'], 'lower case method': ['400 Bad Request', '501 Not Implemented'], 'many fields': ['400 Bad Request', '431 Request Header Fields Too Large'],
  'two spaces': ['200 OK', '400 Bad Request'], 'unknown method': ['200 OK', '501 Not Implemented'],
};
export default {
  about: 'Requests that are not HTTP, or barely: which are refused, how, and what reaches the upstream',
  upstreams: { app: {} },
  connections: [
    ...Object.entries(heads).map(([name, head]) => connection(name, raw(head, 'GET'))),
    connection('half a head', [raw('GET / HTTP/1.1\r\nHo', 'GET'), serverEnds()]), connection('half a body', [raw('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc'), serverEnds()]), connection('nothing', [serverEnds()]),
  ],
  differences: [
    ...Object.entries(statuses).map(([name, [nginx, here]]) => ({
      at: `client ${name} answer 1 line`, nginx: `HTTP/1.1 ${nginx}`, here: `HTTP/1.1 ${here}`, why: 'a request that is not clean HTTP/1.1 is refused, each with its own status',
    })),
    { at: /^client .+ answer 1 body$/, nginx: 'bad, by a page\n', here: '<refusal>', why: 'a request that never was one of a server has no page of it' },
    { at: /^client .+ answer 1 (content-length|content-type|date|server)$/, nginx: /^(15|application\/octet-stream|<a date>|<server>)$/, here: null, why: 'as above' },
    { at: /^client (Expect|HTTP\/1.2|bare line feeds|leading CRLF|two spaces|unknown method) (answer 1 body|end)$/, nginx: /^(app: (GET|FOO) \/ HTTP\/1(\.0)?\n|open)$/, here: /^(<refusal>|closed)$/, why: 'nginx passes it on' },
    { at: /^client (Expect|HTTP\/1.2|bare line feeds|leading CRLF|two spaces|unknown method) answer 1 (content-length|content-type)$/, nginx: /^(20|text\/plain)$/, here: null, why: 'as above' },
    { at: /^client (Expect|bare line feeds|leading CRLF|two spaces|unknown method) answer 1 connection$/, nginx: null, here: 'close', why: 'as above' },
    { at: 'client HTTP/1.2 answer 1 connection', nginx: 'keep-alive', here: 'close', why: 'as above' },
    { at: /^upstream app (FOO|GET) \/ HTTP\/1(\.0)? #[1-6] /, here: null, why: 'as above' },
    { at: 'upstream app requests by connection', nginx: '1 1 1 1 1 1 1', here: '1', why: 'as above' },
    { at: /^client (CONNECT|TRACE) answer 1 allow$/, nginx: null, here: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS', why: 'CONNECT and TRACE are answered 405, which says what is allowed' },
    { at: 'client TRACE answer 1 body', nginx: /<title>405 Not Allowed</, here: '<refusal>', why: 'as above' },
    { at: /^client TRACE answer 1 (content-length|content-type)$/, nginx: /^(<its page>|text\/html)$/, here: null, why: 'as above' },
    { at: /^client HTTP\/0.9 answer 1 (body|connection|framing|line)$/, nginx: null, here: /^(<refusal>|close|length|HTTP\/1.1 400 Bad Request)$/, why: 'HTTP/0.9 is refused' },
    { at: /^client HTTP\/0.9 (unanswered|unparsed)$/, nginx: /^(1|app: GET \/ HTTP\/1.0\n)$/, here: null, why: 'as above' },
    { at: /^client half a (body|head) answer 1 (body|connection|framing|line)$/, nginx: null, here: /^(<refusal>|close|length|HTTP\/1.1 408 Request Timeout)$/, why: 'who is too slow is told so' },
    { at: /^client half a (body|head) unanswered$/, nginx: '1', here: null, why: 'as above' },
    { at: 'client a long field answer 1 line', nginx: 'HTTP/1.1 400 Bad Request', here: 'HTTP/1.1 200 OK', why: 'a head is held in one buffer: its limit is that of all of nginx\'s together' },
    { at: 'client a long field answer 1 body', nginx: '<refusal>', here: /^app: GET \/ HTTP\/1(\.0)?\n$/, why: 'as above' },
    { at: 'client a long field answer 1 connection', nginx: 'close', here: null, why: 'as above' },
    { at: /^client a long field answer 1 (content-length|content-type|date|server)$/, nginx: null, here: /^(20|text\/plain|<a date>|<server>)$/, why: 'as above' },
    { at: 'client a long field end', nginx: 'closed', here: 'open', why: 'as above' },
    { at: /^upstream app GET \/ HTTP\/1(\.0)? #1 x$/, nginx: null, here: /^y{3000}$/, why: 'as above' },
  ],
};
