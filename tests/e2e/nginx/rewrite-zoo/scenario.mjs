import { connection, get, post } from '../../lib/golden/words.js';

const targets = [
  '/server/a/b?c=d', '/to-https?x=1', '/secret-one-two', '/secret-one-two?three', '/last/x?y=z', '/break/x%20y?z', '/none/p?q', '/redirect/a%20b?x=1', '/permanent/%C3%A4', '/no-args/x?y=1',
  '/own-args/12?z=3', '/own-args/12', '/own-args-alone/12?z=3', '/named/blog/post/1', '/case/X', '/CaSe/X', '/escaped/a%3Fb%23c%25d%26e+f', '/absolute/x?y', '/scheme/x', '/proxied/7/a/b?x', '/set/?x=3&y',
  '/set-args/?y=2', '/set-args/', '/break-alone/', '/loop/', '/twice/a/1', '/if-rewrite/', '/if-rewrite/?to=there&b', '/if-rewrite/?to=a%2Fb', '/optional', '/optional/yes', '/nowhere', '/last/a%2Fb%3Fc', '/server/%41%42',
];
export default {
  about: 'rewrite with all its flags, arguments, captures, escapes, set and break, in the server and in locations',
  upstreams: { app: {} },
  connections: [
    connection('get', targets.map((target) => get(target))),
    connection('post', [post('/redirect/x', 'body'), post('/last/x', 'body'), post('/break/x', 'body')]),
    connection('1.0', get('/redirect/x', { version: '1.0', host: null })),
  ],
};
