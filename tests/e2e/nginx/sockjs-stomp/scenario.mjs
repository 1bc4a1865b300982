import { closeFrame, connection, frames, get, handshake, post, reply, webSocket } from '../../lib/golden/words.js';

const host = 'broker.example.com';
const broker = { '*': (request, link) => (/\/websocket /.test(request.start) ? webSocket({ fields: { 'Sec-WebSocket-Protocol': 'v12.stomp' }, greet: '\x81\x01o' }) : /xhr_streaming/.test(request.start) ? reply(200, { 'Content-Type': 'application/javascript; charset=UTF-8' }, undefined, { framing: 'chunked', pieces: ['h'.repeat(2048), '\n', 'o\n'] }) : reply())(request, link) };
const sessions = ['abcd1234', 'zyxw9876', 'q1w2e3r4'];
export default {
  about: 'SockJS and STOMP: stickiness by a part of the path, streaming over XHR, WebSocket, a rewrite to the new path',
  upstreams: { one: broker, two: broker },
  connections: sessions.flatMap((session) => [
    connection(`xhr ${session}`, [get('/stomp/info', { host }), post(`/stomp/007/${session}/xhr_streaming`, '', { host, headers: { 'Content-Length': '0' } }), post(`/stomp/007/${session}/xhr_send`, '["CONNECT"]', { host }), get(`/legacy/007/${session}/info`, { host })]),
    connection(`web socket ${session}`, [handshake(`/stomp/007/${session}/websocket`, { host, headers: { 'Sec-WebSocket-Protocol': 'v12.stomp, v11.stomp' } }), frames(['["CONNECT\\naccept-version:1.2\\n\\n\\u0000"]'], 2), closeFrame()]),
  ]),
};
