import { connection, get } from '../../lib/golden/words.js';

const referers = [
  undefined, '', 'example.com', 'http://', 'http://e.x', 'http://example.com', 'http://example.com/', 'https://EXAMPLE.com:8443/a?b', 'HTTP://example.com', 'ftp://example.com/', 'http://example.com.evil.test/',
  'http://www.example.com/', 'http://a.b.example.net/', 'http://example.net/', 'http://www.example.org/', 'http://www.example.co.uk/', 'http://path.test/shop/1', 'http://path.test/', 'http://path.test:81/shop', 'http://path.test',
  'http://dotted.test/', 'http://www.dotted.test/', 'http://regex-17.test/', 'http://evil.test/?regex-17.test', 'http://evil.test/ok', `http://${'a'.repeat(300)}.test/`, 'http://app7.names.test/', 'http://names.test/', 'http://nobody.test/',
];
const ask = (target, host) => referers.map((referer) => get(target, { host, headers: referer === undefined ? {} : { Referer: referer } }));
export default {
  about: 'valid_referers: none, blocked, the names of the server, wildcards, paths, regexes; $invalid_referer in if, map and text',
  connections: [
    ...['/all/', '/strict/', '/inherited/', '/empty/', '/mapped/', '/names/'].map((target) => connection(target, ask(target, 'names.test'))),
    connection('of the server', ask('/', 'names.test')),
    connection('nothing said', ask('/', 'quiet.test')),
  ],
};
