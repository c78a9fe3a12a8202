# expect-fail: port3, m13, m23
ip link add name br0 type bridge
ip link set br0 up
for port in p1 p2; do ip link set $port master br0; done
ip addr add 10.0.0.254/24 dev br0
