import { closeFrame, connection, frame, frames, get, handshake, webSocket } from '../../lib/golden/words.js';

const greeting = '\x82\x0cRFB 003.008\n';
export default {
  about: 'noVNC: its page by alias and try_files, websockify behind a path that becomes /, binary frames',
  upstreams: { websockify: { '/': webSocket({ fields: { 'Sec-WebSocket-Protocol': 'binary' }, greet: greeting }) } },
  connections: [
    connection('page', [get('/vnc/'), get('/vnc/vnc.html'), get('/vnc/app/ui.js'), get('/vnc/app'), get('/vnc/none'), get('/vnc')]),
    connection('screen', [handshake('/websockify', { headers: { 'Sec-WebSocket-Protocol': 'binary, base64' } }), frames([{ bytes: frame('RFB 003.008\n', { opcode: 2 }) }, { bytes: frame('\x01\x00\xff'.repeat(2000), { opcode: 2 }) }], 3), closeFrame()]),
    connection('with a token', [handshake('/websockify?token=desk1'), frames(['x'], 2), closeFrame()]),
    connection('behind it', get('/websockify/extra')),
  ],
};
