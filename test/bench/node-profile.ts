/** Loaded into a server with --import: SIGUSR2 begins a CPU profile, the next one writes it to the file BENCH_PROFILE. */
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';

let session: Session | undefined;

process.on('SIGUSR2', () => {
  if (session === undefined) {
    session = new Session();
    session.connect();
    session.post('Profiler.enable');
    session.post('Profiler.setSamplingInterval', { interval: 500 });
    session.post('Profiler.start');
    return;
  }
  const running = session;
  session = undefined;
  running.post('Profiler.stop', (error, { profile }) => {
    running.disconnect();
    if (error !== null) throw error;
    writeFileSync(process.env['BENCH_PROFILE'] ?? 'server.cpuprofile', JSON.stringify(profile));
    console.log('profile written');
  });
});
