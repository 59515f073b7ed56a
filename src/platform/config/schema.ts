import * as v from 'valibot';

/** What is allowed at a key, in words: the end of every error line. */
type Allowed = { readonly allowed: string };

const allowed = <T>(text: string): v.MetadataAction<T, Allowed> => v.metadata<T, Allowed>({ allowed: text });

const text = (what: string, longest: number) =>
  v.pipe(
    v.string(),
    v.trim(),
    v.minLength(1),
    v.maxLength(longest),
    v.regex(/^[^\u0000-\u001f\u007f]*$/),
    allowed(`${what}, 1 to ${longest} characters`),
  );

const wholeNumber = (lowest: number, highest: number, unit: string) =>
  v.pipe(
    v.number(),
    v.integer(),
    v.minValue(lowest),
    v.maxValue(highest),
    allowed(`a whole number of ${unit}, ${lowest} to ${highest}`),
  );

const port = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(0),
  v.maxValue(65535),
  allowed('a port number, 0 (any free one) to 65535'),
);

const host = v.pipe(
  v.string(),
  v.maxLength(253),
  v.regex(/^[A-Za-z0-9:][A-Za-z0-9.:%_-]*$/),
  allowed('an IP address or host name of this machine'),
);

const path = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(4096),
  v.check((value) => !value.includes('\0')),
  allowed('a path, absolute or relative to this file'),
);

const oneOf = <const T extends readonly string[]>(...options: T) =>
  v.pipe(v.picklist(options), allowed(options.join(', ')));

const flag = v.pipe(v.boolean(), allowed('true or false'));

const mechanism = oneOf('virtual', 'embedded', 'ignore');

/** User information would end up in logs, and a fragment means nothing to a server. */
function isPlainHttpUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  return /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' && url.hash === '';
}

/** [RFC 7617 2] What no HTTP header can carry would end every session. */
const credential = v.pipe(
  v.string(),
  v.maxLength(256),
  v.check((value) => !/\p{Cc}/u.test(value)),
  allowed('text of at most 256 characters, none of them a control character'),
);

const acsUrl = v.pipe(
  v.string(),
  v.maxLength(256),
  v.check(isPlainHttpUrl),
  allowed('an http:// or https:// URL of at most 256 characters, without user name (see acs.username)'),
);

const publicUrl = v.pipe(
  v.string(),
  v.maxLength(200),
  v.check((value) => isPlainHttpUrl(value) && new URL(value).search === ''),
  v.transform((value) => value.replace(/\/+$/, '')),
  allowed('an http:// or https:// URL of at most 200 characters, without query'),
);

const interfaceName = v.pipe(
  v.string(),
  v.regex(/^[^\s/]{1,15}$/),
  allowed('the name of a network interface, e.g. br-lan or lo'),
);

const oui = v.pipe(
  v.string(),
  v.regex(/^[0-9A-Fa-f]{6}$/),
  v.toUpperCase(),
  allowed('six hexadecimal digits in quotes, e.g. "00D09E"'),
);

const pattern = v.exactOptional(text('text in which * stands for any characters', 256));

const rule = v.pipe(
  v.strictObject({
    match: v.pipe(
      v.strictObject({
        manufacturerOui: pattern,
        productClass: pattern,
        serialNumber: pattern,
        modelName: pattern,
        deviceType: pattern,
        udn: pattern,
        address: pattern,
      }),
      v.check((match) => Object.keys(match).length > 0),
      allowed(
        'one or more of manufacturerOui, productClass, serialNumber, modelName, deviceType, udn, address',
      ),
    ),
    mechanism,
  }),
  allowed('a rule with match and mechanism'),
);

