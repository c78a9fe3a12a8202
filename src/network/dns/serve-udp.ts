import {createSocket} from 'node:dgram';
import type {Fd} from '../../kernel/native.ts';
import type {Respond} from './responder.ts';

/** Answers on a bound socket, which is ours from now on. The function returned closes it. */
export function serveUdp(fd: Fd, respond: Respond, onError: (error: unknown) => void): () => void {
  // Addresses come from packets: looking them up would cost a turn of the event loop an answer.
  const socket = createSocket({type: 'udp4', lookup: (address, _, callback) => callback(null, address, 4)});
  let open = true;
  socket.on('error', onError);
  socket.on('message', (bytes, {address, port}) => {
    if (port === 0) return; // can be sent, cannot be answered: send() throws on it
    respond(bytes, 'udp', response => {
      if (open) socket.send(response, port, address, () => undefined); // a client that went away is no error
    });
  });
  socket.bind({fd});
  socket.unref();
  return () => {
    open = false;
    socket.close();
  };
}
