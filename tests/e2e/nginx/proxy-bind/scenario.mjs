import { connection, get } from '../../lib/golden/words.js';

export default {
  about: 'proxy_bind: an address, off, what variables say, nonsense',
  connections: [
    connection('all', ['/', '/address/', '/inner/off', '/variable/?from=127.0.0.6', '/variable/?from=127.0.0.7', '/variable/', '/variable/?from=nonsense', '/peer/'].map((target) => get(target))),
    connection('from another address', [get('/peer/')], { from: '127.0.0.8' }),
  ],
};
