import {
  answers, arrived, connection, get, openGate, pipelined, post, reply, send, silence, vanish,
} from '../../lib/golden/words.js';

export default {
  about: 'Long polling: an answer that takes its time, one that never comes, a client that gives up',
  upstreams: { app: { '/poll': async (request, link) => { await link.gate('news'); return reply(200, {}, 'news')(request, link); }, '/short': silence(), '/page': silence(), '/abandoned': silence() } },
  connections: [
    connection('waits', [send(get('/poll?since=1')), arrived('app', 1), openGate('app', 'news'), answers(), get('/poll?since=2')]),
    connection('too long', [get('/short')]),
    connection('too long, with a page', [get('/page'), post('/short', 'body')]),
    connection('gives up', [send(get('/abandoned')), arrived('app', 6), vanish()]),
    connection('pipelined behind it', [pipelined(get('/poll'), get('/idle'))]),
  ],
};
