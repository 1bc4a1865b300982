import { closeFrame, connection, frames, get, handshake, reply, webSocket } from '../../lib/golden/words.js';

export default {
  about: 'Phoenix channels and LiveView: the map for Connection, X-Forwarded-For appended to what came',
  upstreams: {
    app: {
      '/live/websocket': webSocket(),
      '/socket/longpoll': reply(410, { 'content-type': 'application/json' }, '{"status":410}'),
      '/login': reply(302, { Location: '/users/log_in', 'Set-Cookie': '_app_key=SFMyNTY; path=/; HttpOnly' }, ''),
    },
  },
  connections: [
    connection('pages', [get('/'), get('/login'), get('/socket/longpoll?vsn=2.0.0', { headers: { 'X-Forwarded-For': '203.0.113.7, 10.0.0.1' } })]),
    connection('two fields', get('/', { headers: [['X-Forwarded-For', '1.1.1.1'], ['X-Forwarded-For', '2.2.2.2']] })),
    connection('live', [handshake('/live/websocket?_csrf_token=x&vsn=2.0.0'), frames(['["4","4","lv:phx-1","phx_join",{}]', '[null,"5","phoenix","heartbeat",{}]']), closeFrame()]),
    connection('another upgrade', [get('/', { headers: { Upgrade: 'h2c', Connection: 'Upgrade, HTTP2-Settings', 'HTTP2-Settings': 'AAMAAABkAAQAAP__' } })]),
  ],
  differences: [
    { at: /^upstream app GET \/ HTTP\/1.1 #3 (http2-settings|upgrade)$/, here: null, why: 'an Upgrade that is no handshake is of this hop' },
  ],
};
