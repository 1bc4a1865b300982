import { connection, get, reply } from '../../lib/golden/words.js';

const targets = ['/', '/a.css', '/a.js', '/a.png', '/a.txt', '/hour/a.txt', '/hour/none', '/negative/a.txt', '/modified/a.txt', '/off/a.txt', '/epoch/a.txt', '/max/a.txt', '/proxied/', '/proxied/own', '/proxied/404', '/return/', '/missing/', '/redirect/', '/nested/', '/nested/inner/', '/nested/off/', '/if/', '/if/?x=1'];
export default {
  about: 'expires: spans, negative, modified, epoch, max, off, by a map over the content type; next to the upstream\'s own',
  upstreams: { app: { '/proxied/own': reply(200, { Expires: 'Thu, 01 Jan 1970 00:00:01 GMT', 'Cache-Control': 'private, no-store' }, 'x'), '/proxied/404': reply(404, {}, 'x') } },
  connections: [connection('get', targets.map((target) => get(target))), connection('not changed', get('/hour/a.txt', { headers: { 'If-Modified-Since': 'Sat, 03 Feb 2024 04:05:06 GMT' } }))],
};
