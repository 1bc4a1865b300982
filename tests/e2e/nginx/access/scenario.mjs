import { closeFrame, connection, frames, get, handshake, head, post, request, webSocket } from '../../lib/golden/words.js';

const ann = { headers: { Authorization: `Basic ${Buffer.from('ann:secret').toString('base64')}` } };
const targets = ['/', '/office/', '/not-you/', '/not-you/inherits/', '/not-you/inherits2/a.txt', '/not-you/own/a.txt', '/any/', '/all/', '/hidden/'];
export default {
  about: 'allow, deny and satisfy, by addresses and passwords; limit_except; inheritance',
  upstreams: { app: { '/office/ws': webSocket() } },
  connections: [
    ...['127.0.0.1', '127.0.0.2', '127.1.2.3'].map((from) => connection(from, targets.map((target) => get(target)), { from })),
    connection('with a password', ['/any/', '/all/'].map((target) => get(target, ann))),
    connection('with a password from there', ['/any/', '/all/'].map((target) => get(target, ann)), { from: '127.0.0.2' }),
    connection('methods', [get('/methods/'), head('/methods/'), post('/methods/', 'x'), request('DELETE', '/methods/'), post('/methods2/', 'x'), request('PUT', '/methods2/', { body: 'x' }), request('PUT', '/methods2/', { body: 'x', ...ann })]),
    connection('methods from there', [request('PUT', '/methods2/', { body: 'x' }), request('PUT', '/methods2/', { body: 'x', ...ann }), handshake('/office/ws'), frames(['x']), closeFrame()], { from: '127.0.0.2' }),
    connection('handshake', [handshake('/office/ws'), get('/')]),
  ],
};
