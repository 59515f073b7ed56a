#!/usr/bin/env node
import { processOutput } from './cli/output.ts';
import { runProgram } from './cli/program.ts';

const exitCode = await runProgram(process.argv.slice(2), processOutput());
// What is still open (a keep-alive connection, a timer) must not keep a finished command alive.
process.stdout.write('', () => process.exit(exitCode));
