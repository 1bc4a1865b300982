import { closeFrame, connection, frames, get, handshake, reply, webSocket } from '../../lib/golden/words.js';

const script = (request, link) => (request.start.includes('/stable-') ? webSocket() : reply())(request, link);
export default {
  about: 'code-server: an Upgrade over HTTP/1.0 is none; a prefix that proxy_pass with a URI takes off',
  upstreams: { code: script },
  connections: [
    connection('pages', [get('/', { host: 'mydomain.com', headers: { 'Accept-Encoding': 'br, gzip, deflate' } }), get('/a%2fb/../c', { host: 'mydomain.com:80' })]),
    connection('upgrade over 1.0', [handshake('/stable-1?reconnectionToken=a&skipWebSocketFrames=false', { host: 'mydomain.com' }), frames(['x']), closeFrame()]),
    connection('folder', [get('/code', { host: 'tools.mydomain.com' }), get('/code/', { host: 'tools.mydomain.com' }), get('/code/a%20b/c?d=%20e', { host: 'tools.mydomain.com' }), get('/code//x/./y', { host: 'tools.mydomain.com' }), get('/codex', { host: 'tools.mydomain.com' })]),
    connection('folder tunnel', [handshake('/code/stable-2', { host: 'tools.mydomain.com' }), frames(['one', 'two']), closeFrame()]),
  ],
};
