import { chunked, connection, get, head, post, request, reply } from '../../lib/golden/words.js';

const mine = { headers: [['X_Under', '1'], ['X-Plain', '2'], ['X_Other', '3'], ['Cookie', 'a=1'], ['Origin', 'https://o.example']] };
const targets = ['/old', '/old/a%20b?x', '/old/%0d%0aX:1', '/x?a=b', '/rewrite/a%20b?x=y', '/rewrite/%0d%0aX-Evil:%201', '/permanent/a%3Fb%26c', '/permanent/%0aX', '/last/a.txt', '/last/none', '/set/?x=%20y', '/set/a%0ab', '/user/ann/12', '/user/a%20b/1', '/user/ann/x', '/exact', '/exact/', '/try/dir', '/try/none', '/try/a.txt', '/slash/dir', '/slash', '/var/a%20b?c', '/varuri/a%20b?c', '/varpath/x?y', '/satisfy/', '/allowed/', '/denied/', '/limit/', '/head/x', '/cookie/', '/hide/', '/etag/a.txt', '/nocache/a.txt', '/nothing/../x', '/redirect1', '/redirect2', '/redirect3', '/files/', '/files/dir', '/files/dir/', '/404'];
export default {
  about: 'What front doors say together: CORS, redirects by map, rewrites, captures, files with fallbacks, names from variables, access, bodies, by every method',
  upstreams: {
    app: {
      '/redirect1': reply(302, { Location: 'http://internal:8080/a?b' }, ''), '/redirect2': reply(301, { Location: 'http://auth.internal:99/x' }, ''), '/redirect3': reply(307, [['Location', '/y'], ['Refresh', '3; url=http://internal:8080/z']], ''),
      '/404': reply(404, {}, 'own 404'), '/hide/': reply(200, [['X-Powered-By', 'p'], ['Set-Cookie', 's=1'], ['Cache-Control', 'private'], ['X-Accel-Buffering', 'no']], 'h'),
    },
  },
  connections: [
    connection('get', targets.map((target) => get(target, mine))),
    connection('head', targets.map((target) => head(target, mine))),
    connection('post', targets.map((target) => post(target, 'a=b', { headers: [...mine.headers, ['Content-Type', 'application/x-www-form-urlencoded']] }))),
    connection('other methods', [['OPTIONS', ['/x', '/cors/y', '/limit/', '/files/a.txt']], ['DELETE', ['/limit/', '/files/a.txt', '/x']]].flatMap(([method, places]) => places.map((target) => request(method, target, mine)))),
    connection('chunks', ['/x', '/own-body/'].map((target) => request('PUT', target, { headers: [...mine.headers, ['Transfer-Encoding', 'chunked']], body: chunked('ab', 'c') }))),
    connection('bodies', [post('/body/', '0123456789'), post('/body/', '01234567890'), get('/body/'), post('/own-body/', 'said'), get('/own-body/')]),
    connection('strict', get('/', { ...mine, host: 'strict.example.com' })),
    connection('cors', [get('/cors/x'), post('/cors/x', 'y')]),
  ],
};
