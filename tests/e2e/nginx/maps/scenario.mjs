import { connection, get, handshake, post } from '../../lib/golden/words.js';

const hosts = ['example.com', 'a.example.com', 'www.example.net', 'x.example.org', 'example.org', 're1.test', 'EXAMPLE.COM', 'www.example.com'];
export default {
  about: 'map: exact, regexes with captures, hostnames, default, empty, escapes, nested, include, volatile, when it is evaluated',
  connections: [
    connection('uri', ['/exact', '/re/abc', '/x.php', '/named/word/more', '/', '/EXACT'].map((target) => get(target))),
    connection('host', hosts.map((host) => get('/', { host }))),
    connection('field', ['default', 'a b', '12', 'other', '', 'DEFAULT'].map((value) => get('/', { headers: { X: value } }))),
    connection('arguments', ['a=x&b=y', 'a=1', 'n=1', 'n=2', 'c=ABC', 'c=def', 'c=abc', 'v=1', 'i=one', 'i=two', 'i=three', 'i=x', 'first=ab', 'first=abc', 'first=b'].map((query) => get(`/?${query}`))),
    connection('others', [post('/', ''), handshake('/'), get('/set?a=x&b=y'), get('/vol?v=first')]),
  ],
};
