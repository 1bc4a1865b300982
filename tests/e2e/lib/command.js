import { spawn } from 'node:child_process';

/** Runs a program to its end: {code, signal, stdout, stderr}, whatever the code. */
export function run(program, args, { input = '', timeoutMs = 30_000, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
    const result = { stdout: '', stderr: '' };
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    child.stdout.setEncoding('utf8').on('data', (text) => (result.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (result.stderr += text));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ ...result, code, signal });
    });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

/** curl, with what it said on the wire in `stderr`; throws where curl fails. */
export async function curl(...args) {
  const result = await run('curl', ['-sS', '-v', '--noproxy', '*', '--max-time', '20', ...args]);
  if (result.code !== 0) throw new Error(`curl ${args.join(' ')}: exit ${result.code}\n${result.stderr}`);
  const answer = result.stderr.match(/^< HTTP\/\S+ (\d+)/gm).at(-1);
  return {
    ...result,
    status: Number(answer.split(' ')[2]),
    header: (name) => result.stderr.match(new RegExp(`^< ${name}: (.*?)\r?$`, 'im'))?.[1],
  };
}
