import { createSocket, type Socket } from 'node:dgram';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import { expect } from 'chai';
import { systemClock } from '../../../src/platform/clock.ts';
import { AcsConnection } from '../../../src/platform/http/acs-connection.ts';
import { NameLookup } from '../../../src/platform/name-lookup.ts';

/** A name server that knows one name, in as few bytes as there can be [RFC 1035 4]. */
class TinyNameServer {
  readonly asked: string[] = [];
  readonly #socket: Socket = createSocket('udp4');
  readonly #known: string;

  constructor(known: string) {
    this.#known = known;
    this.#socket.on('message', (query, { port, address }) => {
      const answer = this.#answer(query);
      if (answer !== undefined) this.#socket.send(answer, port, address);
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#socket.bind(0, '127.0.0.1', resolve));
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  stop(): void {
    this.#socket.close();
  }

  #answer(query: Buffer): Buffer | undefined {
    const labels: string[] = [];
    let at = 12;
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length));
      at += length + 1;
    }
    const question = query.subarray(12, at + 5);
    const name = labels.join('.').toLowerCase();
    const isA = query.readUInt16BE(at + 1) === 1;
    this.asked.push(`${name} ${isA ? 'A' : 'AAAA'}`);
    const header = Buffer.from(query.subarray(0, 12));
    const isKnown = name === this.#known;
    header.writeUInt16BE(isKnown ? 0x8180 : 0x8183, 2);
    header.writeUInt16BE(isKnown && isA ? 1 : 0, 6);
    header.fill(0, 8);
    // The name is that of the question; 127.0.0.1 for a minute.
    const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
    return Buffer.concat(isKnown && isA ? [header, question, record] : [header, question]);
  }
}

describe('the lookup of names', () => {
  const server = new TinyNameServer('acs.example');
  let address: string;

  before(async () => {
    address = await server.start();
  });
  after(() => {
    server.stop();
  });

  const failureOf = (names: NameLookup, host: string): Promise<unknown> =>
    names.addressOf(host).then(
      () => undefined,
      (error: unknown) => error,
    );

  it('asks the name servers that are given, for connections too', async () => {
    const names = new NameLookup();
    names.use({ servers: [address], thenMachine: false });
    expect(await names.addressOf('acs.example')).to.equal('127.0.0.1');
    const listener = createServer((socket) => socket.end());
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const { port } = listener.address() as AddressInfo;
    const socket = connect({ host: 'acs.example', port, lookup: names.lookup });
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    socket.destroy();
    listener.close();
    const single = connect({ host: 'acs.example', port, lookup: names.lookup, autoSelectFamily: false });
    const error = await new Promise((resolve) => single.once('error', resolve).once('connect', resolve));
    expect(error, 'it was found, but nobody listens any more').to.have.property('code', 'ECONNREFUSED');
    expect(server.asked).to.include('acs.example A');
  });

  it('finds the ACS of a session', async () => {
    const acs = createHttpServer((request, response) => response.end(request.headers.host));
    await new Promise<void>((resolve) => acs.listen(0, '127.0.0.1', resolve));
    const { port } = acs.address() as AddressInfo;
    const names = new NameLookup();
    names.use({ servers: [address], thenMachine: false });
    const connection = new AcsConnection({
      origin: `http://acs.example:${port}`,
      tls: { minVersion: 'TLSv1.2' },
      names,
      clock: systemClock,
    });
    const answer = await connection.post('/', {}, undefined, 5_000, 1_000);
    expect(answer.body.toString()).to.equal(`acs.example:${port}`);
    connection.destroy();
    acs.close();
  });

  it('says what it cannot find, and asks the machine only where it may', async () => {
    const names = new NameLookup();
    names.use({ servers: [address], thenMachine: false });
    const failure = await failureOf(names, 'nobody.invalid');
    expect(failure).to.have.property('code', 'ENOTFOUND');
    expect(String(failure)).to.contain('nobody.invalid cannot be resolved: no enabled name server knows it');
    names.use({ servers: [], thenMachine: false });
    expect(String(await failureOf(names, 'acs.example'))).to.contain('the DNS client is disabled');
    const before = server.asked.length;
    names.use({ servers: [address], thenMachine: true });
    expect(await failureOf(names, 'nobody.invalid'))
      .to.have.property('code')
      .that.is.oneOf(['ENOTFOUND', 'EAI_AGAIN']);
    expect(server.asked.length).to.be.above(before);
  });

  it('asks nobody for what needs no name server', async () => {
    const names = new NameLookup();
    names.use({ servers: [], thenMachine: false });
    expect(await names.addressOf('[::1]')).to.equal('::1');
    expect(await names.addressOf('192.0.2.7')).to.equal('192.0.2.7');
    expect(await names.addressOf('localhost')).to.be.oneOf(['127.0.0.1', '::1']);
    names.use(undefined);
    expect(await names.addressOf('localhost')).to.be.oneOf(['127.0.0.1', '::1']);
  });
});
