import { connection, get, reply } from '../../lib/golden/words.js';

const cookies = [
  ['Set-Cookie', 'one=1; Domain=localhost; Path=/; HttpOnly'], ['Set-Cookie', 'two-a=2; path=/two/page; domain=.chat.internal'], ['Set-Cookie', 'three=3; Secure; HttpOnly; SameSite=None; Path=/user/ann; Max-Age=60'],
  ['Set-Cookie', 'four="a b"'], ['Set-Cookie', 'five=;Path=/two/;Domain=LOCALHOST'], ['Set-Cookie', 'Path=/; Domain=x'], ['Set-Cookie', 'six=6;    Expires=Thu, 01 Jan 1970 00:00:00 GMT;Path=/User/Bob'],
];
export default {
  about: 'Cookies: domains, paths and flags rewritten, several at once, $cookie_, $upstream_cookie_',
  upstreams: { app: reply(200, cookies, 'x') },
  connections: [
    connection('set', ['plain', 'domain', 'path', 'path2', 'flags', 'off', 'seen'].map((level) => get(`/${level}/`))),
    connection('read', [get('/read'), get('/read', { headers: { Cookie: 'one=1; two=2' } }), get('/read', { headers: [['Cookie', 'a=b; two=x y'], ['Cookie', 'one="q"']] }), get('/read', { headers: { Cookie: 'xone=0;one=1,2;Two=3' } }), get('/read', { headers: { Cookie: 'one; two=; three' } })]),
  ],
};
