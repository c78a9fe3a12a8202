# A foot among the children, but the first row for 192.168.1.0/24 wins: h sends by eth0 as before.
# expect-fail: way, from-h, to-h
# on: h
ip link add eth0 netns box link eth0 type macvlan mode bridge
ip -n box addr add 192.168.1.50/24 dev eth0
ip -n box link set eth0 up
ip link add lan0 link eth0 type macvlan mode bridge
ip addr add 192.168.1.3/24 dev lan0
ip link set lan0 up
