import { connection, get } from '../../lib/golden/words.js';

const ask = (name, options, ...hosts) => connection(name, hosts.map((host) => get('/', { host })), options);
const all = ['a.example.com', 'b.example.com', 'c.example.com', 'd.example.com', 'quoted.example.com', 'nobody.test'];
export default {
  about: 'Which server by the address it came to, then by name: several listeners, defaults, the same name twice',
  listeners: ['http', 'second', 'third', 'fourth'],
  connections: [ask('http', {}, ...all), ask('second', { to: 'second' }, ...all), ask('third', { to: 'third' }, 'localhost', 'x'), ask('fourth', { to: 'fourth' }, '', 'x', '127.0.0.1')],
};
