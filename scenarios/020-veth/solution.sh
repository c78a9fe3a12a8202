ip link add eth0 netns c1 type veth peer name eth0 netns c2
# on: c1
ip addr add 10.0.0.1/24 dev eth0
ip link set eth0 up
# on: c2
ip addr add 10.0.0.2/24 dev eth0
ip link set eth0 up
