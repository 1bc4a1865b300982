import {
  arrived, bodySoFar, bytes, chunked, closeFrame, connection, frames, get, handshake, hangUp, later, pipelined, post, raw, reply, send, serverEnds,
  silence, vanish, webSocket,
} from '../../lib/golden/words.js';

const app = {
  '/silent': silence(), '/patient/silent': silence(), '/ignoring/silent': silence(), '/hung': hangUp(),
  '/cut': bytes('HTTP/1.1 200 OK\r\nContent-Length: 100\r\nX-App: a\r\n\r\npart of it'), '/patient/slow': bytes('HTTP/1.1 200 OK\r\nContent-Length: 100\r\nX-App: slow\r\n\r\nsome', 'keep'),
  '/chunked': reply(200, { 'X-App': 'c' }, undefined, { framing: 'chunked', pieces: ['abc'] }), '/eof': reply(200, {}, 'until the end', { framing: 'close' }),
  '/intercepted/404': reply(404, {}, ''), '/accel': reply(200, { 'X-Accel-Redirect': '/second/x' }, ''),
  '/ws': webSocket(), '/304': reply(304), '/204': reply(204),
};
export default {
  about: 'What the access log says of requests that end early, and of what upstreams sent: 408, 444, 499, 502, 504, lengths and bytes',
  upstreams: { app },
  refusing: ['dead', 'dead2'],
  logs: ['ends.log', 'ages.log'],
  connections: [
    ...['/x', '/chunked', '/eof', '/304', '/204', '/accel', '/intercepted/404', '/tries/x', '/nobody/x', '/down/x', '/kind', '/hung', '/silent'].map((target) => connection(target, get(target))),
    connection('cut', get('/cut')),
    connection('post', [post('/x', 'a body'), post('/x', chunked('a', 'body'), { headers: { 'Transfer-Encoding': 'chunked' } })]),
    ...['/408', '/499', '/444', '/try'].map((target, i) => connection(`unsaid ${i}`, [send(get(target)), serverEnds()])),
    connection('limited', [get('/limited'), send(get('/limited')), serverEnds()]),
    connection('gives up', [send(get('/patient/silent')), arrived('app', 15), vanish()]),
    connection('gives up in the body', [send(get('/patient/slow')), bodySoFar(/^some$/), vanish()]),
    connection('is not waited for', [send(get('/ignoring/silent')), arrived('app', 17), vanish()]),
    connection('gives up in its own body', [send(raw('POST /x HTTP/1.1\r\nHost: example.com\r\nContent-Length: 10\r\n\r\nhalf')), later(50), vanish()]),
    connection('stalls in its own body', [send(raw('POST /x HTTP/1.1\r\nHost: example.com\r\nContent-Length: 10\r\n\r\nhalf')), serverEnds()]),
    connection('pipelines', pipelined(get('/kind'), get('/kind'), get('/x'))),
    connection('tunnel', [handshake('/ws'), frames(['hello']), closeFrame()]),
    connection('waits', [get('/kind'), later(400), get('/kind')]),
  ],
  differences: [
    { at: /^client stalls in its own body answer 1 /, nginx: null, here: /^(<refusal>|close|length|HTTP\/1\.1 408 Request Timeout)$/, why: 'a body that takes too long is answered with 408' },
    { at: 'client stalls in its own body unanswered', nginx: '1', here: null, why: 'the same' },
    { at: /^log ends.log: POST \/x\|408\|0\|63\|.*\|\|-\|\.$/, here: null, why: 'the same' },
    { at: /^log ends.log: POST \/x\|408\|163\|63\|.*\|OK\|-\|\.$/, nginx: null, why: 'the same' },
    { at: /^log ends.log: GET \/(down|hung|nobody|ignoring|silent).*\|50[24]\|(157|167)\|/, here: null, why: 'a page of its own is as long as the name under it' },
    { at: /^log ends.log: GET \/(down|hung|nobody|ignoring|silent).*\|50[24]\|(153|163)\|/, nginx: null, why: 'as above' },
  ],
};
