import { connection, get, later, openGate, reply, send } from '../../lib/golden/words.js';

const server = { '/least/held': reply(200, {}, 'held', { gate: 'door' }), '/limited/held': reply(200, {}, 'held', { gate: 'door' }) };
const times = (count, target, more = '') => connection(target, Array.from({ length: count }, (_, i) => get(`/${target}/${i}${more.replace('#', i)}`)));
export default {
  about: 'upstream: round robin smooth over weights, down, backup, max_fails, least_conn, max_conns, hash, servers that refuse',
  upstreams: { a: server, b: server, c: server },
  refusing: ['dead', 'dead2'],
  connections: [
    times(7, 'even'), times(16, 'weighted'), times(5, 'one_down'), times(5, 'backed'), times(4, 'forgiving'), times(3, 'all_dead'),
    times(7, 'least'), times(6, 'least_weighted'), times(12, 'hashed', '?k=key#'), times(12, 'hashed_dead', '?k=key#'), times(4, 'two_addresses'),
    connection('held 1', [send(get('/least/held')), later(50)], { stays: true }),
    connection('beside it', Array.from({ length: 4 }, (_, i) => get(`/least/x${i}`))),
    connection('held 2', [send(get('/limited/held')), later(50)], { stays: true }),
    connection('beside that', [get('/limited/x'), get('/limited/y')]),
    connection('held 3', [send(get('/limited/held')), later(50)], { stays: true }),
    connection('all taken', [get('/limited/z'), ...['a', 'b', 'c'].map((name) => openGate(name, 'door'))]),
  ],
};
