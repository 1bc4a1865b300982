import { bytes, connection, get, hangUp, post, reply, silence } from '../../lib/golden/words.js';

const first = {
  '/default/dies': hangUp(), '/default/silent': silence(), '/default/500': reply(500, {}, 'a failed'), '/status/500': reply(500, {}, 'a failed'), '/status/404': reply(404, {}, 'a has none'), '/status/418': reply(418), '/status/both': reply(503, {}, 'a'), '/header/bad': bytes('HTTP/1.1 200 OK\r\nContent-Length: nonsense\r\nX bad\r\n\r\n'),
  '/post/dies': hangUp(), '/default/post': hangUp(), '/tries/500': reply(500, {}, 'a'), '/default/half': bytes('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'),
};
const second = { '/status/both': reply(503, {}, 'b'), '/status/404': reply(404, {}, 'b has none') };
export default {
  about: 'proxy_next_upstream: errors, timeouts, statuses, bad answers, POST, the number of tries, off',
  upstreams: { a: first, b: second },
  refusing: ['dead'],
  connections: [
    ...['/default/dies', '/default/silent', '/default/500', '/status/500', '/status/404', '/status/418', '/status/both', '/header/bad', '/tries/500', '/default/half'].map((path) => connection(path, get(path))),
    connection('post', [post('/default/post', 'body'), post('/post/dies', 'body'), post('/status/500', 'body')]),
    connection('dead', [get('/dead/1'), get('/dead/2'), post('/dead/3', 'body'), get('/off/1'), get('/off/2')]),
  ],
};
