import { closeFrame, connection, frames, get, handshake, post, reply, webSocket } from '../../lib/golden/words.js';

const host = 'hub.example.com';
export default {
  about: 'ASP.NET Core and SignalR: negotiate, server-sent events, WebSocket; a regex map over Connection; 444 for anybody else',
  upstreams: {
    kestrel: {
      '/hubs/chat/negotiate': reply(200, { 'Content-Type': 'application/json' }, '{"connectionId":"x","availableTransports":[]}'),
      '/hubs/chat': (request, link) => (request.fields.some(([name]) => /^upgrade$/i.test(name))
        ? webSocket()
        : reply(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' }, undefined, { framing: 'chunked', pieces: [':\r\n\r\n', 'data: {}\x1e\r\n\r\n'] }))(request, link),
      '/redirect': reply(302, { Location: '/elsewhere' }, ''),
    },
  },
  connections: [
    connection('negotiate', [post('/hubs/chat/negotiate?negotiateVersion=1', '', { host, headers: { 'Content-Length': '0' } }), get('/hubs/chat?id=1', { host, headers: { Accept: 'text/event-stream' } })]),
    connection('web socket', [handshake('/hubs/chat?id=x', { host }), frames(['{"protocol":"json","version":1}\x1e']), closeFrame()]),
    connection('as Firefox says it', [get('/hubs/chat?id=x', { host, headers: [['Connection', 'keep-alive, Upgrade'], ['Upgrade', 'websocket'], ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='], ['Sec-WebSocket-Version', '13']] }), frames(['x']), closeFrame()]),
    connection('pages', [get('/a%20b/../c?d=e', { host }), get('/redirect', { host }), get('//double//slash', { host })]),
    connection('a stranger', [get('/', { host: 'evil.test' })]),
  ],
};
