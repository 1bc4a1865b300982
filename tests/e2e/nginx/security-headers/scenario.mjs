import { connection, get, reply } from '../../lib/golden/words.js';

export default {
  about: 'add_header: what a level with one of its own no longer inherits, always, statuses, empty values, next to the upstream\'s',
  upstreams: {
    app: {
      '/upstream-set/': reply(200, { 'X-Frame-Options': 'DENY', 'X-Powered-By': 'x', 'Set-Cookie': 'app=1', Vary: 'Accept', 'X-App': 'v1', 'Cache-Control': 'max-age=1', 'Last-Modified': 'Mon, 01 Jan 2024 00:00:00 GMT' }, 'x'),
      '/404': reply(404, {}, 'none'), '/500': reply(500, {}, 'oops'), '/204': reply(204), '/304': reply(304, { ETag: '"x"' }), '/307': reply(307, { Location: '/x' }, ''),
    },
  },
  connections: [
    connection('proxied', ['/', '/404', '/500', '/204', '/304', '/307', '/own/', '/upstream-set/', '/upstream-set/404'].map((target) => get(target))),
    connection('own', ['/return/', '/redirect/', '/missing/', '/always/', '/nested/', '/nested/inner/', '/nested/own/', '/if/', '/if/?a=1'].map((target) => get(target))),
  ],
};
