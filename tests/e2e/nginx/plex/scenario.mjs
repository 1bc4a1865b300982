import { closeFrame, connection, frames, get, handshake, post, reply, webSocket } from '../../lib/golden/words.js';

const host = 'plex.example.com';
export default {
  about: 'A media server: fields inherited from the server, ranges passed on, $server_addr, the client\'s fields left out',
  upstreams: {
    plex: {
      '/:/websockets/notifications': webSocket(),
      '/video/:/transcode/1.ts': reply(206, { 'Content-Range': 'bytes 0-4/10', 'Accept-Ranges': 'bytes', 'Content-Type': 'video/mp2t' }, '01234'),
      '/video/partial': reply(200, { 'Content-Type': 'video/mp4' }, undefined, { framing: 'chunked', pieces: ['a'.repeat(20000), 'b'.repeat(20000)] }),
    },
  },
  connections: [
    connection('player', [
      get('/video/:/transcode/1.ts?x=1', { host, headers: { Range: 'bytes=0-4', 'X-Plex-Token': 't', 'x-plex-device': 'TV', 'Accept-Encoding': 'gzip', Referer: 'http://x/', Origin: 'http://x' } }),
      get('/video/partial', { host }), get('/library/streams/1', { host, headers: { 'X-Plex-Token': 't', Cookie: 'a=b', Accept: 'text/srt' } }),
      post('/library/streams/2', 'body', { host, headers: { 'Content-Type': 'text/plain' } }),
    ]),
    connection('notifications', [handshake('/:/websockets/notifications?X-Plex-Token=t', { host }), frames(['x']), closeFrame()]),
  ],
};
