import {attackMatrix} from './attack-matrix.ts';

attackMatrix('iptables');
