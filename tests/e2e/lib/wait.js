/** Resolves once `condition()` is truthy, to what it answered; rejects when `timeoutMs` have passed. */
export async function until(condition, what, timeoutMs = 10_000) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await condition();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The first `event` of `emitter`, as the array of its arguments. */
export function once(emitter, event, timeoutMs = 10_000) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => finish(reject, new Error(`waited ${timeoutMs} ms for "${event}"`)), timeoutMs);
    const on = (...args) => finish(resolve, args);
    const onError = (error) => finish(reject, error);
    function finish(how, value) {
      clearTimeout(timer);
      emitter.off(event, on);
      emitter.off('error', onError);
      how(value);
    }
    emitter.on(event, on);
    if (event !== 'error') emitter.on('error', onError);
  });
}
