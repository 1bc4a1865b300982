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
    { at: /^client get answer 6 |^upstream app GET \/unverified\/ |^upstream app requests by connection$|^upstream app sni/, why: 'a kept connection is not lent to a location that asks for another certificate' },
  ],
};
