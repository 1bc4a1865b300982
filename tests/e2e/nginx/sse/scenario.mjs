import { answers, arrived, bodySoFar, connection, get, openGate, reply, send, serverEnds, silence, vanish } from '../../lib/golden/words.js';

const events = { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' };
const held = (framing) => async (request, link) => {
  link.write(`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n${framing === 'chunked' ? 'Transfer-Encoding: chunked' : 'Connection: close'}\r\nX-Accel-Buffering: no\r\n\r\n${framing === 'chunked' ? '9\r\ndata: 1\n\n\r\n' : 'data: 1\n\n'}`);
  await link.gate('more');
  link.write(framing === 'chunked' ? '9\r\ndata: 2\n\n\r\n0\r\n\r\n' : 'data: 2\n\n');
  if (framing !== 'chunked') link.end();
};
const dies = (request, link) => {
  link.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n');
  setTimeout(() => link.end(), 30);
};
export default {
  about: 'Server-sent events: the first comes before the last is there, streams that end, that are cut, that fall silent, clients that leave',
  upstreams: { app: { '/events/held': held('chunked'), '/events/eof': held('close'), '/one-zero/eof': held('close'), '/events/done': reply(200, events, undefined, { framing: 'chunked', pieces: ['data: a\n\n', 'data: b\n\n', ': comment\n\n'] }), '/buffered/held': held('chunked'), '/events/dies': dies, '/buffered/silent': silence(), '/short/x': held('chunked') } },
  connections: [
    connection('held', [send(get('/events/held')), bodySoFar(/data: 1/), openGate('app', 'more'), answers(), get('/events/done')]),
    connection('until the end', [get('/events/eof')]), connection('one zero', [get('/one-zero/eof')]), connection('buffering off by the upstream', [get('/buffered/held'), get('/events/done')]),
    connection('cut', [get('/events/dies'), serverEnds()]),
    connection('a client that leaves', [send(get('/buffered/silent')), arrived('app', 8), vanish()]),
  ],
};
