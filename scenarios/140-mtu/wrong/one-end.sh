# TCP gets away with it, nothing else does.
# expect-fail: big12, big21
mkdir -p /run/lab/answers
echo 50 > /run/lab/answers/overhead
# on: c1
ip link set eth0 mtu 1450
