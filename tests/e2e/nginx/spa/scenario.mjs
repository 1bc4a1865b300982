import { connection, get, head, post, request } from '../../lib/golden/words.js';

const targets = [
  '/', '/index.html', '/some/route', '/some/route?x=1', '/docs', '/docs/', '/docs?x=1', '/empty', '/empty/', '/assets/app.js', '/assets/none.js', '/assets/', '/api/users?x', '/app2/', '/app2', '/app2/about', '/app2/about.html', '/app2/none', '/named/here.txt', '/named/none?x=y',
  '/maintenance/x', '/with-args/x?y=z', '/to-prefix/x?y=z', '/code/x', '/index.html/', '/assets/app.js/', '/a%20b', '/assets/..%2findex.html',
];
export default {
  about: 'A built single page application: try_files with files, folders, fallbacks, named locations and codes; alias beside it',
  upstreams: { api: {} },
  connections: [connection('get', targets.map((target) => get(target))), connection('other methods', [head('/'), head('/docs'), post('/', 'x'), post('/named/none', 'x'), request('DELETE', '/assets/app.js'), request('OPTIONS', '/')])],
};
