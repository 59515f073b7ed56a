import { ModelError } from './model-error.ts';

export function abortedError(path?: string): ModelError {
  return new ModelError('retryLater', 'no answer from the device in time', path);
}

/**
 * Settles as `promise` does, or rejects when `signal` is aborted first. The promise is left to itself then.
 * @throws ModelError retryLater when aborted
 */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise<T>((resolve, reject) => {
    const fail = (): void => reject(abortedError());
    if (signal.aborted) {
      // The rejection of a promise that nobody waits for any more must not end the process.
      promise.catch(() => undefined);
      fail();
      return;
    }
    signal.addEventListener('abort', fail, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', fail));
  });
}
