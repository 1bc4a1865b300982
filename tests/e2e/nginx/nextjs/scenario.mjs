import { closeFrame, connection, frames, get, handshake, head, reply, webSocket } from '../../lib/golden/words.js';

export default {
  about: 'Next.js: assets with long lives, streamed pages, hot reloading; the headers that a location sets replace those of the server',
  upstreams: {
    app: {
      '/_next/static/chunk.js': reply(200, { 'Content-Type': 'application/javascript', 'Cache-Control': 'public, max-age=31536000, immutable', ETag: '"abc"' }, 'js'),
      '/static/logo.png': reply(200, { 'Content-Type': 'image/png', 'Cache-Control': 'max-age=1' }, 'png'),
      '/stream': reply(200, { 'Content-Type': 'text/html', 'X-Powered-By': 'Next.js' }, undefined, { framing: 'chunked', pieces: ['<html>', '<body>', '</html>'] }),
      '/_next/webpack-hmr': webSocket(),
      '/404': reply(404, { 'X-Powered-By': 'Next.js' }, 'missing'),
    },
  },
  connections: [
    connection('a page and what it loads', [
      get('/'), get('/_next/static/chunk.js'), get('/static/logo.png'), get('/stream'), head('/stream'), get('/404'),
      get('/_next/image?url=%2Flogo.png&w=64&q=75'), get('/api/a%2Fb'),
    ]),
    connection('hot reloading', [handshake('/_next/webpack-hmr?id=1', { host: 'localhost:3000' }), frames(['{"event":"ping"}']), closeFrame()]),
    connection('not changed', get('/_next/static/chunk.js', { headers: { 'If-None-Match': '"abc"' } })),
  ],
};
