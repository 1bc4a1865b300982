import { connection, get } from '../../lib/golden/words.js';

export default {
  about: 'geo: the longest block, ranges, IPv6, another source than the peer, proxies, include; with limit_req',
  upstreams: { app: {} },
  connections: [
    ...['127.0.0.1', '127.0.0.2', '127.1.9.9', '127.1.2.3', '127.0.1.1'].map((from) => connection(from, get('/'), { from })),
    connection('IPv6', get('/', { host: '[::1]' }), { at: '::1' }),
    connection('argument', ['192.0.2.1', '2001:db8::1', '8.8.8.8', '::ffff:192.0.2.1', 'nonsense', '192.0.2.256', ''].map((ip) => get(`/?ip=${ip}`))),
    connection('forwarded', [['203.0.113.9'], ['198.51.100.1, 203.0.113.9'], ['203.0.113.9, 127.0.0.1'], ['nonsense'], ['1.1.1.1']].map(([list]) => get('/', { headers: { 'X-Forwarded-For': list } }))),
    connection('limited', [get('/limited'), get('/limited')], { from: '127.0.0.9' }),
    connection('not limited', [get('/limited'), get('/limited')]),
  ],
};
