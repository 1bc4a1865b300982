import { connection, get, raw, serverEnds } from '../../lib/golden/words.js';

const forwarded = (...values) => ({ headers: values.map((value) => ['X-Forwarded-For', value]) });
const lists = [
  [], ['203.0.113.9'], ['203.0.113.9, 10.1.1.1'], ['203.0.113.9,10.1.1.1,10.2.2.2'], ['198.51.100.1, 203.0.113.9, 10.1.1.1'], ['garbage'], ['203.0.113.9, garbage'], ['2001:db8::1'], ['[2001:db8::1]:443'], ['203.0.113.9:5555'], [''],
  ['10.0.0.1, 10.0.0.2'], ['203.0.113.9', '10.0.0.1'], [' 203.0.113.9 '], ['unknown, 203.0.113.9'], ['203.0.113.9,'],
];
const hosts = ['example.com', 'recursive.example.com'];
export default {
  about: 'real_ip: the last address or the last untrusted one, other fields, nonsense, the PROXY protocol',
  listeners: ['http', 'proxied'],
  upstreams: { app: {} },
  logs: ['who.log'],
  connections: [
    ...hosts.map((host) => connection(host, lists.map((list) => get('/', { host, ...forwarded(...list) })))),
    connection('from an untrusted peer', hosts.map((host) => get('/', { host, ...forwarded('203.0.113.9') })), { from: '127.0.0.2' }),
    connection('another field', [get('/', { host: 'header.example.com', headers: { 'X-Client': '203.0.113.5' } }), get('/', { host: 'header.example.com', headers: { 'X-Forwarded-For': '203.0.113.5' } })]),
    connection('what it is good for', [get('/proxy', forwarded('203.0.113.9')), get('/office', forwarded('203.0.113.9')), get('/office', forwarded('198.51.100.1'))]),
    connection('PROXY v1', [raw('PROXY TCP4 203.0.113.7 192.0.2.1 5555 443\r\nGET / HTTP/1.1\r\nHost: example.com\r\n\r\n', 'GET'), get('/proxy')], { to: 'proxied' }),
    connection('PROXY v1, IPv6', raw('PROXY TCP6 2001:db8::7 2001:db8::1 5555 443\r\nGET / HTTP/1.1\r\nHost: example.com\r\n\r\n', 'GET'), { to: 'proxied' }),
    connection('PROXY unknown', raw('PROXY UNKNOWN\r\nGET / HTTP/1.1\r\nHost: example.com\r\n\r\n', 'GET'), { to: 'proxied' }),
    connection('PROXY v2', raw('\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\xcb\x00\x71\x08\xc0\x00\x02\x01\x15\xb3\x01\xbbGET / HTTP/1.1\r\nHost: example.com\r\n\r\n', 'GET'), { to: 'proxied' }),
    connection('no PROXY', [get('/'), serverEnds()], { to: 'proxied' }),
    connection('a bad PROXY', [raw('PROXY TCP4 nonsense\r\nGET / HTTP/1.1\r\nHost: example.com\r\n\r\n', 'GET'), serverEnds()], { to: 'proxied' }),
  ],
};
