/** A document that is not well-formed, or that is over a limit. Line and column count from 1; 0 when unknown. */
export class XmlError extends Error {
  readonly line: number;
  readonly column: number;

  constructor(reason: string, line = 0, column = 0) {
    super(line > 0 ? `XML line ${line}, column ${column}: ${reason}` : `XML: ${reason}`);
    this.name = 'XmlError';
    this.line = line;
    this.column = column;
  }
}
