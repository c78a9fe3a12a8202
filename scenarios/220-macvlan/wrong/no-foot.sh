# As Docker makes it: pc reaches the box, h does not.
# expect-fail: shim, way, from-h, to-h
# on: h
ip link add eth0 netns box link eth0 type macvlan mode bridge
ip -n box addr add 192.168.1.50/24 dev eth0
ip -n box link set eth0 up
ip link set eth0 promisc on
