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
export default {
  about: 'Requests that are not HTTP, or barely: which are refused, how, and what reaches the upstream',
  upstreams: { app: {} },
  connections: [
    ...Object.entries(heads).map(([name, head]) => connection(name, raw(head, 'GET'))),
    connection('half a head', [raw('GET / HTTP/1.1\r\nHo', 'GET'), serverEnds()]), connection('half a body', [raw('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc'), serverEnds()]), connection('nothing', [serverEnds()]),
  ],
  differences: [
    { at: /^client /, why: 'a request that is not clean HTTP/1.1 is refused' },
    { at: /^upstream app /, why: 'what follows from that' },
  ],
};
