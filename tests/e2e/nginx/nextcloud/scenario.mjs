import { closeFrame, connection, frames, get, handshake, reply, request, webSocket } from '../../lib/golden/words.js';

const host = 'cloud.example.com';
export default {
  about: 'Nextcloud: nested locations, headers that a location\'s own add_header drops, DAV methods, notify_push',
  upstreams: { app: { '/core/css/server.css': reply(200, { 'Content-Type': 'text/css', 'Cache-Control': 'private' }, 'b{}'), '/missing.js': reply(404, {}, 'no') }, push: { '/ws': webSocket() } },
  connections: [
    connection('well known', [get('/.well-known/carddav', { host }), get('/.well-known/webfinger?resource=x', { host }), get('/.well-known/acme-challenge/x', { host }), get('/.well-known', { host })]),
    connection('hidden', [get('/config/config.php', { host }), get('/config', { host }), get('/configuration', { host }), get('/.git/HEAD', { host }), get('/occ', { host })]),
    connection('root', [get('/', { host }), get('/?x=1', { host, headers: { 'User-Agent': 'DavClnt/1.0' } }), get('/robots.txt', { host }), get('/core/css/server.css?v=1', { host }), get('/missing.js', { host })]),
    connection('dav', [
      request('PROPFIND', '/remote.php/dav/files/ann/', { host, headers: { Depth: '1', 'Content-Type': 'application/xml' }, body: '<d:propfind/>' }),
      request('MKCOL', '/remote.php/dav/files/ann/new%20folder', { host }), request('PUT', '/remote.php/dav/files/ann/%C3%A4.txt', { host, body: 'text' }),
      request('MOVE', '/remote.php/dav/files/ann/a', { host, headers: { Destination: 'http://cloud.example.com/remote.php/dav/files/ann/b' } }), request('OPTIONS', '/remote', { host }),
    ]),
    connection('push', [handshake('/push/ws', { host }), frames(['notify_file']), closeFrame()]),
  ],
};
