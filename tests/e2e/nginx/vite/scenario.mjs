import { closeFrame, connection, frames, get, handshake, webSocket } from '../../lib/golden/words.js';

const host = 'dev.example.com:8080';
export default {
  about: 'Vite: modules over plain HTTP/1.0 to the upstream, and the WebSocket of its hot module replacement; Host with its port',
  upstreams: { app: { '/hmr': webSocket({ fields: { 'Sec-WebSocket-Protocol': 'vite-hmr' } }), '/plain-upgrade': webSocket() } },
  connections: [
    connection('modules', [get('/src/main.tsx?t=1700000000', { host }), get('/@id/__x00__react', { host }), get('/@vite/client', { host })]),
    connection('hmr', [handshake('/hmr?token=a-b_c', { host, headers: { 'Sec-WebSocket-Protocol': 'vite-hmr' } }), frames(['{"type":"connected"}']), closeFrame(1001)]),
    connection('an upgrade where none is passed on', [handshake('/plain-upgrade', { host }), get('/after', { host })]),
  ],
};
