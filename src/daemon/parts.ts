import type {OpenCapture} from '../kernel/capture/capture.ts';
import type {Tracer} from '../kernel/trace/tracer.ts';
import type {IdMaps} from '../model/id-map.ts';
import type {Controller} from '../network/controller.ts';
import type {Archives} from '../runtime/archive/archives.ts';
import type {Doctor} from '../runtime/doctor.ts';
import type {Engine} from '../runtime/engine.ts';
import type {EventLog} from '../runtime/event-log.ts';
import type {Images} from '../runtime/images/stored-images.ts';
import type {Preview} from '../runtime/preview.ts';
import type {Volumes} from '../runtime/volumes/volumes.ts';
import type {HostFacts} from './host-facts.ts';
import type {Logger} from './logger.ts';
import type {HeldSandboxes} from './plugins/held-sandboxes.ts';
import type {SandboxNames} from './plugins/sandbox-names.ts';

/** The rooms below, opened. The server closes the engine first, then the controller, and with it the store. */
export interface Composed {
  readonly controller: Controller;
  readonly engine: Engine;
  readonly events: EventLog;
  readonly preview: Preview;
  readonly doctor: Doctor;
  readonly volumes: Volumes;
  readonly images: Images;
  readonly archives: Archives;
  readonly names: SandboxNames;
  readonly held: HeldSandboxes;
  readonly openCapture: OpenCapture;
  readonly tracer: Tracer;
}

/** What the routes work with; tests give fakes. */
export interface ServerParts extends Composed {
  readonly facts: HostFacts;
  /** State root, for /info. */
  readonly root: string;
  /** Ids of containers; null: the machine's. */
  readonly idMaps: IdMaps | null;
  /** Identity of the network namespace this daemon manages (api/netns.ts). */
  readonly netns: string;
  readonly log: Logger;
  readonly now: () => Date;
  /** Begins the end of the daemon; returns at once. */
  readonly shutdown: () => void;
}
