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

/**
 * What the YAML does in its own way wherever it is used (docs/guide/migrating-from-nginx.md). `at`: the name of what differs; `if`: of
 * all that does, given both values and `of(side, field)` of the same message.
 */
const own = [
  { at: /^client .* (date|server)$/, why: "the upstream's pass; the gateway adds none" },
  { at: /^client .* x-accel-[\w-]+$/, if: ({ nginx }) => nginx === undefined, why: 'a word to nginx is none to the gateway' },
  { at: /^upstream .* (x-real-ip|x-forwarded-(for|proto|host))$/, why: 'who the client is gets told by the gateway' },
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

const asWritten = 'a path that proxy_pass has an own one for passes as the client wrote it (approximated)';
const unread = 'a body that nobody reads ends its connection';
const stranger = 'a host that no server names is nobody\'s (approximated)';

/**
 * The scenarios of which import refuses nothing, and what they show of that which its report calls approximated.
 * `without`: connections that are not played.
 */
export const importable = {
  'bad-requests': [
    { at: /^client .* (body|content-type|content-length)$/, nginx: /^(bad, by a page\n|application\/octet-stream|15)$/, why: 'error_page (approximated)' },
    { at: /^client a long line (answer 1 (body|connection|content-length|content-type|line)|end)$|^upstream app GET \/x{3000} /, why: 'limits are of the head as a whole (approximated)' },
    { at: /^upstream app POST \/ HTTP\/1 #1 /, nginx: null, why: 'a body passes as it comes (approximated)' },
  ],
  'certbot': [
    { at: /^client plain answer 3 (line|location)$/, why: 'hosts that no server names are redirected like the others (approximated)' },
    { at: /^client plain (answer 4 connection|end)$/, why: unread },
  ],
  'code-server': [{ at: /^upstream code GET \/(a|x)\S* HTTP\/1 #1 |^client (folder answer 4|pages answer 2) (body|content-length)$/, why: asWritten }],
  'harness': [],
  'http10-clients': [
    { at: /^client chunks off (answer 1 (connection|framing|transfer-encoding)|end)$/, why: 'chunked_transfer_encoding off (approximated)' },
    { at: /^upstream app GET \/raw\/ HTTP\/1 #1 (host|x-host)$/, why: 'a client of HTTP/1.0 that names no host' },
  ],
  'keepalive-upstream': [],
  'mattermost': [],
  'mqtt': [],
  'nextjs': [{ at: /^client .* expires$/, why: 'expires is Cache-Control alone (approximated)' }],
  'notes': [],
  'phoenix': [],
  'return-codes': [
    { at: /^client (408|444|499) (answer [12] \S+|connections|unanswered)$/, why: 'an answer in the place of a closed connection (approximated)' },
    { at: /^client (4\d\d|5\d\d|head|html|types\/a\.html) (answer \d+ (body|connection|content-type|content-length)|connections)$/, why: 'short texts in the place of pages (approximated), after which nginx closes' },
    { at: /^client (600|999) answer 1 (line|body|content-type|content-length)$/, why: 'a status above 599 is 403 (approximated)' },
    { at: /^client 451 answer 1 line$/, why: 'nginx has no words for it' },
    { at: /^client (304 answer 1|head answer 12) content-(type|length)$/, if: gone, why: 'a 304 has no fields of a body' },
    { at: /^client 1\.0 without Host answer 1 (line|location)$/, why: 'a client of HTTP/1.0 that names no host' },
    { at: /^client post (answer \d connection|connections|end)$/, why: unread },
  ],
  'rocketchat': [{ at: /^client .* tls cipher$/, why: "the gateway's ciphers where none are named (approximated)" }],
  'server-selection': [{ at: /^client http answer [3-6] (line|body|content-type|content-length)$/, why: stranger }],
  'signalr': [
    { at: /^upstream kestrel GET \S*(c\?d=e|slash) HTTP\/1 #1 |^client pages answer [13] (body|content-length)$/, why: asWritten },
    { at: /^client a stranger (answer 1 \S+|end|unanswered)$/, why: '444 is answered with 404 (approximated)' },
  ],
  'socketio': [{ at: /^upstream node\d |^client from \S+ answer \d body$/, why: 'ip_hash by another hash (approximated)' }],
  'sse': [],
  'synapse': [],
  'transfers': [],
  'upstream-tls': [],
  'uptime-kuma': [
    { at: /^upstream kuma GET \S*\/c(\.|%2e) HTTP\/1 #1 |^client pages answer 3 (body|content-length)$/, why: asWritten },
    { at: /^client TLS 1\.2 tls cipher$/, why: "the gateway's ciphers where none are named (approximated)" },
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
