import { closeFrame, connection, frames, get, handshake, post, reply, webSocket } from '../../lib/golden/words.js';

const host = 'io.example.com';
const node = { '/socket.io/': (request, link) => (/transport=websocket/.test(request.start) ? webSocket() : reply(200, { 'Content-Type': 'text/plain; charset=UTF-8' }, `0{"sid":"${link.name}"}`))(request, link) };
const poll = (query = '') => get(`/socket.io/?EIO=4&transport=polling&t=OabcD${query}`, { host });
const visit = (from) => connection(`from ${from}`, [
  poll(), post('/socket.io/?EIO=4&transport=polling&t=OabcE&sid=x', '40', { host, headers: { 'Content-Type': 'text/plain;charset=UTF-8' } }), poll('&sid=x'),
  handshake('/socket.io/?EIO=4&transport=websocket&sid=x', { host }), frames(['2probe', '5', '42["message","hi"]']), closeFrame(1005 - 5),
], { from });

export default {
  about: 'Socket.IO: polling that becomes a WebSocket, three servers, ip_hash over the first three bytes of the address',
  upstreams: { node1: node, node2: node, node3: node },
  connections: ['127.0.0.1', '127.0.0.9', '127.0.1.1', '127.0.2.1', '127.1.2.3', '127.77.3.1', '127.200.9.1'].map(visit),
};
