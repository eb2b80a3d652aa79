/**
 * Until 0.87 React Native's AbortController is one of 2019 (`abort-controller` 3.0.0): its signals have neither a reason
 * nor `throwIfAborted`, which p-retry insists on. They get both here, as the DOM standard has them.
 */
export function completeAbort(): void {
  const signal: Partial<AbortSignal> = new AbortController().signal;
  if (signal.throwIfAborted) return;
  const reasons = new WeakMap<AbortSignal, unknown>();
  const { prototype } = AbortController;
  const { abort } = prototype;
  prototype.abort = function (reason: unknown = new Error('The operation was aborted')) {
    // The first reason stays.
    if (!this.signal.aborted) reasons.set(this.signal, reason);
    abort.call(this);
  };
  Object.defineProperties(Object.getPrototypeOf(signal), {
    reason: {
      get(this: AbortSignal) {
        return reasons.get(this);
      },
    },
    throwIfAborted: {
      value(this: AbortSignal) {
        if (this.aborted) throw this.reason;
      },
    },
  });
}
