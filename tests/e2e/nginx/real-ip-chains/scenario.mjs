import { connection, get } from '../../lib/golden/words.js';

const lists = [
  [], ['6.6.6.6'], ['6.6.6.6, 127.0.0.5'], ['6.6.6.6,10.0.0.1 , 127.0.0.5'], ['5.5.5.5, 6.6.6.6, 127.0.0.5'], ['127.0.0.5'], ['10.0.0.9, 127.0.0.5'], ['6.6.6.6:99, 127.0.0.5:80'],
  ['6.6.6.6, nonsense, 127.0.0.5'], ['nonsense'], ['2001:db8::1, 127.0.0.5'], ['[2001:db8::1]:99, 127.0.0.5'], ['6.6.6.6', '5.5.5.5, 127.0.0.5'], ['6.6.6.6', '127.0.0.5'],
];
const asked = (host) => lists.map((list, i) => get(`/${i}`, { host, headers: list.map((each) => ['X-Forwarded-For', each]) }));
export default {
  about: 'real_ip as tidegate.yaml has it, too: all servers believe the same proxies, each of which is passed over',
  upstreams: { app: {} },
  connections: [connection('a', asked('a.example.com')), connection('b', asked('b.example.com'))],
};
