import { connection, get } from '../../lib/golden/words.js';

export default {
  about: 'What the harness is tried with',
  upstreams: { app: {} },
  connections: [connection('all', [get('/'), get('/text')])],
};
