import { closeFrame, connection, frames, get, handshake, hangUp, post, reply, webSocket } from '../../lib/golden/words.js';

const host = 'app.example.com';
export default {
  about: 'Rails: Puma on a unix socket, try_files in the server, assets that expire never, ActionCable',
  upstreams: { puma: { listen: 'unix', script: { '/cable': webSocket({ fields: { 'Sec-WebSocket-Protocol': 'actioncable-v1-json' } }), '/boom': reply(500, {}, 'boom'), '/dies': hangUp() } } },
  connections: [
    connection('files', [get('/about', { host }), get('/about/', { host }), get('/assets/app-123.css', { host }), get('/assets/none.css', { host }), get('/500.html', { host })]),
    connection('pages', [get('/', { host }), get('/posts/1?page=2', { host }), get('/boom', { host }), get('/dies', { host }), post('/posts', 'title=x', { host })]),
    connection('cable', [
      handshake('/cable', { host, headers: { 'Sec-WebSocket-Protocol': 'actioncable-v1-json, actioncable-unsupported', Origin: 'https://app.example.com' } }),
      frames(['{"command":"subscribe"}']), closeFrame(),
    ]),
  ],
};
