# on: h1
ip link add vx0 type vxlan id 42 local 192.168.50.11 remote 192.168.50.12 dstport 4789 dev eth0
ip link add name br0 type bridge
ip link set p1 master br0
ip link set vx0 master br0
ip link set vx0 up
ip link set br0 up
# on: h2
ip link add vx0 type vxlan id 42 local 192.168.50.12 remote 192.168.50.11 dstport 4789 dev eth0
ip link add name br0 type bridge
ip link set p2 master br0
ip link set vx0 master br0
ip link set vx0 up
ip link set br0 up
