import { connection, get, head, reply, request } from '../../lib/golden/words.js';

const host = 'matrix.example.com';
export default {
  about: 'Matrix Synapse: URIs untouched, two ports and $server_port, answers from the configuration with a type of their own',
  listeners: ['https', 'federation'],
  upstreams: { app: { '/_matrix/client/r0/sync': reply(200, { 'Content-Type': 'application/json', 'Access-Control-Allow-Origin': '*' }, undefined, { framing: 'chunked', pieces: ['{"next_batch"', ':"s1"}'] }) } },
  connections: [
    connection('client', [
      get('/_matrix/client/r0/sync?timeout=30000', { host }), get('/_matrix/client/r0/rooms/!abc%3Aexample.com/state/m.room.name/', { host }),
      request('PUT', '/_matrix/client/r0/rooms/%21a%3Ax/send/m.room.message/1', { host, body: '{"body":"hi"}', headers: { 'Content-Type': 'application/json' } }),
      get('/_matrix/media/r0/download/a//b', { host }), request('OPTIONS', '/_synapse/client/x', { host }),
    ], { to: 'https', sni: host }),
    connection('well known', [get('/.well-known/matrix/client', { host }), get('/.well-known/matrix/server', { host }), get('/.well-known/matrix/clients', { host }), head('/.well-known/matrix/client', { host }), get('/', { host })], { to: 'https', sni: host }),
    connection('federation', [get('/_matrix/federation/v1/version', { host: 'matrix.example.com:8448', headers: { Authorization: 'X-Matrix origin=a,key="ed25519:1",sig="x"' } })], { to: 'federation', sni: 'matrix.example.com' }),
    connection('IPv6', get('/_matrix/x', { host }), { to: 'https', at: '::1', sni: host }),
  ],
};
