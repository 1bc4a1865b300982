import { connection, get, reply } from '../../lib/golden/words.js';

const app = {
  '/redirect': reply(302, { Location: '/login' }, ''),
  '/legacy/absolute': (request, link) => reply(302, { Location: `http://127.0.0.1:${link.upstream.place}/legacy/login?a=b` }, '')(request, link),
  '/legacy/other': reply(301, { Location: 'http://127.0.0.1/legacy/login' }, ''),
  '/legacy/relative': reply(301, { Location: '/legacy/login' }, ''),
  '/legacy/refresh': (request, link) => reply(200, { Refresh: `3; url=http://127.0.0.1:${link.upstream.place}/legacy/next` }, '')(request, link),
};
const visit = (name, ...targets) => connection(name, targets.map((target) => get(target)));
export default {
  about: 'Several applications on one host: what proxy_pass with a URI makes of paths, escapes, and of redirects that come back',
  upstreams: { blog: app, wiki: app, shop: app, api: app },
  connections: [
    visit('folder', '/blog/', '/blog', '/blog/2024/a%20post?x=1', '/blog//x', '/blog/a/../b', '/blog/%2e%2e/wiki', '/blog/redirect', '/blog/a%2Fb', '/blog/%C3%A4%3F%23%25', '/blog/%41%zz'),
    visit('no slash', '/wiki', '/wiki/', '/wiki/page', '/wikipedia', '/wiki?x'),
    visit('another folder', '/shop/', '/shop/cart?id=1', '/shop', '/img-cat.png', '/img-', '/img-a%26b'),
    visit('as it is', '/api/', '/api//a/./b/../c%2f%2F?d=/../e', '/api', '/status', '/status?x=y', '/status/'),
    visit('redirects', '/old/absolute', '/old/other', '/old/relative', '/old/refresh', '/old'),
    visit('elsewhere', '/', '/a%20b', '/BLOG/'),
  ],
};
