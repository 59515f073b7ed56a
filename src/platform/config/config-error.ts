/** One thing wrong with the configuration. */
export interface ConfigProblem {
  /** The file as given, or `--set`. */
  readonly source: string;
  /** Line and column from 1; undefined for `--set` and for what is missing altogether. */
  readonly line: number | undefined;
  readonly column: number | undefined;
  /** Dotted key; empty for the document as a whole. */
  readonly path: string;
  /** What is wrong, and what is allowed. Never holds a secret. */
  readonly message: string;
}

/** The configuration cannot be used. The message has one line per problem: `FILE:LINE: key.path: what is wrong; allowed: …`. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

function formatProblem({ source, line, path, message }: ConfigProblem): string {
  const place = line === undefined ? source : `${source}:${line}`;
  return path === '' ? `${place}: ${message}` : `${place}: ${path}: ${message}`;
}
