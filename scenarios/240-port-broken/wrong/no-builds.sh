# The office is back, and the builds are gone.
# expect-fail: builds
ip link set ci down
