import { closeFrame, connection, frames, get, handshake, reply, webSocket } from '../../lib/golden/words.js';

const node = { '/socket.io/': (request, link) => (/websocket/.test(request.start) ? webSocket() : reply())(request, link) };
const sids = ['n3vKu', 'Zp-8a', 'lkj3', '00aa', 'ZZZZ', 'x', 'y', 'z', 'abcdefgh', '7'];

export default {
  about: 'hash consistent (the same ring of points as nginx) and plain hash, with weights and a server that is down',
  upstreams: { node1: node, node2: node, node3: node },
  connections: [
    connection('polls', sids.map((sid) => get(`/socket.io/?EIO=4&transport=polling&sid=${sid}`))),
    connection('without a session', get('/socket.io/?EIO=4')),
    ...sids.slice(0, 3).map((sid) => connection(`tunnel ${sid}`, [handshake(`/socket.io/?EIO=4&transport=websocket&sid=${sid}`), frames(['2probe']), closeFrame()])),
    connection('plain', Array.from({ length: 12 }, (_, i) => get(`/plain/${i}`))),
  ],
};
