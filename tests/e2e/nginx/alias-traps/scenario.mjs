import { connection, get, head, post, request } from '../../lib/golden/words.js';

const targets = [
  '/', '/a/one.txt', '/a/', '/a', '/a/sub', '/a/sub/', '/a/sub/two.txt', '/a/none', '/a/../root/index.html', '/b/one.txt', '/b', '/bone.txt', '/b../secret.txt', '/b../files/one.txt', '/c/two.txt', '/c/', '/c//two.txt', '/d/one.txt', '/d/sub/two.txt', '/d/none.txt', '/d/..%2fsecret.txt', '/e', '/e/', '/e?x',
  '/f/', '/f', '/g/g.txt', '/h', '/hx', '/i/one.txt', '/i/sub', '/i/none', '/path/a%20b', '/path-alias/one.txt?x=1', '/path-alias/one.txt', '/if-root/x.txt', '/if-root/x.txt?other=1', '/type', '/types/one.txt', '/types/UPPER.TXT', '/types/odd', '/a/a%20b.txt', '/a/UPPER.TXT', '/a/archive.tar.gz', '/a/no-extension.', '/a/one.txt/', '/a/one.txt%00', '/dot/.%2e/secret.txt', '/dot/./one.txt',
];
export default {
  about: 'alias and root: with and without slashes, regexes, inside of if, try_files, types, climbing out',
  files: { 'secret.txt': 'secret\n' },
  connections: [connection('get', targets.map((target) => get(target))), connection('others', [head('/a/one.txt'), post('/a/one.txt', 'x'), request('PUT', '/a/new.txt', { body: 'x' }), request('DELETE', '/a/one.txt'), request('OPTIONS', '/a/one.txt'), request('TRACE', '/a/one.txt'), post('/a/', ''), post('/a/none', 'x')])],
  differences: [
    { at: /^client get answer 1[34] line$/, nginx: 'HTTP/1.1 200 OK', here: 'HTTP/1.1 403 Forbidden', why: 'a location without a slash at its end does not lead out of its alias by ..' },
    { at: /^client get answer 1[34] body$/, nginx: /^(secret|one)\n$/, here: /<title>403 Forbidden</, why: 'as above' },
    { at: /^client get answer 1[34] (content-length|content-type)$/, nginx: /^([47]|text\/plain)$/, here: /^(<its page>|text\/html)$/, why: 'as above' },
    { at: /^client get answer 1[34] (accept-ranges|etag|last-modified)$/, here: null, why: 'as above' },
    { at: 'client others answer 6 allow', nginx: null, here: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS', why: 'TRACE is refused with an Allow field, whatever the location' },
    { at: 'client others answer 6 body', nginx: /<title>405 Not Allowed</, here: '<refusal>', why: 'as above' },
    { at: /^client others answer 6 (content-length|content-type|date|server)$/, nginx: /^(<its page>|text\/html|<a date>|<server>)$/, here: null, why: 'as above' },
  ],
};
