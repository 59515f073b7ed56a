import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Broadband Forum schemas, beside the repository: never part of it. */
export const BBF_DIRECTORY = fileURLToPath(new URL('../../../shared/bbf/', import.meta.url));

/** Files given to one run of xmllint; a command line has room for some thousands. */
const BATCH = 200;

/**
 * Why envelopes cannot be validated on this machine; undefined when they can. A test that gets a reason calls
 * `this.skip()` and has the reason in its title.
 * @throws Error in CI, when the schemas are there but not the tool
 */
export function schemaSkipReason(): string | undefined {
  if (!existsSync(join(BBF_DIRECTORY, 'cwmp-envelope-all.xsd')))
    return 'no ../shared/bbf with the CWMP schemas';
  if (spawnSync('xmllint', ['--version']).error === undefined) return undefined;
  const reason = 'no xmllint (Debian: libxml2-utils)';
  if (process.env.CI === 'true')
    throw new Error(`${reason}, though the schemas are there: CI must not skip this`);
  return reason;
}

/**
 * Validates whole envelopes against SOAP 1.1 and CWMP 1.0 to 1.4.
 * @returns one line for each complaint, with the index of the envelope; empty when all are valid
 */
export function validateEnvelopes(envelopes: readonly string[]): string[] {
  const directory = mkdtempSync(join(tmpdir(), 'cwmp-schema-'));
  try {
    const complaints: string[] = [];
    for (let start = 0; start < envelopes.length; start += BATCH) {
      const files = envelopes.slice(start, start + BATCH).map((envelope, index) => {
        // The schemas check SOAP's content laxly: an unknown namespace would pass unseen.
        if (!/"urn:dslforum-org:cwmp-1-[012]"/.test(envelope)) {
          complaints.push(`envelope ${start + index}: not in a namespace that has a schema`);
        }
        const file = join(directory, `envelope-${start + index}.xml`);
        writeFileSync(file, envelope);
        return file;
      });
      complaints.push(...runXmllint(files, directory));
    }
    return complaints;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Validates other documents against one of the published schemas, e.g. `cwmp-devicetype-1-6.xsd`. @returns the complaints */
export function validateDocuments(documents: readonly string[], schemaFile: string): string[] {
  const directory = mkdtempSync(join(tmpdir(), 'cwmp-schema-'));
  try {
    const files = documents.map((document, index) => {
      const file = join(directory, `envelope-${index}.xml`);
      writeFileSync(file, document);
      return file;
    });
    return runXmllint(files, directory, schemaFile);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function runXmllint(
  files: readonly string[],
  directory: string,
  schemaFile = 'cwmp-envelope-all.xsd',
): string[] {
  const schema = join(BBF_DIRECTORY, schemaFile);
  const result = spawnSync('xmllint', ['--nonet', '--noout', '--huge', '--schema', schema, ...files], {
    encoding: 'utf8',
    env: { ...process.env, XML_CATALOG_FILES: join(BBF_DIRECTORY, 'catalog.xml') },
    maxBuffer: 64 * 1024 * 1024,
  });
  if (result.error !== undefined) throw result.error;
  if (result.status === 0) return [];
  const complaints = result.stderr
    .replaceAll(join(directory, 'envelope-'), 'envelope ')
    .split('\n')
    .filter((line) => line !== '' && !line.endsWith(' validates'));
  return complaints.length > 0 ? complaints : [`xmllint ended with ${result.status}`];
}
