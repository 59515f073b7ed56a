import { ModelError, type ModelErrorKind } from '../../datamodel/model-error.ts';
import { ActionError } from '../../upnp/types.ts';

/**
 * ConfigurationManagement error codes [CMS:2 2.4] and what they mean for the data model. The same numbers mean other things in
 * BMS and SMS, so this table is for CMS actions only.
 */
const CMS_ERRORS: ReadonlyMap<number, ModelErrorKind> = new Map([
  [401, 'readOnly'],
  [402, 'internal'],
  // [UDA 3.2.2] The present state of the service prevents it: a device that restarts says so.
  [501, 'retryLater'],
  [600, 'invalidValue'],
  [601, 'invalidValue'],
  [602, 'readOnly'],
  [603, 'retryLater'],
  [604, 'denied'],
  [605, 'invalidValue'],
  [606, 'denied'],
  [701, 'invalidArguments'],
  [702, 'internal'],
  [703, 'invalidName'],
  [704, 'invalidType'],
  [705, 'invalidValue'],
  [706, 'readOnly'],
  [707, 'invalidArguments'],
  [708, 'retryLater'],
  [709, 'resourcesExceeded'],
]);

/** What a failed CMS action means for the data model; `path` is the parameter or object it was about, if that is known. */
export function modelErrorOf(error: unknown, path?: string): ModelError {
  if (error instanceof ModelError) return error;
  if (error instanceof ActionError && error.source === 'upnp') {
    return new ModelError(
      CMS_ERRORS.get(error.code) ?? 'internal',
      `the device refused: ${error.message}`,
      path,
      { cause: error },
    );
  }
  if (error instanceof ActionError) {
    return new ModelError('retryLater', `the device gave no usable answer: ${error.message}`, path, {
      cause: error,
    });
  }
  if (error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')) {
    return new ModelError('retryLater', 'the device did not answer in time', path, { cause: error });
  }
  return new ModelError('internal', error instanceof Error ? error.message : String(error), path, {
    cause: error,
  });
}
