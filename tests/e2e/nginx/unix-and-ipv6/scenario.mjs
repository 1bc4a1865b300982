import { closeFrame, connection, frames, get, handshake, webSocket } from '../../lib/golden/words.js';

const targets = ['/', '/sock/x', '/direct/x?y', '/six/x', '/six-direct/a', '/slash', '/access/'];
const tour = (name, options, host) => connection(name, [...targets.map((target) => get(target, { host })), handshake('/ws', { host }), frames(['x']), closeFrame()], options);
export default {
  about: 'Unix sockets and IPv6 as listeners and as upstreams, what their addresses look like in variables',
  listeners: [{ name: 'web', at: 'unix' }, 'http'],
  upstreams: { app: { listen: 'unix', script: { '/ws': webSocket() } }, six: { listen: '::1', script: {} } },
  connections: [tour('unix', { to: 'web' }, 'example.com'), tour('IPv6', { at: '::1' }, '[::1]:8080'), tour('IPv4', {}, 'example.com'), connection('1.0 over unix', get('/', { version: '1.0', host: null }), { to: 'web' })],
};
