import { closeFrame, connection, frames, get, handshake, post, webSocket } from '../../lib/golden/words.js';

const host = 'mattermost.example.com';
export default {
  about: 'Mattermost: WebSockets by a regex, everything else over kept connections; buffers that mean nothing here',
  upstreams: { app: { '/api/v4/websocket': webSocket(), '/api/v4/users/websocket': webSocket() } },
  connections: [
    connection('api', [get('/api/v4/users/me', { host, headers: { Authorization: 'Bearer x', 'X-Requested-With': 'XMLHttpRequest' } }), post('/api/v4/files', 'f'.repeat(40000), { host }), get('/static/main.js', { host })]),
    connection('web socket', [handshake('/api/v4/websocket', { host }), frames(['{"seq":1,"action":"authentication_challenge"}']), closeFrame()]),
    connection('old web socket', [handshake('/api/v4/users/websocket?x=1', { host }), frames(['x']), closeFrame()]),
    connection('not quite', [get('/api/v4/websocket/', { host })]),
  ],
};
