import { connection, get, post, request } from '../../lib/golden/words.js';

const ask = (name, list) => connection(name, list.map((each) => (typeof each === 'string' ? get(each) : each)));
export default {
  about: 'if: comparisons, regexes with captures, files, return, set, break, proxy_pass and add_header inside of it',
  upstreams: { app: {}, beta: {} },
  connections: [
    ask('server', [
      '/', get('/x?y', { host: 'www.example.com' }), get('/', { headers: { 'User-Agent': 'Googlebot/2.1' } }), get('/', { headers: { 'User-Agent': 'BadClient/12' } }), '/?debug=trace&x', '/?x&debug=a', '/?nodebug=a',
      request('PUT', '/', { body: 'x' }), request('OPTIONS', '/'), request('DELETE', '/'),
    ]),
    ask('equal', ['/equal?a=one', '/equal?a=two', '/equal', '/equal?a=x%20y']),
    ask('matches', ['/matches/12/abc', '/matches/a.html', '/matches/x']),
    ask('truth', ['/truth', '/truth?t=', '/truth?t=0', '/truth?t=00', '/truth?t=1', '/truth?t']),
    ask('files', ['/file/page.html', '/file/', '/file/none', '/maintenance', '/program']),
    ask('proxy', ['/proxy', get('/proxy', { headers: { Cookie: 'a=b; beta=1' } }), get('/proxy', { headers: { Cookie: 'beta=10' } }), post('/post-only', 'x'), '/post-only']),
    ask('headers', ['/headers', '/headers?one=1', '/headers?two=1', '/headers?one=1&two=1', '/cors', request('DELETE', '/cors'), post('/cors', 'x')]),
    ask('rest', ['/break', '/break?x=1', '/chain', get('/chain', { headers: { 'X-Key': 'k' } })]),
  ],
  differences: [
    { at: 'client headers answer 6 content-length', nginx: '0', here: null, why: '204 has no Content-Length, RFC 9110 §8.6' },
  ],
};
