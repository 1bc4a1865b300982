import path from 'node:path';

import { run } from '../command.js';
import { tidegate } from './sides.js';

const file = (world) => path.join(world.directory, 'tidegate.yaml');

/** The gateway under the YAML that `tidegate import` has written of the same file. */
export const imported = {
  name: 'the imported YAML',
  program: tidegate.program,
  args: (world) => ['run', '-c', file(world)],
};

/** Writes that YAML: {code, report}. */
export async function importYaml(world) {
  const { code, stderr } = await run(tidegate.program, ['import', world.file, '-p', world.directory, '-o', file(world), '--force'], { cwd: world.directory });
  return { code, report: stderr };
}

const page = /^<html>\r\n<head><title>\d{3} /;
const bare = (host) => host?.replace(/:\d+$/, '');
const gone = ({ here }) => here === undefined;
/** Where all clients are: an address elsewhere is none that anybody has seen. */
const loopback = /^(127\.\d+\.\d+\.\d+|::1)$/;

/**
 * What the YAML does in its own way wherever it is used (docs/guide/migrating-from-nginx.md). `at`: the name of what differs; `if`: of
 * all that does, given both values and `of(side, field)` of the same message.
 */
const own = [
  { at: /^client .* (date|server)$/, why: "the upstream's pass; the gateway adds none" },
  { at: /^client .* x-accel-[\w-]+$/, if: ({ nginx }) => nginx === undefined, why: 'a word to nginx is none to the gateway' },
  {
    at: /^upstream .* (x-real-ip|x-forwarded-for)$/, why: 'who the client is gets told by the gateway: the address that nginx has last, if it has one',
    if: ({ nginx, here }) => loopback.test(here) && (nginx === undefined || nginx.split(', ').at(-1) === here),
  },
  { at: /^upstream .* x-forwarded-(proto|host)$/, if: ({ nginx }) => nginx === undefined, why: 'as above' },
  { at: /^upstream .* connection$/, why: 'it is of this hop: connections to upstreams are kept, handshakes recognised' },
  { at: /^upstream \w+ requests by connection$/, why: 'connections to upstreams are kept for 4 s' },
  { at: /^upstream .* host$/, if: ({ nginx, here }) => here !== undefined && bare(here) === bare(nginx), why: 'Host passes with the port that the client wrote' },
  { at: /^upstream .* (upgrade|http2-settings)$/, if: gone, why: 'an Upgrade other than to websocket is removed' },
  {
    at: /^upstream .* (content-length|transfer-encoding|framing)$/, why: 'a body of unknown length passes as it comes',
    if: ({ of }) => of('here', 'framing') === 'chunked' && of('nginx', 'framing') === 'length',
  },
  {
    at: /^client .* (body|content-type|content-length)$/, why: 'errors and redirects have short texts in the place of pages',
    if: ({ of }) => !/^HTTP\/1\.1 2/.test(of('here', 'line'))
      && (page.test(of('nginx', 'body')) || (of('nginx', 'body') === '' && /^text\/html/.test(of('nginx', 'content-type')))),
  },
  {
    at: /^client .* location$/, why: 'a Location is as it was written',
    if: ({ nginx, here }) => here?.startsWith('/') && nginx?.replace(/^https?:\/\/[^/]+/, '') === here,
  },
];

const unread = 'a body that nobody reads ends its connection';
const ciphers = "the gateway's ciphers where none are named (approximated)";
const stranger = 'a host that no server names is nobody\'s (approximated)';
const pages = 'short texts in the place of pages (approximated), after which nginx closes';

const quoted = (text) => text.replace(/[^\w ]/g, '\\$&');
/** Requests whose path arrives as the client wrote it, not as nginx decodes it: [where the answer is, the path in nginx, here]. */
const asWritten = (upstream, ...requests) => requests.flatMap(([answer, nginx, here]) => [
  { at: new RegExp(`^upstream ${upstream} GET ${quoted(nginx)} HTTP/1 #1 `), here: null },
  { at: new RegExp(`^upstream ${upstream} GET ${quoted(here)} HTTP/1 #1 `), nginx: null },
  { at: `client ${answer} body`, nginx: `${upstream}: GET ${nginx} HTTP/1\n`, here: `${upstream}: GET ${here} HTTP/1\n` },
  { at: `client ${answer} content-length`, nginx: /^\d+$/, here: /^\d+$/ },
]).map((each) => ({ ...each, why: 'a path that proxy_pass has an own one for passes as the client wrote it (approximated)' }));

/**
 * The scenarios of which import refuses nothing, and what they show of that which its report calls approximated.
 * `without`: connections that are not played.
 */
