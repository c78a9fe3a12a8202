# on: h1
ip link add vx0 mtu 1450 type vxlan id 42 local 192.0.2.1 remote 192.0.2.2 dstport 4789 dev under
ip link add br0 type bridge
ip link set c1 master br0
ip link set vx0 master br0
ip link set vx0 up
ip link set br0 up
# on: h2
ip link add vx0 mtu 1450 type vxlan id 42 local 192.0.2.2 remote 192.0.2.1 dstport 4789 dev under
ip link add br0 type bridge
ip link set c2 master br0
ip link set vx0 master br0
ip link set vx0 up
ip link set br0 up
# Like a network card without segmentation offload: what TCP sends is what one sees on the wire.
# on: c1
ip link set eth0 gso_max_segs 1
# on: c2
ip link set eth0 gso_max_segs 1
