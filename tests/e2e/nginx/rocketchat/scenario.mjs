import { closeFrame, connection, frames, get, handshake, reply, webSocket } from '../../lib/golden/words.js';

const host = 'chat.example.com';
const secure = { to: 'https', sni: host };
export default {
  about: 'Rocket.Chat (Meteor, SockJS): UTF-8 in a comment, http2 in listen and clients that do not speak it',
  listeners: ['https'],
  upstreams: { app: { '/sockjs/574/x1/websocket': webSocket({ greet: '\x81\x01o' }), '/websocket': webSocket(), '/sockjs/info': reply(200, { 'Content-Type': 'application/json; charset=UTF-8', 'Cache-Control': 'no-store, no-cache' }, '{"websocket":true}') } },
  connections: [
    connection('pages', [get('/', { host }), get('/sockjs/info?cb=x', { host, headers: { Origin: 'https://chat.example.com' } }), get('/file-upload/a%20b.png', { host, headers: { Range: 'bytes=0-10' } })], secure),
    connection('sockjs', [handshake('/sockjs/574/x1/websocket', { host }), frames(['["{\\"msg\\":\\"connect\\"}"]'], 2), closeFrame()], secure),
    connection('ddp', [handshake('/websocket', { host }), frames(['{"msg":"ping"}']), closeFrame()], secure),
    connection('a client that offers http/1.1', get('/', { host }), { ...secure, alpn: ['http/1.1'] }),
  ],
};