export const importable = {
  'bad-requests': [
    { at: 'client a long line answer 1 line', nginx: 'HTTP/1.1 414 URI Too Long', here: 'HTTP/1.1 200 OK', why: 'limits are of the head as a whole (approximated)' },
    { at: 'client a long line answer 1 body', nginx: '<refusal>', here: /^app: GET \/x{3000} HTTP\/1\n$/, why: 'as above' },
    { at: 'client a long line answer 1 connection', nginx: 'close', here: null, why: 'as above' },
    { at: /^client a long line answer 1 content-(length|type)$/, nginx: null, here: /^(3020|text\/plain)$/, why: 'as above' },
    { at: 'client a long line end', nginx: 'closed', here: 'open', why: 'as above' },
    { at: /^upstream app GET \/x{3000} /, nginx: null, why: 'as above' },
    { at: /^upstream app POST \/ HTTP\/1 #1 /, nginx: null, why: 'a body passes as it comes (approximated)' },
  ],
  'certbot': [
    { at: 'client plain answer 3 line', nginx: 'HTTP/1.1 404 Not Found', here: 'HTTP/1.1 301 Moved Permanently', why: 'hosts that no server names are redirected like the others (approximated)' },
    { at: 'client plain answer 3 location', nginx: null, here: 'https://elsewhere.test/', why: 'as above' },
    { at: 'client plain answer 4 connection', nginx: null, here: 'close', why: unread },
    { at: 'client plain end', nginx: 'open', here: 'closed', why: unread },
  ],
  'code-server': asWritten('code', ['folder answer 4', '/x/y', '/x/./y'], ['pages answer 2', '/a/c', '/a%2fb/../c']),
  'harness': [],
  'http10-clients': [
    { at: 'client chunks off answer 1 connection', nginx: 'close', here: null, why: 'chunked_transfer_encoding off (approximated)' },
    { at: 'client chunks off answer 1 framing', nginx: 'close', here: 'chunked', why: 'as above' },
    { at: 'client chunks off answer 1 transfer-encoding', nginx: null, here: 'chunked', why: 'as above' },
    { at: 'client chunks off end', nginx: 'closed', here: 'open', why: 'as above' },
    { at: 'upstream app GET /raw/ HTTP/1 #1 host', nginx: null, here: '127.0.0.1', why: 'a client of HTTP/1.0 that names no host' },
    { at: 'upstream app GET /raw/ HTTP/1 #1 x-host', nginx: 'fallback', here: null, why: 'as above' },
  ],
  'keepalive-upstream': [],
  'mattermost': [],
  'mqtt': [],
  'nextjs': [{ at: /^client .* expires$/, here: null, why: 'expires is Cache-Control alone (approximated)' }],
  'notes': [{ at: 'upstream app GET / HTTP/1 #1 x-forwarded-for', nginx: '10.0.0.1', here: '127.0.0.1', why: 'what a client says of itself is replaced, where nginx passes it on' }],
  'phoenix': [],
  'real-ip-chains': [{ at: /^upstream app GET \/\d+ HTTP\/1 #[12] x-forwarded-for$/, nginx: /^(nonsense|[\d.]+|.*127\.0\.0\.5(:80)?)$/, here: /, 127\.0\.0\.1$/, why: 'the proxy itself is appended to what it says' }],
  'return-codes': [
    { at: 'client 408 answer 1 line', nginx: 'HTTP/1.1 200 OK', here: 'HTTP/1.1 408 Request Timeout', why: 'an answer in the place of a closed connection (approximated)' },
    { at: /^client (444|499) answer 1 line$/, nginx: 'HTTP/1.1 200 OK', here: 'HTTP/1.1 404 Not Found', why: 'as above' },
    { at: /^client (408|444|499) answer 2 \S+$/, nginx: null, here: /^(|0|length|text\/plain; charset=utf-8|HTTP\/1\.1 200 OK)$/, why: 'as above' },
    { at: /^client (408|444|499) unanswered$/, nginx: '1', here: null, why: 'as above' },
    { at: /^client (4|5)\d\d answer 1 body$/, nginx: /^(<html>|<refusal>$)/, here: '', why: pages },
    { at: /^client ((4|5)\d\d answer 1|head answer 18) connection$/, nginx: 'close', here: null, why: pages },
    { at: /^client ((4|5)\d\d|head) connections$/, nginx: '2', here: '1', why: pages },
    { at: /^client ((4|5)\d\d answer 1|head answer \d+) content-length$/, nginx: /^<(a|its) page>$/, here: '0', why: pages },
    { at: /^client ((4|5)\d\d answer 1|head answer \d+) content-type$/, nginx: /^text\/html(; charset=utf-8)?$/, here: 'text/plain; charset=utf-8', why: pages },
    { at: /^client (4|5)\d\d answer 1 content-(length|type)$/, nginx: null, here: /^(0|text\/plain; charset=utf-8)$/, why: pages },
    { at: 'client types/a.html answer 1 content-type', nginx: 'text/html; charset=utf-8', here: 'text/plain; charset=utf-8', why: 'respond has one content_type, whatever the name' },
    { at: 'client html answer 1 content-type', nginx: 'text/plain; charset=utf-8 | text/html', here: 'text/html', why: 'add_header sets (approximated)' },
    { at: /^client (600|999) answer 1 line$/, nginx: /^HTTP\/1\.1 (600|999) $/, here: 'HTTP/1.1 403 Forbidden', why: 'a status above 599 is 403 (approximated)' },
    { at: /^client 600 answer 1 (body|content-length)$/, nginx: /^(beyond|6)$/, here: /^0?$/, why: 'as above' },
    { at: /^client (600|999) answer 1 content-type$/, nginx: null, here: 'text/plain; charset=utf-8', why: 'as above' },
    { at: 'client 1.0 without Host answer 1 line', nginx: 'HTTP/1.1 301 Moved Permanently', here: 'HTTP/1.1 404 Not Found', why: 'a client of HTTP/1.0 that names no host' },
    { at: 'client 1.0 without Host answer 1 location', nginx: /^http:\/\/127\.0\.0\.1:\d+\/new$/, here: null, why: 'as above' },
    { at: /^client post answer \d connection$/, nginx: null, here: 'close', why: unread },
    { at: 'client post connections', nginx: '1', here: '4', why: unread },
    { at: 'client post end', nginx: 'open', here: 'closed', why: unread },
  ],
  'rocketchat': [{ at: /^client .* tls cipher$/, nginx: 'ECDHE-ECDSA-AES256-GCM-SHA384', here: 'ECDHE-ECDSA-AES128-GCM-SHA256', why: ciphers }],
  'server-selection': [
    { at: /^client http answer [3-6] line$/, nginx: 'HTTP/1.1 200 OK', here: 'HTTP/1.1 404 Not Found', why: stranger },
    { at: /^client http answer [3-6] body$/, nginx: 'a on http (first)\n', here: '404 Not Found\n', why: stranger },
    { at: /^client http answer [3-6] content-(length|type)$/, nginx: /^(18|application\/octet-stream)$/, here: /^(14|text\/plain; charset=utf-8)$/, why: stranger },
  ],
  'signalr': [
    ...asWritten('kestrel', ['pages answer 1', '/c?d=e', '/a%20b/../c?d=e'], ['pages answer 3', '/double/slash', '//double//slash']),
    { at: /^client a stranger answer 1 \S+$/, nginx: null, here: /^(404 Not Found\n|14|text\/plain; charset=utf-8|length|HTTP\/1\.1 404 Not Found)$/, why: '444 is answered with 404 (approximated)' },
    { at: 'client a stranger unanswered', nginx: '1', here: null, why: 'as above' },
    { at: 'client a stranger end', nginx: 'closed', here: 'open', why: 'as above' },
  ],
  'socketio': [
    { at: /^client from \S+ answer \d body$/, nginx: /^0\{"sid":"node\d"\}$/, here: /^0\{"sid":"node\d"\}$/, why: 'ip_hash by another hash (approximated)' },
    { at: /^upstream node\d .* x-forwarded-for$/, nginx: loopback, here: loopback, why: 'as above' },
    { at: /^upstream node\d .* #\d \S+$/, nginx: null, why: 'as above' },
    { at: /^upstream node\d .* #\d \S+$/, here: null, why: 'as above' },
  ],
  'sse': [],
  'synapse': [],
  'transfers': [],
  'upstream-tls': [
    { at: 'client get answer 6 body', nginx: /^app: GET \/unverified\/ /, here: '502 Bad Gateway: upstream_tls_failed\n', why: 'an error has a short text' },
    { at: /^client get answer 6 content-(length|type)$/, nginx: /^(31|text\/plain)$/, here: /^(37|text\/plain; charset=utf-8)$/, why: 'as above' },
  ],
  'uptime-kuma': [
    ...asWritten('kuma', ['pages answer 3', '/b/c.', '/./a/../b//c%2e']),
    { at: 'client TLS 1.2 tls cipher', nginx: 'ECDHE-RSA-AES256-GCM-SHA384', here: 'ECDHE-RSA-AES128-GCM-SHA256', why: ciphers },
  ],
  'vite': [],
};
export const without = { vite: ['an upgrade where none is passed on'] };   // the YAML passes it on (approximated), and waits for frames

/** Where the YAML does otherwise than nginx, its own ways apart. */
export function unlike(found, reference, other) {
  return found.filter((each) => {
    const prefix = each.at.slice(0, each.at.lastIndexOf(' '));
    const of = (side, field) => (side === 'nginx' ? reference : other).get(`${prefix} ${field}`) ?? '';
    return !own.some(({ at, if: holds = () => true }) => at.test(each.at) && holds({ ...each, of }));
  });
}
