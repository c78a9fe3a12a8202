import {connect} from 'node:net';

const absent = new Set(['ENOENT', 'ECONNREFUSED']);

/** True when something accepts connections there. Throws what is neither "nothing there" nor "nobody listens", as EACCES. */
export function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) =>
      absent.has(error.code ?? '') ? resolve(false) : reject(error),
    );
  });
}
