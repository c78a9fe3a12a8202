/** Equal to package.json's (a test compares them); a constant, because reading a file costs every start. */
export const tnetVersion = '0.1.0';

/** The Engine API we serve. Docker's CLI needs 1.44 for MAC addresses and several networks, 1.48 for `--ipv4`. */
export const apiVersion = '1.48';
