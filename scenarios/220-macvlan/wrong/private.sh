# In mode private children are deaf to each other.
# expect-fail: from-h, to-h
# on: h
ip link add eth0 netns box link eth0 type macvlan mode private
ip -n box addr add 192.168.1.50/24 dev eth0
ip -n box link set eth0 up
ip link add lan0 link eth0 type macvlan mode private
ip addr add 192.168.1.3/32 dev lan0
ip link set lan0 up
ip route add 192.168.1.50/32 dev lan0 src 192.168.1.3
