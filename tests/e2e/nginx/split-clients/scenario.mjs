import { connection, get } from '../../lib/golden/words.js';

const users = Array.from({ length: 40 }, (_, i) => `user${i}`);
export default {
  about: 'split_clients: the same hash as nginx, shares in hundredths of a percent',
  upstreams: { one: {}, two: {} },
  connections: [connection('users', users.map((user) => get(`/?u=${user}`))), connection('to servers', users.slice(0, 12).map((user) => get(`/to/?u=${user}`))), ...['127.0.0.1', '127.0.0.2', '127.3.4.5'].map((from) => connection(from, get('/'), { from }))],
};
