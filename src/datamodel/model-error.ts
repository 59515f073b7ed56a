/**
 * What can go wrong with a path or a value, independent of CWMP and of UPnP.
 * `retryLater` = the Proxied Device is busy or away: the same request may succeed later.
 */
export type ModelErrorKind =
  | 'invalidName'
  | 'invalidType'
  | 'invalidValue'
  | 'readOnly'
  | 'invalidArguments'
  | 'resourcesExceeded'
  | 'notificationRefused'
  | 'denied'
  | 'retryLater'
  | 'internal';

export interface ModelErrorOptions extends ErrorOptions {
  readonly mayBeDone?: boolean;
}

/** One failure at one path. The message is for operators: it never contains a secret value. */
export class ModelError extends Error {
  readonly kind: ModelErrorKind;
  /** The data model path it is about; undefined when it concerns the whole request. */
  readonly path: string | undefined;
  /** The device was asked and only its answer is missing: it may have done it nevertheless. */
  readonly mayBeDone: boolean;

  constructor(kind: ModelErrorKind, message: string, path?: string, options: ModelErrorOptions = {}) {
    super(message, options);
    this.name = 'ModelError';
    this.kind = kind;
    this.path = path;
    this.mayBeDone = options.mayBeDone ?? false;
  }
}

/** A refused SetParameterValues: one ModelError per bad parameter. Nothing was applied. */
export class TransactionError extends Error {
  readonly faults: readonly ModelError[];

  constructor(faults: readonly ModelError[]) {
    super(faults.map((fault) => `${fault.path ?? '(request)'}: ${fault.message}`).join('; '));
    this.name = 'TransactionError';
    this.faults = faults;
  }
}
