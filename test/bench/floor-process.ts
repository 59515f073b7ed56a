import { createInterface } from 'node:readline';
import { runFloorSession } from './floor-client.ts';

// One line of JSON is one job: { url, inform, answer (base64), sessions }. Answers "done" when they are over.
for await (const line of createInterface({ input: process.stdin })) {
  const job = JSON.parse(line) as { url: string; inform: string; answer: string; sessions: number };
  const inform = Buffer.from(job.inform, 'base64');
  const answer = Buffer.from(job.answer, 'base64');
  for (let index = 0; index < job.sessions; index += 1) await runFloorSession(job.url, inform, answer);
  process.stdout.write('done\n');
}
