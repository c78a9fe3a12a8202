# The tunnel connects the machines; nothing brings the boxes' frames into it.
# expect-fail: box1, box2, port1, port2, reach, back, wrapped
# on: h1
ip link add vx0 type vxlan id 42 remote 192.168.50.12 dstport 4789 dev eth0
ip link set vx0 up
# on: h2
ip link add vx0 type vxlan id 42 remote 192.168.50.11 dstport 4789 dev eth0
ip link set vx0 up
