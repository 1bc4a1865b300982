import { connection, get } from '../../lib/golden/words.js';

const said = (target, value, name = 'X-Real-IP', rest = {}) => get(target, { headers: { [name]: value }, ...rest });
const targets = ['/', '/here/', '/here/deeper/', '/elsewhere/', '/denied/', '/counted/', '/rewritten/', '/passed/', '/both/'];
export default {
  about: 'real_ip by location: what the server has found stays, else the location decides, before its access phase; unix sockets',
  listeners: ['http', { name: 'sock', at: 'unix' }],
  upstreams: { app: {} },
  logs: ['who.log'],
  connections: [
    connection('by the location', targets.map((target) => said(target, '203.0.113.9'))),
    connection('of another field', targets.map((target) => said(target, '203.0.113.9', 'X-Other'))),
    connection('both fields', targets.map((target) => get(target, { headers: { 'X-Real-IP': '203.0.113.1', 'X-Other': '203.0.113.2:99' } }))),
    connection('asked for before', said('/asked/', '203.0.113.9')),
    connection('by the server', ['/', '/here/'].map((target) => get(target, { host: 'trusting.example.com', headers: { 'X-Real-IP': '203.0.113.1', 'X-Other': '203.0.113.2' } }))),
    connection('of a peer that only the location trusts', [said('/here/', '203.0.113.9'), said('/both/', '203.0.113.9')], { from: '127.0.0.2' }),
    connection('who is behind a unix socket', [said('/', '203.0.113.9'), said('/unix/', '203.0.113.9'), said('/unix/', '203.0.113.9, 10.0.0.1', 'X-Forwarded-For'), said('/denied/', '203.0.113.9')], { to: 'sock' }),
  ],
  differences: [
    { at: 'upstream app GET /asked/ HTTP/1.0 #1 x-client', nginx: '127.0.0.1', here: '203.0.113.9', why: '$remote_addr is the address that holds, though it was asked for before' },
    { at: /^log who.log: 127\.0\.0\.1\|.*\|\/asked\/$/, here: null, why: 'the same' },
    { at: /^log who.log: 203\..*\.9\|.*\|\/asked\/$/, nginx: null, why: 'the same' },
  ],
};