/** The configuration file. Every section except acs and lan may be left out. */
export const configSchema = v.strictObject({
  acs: v.strictObject({
    url: acsUrl,
    username: v.optional(credential, ''),
    password: v.exactOptional(credential),
    passwordFile: v.exactOptional(path),
    tls: v.optional(
      v.strictObject({
        caFile: v.exactOptional(path),
        certificateFile: v.exactOptional(path),
        keyFile: v.exactOptional(path),
        minVersion: v.optional(oneOf('TLSv1.2', 'TLSv1.3'), 'TLSv1.2'),
      }),
      {},
    ),
    periodicInformIntervalSeconds: v.optional(wholeNumber(1, 4294967295, 'seconds'), 3600),
    enableCwmpAtStart: v.optional(flag, false),
  }),
  proxier: v.optional(
    v.strictObject({
      endpoint: v.optional(flag, true),
      manufacturer: v.optional(text('text', 64), 'cwmp-proxier'),
      manufacturerOui: v.optional(oui, '000000'),
      productClass: v.optional(text('text', 64), 'cwmp-proxier'),
      serialNumber: v.exactOptional(text('text', 64)),
      modelName: v.optional(text('text', 64), 'cwmp-proxier'),
      description: v.optional(text('text', 256), 'CWMP proxier for UPnP DM devices'),
      hardwareVersion: v.exactOptional(text('text', 64)),
    }),
    {},
  ),
  lan: v.strictObject({
    interfaces: v.pipe(
      v.array(interfaceName),
      v.minLength(1),
      v.maxLength(16),
      allowed('a list of 1 to 16 network interfaces, e.g. [br-lan]'),
    ),
  }),
  connectionRequest: v.optional(
    v.strictObject({
      host: v.optional(host, '0.0.0.0'),
      port: v.optional(port, 7547),
      publicUrl: v.exactOptional(publicUrl),
    }),
    {},
  ),
  status: v.optional(
    v.strictObject({ host: v.optional(host, '127.0.0.1'), port: v.optional(port, 7580) }),
    {},
  ),
  state: v.optional(v.strictObject({ directory: v.optional(path, '/var/lib/cwmp-proxier') }), {}),
  devices: v.optional(
    v.strictObject({
      default: v.optional(mechanism, 'virtual'),
      rules: v.optional(
        v.pipe(v.array(rule), v.maxLength(1000), allowed('a list of at most 1000 rules')),
        [],
      ),
      pollIntervalSeconds: v.optional(wholeNumber(0, 86_400, 'seconds'), 60),
      alarms: v.optional(flag, false),
      maxDevices: v.optional(wholeNumber(1, 1024, 'devices'), 128),
      forgetAfterSeconds: v.optional(wholeNumber(3600, 315_360_000, 'seconds'), 2_592_000),
    }),
    {},
  ),
  embedded: v.optional(
    v.strictObject({ answerTimeoutSeconds: v.optional(wholeNumber(1, 15, 'seconds'), 5) }),
    {},
  ),
  inventory: v.optional(
    v.strictObject({ retentionSeconds: v.optional(wholeNumber(0, 31_536_000, 'seconds'), 604_800) }),
    {},
  ),
  log: v.optional(
    v.strictObject({
      level: v.optional(oneOf('error', 'warn', 'info', 'debug'), 'info'),
      format: v.optional(oneOf('text', 'json'), 'text'),
    }),
    {},
  ),
});

export type ConfigInput = v.InferOutput<typeof configSchema>;

/** Keys whose value must never be shown; each may be given as KEY or, in a file of its own, as KEYFile. */
export const SECRET_KEYS: readonly string[] = ['acs.password'];

/** What the schema says of one key. */
export interface SchemaKey {
  readonly allowed: string;
  /** Keys below it; undefined for a value or a list. */
  readonly keys: readonly string[] | undefined;
}

/** Looks up a key, list indexes included (`devices.rules.0.match`). Undefined: there is no such key. */
export function describeKey(segments: readonly string[]): SchemaKey | undefined {
  let schema: unknown = configSchema;
  for (const segment of segments) {
    const { entries, item } = readSchema(schema);
    if (entries !== undefined && Object.hasOwn(entries, segment)) schema = entries[segment];
    else if (item !== undefined && /^\d+$/.test(segment)) schema = item;
    else return undefined;
  }
  const { entries, metadata } = readSchema(schema);
  const keys = entries === undefined ? undefined : Object.keys(entries);
  return { allowed: metadata ?? (keys === undefined ? '' : `the keys ${keys.join(', ')}`), keys };
}

interface SchemaParts {
  readonly entries?: Readonly<Record<string, unknown>>;
  readonly item?: unknown;
  readonly metadata?: string;
}

function readSchema(schema: unknown): SchemaParts {
  if (!isObject(schema)) return {};
  if ('wrapped' in schema) return readSchema(schema.wrapped);
  return {
    ...('entries' in schema && isObject(schema.entries) ? { entries: schema.entries } : {}),
    ...('item' in schema ? { item: schema.item } : {}),
    ...('pipe' in schema && Array.isArray(schema.pipe) ? readAllowed(schema.pipe) : {}),
  };
}

function readAllowed(pipe: readonly unknown[]): { metadata?: string } {
  for (const action of pipe) {
    if (isObject(action) && action.type === 'metadata' && isAllowed(action.metadata)) {
      return { metadata: action.metadata.allowed };
    }
  }
  return {};
}

function isAllowed(value: unknown): value is Allowed {
  return isObject(value) && typeof value.allowed === 'string';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
