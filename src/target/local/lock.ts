import { createHash } from 'node:crypto';
import { connect, createServer, type Socket } from 'node:net';
import { AyciError } from '../../errors.ts';

/** A socket's name without a file: the kernel frees it when its process dies, however it dies. */
function socketName(name: string): string {
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 32);
  return `\0ayci-lock-${process.getuid?.() ?? 0}-${digest}`;
}

/** Resolves to the function that lets go; null: somebody else has it. */
function tryListen(path: string): Promise<(() => void) | null> {
  return new Promise((resolve, reject) => {
    const waiting = new Set<Socket>();
    const server = createServer((socket) => {
      socket.unref();
      waiting.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => waiting.delete(socket));
    });
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null);
      else reject(error);
    });
    server.listen({ path }, () => {
      server.unref();
      resolve(() => {
        server.close();
        for (const socket of waiting) socket.destroy();
      });
    });
  });
}

/** Resolves when the holder lets go, by its will or by its death. */
function holderGone(path: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const abort = (): void => {
      socket.destroy();
    };
    signal.addEventListener('abort', abort);
    // A refused connection is a holder that has gone in between.
    socket.on('error', () => {});
    socket.on('close', () => {
      signal.removeEventListener('abort', abort);
      resolve();
    });
  });
}

/**
 * Runs `work` while no other AYCI of this user on this machine runs one under the same name.
 * A lock file would have to be taken over from a dead holder, which two can do at once.
 * @param waiting called once if another process holds it
 * @throws AyciError `interrupted`
 */
export async function whileLocked<T>(
  name: string,
  signal: AbortSignal,
  waiting: () => void,
  work: () => Promise<T>,
): Promise<T> {
  const path = socketName(name);
  let told = false;
  for (;;) {
    if (signal.aborted) throw new AyciError('interrupted', 'interrupted');
    const release = await tryListen(path);
    if (release !== null) {
      try {
        return await work();
      } finally {
        release();
      }
    }
    if (!told) waiting();
    told = true;
    await holderGone(path, signal);
  }
}
