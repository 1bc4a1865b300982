import { createHash } from 'node:crypto';

/**
 * What two runs may not be compared by, because it is never the same twice or says whose server it is. Everything else
 * that a client, an upstream or a log saw is compared. `in`: of an upstream's request, a client's answer, a log's line.
 */
const normalisations = [
  { in: 'answer', field: 'date', as: () => '<a date>', why: 'the clock' },
  {
    in: 'answer', field: 'expires', why: 'the clock: what counts is how long after Date it is',
    as: (value, message) => {
      const seconds = (Date.parse(value) - Date.parse(valueOf(message, 'date'))) / 1000;
      return Number.isNaN(seconds) || Math.abs(seconds) > 5e7 ? value : `<Date and ${seconds} s>`;
    },
  },
  {
    in: 'answer', field: 'server', why: 'whose server it is; Tidegate tells no version, whatever server_tokens says',
    as: (value) => value.replace(/^(nginx|tidegate)(\/[\w.+-]+)?$/, '<server>'),
  },
  {
    in: 'answer', field: 'content-length', why: 'a page of its own has its name in it; the length is that of the body all the same',
    as: (value, message) => (ownPage.test(message.body) && Number(value) === message.body.length ? '<its page>'
      : isPageByHead(message) ? '<a page>' : value),
  },
  {
    in: 'answer', field: 'line', why: "nginx has words of its own for some statuses, older than RFC 9110's",
    as: (line) => line.replace(/(?<=^HTTP\/1\.1 )(302 Moved Temporarily|405 Not Allowed|413 Request Entity Too Large|414 Request-URI Too Large|416 Requested Range Not Satisfiable|503 Service Temporarily Unavailable|504 Gateway Time-out)$/, (all) => standard[all.slice(0, 3)]),
  },
  { in: 'answer', field: 'connection', as: (value) => value.replace(/^Upgrade$/, 'upgrade'), why: 'a token in any case' },
  {
    in: 'answer', field: 'content-type', why: 'the boundary of multipart/byteranges is a number that nginx counts up',
    as: (value) => value.replace(/boundary=\d+$/, 'boundary=<number>'),
  },
  { in: 'body', as: (text) => text.replace(ownPage, '<center><server></center>'), why: 'the name under a page of its own' },
  { in: 'body', as: (text) => text.replace(/^--\d{20}(?=\r|--)/gm, '--<number>'), why: 'the boundary, as above' },
  {
    in: 'any', except: 'content-length', as: (text, { ports }) => ports.reduce((all, port) => all.replace(new RegExp(`\\b${port}\\b`, 'g'), '<client port>'), text),
    why: 'the system chooses the port that a client comes from',
  },
  { in: 'any', as: (text) => text.replace(/\b[0-9a-f]{32}\b/g, '<id>'), why: '$request_id is random' },
  { in: 'log', as: (text) => text.replace(/\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}/g, '<local time>'), why: 'the clock' },
  { in: 'log', as: (text) => text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d/g, '<time>'), why: 'the clock' },
  { in: 'log', as: (text) => text.replace(/\b\d{10}\.\d{3}\b/g, '<msec>'), why: 'the clock' },
  { in: 'log', as: (text) => text.replace(/\b\d{1,2}\.\d{3}\b/g, '<seconds>'), why: 'how long something took' },
  { in: 'log', as: (text) => text.replace(/\bc=\d+\b/g, 'c=<number>'), why: '$connection counts also what only opened and closed' },
];

const standard = {
  302: '302 Found', 405: '405 Method Not Allowed', 413: '413 Content Too Large', 414: '414 URI Too Long', 416: '416 Range Not Satisfiable',
  503: '503 Service Unavailable', 504: '504 Gateway Timeout',
};
const ownPage = /<center>(nginx|tidegate)((?:\/[\w.+-]+)?)<\/center>/;
const valueOf = (message, name) => message.fields.find(([each]) => each.toLowerCase() === name)?.[1];

/** To HEAD: its length depends on the name as well. */
const isPageByHead = (message) => message.method === 'HEAD' && !/^HTTP\/1\.1 2/.test(message.start) && /^text\/html\b/.test(valueOf(message, 'content-type') ?? '');

/**
 * A request that never becomes one of a server (it is no HTTP, or too much of it) is refused in words of either's own: nginx sends
 * a page, Tidegate a line that says why. The status is compared.
 */
const refusal = /^<html>\r\n<head><title>(400|408|413|414|417|431|494|505|501) |^(400|405|408|413|414|417|426|431|501|505) [A-Z][\w ]+: \w+\n$|^This port speaks HTTPS/;
const isRefusal = (message) => /^HTTP\/1\.1 (4|5)/.test(message.start) && refusal.test(message.body);
const ofRefusals = new Set(['content-type', 'content-length', 'server', 'date', 'strict-transport-security']);

/** nginx says `Connection: keep-alive` to clients that take it for granted. To those of HTTP/1.0 it matters. */
const saysNothing = (name, value, message) => name === 'connection' && value === 'keep-alive' && message.version === '1.1';

function normalise(where, text, context, field) {
  let value = text;
  for (const rule of normalisations) {
    if ((rule.in === 'any' && rule.except !== field) || (rule.in === where && (rule.field === undefined || rule.field === field))) {
      value = rule.as(value, rule.field ? context.message : context);
    }
  }
  return value;
}

const shorten = (text) => (text.length <= 4000 ? text : `${text.length} bytes, ${createHash('sha256').update(text, 'latin1').digest('hex')}`);

