import { connection, get, head, post } from '../../lib/golden/words.js';

const names = '200 200-text?x=y%20z 201 204 204-text 301 301-absolute 301-args 301-args?a=b%20c 302 303 304 307 308 url url-http?x=1 url-scheme 400 401 402 405 408 410 413 416 418 421 429 451 494 495 496 497 499 500 501 502 503 504 505 507 599 600 999 json html types types/a.html newline?q=%0d%0a empty 444'.split(' ');
export default {
  about: 'return: every status with its own page or text, types, redirects relative and absolute, and which of them end the connection',
  connections: [
    ...names.map((name) => connection(name, [get(`/${name}`), get('/200')])),
    connection('head', names.slice(0, 20).map((name) => head(`/${name}`))),
    connection('post', ['200-text', '301', '405', '503'].map((name) => post(`/${name}`, 'a body'))),
    connection('1.0', [get('/200', { version: '1.0' })]),
    connection('1.0 kept', [get('/200', { version: '1.0', headers: { Connection: 'keep-alive' } }), get('/301', { version: '1.0', headers: { Connection: 'keep-alive' } }), get('/503', { version: '1.0' })]),
    connection('1.0 without Host', get('/301', { version: '1.0', host: null })),
  ],
  differences: [
    { at: /^client (304 answer 1|head answer 12) content-(length|type)$/, nginx: /^(0|text\/plain; charset=utf-8)$/, here: null, why: 'with 304 they are those of what the client has' },
    { at: 'client 451 answer 1 line', nginx: 'HTTP/1.1 451 ', here: 'HTTP/1.1 451 Unavailable For Legal Reasons', why: 'nginx has no words for it' },
  ],
};
