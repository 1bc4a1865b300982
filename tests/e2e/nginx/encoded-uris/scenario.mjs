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
    { at: /^client [\w-]+ answer (38|39) /, why: 'a fragment in the target is refused' },
    { at: /^client [\w-]+ (answer 4\d .*|connections|end|unanswered)$/s, why: 'what follows from that' },
    { at: /^client (regex|uri|redirect) answer (1|7|20|21) (body|content-length|location)$/, why: 'what variables bring into a request line or a field is escaped' },
    { at: /^client (regex|uri) answer \d+ /s, why: 'what variables bring into a request line is escaped', open: true },
    { at: /^client targets answer /, why: 'targets that are no path', open: true },
    { at: /^upstream app /s, why: 'what follows from that' },
  ],
};