/** All that a run saw as one flat map of names to texts. `versions`: is HTTP/1.0 to upstreams told from 1.1? */
export function flatten(run, { versions = true } = {}) {
  const alike = (text) => (versions ? text : text.replace(/ HTTP\/1\.[01]\b/g, ' HTTP/1'));
  const flat = new Map();
  const ports = [...new Set([...run.clients.flatMap(({ seen }) => seen.localPorts), ...run.upstreams.flatMap(({ links }) => links.map(({ peerPort }) => peerPort))])]
    .filter((port) => port && !run.places.includes(String(port)));
  const message = (prefix, where, given) => {
    const refused = where === 'answer' && isRefusal(given);
    const each = refused ? { ...given, body: '<refusal>', fields: given.fields.filter(([name]) => !ofRefusals.has(name.toLowerCase())) } : given;
    const context = { ports, message: each };
    flat.set(`${prefix} line`, alike(normalise(where, each.start, context, 'line')));
    const byName = new Map();
    for (const [name, value] of each.fields) {
      const key = name.toLowerCase();
      if (saysNothing(key, value, each)) continue;
      byName.set(key, [...(byName.get(key) ?? []), normalise(where, value, context, key)]);
    }
    for (const [name, values] of byName) flat.set(`${prefix} ${name}`, values.join(' | '));
    flat.set(`${prefix} body`, shorten(alike(normalise('body', each.body, context))) + (each.cut ? ' <cut>' : ''));
    flat.set(`${prefix} framing`, each.framing);
    if (each.trailers.length > 0) flat.set(`${prefix} trailers`, each.trailers.join(' | '));
  };
  for (const { spec, seen } of run.clients) {
    const prefix = `client ${spec.name}`;
    seen.answers.forEach((each, i) => message(`${prefix} answer ${i + 1}`, 'answer', each));
    for (const [key, value] of Object.entries(seen.tls ?? {})) flat.set(`${prefix} tls ${key}`, String(value));
    if (seen.tunnel) flat.set(`${prefix} tunnel`, shorten(seen.tunnel));
    if (seen.unparsed) flat.set(`${prefix} unparsed`, normalise('body', seen.unparsed, { ports }));
    if (seen.unanswered > 0 && !seen.answers.at(-1)?.start.includes(' 101 ')) flat.set(`${prefix} unanswered`, String(seen.unanswered));
    if (seen.stuck) flat.set(`${prefix} stuck`, seen.stuck);
    flat.set(`${prefix} connections`, String(seen.opened));
    flat.set(`${prefix} end`, seen.end);
  }
  for (const { name, links } of run.upstreams) {
    const used = links.filter(({ reader }) => reader.messages.length > 0 || reader.buffer !== '');
    flat.set(`upstream ${name} requests by connection`, used.map(({ reader }) => reader.messages.length).join(' '));
    for (const { sni } of used) if (sni !== undefined) flat.set(`upstream ${name} sni ${sni}`, 'yes');
    const arrived = used.flatMap(({ reader }) => {
      const cut = reader.current ? [{ ...reader.current, body: reader.current.body.join(''), cut: true, order: Infinity }] : [];
      return [...reader.messages, ...cut].map((each, i, all) => ({ each, tunnel: i === all.length - 1 ? reader.tunnel : '' }));
    }).sort((a, b) => a.each.order - b.each.order);
    const seen = new Map();
    for (const { each, tunnel } of arrived) {
      const start = `upstream ${name} ${alike(normalise('request', each.start, { ports }))}`;
      seen.set(start, (seen.get(start) ?? 0) + 1);
      message(`${start} #${seen.get(start)}`, 'request', each);
      if (tunnel) flat.set(`${start} #${seen.get(start)} tunnel`, shorten(tunnel));
    }
  }
  for (const [file, lines] of Object.entries(run.logs)) {
    for (const line of lines) {
      const at = `log ${file}: ${normalise('log', line, { ports })}`;
      flat.set(at, `${Number.parseInt(flat.get(at) ?? '0', 10) + 1} times`);
    }
  }
  return flat;
}

/** Where two runs differ: [{at, nginx, here}], a side that has nothing there undefined. */
export function differences(reference, other) {
  return [...new Set([...reference.keys(), ...other.keys()])].sort()
    .filter((at) => reference.get(at) !== other.get(at))
    .map((at) => ({ at, nginx: reference.get(at), here: other.get(at) }));
}

const anything = Symbol('anything');
const fits = (wanted, value) => wanted === anything || (wanted instanceof RegExp ? value !== undefined && wanted.test(value) : (wanted ?? undefined) === value);

/**
 * Holds the differences found to those that a scenario expects: `{at, nginx, here, why}`, `at` a text or a regex, the values
 * texts, regexes, null (nothing there) or left out (whatever it is). Answers complaints: what was not expected, and what
 * was expected and is not so, unless it is `open`: not seen wherever it is expected.
 */
export function unexpected(found, expected) {
  const met = new Set();
  const complaints = [];
  for (const each of found) {
    const known = expected.filter(({ at, nginx = anything, here = anything }) => fits(at, each.at) && fits(nginx, each.nginx) && fits(here, each.here));
    known.forEach((one) => met.add(one));
    if (known.length === 0) complaints.push(`${each.at}\n    nginx: ${JSON.stringify(each.nginx)}\n    here:  ${JSON.stringify(each.here)}`);
  }
  for (const each of expected) {
    if (!met.has(each) && !each.open) complaints.push(`no longer different: ${each.at} (${each.why})`);
  }
  return complaints;
}
