import { connection, get, reply } from '../../lib/golden/words.js';

const locations = {
  a: 'http://backend.internal/login?a=b', b: 'http://localhost:8000/two/some/uri/', c: '/relative', d: 'http://www.example.org:8080/x/y', e: 'http://any.test/user/ann/photos', f: 'https://elsewhere.test/', g: 'relative/without/slash', h: '//host/x', i: '?query',
};
const script = (request, link) => {
  const name = /\/(\w)(?:\?| )/.exec(request.start)?.[1];
  const target = name === 'z' ? `http://127.0.0.1:${link.upstream.place}/base/self` : name === 'y' ? `http://127.0.0.1:${link.upstream.place}/other` : locations[name];
  return name === 'r' ? reply(200, { Refresh: '0;url=http://backend.internal/next' }, '')(request, link) : reply(/created/.test(request.start) ? 201 : 302, { Location: target }, '')(request, link);
};
const levels = ['default', 'off', 'own', 'both', 'regex', 'relative', 'prefix-only', 'no-uri'];
export default {
  about: 'proxy_redirect: the default, off, prefixes, regexes, variables, Refresh, relative locations',
  upstreams: { app: script },
  connections: [...levels.map((level) => connection(level, [...'abcdefghizyr'].map((name) => get(`/${level}/${name}`)))), connection('created', get('/own/created/a'))],
};
