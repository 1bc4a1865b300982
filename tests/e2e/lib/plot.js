import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const reports = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../build/reports');
const width = 800;
const height = 400;
const margin = { left: 60, right: 60, top: 40, bottom: 50 };

/**
 * Writes build/reports/NAME.svg: when things happened (seconds, each one number of `times`), as a histogram of `bins`
 * bars over `span` seconds, with their share so far as a line and an even share as a dashed one. Answers the counts.
 */
export function plotSpread(name, { title, times, span, bins }) {
  const counts = new Array(bins).fill(0);
  for (const time of times) counts[Math.max(0, Math.min(bins - 1, Math.floor((time / span) * bins)))] += 1;
  const most = Math.max(...counts, 1);
  const inner = { width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };
  const x = (seconds) => margin.left + (seconds / span) * inner.width;
  const y = (share) => margin.top + (1 - share) * inner.height;
  const bar = (count, i) => `<rect x="${x((i * span) / bins) + 1}" y="${y(count / most)}" width="${inner.width / bins - 2}" `
    + `height="${(count / most) * inner.height}" fill="#9ecae1"/>`;
  const sorted = [...times].sort((a, b) => a - b);
  const line = sorted.map((time, i) => `${x(Math.min(time, span)).toFixed(1)},${y((i + 1) / sorted.length).toFixed(1)}`).join(' ');
  const text = (left, top, words, anchor = 'middle') => `<text x="${left}" y="${top}" text-anchor="${anchor}">${words}</text>`;
  const ticks = Array.from({ length: 6 }, (_, i) => text(x((span * i) / 5), height - margin.bottom + 18, String((span * i) / 5)));
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<rect width="${width}" height="${height}" fill="#fff"/>
${counts.map(bar).join('\n')}
<line x1="${x(0)}" y1="${y(0)}" x2="${x(span)}" y2="${y(1)}" stroke="#888" stroke-dasharray="4 4"/>
<polyline points="${line}" fill="none" stroke="#d95f02" stroke-width="2"/>
<line x1="${x(0)}" y1="${y(0)}" x2="${x(span)}" y2="${y(0)}" stroke="#333"/>
${ticks.join('\n')}
${text(width / 2, 22, title)}
${text(width / 2, height - 10, 'seconds since the signal')}
${text(margin.left - 6, y(1) + 4, String(most), 'end')}${text(margin.left - 6, y(0) + 4, '0', 'end')}
${text(width - margin.right + 6, y(1) + 4, '100 %', 'start')}
</svg>
`;
  fs.mkdirSync(reports, { recursive: true });
  fs.writeFileSync(path.join(reports, `${name}.svg`), svg);
  return counts;
}
