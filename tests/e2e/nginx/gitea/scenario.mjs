import { chunked, connection, get, post } from '../../lib/golden/words.js';

const host = 'git.example.com';
export default {
  about: 'Gitea: Connection handed through as it came; escapes kept by rewriting to $request_uri and $uri in proxy_pass',
  upstreams: { app: {} },
  connections: [
    connection('root', [get('/ann/repo/src/branch/feature%2Fx', { host }), get('/ann/repo', { host, headers: { Connection: 'keep-alive' } }), get('/x', { host, headers: { Connection: 'keep-alive, X-Hop', 'X-Hop': 'a' } }), post('/ann/repo.git/git-upload-pack', chunked('0032want abc\n', '0000'), { host, headers: { 'Transfer-Encoding': 'chunked', 'Content-Type': 'application/x-git-upload-pack-request' } })]),
    connection('folder', [get('/gitea/ann/repo/src/branch/feature%2Fx?a=%2F'), get('/gitea/'), get('/gitea/a%20b'), get('/gitea'), get('/gitea/%67it'), get('/_/static/assets/css/index.css')]),
  ],
};
