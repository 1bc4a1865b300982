'use strict';

const PULSE_EVERY_MS = 100;
const LINES_KEPT = 200;
const POINTS_KEPT = 240;
const RETRY_FIRST_MS = 500;
const RETRY_LAST_MS = 8000;

const byId = (id) => document.getElementById(id);
const address = new URL('ws', location.href);
address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
byId('address').textContent = `The socket of this page: ${address.href}`;

// The connection. Echoes come back in order, so what waits for one is a queue.

let socket = null;
let waiting = [];         // {sentAt, line} of messages that have no echo yet; line: null for a pulse
let wanted = true;        // false after "Disconnect"
let retryMs = RETRY_FIRST_MS;
let retryTimer = 0;

function connect() {
  clearTimeout(retryTimer);
  wanted = true;
  waiting = [];
  show('connecting');
  const mine = new WebSocket(address);
  socket = mine;
  mine.onopen = () => {
    retryMs = RETRY_FIRST_MS;
    show('open');
    addLine('connected', 'event');
  };
  mine.onmessage = () => arrived();
  mine.onclose = (event) => {
    if (socket === mine) ended(event);
  };
}

function ended(event) {
  socket = null;
  stopPulse();
  const why = event.reason ? `: ${event.reason}` : '';
  addLine(`closed with ${event.code} (${meaning(event.code)})${why}`, 'event');
  show('closed');
  if (!wanted) return;
  retryTimer = setTimeout(connect, retryMs);
  retryMs = Math.min(retryMs * 2, RETRY_LAST_MS);
}

function meaning(code) {
  const words = {
    1000: 'normal', 1001: 'going away', 1002: 'protocol error', 1005: 'no code', 1006: 'cut without a Close',
    1009: 'message too big', 1011: 'the server failed', 1012: 'restart', 1013: 'try again later',
  };
  return words[code] ?? 'other';
}

function disconnect() {
  wanted = false;
  clearTimeout(retryTimer);
  if (socket) socket.close(1000);
  else show('closed');
}

function send(text, line) {
  if (!socket || socket.readyState !== WebSocket.OPEN) return;
  waiting.push({ sentAt: performance.now(), line });
  socket.send(text);
}

function arrived() {
  const message = waiting.shift();
  if (!message) return;
  const took = performance.now() - message.sentAt;
  if (message.line) message.line.querySelector('.took').textContent = milliseconds(took);
  record(took);
}

// The pulse.

let pulseTimer = 0;

function startPulse() {
  let number = 0;
  pulseTimer = setInterval(() => send(`pulse ${++number}`, null), PULSE_EVERY_MS);
  byId('pulse').setAttribute('aria-pressed', 'true');
}

function stopPulse() {
  clearInterval(pulseTimer);
  pulseTimer = 0;
  byId('pulse').setAttribute('aria-pressed', 'false');
}

// What is seen.

function show(state) {
  const pill = byId('state');
  pill.dataset.state = state;
  pill.textContent = state;
  byId('send').disabled = byId('pulse').disabled = state !== 'open';
  byId('connect').textContent = state === 'closed' ? 'Connect' : 'Disconnect';
}

function addLine(text, kind) {
  const list = byId('messages');
  const line = document.createElement('li');
  line.className = kind;
  for (const [name, content] of [['when', new Date().toLocaleTimeString()], ['what', text], ['took', '']]) {
    const part = document.createElement('span');
    part.className = name;
    part.textContent = content;
    line.append(part);
  }
  list.append(line);
  while (list.children.length > LINES_KEPT) list.firstChild.remove();
  list.scrollTop = list.scrollHeight;
  return line;
}

function milliseconds(value) {
  return `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`;
}

// The plot: one bar for each round trip, the newest at the right.

const points = [];
let total = 0;
let drawRequested = false;

function record(took) {
  points.push(took);
  if (points.length > POINTS_KEPT) points.shift();
  total += 1;
  if (drawRequested) return;
  drawRequested = true;
  requestAnimationFrame(() => {
    drawRequested = false;
    figures();
    draw();
  });
}

function figures() {
  const sorted = [...points].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  byId('last').textContent = milliseconds(points[points.length - 1]);
  byId('median').textContent = milliseconds(at(0.5));
  byId('p95').textContent = milliseconds(at(0.95));
  byId('count').textContent = String(total);
  byId('plot').setAttribute('aria-label',
    `Round trips of the latest ${points.length} messages: median ${milliseconds(at(0.5))}, ` +
    `95th percentile ${milliseconds(at(0.95))}`);
}

/** The next round number at or above the largest point: 1, 2 or 5 times a power of ten. */
function ceiling(largest) {
  const power = 10 ** Math.floor(Math.log10(largest));
  return [1, 2, 5, 10].map((step) => step * power).find((value) => value >= largest);
}

function axisLabel(value) {
  return value < 1000 ? `${Number(value.toPrecision(2))} ms` : `${value / 1000} s`;
}

function draw() {
  const canvas = byId('plot');
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const pen = canvas.getContext('2d');
  pen.scale(scale, scale);
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();

  const margin = { left: 52, top: 8, bottom: 8 };
  const top = ceiling(Math.max(0.1, ...points));
  const base = height - margin.bottom;
  const y = (value) => base - (value / top) * (base - margin.top);

  pen.font = '12px system-ui, sans-serif';
  pen.textAlign = 'right';
  pen.textBaseline = 'middle';
  for (const value of [0, top / 2, top]) {
    pen.fillStyle = colour('--quiet');
    pen.fillText(axisLabel(value), margin.left - 8, y(value));
    pen.fillStyle = colour('--line');
    pen.fillRect(margin.left, Math.round(y(value)), width - margin.left, 1);
  }

  const step = (width - margin.left) / POINTS_KEPT;
  pen.fillStyle = colour('--accent');
  points.forEach((value, index) => {
    const x = width - (points.length - index) * step;
    pen.fillRect(x, y(value), Math.max(step - 1, 1), Math.max(base - y(value), 1));
  });
}

byId('form').addEventListener('submit', (event) => {
  event.preventDefault();
  const input = byId('text');
  send(input.value, addLine(input.value, 'message'));
  input.value = '';
  input.focus();
});
byId('pulse').addEventListener('click', () => (pulseTimer ? stopPulse() : startPulse()));
byId('connect').addEventListener('click', () => (byId('state').dataset.state === 'closed' ? connect() : disconnect()));
window.addEventListener('resize', draw);
window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
draw();
connect();
