import { closeFrame, connection, frames, get, handshake, webSocket } from '../../lib/golden/words.js';

const authorization = (pair) => ({ Authorization: `Basic ${Buffer.from(pair).toString('base64')}` });
export default {
  about: 'Node-RED: its editor behind a password that the upstream does not see, its dashboard without',
  upstreams: { red: { '/comms': webSocket(), '/ui/socket': webSocket() } },
  connections: [
    connection('editor', [get('/red/'), get('/red/', { headers: authorization('ann:wrong') }), get('/red/flows', { headers: authorization('ann:secret') }), get('/red', { headers: authorization('ann:secret') })]),
    connection('comms without a password', [handshake('/red/comms'), get('/ui/')]),
    connection('comms', [handshake('/red/comms', { headers: authorization('ann:secret') }), frames(['{"subscribe":"#"}']), closeFrame()]),
    connection('dashboard', [get('/ui/', { headers: authorization('bob:x') }), handshake('/ui/socket'), frames(['x']), closeFrame()]),
  ],
};
