import { closeFrame, connection, frames, get, handshake, post, webSocket } from '../../lib/golden/words.js';

const host = 'app.example.com';
export default {
  about: 'A machine\'s default: nginx.conf with conf.d and sites-enabled, the default site and one more; include relative to the file',
  upstreams: { app: { '/ws': webSocket() } },
  connections: [
    connection('default site', [get('/', { host: 'anything' }), get('/folder', { host: 'anything:8080' }), get('/folder/', { host: 'x' }), get('/folder/page.html', { host: 'x' }), get('/.htaccess', { host: 'x' }), get('/nothing', { host: 'x' })]),
    connection('app', [get('/path?q=1', { host, headers: { 'X-Forwarded-For': '1.2.3.4' } }), post('/form', 'a=b', { host })]),
    connection('tunnel', [handshake('/ws', { host }), frames(['hi']), closeFrame()]),
    connection('IPv6', get('/', { host: '[::1]' }), { at: '::1' }),
  ],
  logs: [],
};
