import { closeFrame, connection, frames, get, handshake, post, reply, webSocket } from '../../lib/golden/words.js';

export default {
  about: 'Grafana under a prefix, taken off by rewrite ... break; Grafana Live',
  upstreams: { grafana: { '/api/live/ws': webSocket(), '/login': reply(302, { Location: 'http://localhost/grafana/' }, '') } },
  connections: [
    connection('pages', [get('/'), get('/grafana'), get('/grafana/'), get('/grafana/d/abc/my%20board?orgId=1&from=now-1h&var-a=%26'), get('/grafana/login'), get('/grafana/a%2Fb%3Fc')]),
    connection('live', [handshake('/grafana/api/live/ws'), frames(['{"id":1,"connect":{}}']), closeFrame()]),
    connection('api', [post('/grafana/api/ds/query?ds_type=prometheus', '{"queries":[]}', { headers: { 'Content-Type': 'application/json', 'X-Grafana-Org-Id': '1' } })]),
  ],
};
