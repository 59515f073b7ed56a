import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/**
 * The rules of the house. Paths are relative to src/. A rule that stands in the way of something good is changed here, with a
 * new reason, and not worked around.
 */

/** First part of the path -> floor. A file imports from its own part or from lower floors only. */
const FLOORS: Readonly<Record<string, { readonly rank: number; readonly reason: string }>> = {
  platform: { rank: 0, reason: 'knows no protocol: XML, HTTP, files, time and logs serve everybody' },
  datamodel: {
    rank: 1,
    reason: 'is the tree alone: neither who asks (CWMP) nor who answers (UPnP) may shape it',
  },
  cwmp: {
    rank: 2,
    reason: 'serves any data model: the proxier and every virtual device are endpoints of one class',
  },
  upnp: { rank: 2, reason: 'is a plain control point: it stays testable against any UPnP stack' },
  lab: { rank: 2, reason: 'judges the daemon from outside: it may not share the code it judges' },
  'upnp-dm': { rank: 3, reason: 'adds the management services to the control point' },
  device2: { rank: 3, reason: 'adds the local Device:2 objects to the data model, for CWMP endpoints' },
  proxy: { rank: 4, reason: 'is the only place where both worlds are known' },
  status: { rank: 5, reason: 'reads from everything and writes nothing' },
  'daemon.ts': { rank: 5, reason: 'builds everything: nothing that it builds may reach back to it' },
  cli: { rank: 6, reason: 'turns words into calls of the daemon and of the lab' },
  'main.ts': { rank: 7, reason: 'starts the command line and is imported by nobody' },
};

/** Pairs of parts that share a floor and yet may look at each other, one way. */
const SIBLINGS: readonly { readonly from: string; readonly to: string; readonly reason: string }[] = [
  { from: 'daemon.ts', to: 'status', reason: 'the composition root starts the status server' },
];

/** Outside package -> the files that may import it; a folder ends with a slash. */
const ADAPTERS: Readonly<Record<string, { readonly files: readonly string[]; readonly reason: string }>> = {
  commander: { files: ['cli/'], reason: 'only the command line has options and help texts' },
  express: {
    files: ['platform/http/http-server.ts'],
    reason: 'servers differ in routes, not in limits and shutdown',
  },
  'node-ssdp': { files: ['upnp/ssdp/node-ssdp-transport.ts'], reason: 'its gaps are filled in one place' },
  saxes: {
    files: ['platform/xml/xml-parser.ts', 'lab/xml.ts', 'lab/acs/xml-tree.ts'],
    reason: 'DTDs are refused and sizes capped in one place',
  },
  undici: { files: ['platform/http/'], reason: 'pools, timeouts and sizes are bounded in one place' },
  valibot: { files: ['platform/config/'], reason: 'configuration is checked once, at the door' },
  winston: { files: ['platform/logger.ts'], reason: 'secrets are masked in one place' },
  xml2js: {
    files: ['platform/xml/loose-xml.ts'],
    reason: 'sloppy XML is accepted from LAN descriptions only',
  },
  yaml: {
    files: ['platform/config/', 'lab/device/profile.ts'],
    reason: 'two YAML files exist: the configuration, and the profile of a lab device',
  },
};

/** What the lab may use of the daemon: nothing that speaks a protocol. */
const LAB_MAY_USE: readonly string[] = ['platform/clock.ts', 'platform/logger.ts'];

/** File -> what it imports: `./x` resolved to a path in src/ (or `../…` outside of it), packages by their name. */
type ImportGraph = ReadonlyMap<string, readonly string[]>;

function partOf(file: string): string {
  return file.split('/')[0] ?? file;
}

function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? specifier);
}

function isInside(file: string, place: string): boolean {
  return place.endsWith('/') ? file.startsWith(place) : file === place;
}

function isFile(target: string): boolean {
  return target.endsWith('.ts');
}

function* edges(graph: ImportGraph): Generator<readonly [from: string, to: string], void, void> {
  for (const [file, targets] of graph) for (const target of targets) yield [file, target];
}

