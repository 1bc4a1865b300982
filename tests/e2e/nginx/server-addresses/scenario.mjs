import { connection, get } from '../../lib/golden/words.js';

const ask = (name, options, ...hosts) => connection(name, hosts.map((host) => get('/', { host })), options);
const all = ['a.example.com', 'b.example.com', 'c.example.com', 'd.example.com', 'quoted.example.com', 'nobody.test'];
export default {
  about: 'Which server by an address beside the wildcard of the same port',
  listeners: ['http'],
  connections: [ask('http', {}, ...all), ask('127.0.0.2', { at: '127.0.0.2' }, ...all), ask('127.0.0.3', { at: '127.0.0.3' }, ...all)],
};
