# h1 sends packets of 1550 bytes; h2's card does not take them.
# expect-fail: overhead, big12, big21, download
mkdir -p /run/lab/answers
echo 36 > /run/lab/answers/overhead
# on: h1
ip link set under mtu 1550
ip link set vx0 mtu 1500