function floorViolations(graph: ImportGraph): string[] {
  const violations: string[] = [];
  for (const file of graph.keys()) {
    if (FLOORS[partOf(file)] === undefined)
      violations.push(`${file} is on no floor: add ${partOf(file)} to FLOORS`);
  }
  for (const [file, target] of edges(graph)) {
    const [from, to] = [partOf(file), partOf(target)];
    const [own, other] = [FLOORS[from], FLOORS[to]];
    if (!isFile(target) || from === to || own === undefined || other === undefined) continue;
    if (SIBLINGS.some((pair) => pair.from === from && pair.to === to)) continue;
    if (other.rank === own.rank)
      violations.push(`${file} imports its sibling ${target}: ${from} ${own.reason}`);
    if (other.rank > own.rank) violations.push(`${file} imports ${target} from above: ${from} ${own.reason}`);
  }
  return violations;
}

function adapterViolations(graph: ImportGraph): string[] {
  const violations: string[] = [];
  for (const [file, target] of edges(graph)) {
    if (isFile(target) || isBuiltin(target)) continue;
    const adapter = ADAPTERS[packageOf(target)];
    if (adapter === undefined) {
      violations.push(`${file} imports ${target}, which has no adapter: add it to ADAPTERS with the reason`);
    } else if (!adapter.files.some((place) => isInside(file, place))) {
      violations.push(`${file} imports ${target}; only ${adapter.files.join(', ')} may: ${adapter.reason}`);
    }
  }
  return violations;
}

function labViolations(graph: ImportGraph): string[] {
  return [...edges(graph)]
    .filter(
      ([file, target]) =>
        partOf(file) === 'lab' && isFile(target) && partOf(target) !== 'lab' && !LAB_MAY_USE.includes(target),
    )
    .map(([file, target]) => `${file} imports ${target}: the lab ${FLOORS.lab?.reason ?? ''}`);
}

function outsideViolations(graph: ImportGraph): string[] {
  return [...edges(graph)]
    .filter(([, target]) => target.startsWith('../') || (isFile(target) && !graph.has(target)))
    .map(
      ([file, target]) =>
        `${file} imports ${target}, which is not in src/: the built daemon has nothing else`,
    );
}

/** The import cycles, each with its first file again at the end. */
function cycles(graph: ImportGraph): string[][] {
  const found: string[][] = [];
  const state = new Map<string, 'open' | 'done'>();
  const trail: string[] = [];
  const visit = (file: string): void => {
    state.set(file, 'open');
    trail.push(file);
    for (const target of graph.get(file) ?? []) {
      if (state.get(target) === 'open') found.push([...trail.slice(trail.indexOf(target)), target]);
      else if (graph.has(target) && !state.has(target)) visit(target);
    }
    trail.pop();
    state.set(file, 'done');
  };
  for (const file of graph.keys()) if (!state.has(file)) visit(file);
  return found;
}

function unusedAdapters(graph: ImportGraph): string[] {
  const used = new Set(Array.from(edges(graph), ([, target]) => packageOf(target)));
  return Object.keys(ADAPTERS).filter((name) => !used.has(name));
}

interface Imports {
  readonly all: ImportGraph;
  /** Without `import type`, which is gone when the daemon runs. */
  readonly atRunTime: ImportGraph;
}

function isTypeOnly(statement: ts.Statement): boolean {
  if (ts.isImportDeclaration(statement))
    return statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
  return ts.isExportDeclaration(statement) && statement.isTypeOnly;
}

