import { chunked, connection, conversation, get, post, raw, request } from '../../lib/golden/words.js';

const [fits, above] = ['x'.repeat(1024), 'x'.repeat(1025)];
const inChunks = (text) => ({ headers: { 'Transfer-Encoding': 'chunked' }, body: chunked(text.slice(0, 700), text.slice(700)) });
export default {
  about: 'client_max_body_size: at the edge, chunked, none, streamed, the page for it, what becomes of the connection',
  upstreams: { app: {} },
  connections: [
    connection('lengths', [post('/', fits), post('/', above), post('/large/', above), post('/large/', 'y'.repeat(102401)), post('/none/', 'y'.repeat(200000)), post('/page/', above), post('/named/', above), get('/after')]),
    connection('chunked', [request('POST', '/', inChunks(fits)), request('POST', '/', inChunks(above)), request('POST', '/large/', inChunks(above)), request('POST', '/page/', inChunks(above)), get('/after')]),
    connection('streamed', [post('/streamed/', fits), post('/streamed/', above), request('POST', '/streamed/', inChunks(fits))]),
    connection('not proxied', [post('/return/', fits), post('/return/', above), post('/files/a.txt', fits), get('/return/')]),
    connection('announced and not sent', raw(`POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5000\r\n\r\n`)),
    connection('expecting 100', conversation(raw('POST /large/ HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n'), { after: (answers) => answers.length > 0, bytes: 'hello' })),
    connection('expecting 100 for too much', raw('POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n')),
  ],
  differences: [
    { at: 'upstream app POST /streamed/ HTTP/1.1 #2 content-length', nginx: '1024', here: null, why: 'a chunked body that is not buffered goes on in chunks, even where all of it came with its head' },
    { at: 'upstream app POST /streamed/ HTTP/1.1 #2 framing', nginx: 'length', here: 'chunked', why: 'as above' },
    { at: 'upstream app POST /streamed/ HTTP/1.1 #2 transfer-encoding', nginx: null, here: 'chunked', why: 'as above' },
  ],
};
