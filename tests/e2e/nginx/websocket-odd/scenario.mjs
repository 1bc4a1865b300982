import {
  closeFrame, connection, frame, frames, get, handshake, hangUp, post, reply, serverEnds, split, vanish, webSocket,
} from '../../lib/golden/words.js';

const headers = (changes) => Object.entries({ Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version': '13', ...changes }).filter(([, value]) => value !== undefined);
export default {
  about: 'Handshakes: refused, redirected, broken, intercepted; tunnels that fall silent, that are cut, with frames in every cut',
  upstreams: {
    app: {
      '/ws': webSocket(), '/ws/x': webSocket(), '/cookie': webSocket({ fields: { 'Set-Cookie': 'a=1', 'Sec-WebSocket-Extensions': 'permessage-deflate', 'X-App': '1' } }), '/302': reply(302, { Location: '/login' }, ''), '/403': reply(403, {}, 'no'), '/200': reply(200, {}, 'page'), '/intercepted': reply(403, {}, 'upstream'), '/hangs-up': hangUp(),
      '/closes': webSocket({ then: (link) => { link.write('\x88\x02\x03\xe8'); link.end(); } }), '/cut': webSocket({ then: (link) => { link.write('\x81\x05hello'); link.end(); } }), '/silent': webSocket({ then: () => '' }), '/426': reply(426, { Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' }, ''),
      '/early': reply(101, { Upgrade: 'websocket', Connection: 'Upgrade' }, '', { framing: 'none' }), '/wrong-accept': reply(101, { Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Accept': 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=' }, '', { framing: 'none' }),
    },
  },
  refusing: ['nobody'],
  connections: [
    connection('refusals', [handshake('/302'), handshake('/403'), handshake('/200'), handshake('/intercepted'), handshake('/426'), handshake('/return'), get('/200')]),
    connection('dead', [handshake('/dead'), handshake('/hangs-up'), get('/200')]),
    connection('fields', [handshake('/cookie', { headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits', Cookie: 'x=y', Origin: 'null' } }), frames(['x']), closeFrame()]),
    connection('replaced URI', [handshake('/named/x?token=1'), frames(['x']), closeFrame()]),
    connection('split', [split(handshake('/ws'), 10, 60, 100), frames(['x']), closeFrame()]),
    connection('byte by byte', [split(handshake('/ws')), frames(['x']), closeFrame()], { pieceMs: 0 }),
    connection('fragments and controls', [handshake('/ws'), frames([{ bytes: frame('Hel', { fin: false }) }, { bytes: frame('ping', { opcode: 9 }) }, { bytes: frame('lo', { opcode: 0 }) }, { bytes: frame('') }, { bytes: frame('\x00\xff', { opcode: 2 }) }]), closeFrame(1001)]),
    connection('the server closes', [handshake('/closes'), serverEnds()]),
    connection('a client that vanishes', [handshake('/ws'), frames(['x']), vanish()]),
    connection('another case', [get('/ws', { headers: headers({ Upgrade: 'WebSocket', Connection: 'keep-alive, UPGRADE' }) }), frames(['x']), closeFrame()]),
    connection('no key', [get('/ws?no-key', { headers: headers({ 'Sec-WebSocket-Key': undefined }) }), get('/200')]),
    connection('version 8', [get('/200?version-8', { headers: headers({ 'Sec-WebSocket-Version': '8' }) }), get('/200')]),
    connection('by POST', [post('/200', 'body', { headers: headers({}) }), get('/200')]),
    connection('h2c', [get('/200?h2c', { headers: headers({ Upgrade: 'h2c' }) }), get('/200')]),
    connection('Upgrade that Connection does not name', [get('/200?unnamed', { headers: headers({ Connection: 'keep-alive' }) }), get('/200')]),
    connection('silent', [handshake('/silent'), serverEnds()]),
    connection('cut', [handshake('/cut'), serverEnds()]),
  ],
  differences: [
    { at: /^client (by POST|no key) answer 1 line$/, nginx: /^HTTP\/1\.1 (200 OK|426 Upgrade Required)$/, here: 'HTTP/1.1 400 Bad Request', why: 'a broken handshake is answered 400, one of another version 426, and reaches no upstream' },
    { at: 'client version 8 answer 1 line', nginx: 'HTTP/1.1 200 OK', here: 'HTTP/1.1 426 Upgrade Required', why: 'the same' },
    { at: /^client version 8 answer 1 (sec-websocket-version|upgrade)$/, nginx: null, here: /^(13|websocket)$/, why: 'the same' },
    { at: /^client (by POST|no key|version 8) answer 1 body$/, nginx: /^(page|no handshake\n)$/, here: '<refusal>', why: 'the same' },
    { at: /^client (by POST|no key|version 8) answer 1 connection$/, nginx: null, here: 'close', why: 'the same' },
    { at: /^client (by POST|no key|version 8) answer 1 (content-length|content-type|date|server)$/, here: null, why: 'the same' },
    { at: /^client (by POST|no key|version 8) connections$/, nginx: '1', here: '2', why: 'the same' },
    { at: 'client cut tunnel', nginx: '\x81\x05hello', here: '\x81\x05hello\x88\x02\x03\xf3', why: 'a tunnel ends with a Close frame: 1011 where the upstream died' },
    { at: 'client silent tunnel', nginx: null, here: '\x88\x02\x03\xe9', why: 'a tunnel ends with a Close frame: 1001 where nobody spoke' },
    { at: 'client refusals answer 5 upgrade', nginx: 'websocket', here: null, why: 'Upgrade is of this hop' },
    { at: /^upstream app (GET \/ws\?no-key|GET \/200\?version-8|POST \/200) HTTP\/1.1 #1 /, here: null, why: 'what follows from that' },
    { at: 'upstream app requests by connection', nginx: /^1( 1){27}$/, here: /^1( 1){24}$/, why: 'the same' },
    { at: 'upstream app GET /200?h2c HTTP/1.1 #1 upgrade', nginx: 'h2c', here: null, why: 'an Upgrade that is no handshake is of this hop' },
    { at: 'upstream app GET /200?unnamed HTTP/1.1 #1 upgrade', nginx: 'websocket', here: null, why: 'the same' },
    { at: 'upstream app GET /silent HTTP/1.1 #1 tunnel', nginx: null, here: /^\x88/, why: 'a tunnel ends with a Close frame' },
  ],
};
