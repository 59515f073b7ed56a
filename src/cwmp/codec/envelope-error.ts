/**
 * What came is no envelope that could be answered with a CWMP message: not well-formed, not SOAP 1.1, no body, or a header
 * that must be understood and is not. It is answered with a plain SOAP fault of that faultcode [SOAP 1.1 4.4.1].
 */
export class EnvelopeError extends Error {
  readonly fault: 'Client' | 'MustUnderstand' | 'VersionMismatch';
  /** cwmp:ID, when it was read before the error. */
  readonly requestId: string | undefined;

  constructor(
    fault: 'Client' | 'MustUnderstand' | 'VersionMismatch',
    reason: string,
    requestId?: string,
    options?: ErrorOptions,
  ) {
    super(reason, options);
    this.name = 'EnvelopeError';
    this.fault = fault;
    this.requestId = requestId;
  }
}
