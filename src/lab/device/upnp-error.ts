const DESCRIPTIONS: Readonly<Record<number, string>> = {
  401: 'Invalid Action',
  402: 'Invalid Args',
  501: 'Action Failed',
  606: 'Action not authorized',
  701: 'Invalid Argument Syntax',
  702: 'Invalid XML Argument',
  703: 'No Such Name',
  704: 'Invalid Value Type',
  705: 'Invalid Value',
  706: 'Read Only Violation',
  707: 'Multiple Set',
  708: 'Resource Temporarily Unavailable',
  709: 'Resources Exceeded',
};

/** What an action answers instead of its result [UDA 3.2.5]: a code of UDA or of the service. */
export class UpnpError extends Error {
  readonly code: number;

  constructor(code: number, description = DESCRIPTIONS[code] ?? 'Action Failed') {
    super(description);
    this.name = 'UpnpError';
    this.code = code;
  }
}
