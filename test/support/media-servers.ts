import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { ExternalCommand, missingProgram } from './external-command.ts';

/** What of Debian is missing for `startRygel`. */
export const RYGEL_PROGRAMS = [
  missingProgram('rygel', 'rygel, rygel-playbin'),
  missingProgram('dbus-run-session', 'dbus'),
];
/** What of Debian is missing for `startMinidlna`. */
export const MINIDLNA_PROGRAMS = [missingProgram('minidlnad', 'minidlna')];

/** On a new machine GStreamer looks through all its plugins when rygel starts for the first time: give it two minutes. */
export async function startRygel(directory: string, title: string): Promise<ExternalCommand> {
  await writeFile(
    join(directory, 'rygel.conf'),
    `[general]\ninterface=lo\nupnp-enabled=true\n[Playbin]\nenabled=true\ntitle=${title}\ndiagnostics=true\n` +
      '[MediaExport]\nenabled=false\n[Tracker3]\nenabled=false\n',
  );
  return new ExternalCommand('dbus-run-session', ['--', 'rygel'], {
    HOME: directory,
    XDG_CONFIG_HOME: directory,
    XDG_CACHE_HOME: directory,
    XDG_RUNTIME_DIR: directory,
  });
}

/** In the foreground, with everything it writes in `directory`: nothing of a service on this machine is touched. */
export async function startMinidlna(directory: string, title: string): Promise<ExternalCommand> {
  const media = join(directory, 'media');
  await mkdir(media);
  const configuration = {
    port: await freePort(),
    network_interface: 'lo',
    media_dir: media,
    db_dir: directory,
    log_dir: directory,
    friendly_name: title,
    serial: 'MDL-1',
    model_number: '7',
    inotify: 'no',
    minissdpdsocket: join(directory, 'none'),
  };
  const file = join(directory, 'minidlna.conf');
  await writeFile(
    file,
    Object.entries(configuration)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
  return new ExternalCommand('minidlnad', ['-S', '-f', file, '-P', join(directory, 'pid')]);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
