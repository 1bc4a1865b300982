import { connection, get, handshake, head, post, reply } from '../../lib/golden/words.js';

const targets = [
  '/none', '/forbidden', '/teapot', '/empty/x', '/redirected/x?y', '/redirected-301/x?y', '/fallback/x?y', '/fallback-keeps/x', '/fallback-200/x', '/down', '/down-fallback', '/upstream/404', '/upstream/500', '/upstream/503',
  '/intercepted/404', '/intercepted/500', '/intercepted/200', '/intercepted/418', '/intercepted/403', '/intercepted/302', '/intercepted-redirect/302', '/own-return', '/recursive', '/not-recursive', '/status-variable', '/missing-page', '/inherit/none', '/50x.html', '/404.html',
];
const script = (request, link) => {
  const status = Number(/\/(\d\d\d)/.exec(request.start)?.[1] ?? 200);
  return reply(status, status === 302 ? { Location: '/moved' } : { 'X-From': 'upstream', 'WWW-Authenticate': 'Basic realm="x"' }, `upstream says ${status}`)(request, link);
};
export default {
  about: 'error_page: pages, codes, =, redirects, named locations, upstreams that are down, intercepted answers, recursion, inheritance',
  upstreams: { app: script },
  refusing: ['nobody'],
  connections: [
    connection('get', targets.map((target) => get(target))),
    connection('head', ['/none', '/down', '/intercepted/500', '/fallback/x'].map((target) => head(target))),
    connection('post', [post('/none', 'body'), post('/fallback/x', 'body'), post('/down-fallback', 'body'), post('/intercepted/500', 'body'), post('/retry', 'x'), post('/404.html', 'x')]),
    connection('a handshake that fails', [handshake('/down-fallback'), handshake('/none')]),
  ],
};
