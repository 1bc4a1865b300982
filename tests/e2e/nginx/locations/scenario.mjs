import { connection, get, post } from '../../lib/golden/words.js';

const targets = [
  '/', '/?x', '//', '/exact', '/exact/', '/exact?x', '/EXACT', '/prefix', '/prefixed', '/prefix/', '/prefix/long', '/prefix/long/x', '/images/a.gif', '/a.gif', '/prefix/long/a.JPG', '/a.jpeg?x', '/Case', '/case',
  '/users/12', '/users/12/', '/users/12/a/b', '/users/x', '/outer/', '/outer', '/outer/inner/', '/outer/inner', '/outer/inner/a.txt', '/outer/a.txt', '/outer/exact', '/outer/a.jpg', '/outer/inner/a.jpg', '/outer2/a.png', '/outer2/a.gif',
  '/regex/x.a', '/regex/x.b', '/regex/a.gif', '/space%20here', '/%C3%9Cn%C3%AFcode', '/Ünïcode'.replace(/[^\x00-\x7f]/g, (each) => Buffer.from(each).toString('latin1')), '/proxied', '/proxied?a=b', '/proxied/', '/proxied-exact', '/internal', '/to-internal', '/@named', '/dot.dot', '/dotxdot',
  '/a/../exact', '/./exact', '/exact/.', '/x/../../y', '/%65xact', '/a/..%2fexact', '/a/%2e%2e/exact', '/...', '/exact%00',
];
export default {
  about: 'Which location: exact, prefixes, ^~, regexes in order, nested ones; by the decoded and normalised path; redirects that add a slash',
  upstreams: { app: {} },
  connections: [
    ...targets.map((target, i) => connection(`${i} ${target}`, get(target))),
    connection('absolute form', [get('http://example.com/exact'), get('http://example.com'), get('http://example.com?x=/exact')]),
    connection('slash with Host and port', [get('/proxied', { host: 'other:8080' }), post('/proxied', 'x')]),
  ],
};
