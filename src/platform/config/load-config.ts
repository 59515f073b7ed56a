import { createPrivateKey, X509Certificate } from 'node:crypto';
import { open } from 'node:fs/promises';
import { arch } from 'node:os';
import { dirname, resolve } from 'node:path';
import * as v from 'valibot';

import type { AcsTlsConfig, Config } from './config.ts';
import { ConfigError } from './config-error.ts';
import type { ConfigProblem } from './config-error.ts';
import { applyOverrides } from './overrides.ts';
import { configSchema, SECRET_KEYS } from './schema.ts';
import type { ConfigInput } from './schema.ts';
import { findShapeProblems, findValueProblems } from './schema-problems.ts';
import { parseYamlSource } from './yaml-source.ts';

/** The default, good for a lab only: DeviceIds have to be unique. */
const NOBODYS_OUI = '000000';
const LARGEST_CONFIG_BYTES = 1024 * 1024;
const LARGEST_REFERENCED_BYTES = 256 * 1024;

/**
 * Reads, checks and completes the configuration.
 * @param overrides `KEY=VALUE` each, dotted keys, JSON values (what is not JSON is text); they win over the file
 * @throws ConfigError with everything that is wrong
 */
export async function loadConfig(file: string, overrides: readonly string[]): Promise<Config> {
  const text = await readConfigFile(file);
  const yaml = parseYamlSource(file, text);
  const { data, isOverridden } = applyOverrides(yaml.data ?? {}, overrides);
  const problemAt = (path: readonly string[], message: string): ConfigProblem => {
    const fromCommandLine = isOverridden(path);
    const place = fromCommandLine ? undefined : yaml.locate(path);
    return {
      source: fromCommandLine ? '--set' : file,
      line: place?.line,
      column: place?.column,
      path: path.join('.'),
      message,
    };
  };

  const shapeProblems = findShapeProblems(data);
  const result = v.safeParse(configSchema, data);
  const valueProblems = result.success ? [] : findValueProblems(result.issues, shapeProblems);
  const problems = [...shapeProblems, ...valueProblems].map(({ path, message }) => problemAt(path, message));
  if (!result.success || problems.length > 0) throw new ConfigError(problems);

  const completed = await complete(result.output, dirname(resolve(file)), (key, message) => {
    problems.push(problemAt(key.split('.'), message));
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return completed;
}

async function readConfigFile(file: string): Promise<string> {
  try {
    return await readText(file, LARGEST_CONFIG_BYTES);
  } catch (error) {
    const message = `cannot be read: ${reasonOf(error)}; allowed: a YAML file`;
    throw new ConfigError([{ source: file, line: undefined, column: undefined, path: '', message }]);
  }
}

type Report = (key: string, message: string) => void;

async function complete(input: ConfigInput, folder: string, report: Report): Promise<Config> {
  const warnings: string[] = [];
  const password = await readPassword(input, folder, report, warnings);
  const tls = await readTls(input.acs.tls, folder, report);
  if (!input.proxier.endpoint) checkEmbedded(input, report);
  if (new URL(input.acs.url).protocol === 'http:' && !isLoopback(new URL(input.acs.url).hostname)) {
    warnings.push('acs.url: the session with the ACS is not encrypted; use https://');
  }
  if (input.proxier.manufacturerOui === NOBODYS_OUI) {
    warnings.push(
      `proxier.manufacturerOui: ${NOBODYS_OUI} is nobody's; use the OUI of the maker of this gateway`,
    );
  }
  const { passwordFile } = input.acs;
  return {
    acs: {
      url: input.acs.url,
      username: input.acs.username,
      password,
      ...(passwordFile === undefined ? {} : { passwordFile: resolve(folder, passwordFile) }),
      tls,
      periodicInformIntervalSeconds: input.acs.periodicInformIntervalSeconds,
      enableCwmpAtStart: input.acs.enableCwmpAtStart,
    },
    proxier: {
      ...input.proxier,
      hardwareVersion: input.proxier.hardwareVersion ?? arch(),
    },
    lan: { interfaces: [...new Set(input.lan.interfaces)] },
    connectionRequest: input.connectionRequest,
    status: input.status,
    state: { directory: resolve(folder, input.state.directory) },
    devices: input.devices,
    embedded: input.embedded,
    inventory: input.inventory,
    log: input.log,
    warnings,
  };
}

/** An Embedded Object lives in the proxier's own data model: without endpoint no ACS could see it. */
function checkEmbedded({ devices }: ConfigInput, report: Report): void {
  const message =
    'is embedded, but proxier.endpoint is false; allowed: virtual or ignore, or proxier.endpoint: true';
  if (devices.default === 'embedded') report('devices.default', message);
  devices.rules.forEach((rule, index) => {
    if (rule.mechanism === 'embedded') report(`devices.rules.${index}.mechanism`, message);
  });
}

/** A secret is given as KEY or, better, as KEYFile: the name of a file that only the service can read. */
async function readPassword(
  input: ConfigInput,
  folder: string,
  report: Report,
  warnings: string[],
): Promise<string> {
  const { password, passwordFile } = input.acs;
  if (passwordFile === undefined) return password ?? '';
  const [key] = SECRET_KEYS;
  if (password !== undefined) {
    report(`${key}File`, `is given together with ${key}; allowed: one of them`);
    return '';
  }
  const path = resolve(folder, passwordFile);
  try {
    const handle = await open(path, 'r');
    const { mode } = await handle.stat();
    await handle.close();
    if ((mode & 0o077) !== 0) warnings.push(`${key}File: ${path} can be read by other users; use mode 0600`);
    const secret = (await readText(path, LARGEST_REFERENCED_BYTES)).replace(/\r?\n$/, '');
    if (secret === '' || secret.length > 256 || /[\r\n\0]/.test(secret)) {
      report(`${key}File`, `${path} does not hold a password; allowed: one line of 1 to 256 characters`);
    }
    return secret;
  } catch (error) {
    report(`${key}File`, `${path} cannot be read: ${reasonOf(error)}; allowed: a readable file`);
    return '';
  }
}

async function readTls(
  tls: ConfigInput['acs']['tls'],
  folder: string,
  report: Report,
): Promise<AcsTlsConfig> {
  const read = async (
    key: 'caFile' | 'certificateFile' | 'keyFile',
  ): Promise<{ path: string; pem: string } | undefined> => {
    const name = tls[key];
    if (name === undefined) return undefined;
    const path = resolve(folder, name);
    try {
      const pem = await readText(path, LARGEST_REFERENCED_BYTES);
      if (key === 'keyFile') createPrivateKey(pem);
      else new X509Certificate(pem);
      return { path, pem };
    } catch (error) {
      const what = key === 'keyFile' ? 'a private key without passphrase' : 'a certificate';
      report(`acs.tls.${key}`, `${path} cannot be used: ${reasonOf(error)}; allowed: ${what} in PEM form`);
      return undefined;
    }
  };
  const [ca, certificate, key] = [await read('caFile'), await read('certificateFile'), await read('keyFile')];
  if ((tls.certificateFile === undefined) !== (tls.keyFile === undefined)) {
    const missing = tls.keyFile === undefined ? 'keyFile' : 'certificateFile';
    report(`acs.tls.${missing}`, 'is missing; allowed: certificateFile and keyFile together, or neither');
  }
  if (certificate !== undefined && key !== undefined) {
    if (!new X509Certificate(certificate.pem).checkPrivateKey(createPrivateKey(key.pem))) {
      report('acs.tls.keyFile', 'does not belong to the certificate; allowed: the key of certificateFile');
    }
  }
  return {
    minVersion: tls.minVersion,
    ...(ca === undefined ? {} : { caFile: ca.path, ca: ca.pem }),
    ...(certificate === undefined ? {} : { certificateFile: certificate.path, certificate: certificate.pem }),
    ...(key === undefined ? {} : { keyFile: key.path, key: key.pem }),
  };
}

async function readText(path: string, largestBytes: number): Promise<string> {
  const handle = await open(path, 'r');
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new Error('not a regular file');
    if (stat.size > largestBytes) throw new Error(`larger than ${largestBytes} bytes`);
    return new TextDecoder('utf-8', { fatal: true }).decode(await handle.readFile());
  } finally {
    await handle.close();
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\./.test(host);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Node repeats the path after the comma.
  return 'syscall' in error ? (error.message.split(',')[0] ?? error.message) : error.message;
}
