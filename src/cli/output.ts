/** Where a command writes: data and messages never mix. */
export interface Output {
  /** Data, to standard output. */
  write(text: string): void;
  /** Errors and warnings, to standard error; one line each. */
  message(line: string): void;
  /** What is going on, for a person who waits: only shown on a terminal. */
  progress(line: string): void;
  /** Columns of the terminal; undefined when data goes to a file or pipe. */
  readonly columns: number | undefined;
}

/** Text from the network must not move the cursor, forge lines or recolour a terminal. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '\u00b7');
}

/** Standard output and error. When the reader of a pipe leaves (`| head`), what is left to say is dropped. */
export function processOutput(): Output {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  return {
    write: (text) => void process.stdout.write(text),
    message: (line) => void process.stderr.write(`${line}\n`),
    progress: (line) => {
      if (process.stderr.isTTY) process.stderr.write(`${line}\n`);
    },
    columns: process.stdout.isTTY ? process.stdout.columns : undefined,
  };
}
