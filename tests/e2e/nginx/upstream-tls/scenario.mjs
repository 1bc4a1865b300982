import { closeFrame, connection, frames, get, handshake, post, webSocket } from '../../lib/golden/words.js';

export default {
  about: 'proxy_pass https: SNI, verification, names, protocols, and servers that speak the other thing',
  upstreams: { app: { secure: true, script: { '/ws': webSocket() } }, plain: {} },
  connections: [
    connection('get', ['/', '/named/', '/named-default/', '/verified/1', '/verified/2', '/unverified/', '/wrong-name/', '/old/'].map((target) => get(target))),
    connection('the other thing', [get('/secure-there/')]),
    connection('post', [post('/', 'x'.repeat(50000))]),
    connection('tunnel', [handshake('/ws'), frames(['hi', 'z'.repeat(100000)]), closeFrame()]),
  ],
  differences: [
    { at: 'client get answer 6 line', nginx: 'HTTP/1.1 200 OK', here: 'HTTP/1.1 502 Bad Gateway', why: 'a kept connection is not lent to a location that asks for another certificate' },
    { at: 'client get answer 6 body', nginx: /^app: GET \/unverified\/ HTTP\/1(\.0)?\n$/, here: /<title>502 Bad Gateway</, why: 'as above' },
    { at: /^client get answer 6 (content-length|content-type)$/, nginx: /^(31|text\/plain)$/, here: /^(<its page>|text\/html)$/, why: 'as above' },
    { at: /^upstream app GET \/unverified\/ /, here: null, why: 'as above' },
    { at: 'upstream app requests by connection', nginx: '1 1 1 3 1 1 1', here: '1 1 1 2 1 1 1', why: 'as above' },
  ],
};
