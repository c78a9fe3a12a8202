# expect-fail: bridge, port1, port2, port3, m12, m13, m23, down1, up1
ip link add name br0 type bridge
for port in p1 p2 p3; do ip link set $port master br0; done
ip addr add 10.0.0.254/24 dev br0
