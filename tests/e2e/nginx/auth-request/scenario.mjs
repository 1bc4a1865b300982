import { chunked, closeFrame, connection, frames, get, handshake, post, reply, webSocket } from '../../lib/golden/words.js';

const auth = (request, link) => {
  const status = Number(request.fields.find(([name]) => /^x-want$/i.test(name))?.[1] ?? 200);
  const fields = status === 401 ? { 'WWW-Authenticate': 'Bearer realm="api"' } : { 'X-User': 'ann', 'Set-Cookie': 'sso=1' };
  return reply(status, fields, status === 200 ? '' : 'the body of the auth server')(request, link);
};
const want = (status) => ({ headers: { 'X-Want': String(status) } });
export default {
  about: 'auth_request: allowed, denied, 401 with its challenge, other answers, fields for the upstream and the client, no body to the auth server',
  upstreams: { auth, app: { '/ws': webSocket(), '/error': reply(500, {}, 'x') } },
  refusing: ['nobody'],
  connections: [
    connection('get', [get('/page?x=1'), get('/page', want(204)), get('/page', want(401)), get('/page', want(403)), get('/page', want(500)), get('/page', want(302)), get('/error')]),
    connection('plain', [get('/plain401/', want(401)), get('/off/', want(401)), get('/static/a.txt'), get('/static/a.txt', want(403)), get('/local/?key=letmein'), get('/local/'), get('/dead/'), get('/returned/', want(403)), get('/auth')]),
    connection('post', [post('/form', 'a=b'), post('/form', 'a=b', want(403)), post('/upload', chunked('abc', 'def'), { headers: { 'Transfer-Encoding': 'chunked' } }), post('/big', 'x'.repeat(100000))]),
    connection('handshake denied', [handshake('/ws', want(403)), get('/after')]),
    connection('handshake', [handshake('/ws'), frames(['hi']), closeFrame()]),
  ],
};
