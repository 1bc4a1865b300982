'use strict';

// What numbers, spans and times look like. A value that is not there (null, undefined, NaN) is a dash.

const DASH = '–';
const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const known = (value) => typeof value === 'number' && Number.isFinite(value);

/** `value` in units of `step` with its prefix, three digits. */
function scaled(value, step, units) {
  let index = 0;
  while (value >= 999.5 && index < units.length - 1) {
    value /= step;
    index += 1;
  }
  if (index === 0) return `${grouped.format(value)}${units[0]}`;
  return `${value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)}${units[index]}`;
}

/** How many there are: to the last one below a million. */
function count(value) {
  if (!known(value)) return DASH;
  return value < 1e6 ? grouped.format(value) : scaled(value, 1000, ['', ' k', ' M', ' G', ' T']);
}

/** How many per second. */
function rate(value) {
  if (!known(value)) return DASH;
  if (value > 0 && value < 9.95) return value < 0.1 ? '<0.1' : value.toFixed(1);
  return scaled(value, 1000, ['', ' k', ' M', ' G', ' T']);
}

function bytes(value) {
  if (!known(value)) return DASH;
  return scaled(value, 1024, [' B', ' KiB', ' MiB', ' GiB', ' TiB', ' PiB']);
}

/** A time that is waited for: 0.21 ms, 35 ms, 1.25 s. */
function wait(seconds) {
  if (!known(seconds)) return DASH;
  if (seconds < 0.9995) return `${(seconds * 1000).toFixed(seconds < 0.00995 ? 2 : seconds < 0.0995 ? 1 : 0)} ms`;
  return `${seconds.toFixed(seconds < 9.995 ? 2 : 1)} s`;
}

/** A time that is lived through: 12 s, 4 min 05 s, 3 h 12 min, 9 d 4 h. */
function span(seconds) {
  if (!known(seconds)) return DASH;
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value) => String(value).padStart(2, '0');
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
  return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
}

/** The clock of whoever looks, 24 hours; on another day than today to the minute, with the day. */
function clock(moment) {
  const date = new Date(moment);
  if (Number.isNaN(date.getTime())) return DASH;
  const time = date.toLocaleTimeString('en-GB');
  if (date.toDateString() === new Date().toDateString()) return time;
  return `${date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })} ${time.slice(0, 5)}`;
}

const plural = (value, one, many) => `${count(value)} ${value === 1 ? one : many}`;
