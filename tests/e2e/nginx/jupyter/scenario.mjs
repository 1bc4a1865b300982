import { closeFrame, connection, frames, get, handshake, post, reply, webSocket } from '../../lib/golden/words.js';

const host = 'hub.example.com';
const secure = { to: 'https', sni: host };
export default {
  about: 'JupyterHub: regex locations whose captures go into fields, kernels over WebSocket, an Upgrade that is always set',
  listeners: ['https'],
  upstreams: { hub: (request, link) => (/channels|websocket\//.test(request.start) && request.fields.some(([name]) => /sec-websocket-key/i.test(name)) ? webSocket() : reply())(request, link) },
  connections: [
    connection('pages', [get('/hub/login?next=%2Fhub%2F', { host }), get('/user/Ann%40x/tree', { host }), get('/.well-known/acme-challenge/token', { host })], secure),
    connection('kernel', [handshake('/user/Ann%40x/api/kernels/1234-abc/channels?session_id=f00', { host }), frames(['{"header":{}}']), closeFrame()], secure),
    connection('terminal', [handshake('/USER/ann/terminals/websocket/1', { host }), frames(['["stdin","ls\\r"]']), closeFrame()], secure),
    connection('no handshake where Upgrade is always set', [get('/user/ann/api/kernels/1/channels', { host }), get('/after', { host })], secure),
    connection('a large notebook', post('/user/ann/api/contents/a.ipynb', 'n'.repeat(300000), { host }), secure),
  ],
  differences: [
    { at: / upgrade$/, nginx: 'websocket', here: null, why: 'an Upgrade that is no handshake is of this hop' },
  ],
};
