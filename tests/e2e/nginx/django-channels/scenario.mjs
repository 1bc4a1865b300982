import { closeFrame, connection, frames, get, handshake, hangUp, post, reply, webSocket } from '../../lib/golden/words.js';

export default {
  about: 'Django: files first, gunicorn behind a named location, Channels beside it, X-Accel-Redirect, a page for errors',
  upstreams: {
    gunicorn: {
      '/accounts/login/': reply(302, { Location: 'http://example.com/next/' }, ''),
      '/download/': reply(200, { 'X-Accel-Redirect': '/protected/report.csv', 'Content-Type': 'text/csv', 'Content-Disposition': 'attachment; filename="report.csv"' }, ''),
      '/broken/': hangUp(),
      '/own-error/': reply(500, {}, 'a traceback'),
    },
    daphne: { '/ws/chat/lobby/': webSocket() },
  },
  connections: [
    connection('files and pages', [get('/robots.txt'), get('/'), get('/accounts/login/'), post('/comment/', 'text=x', { headers: { 'Content-Type': 'application/x-www-form-urlencoded', Referer: 'http://example.com/' } })]),
    connection('from a protected folder', [get('/download/'), get('/protected/report.csv')]),
    connection('errors', [get('/own-error/'), get('/broken/'), get('/after')]),
    connection('chat', [handshake('/ws/chat/lobby/', { headers: { Origin: 'http://example.com' } }), frames(['{"message":"hi"}']), closeFrame()]),
  ],
};
