import { connection, get, head, reply } from '../../lib/golden/words.js';

export default {
  about: 'Health checks, a status page that is kept from strangers, exporters behind folders',
  upstreams: { exporter: { '/metrics': reply(200, { 'Content-Type': 'text/plain; version=0.0.4' }, 'up 1\n') } },
  connections: [connection('checks', [get('/healthz'), head('/healthz'), get('/ready'), get('/status-denied'), get('/favicon.ico'), get('/node_exporter/metrics', { headers: { 'Accept-Encoding': 'gzip' } }), get('/prometheus/graph'), get('/prometheus/graph', { headers: { Authorization: 'Basic cHJvbTpzZWNyZXQ=' } }), get('/none')])],
};