/** Imports and re-exports of a source file, dynamic ones too. */
function importsOf(
  source: ts.SourceFile,
): readonly { readonly specifier: string; readonly typeOnly: boolean }[] {
  const found: { specifier: string; typeOnly: boolean }[] = [];
  const visit = (node: ts.Node): void => {
    if (
      (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) &&
      node.moduleSpecifier !== undefined
    ) {
      if (ts.isStringLiteral(node.moduleSpecifier)) {
        found.push({ specifier: node.moduleSpecifier.text, typeOnly: isTypeOnly(node) });
      }
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [specifier] = node.arguments;
      if (specifier !== undefined && ts.isStringLiteral(specifier)) {
        found.push({ specifier: specifier.text, typeOnly: false });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function readImports(root: string): Imports {
  const all = new Map<string, readonly string[]>();
  const atRunTime = new Map<string, readonly string[]>();
  for (const entry of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    const file = entry.replaceAll('\\', '/');
    if (!file.endsWith('.ts')) continue;
    const text = readFileSync(posix.join(root, file), 'utf8');
    const imports = importsOf(ts.createSourceFile(file, text, ts.ScriptTarget.ES2023)).map(
      ({ specifier, typeOnly }) => ({
        target: specifier.startsWith('.') ? posix.join(posix.dirname(file), specifier) : specifier,
        typeOnly,
      }),
    );
    all.set(
      file,
      imports.map(({ target }) => target),
    );
    atRunTime.set(
      file,
      imports.filter(({ typeOnly }) => !typeOnly).map(({ target }) => target),
    );
  }
  return { all, atRunTime };
}

function graphOf(files: Readonly<Record<string, readonly string[]>>): ImportGraph {
  return new Map(Object.entries(files));
}

describe('architecture', () => {
  const { all: graph, atRunTime } = readImports(fileURLToPath(new URL('../src/', import.meta.url)));

  it('sees the source', () => {
    expect([...edges(graph)].length).to.be.above(50);
  });

  it('lets every part look down only', () => {
    expect(floorViolations(graph)).to.deep.equal([]);
  });

  it('has no import cycles at run time: they load in an order that nobody chose', () => {
    expect(cycles(atRunTime).map((cycle) => cycle.join(' -> '))).to.deep.equal([]);
  });

  it('has no cycles of types over more than two files: two types may name each other, more is a knot', () => {
    const knots = cycles(graph).filter((cycle) => cycle.length > 3);
    expect(knots.map((cycle) => cycle.join(' -> '))).to.deep.equal([]);
  });

  it('reaches each outside package through one adapter', () => {
    expect(adapterViolations(graph)).to.deep.equal([]);
  });

  it('has no adapter rule for a package that nothing imports', () => {
    expect(unusedAdapters(graph)).to.deep.equal([]);
  });

  it('keeps the lab independent of the code it judges', () => {
    expect(labViolations(graph)).to.deep.equal([]);
  });

  it('imports nothing from outside src', () => {
    expect(outsideViolations(graph)).to.deep.equal([]);
  });

  it('declares exactly the packages that it imports', () => {
    const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    expect(manifest).to.have.property('dependencies').that.has.all.keys(Object.keys(ADAPTERS));
  });

  describe('finds, in a house built badly,', () => {
    it('an import from above', () => {
      expect(
        floorViolations(graphOf({ 'datamodel/a.ts': ['cwmp/b.ts'], 'cwmp/b.ts': ['datamodel/a.ts'] })),
      ).to.have.length(1);
    });

    it('an import of a sibling, but not the one that is allowed', () => {
      const bad = {
        'cwmp/a.ts': ['upnp/b.ts'],
        'upnp/b.ts': [],
        'daemon.ts': ['status/c.ts'],
        'status/c.ts': ['daemon.ts'],
      };
      expect(floorViolations(graphOf(bad))).to.have.length(2);
    });

    it('a part without a floor', () => {
      expect(floorViolations(graphOf({ 'helpers/a.ts': [] }))).to.have.length(1);
    });

    it('a cycle', () => {
      const bad = {
        'cwmp/a.ts': ['cwmp/b.ts'],
        'cwmp/b.ts': ['cwmp/c.ts'],
        'cwmp/c.ts': ['cwmp/a.ts', 'cwmp/d.ts'],
        'cwmp/d.ts': [],
      };
      expect(cycles(graphOf(bad))).to.deep.equal([['cwmp/a.ts', 'cwmp/b.ts', 'cwmp/c.ts', 'cwmp/a.ts']]);
      expect(cycles(graphOf({ 'cwmp/a.ts': ['cwmp/a.ts'] }))).to.have.length(1);
    });

    it('a package used beside its adapter, and one without an adapter', () => {
      const bad = {
        'cwmp/a.ts': ['undici', 'node:fs', 'fs/promises'],
        'platform/http/b.ts': ['undici'],
        'proxy/c.ts': ['@x/left-pad/y'],
      };
      expect(adapterViolations(graphOf(bad))).to.have.length(2);
    });

    it('an adapter that nobody needs', () => {
      expect(unusedAdapters(graphOf({ 'platform/http/b.ts': ['undici'] })))
        .to.include('yaml')
        .and.not.include('undici');
    });

    it('a lab that uses the daemon', () => {
      const bad = { 'lab/a.ts': ['platform/xml/escape.ts', 'platform/clock.ts', 'lab/b.ts', 'upnp/c.ts'] };
      expect(labViolations(graphOf(bad))).to.have.length(2);
    });

    it('an import from the tests, and of a file that does not exist', () => {
      expect(
        outsideViolations(graphOf({ 'cwmp/a.ts': ['../test/support/x.ts', 'cwmp/gone.ts'] })),
      ).to.have.length(2);
    });
  });
});
