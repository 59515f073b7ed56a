import { LabAcs } from './lab-acs.ts';

export interface LabAcsCommandOptions {
  readonly host: string;
  readonly port: number;
}

/**
 * `lab acs`: prints `{"acs": URL, "page": URL}` on one line when it listens, then runs until SIGTERM or SIGINT.
 * @throws Error when the address cannot be bound
 */
export async function runLabAcs(options: LabAcsCommandOptions): Promise<void> {
  const acs = new LabAcs(options);
  await acs.start();
  process.stdout.write(`${JSON.stringify({ acs: acs.url, page: acs.pageUrl })}\n`);
  await new Promise<void>((resolve) => {
    const stop = (): void => {
      process.off('SIGTERM', stop);
      process.off('SIGINT', stop);
      resolve();
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  });
  await acs.stop();
}
