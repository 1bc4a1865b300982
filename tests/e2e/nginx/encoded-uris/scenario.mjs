import { connection, get, request } from '../../lib/golden/words.js';

const paths = ['a%20b', 'a%2Fb', 'a%2fb%2F..', 'a+b', '%41', 'a%3Fb', 'a%23b', 'a%25b', 'a%2541', '%C3%A4', '%E4', 'a%00b', 'x//y', 'x/./y/../z', "!$&'()*,;=:@", 'a"b<c>', 'a|b^c`d{e}', 'a\\b', '~-._', 'a%0Ab', 'a%7Fb', '?a=%20%2F&b=x+y', '?a=b?c=d', '?', '?a', '?=&&a==', '?a=1&a=2&A=3', 'a;b?c', 'a%', 'a%2', 'a%zz', '%5c', '\xe4', '?\xe4', '..', '%2e%2E/x', 'a/..', 'a#b', 'a?b#c'];
const levels = ['as-is', 'replaced', 'variable', 'uri', 'rewritten', 'regex', 'echo', 'redirect'];
export default {
  about: 'Escapes: what each way of writing proxy_pass makes of spaces, slashes, percents, UTF-8, dots, double slashes, queries',
  upstreams: { app: {} },
  connections: [
    ...levels.map((level) => connection(level, paths.map((path) => get(`/${level}/${path}`)))),
    connection('slashes kept', ['/as-is//a', '/replaced//a//b', '//x//y', '/replaced/a/..//b', '/x/../y'].map((target) => get(target, { host: 'noslash.example.com' }))),
    connection('targets', [get('/'), get('/%2e%2e/x'), get('/a/../../b'), get('http://example.com/echo/x?y'), get('http://EXAMPLE.com:80/echo/'), get('https://example.com/echo/'), get('*'), request('OPTIONS', '*'), get('echo/x'), get('//example.com/echo/')]),
  ],
  differences: [
    { at: /^client [\w-]+ answer (38|39) line$/, nginx: /^HTTP\/1\.1 (200 OK|302 Found)$/, here: 'HTTP/1.1 400 Bad Request', why: 'a fragment in the target is refused' },
    { at: /^client [\w-]+ answer (38|39) body$/, nginx: /^(app: GET |\/echo\/|<html>)/, here: '<refusal>', why: 'as above' },
    { at: /^client [\w-]+ answer (38|39) connection$/, nginx: null, here: 'close', why: 'as above' },
    { at: /^client [\w-]+ answer (38|39) (content-length|content-type|date|location|server)$/, here: null, why: 'as above' },
    { at: /^client [\w-]+ connections$/, nginx: '5', here: '6', why: 'what follows from that' },
    { at: /^client [\w-]+ end$/, nginx: 'open', here: 'closed', why: 'the same' },
    { at: /^upstream app GET \/(as-is|variable)\/a(#b|\?b#c) HTTP\/1.0 #1 /, here: null, why: 'the same' },
    { at: /^upstream app GET \/(r|w|uri|x)\/a(\?b)? HTTP\/1.0 #[12] /, here: null, why: 'the same' },
    { at: 'upstream app requests by connection', nginx: /^1( 1)+$/, here: /^1( 1)+$/, why: 'the same' },
    { at: /^client (regex|uri) answer (1|7|20|21) body$/, nginx: /^app: GET \/(uri|x)\/a[ #\n\x7f]b HTTP\/1\.0\n$/, here: /^app: GET \/(uri|x)\/a%(20|23|0A|7F)b HTTP\/1\.0\n$/, why: 'what variables bring into a request line or a field is escaped' },
    { at: /^client (regex|uri) answer (1|7|20|21) content-length$/, nginx: /^2[57]$/, here: /^2[79]$/, why: 'the same' },
    { at: /^client redirect answer (20|21) location$/, nginx: /^http:\/\/example\.com:\d+\/redirect\/a[\n\x7f]b\?$/, here: /^http:\/\/example\.com:\d+\/redirect\/a%(0A|7F)b\?$/, why: 'the same' },
    { at: /^upstream app GET \/(uri|x)\/a[ #\n\x7f]b HTTP\/1.0 #1 /, here: null, why: 'the same' },
    { at: /^upstream app GET \/(uri|x)\/a%(20|23|0A|7F)b HTTP\/1.0 #1 /, nginx: null, why: 'the same' },
  ],
};
