import path from 'node:path';

import { run } from './command.js';

/** A self-signed certificate for `names` as two PEM files in `directory`. `kind`: ec or rsa. */
export async function makeCertificate(directory, name = 'localhost', { names = ['localhost'], kind = 'ec' } = {}) {
  const certificate = path.join(directory, `${name}.pem`);
  const privateKey = path.join(directory, `${name}.key`);
  const algorithm = kind === 'ec' ? ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] : ['-newkey', 'rsa:2048'];
  const alternatives = names.map((each) => (/^[\d.]+$/.test(each) ? `IP:${each}` : `DNS:${each}`)).join(',');
  const result = await run('openssl', [
    'req', '-x509', ...algorithm, '-nodes', '-days', '2', '-subj', `/CN=${names[0]}`, '-addext',
    `subjectAltName=${alternatives}`, '-keyout', privateKey, '-out', certificate,
  ]);
  if (result.code !== 0) throw new Error(result.stderr);
  return { certificate, privateKey };
}
