#!/bin/sh
# Runs node as "a host": as root in fresh network and mount namespaces, otherwise plainly (only pure tests run then).
# exec keeps pid and file descriptors, so AVA's channel to its child survives.
if [ "$(id -u)" = 0 ] && [ -z "$TNET_TEST_NO_HOST" ]; then
  exec unshare --net --mount --propagation private node "$@"
fi
exec node "$@"
