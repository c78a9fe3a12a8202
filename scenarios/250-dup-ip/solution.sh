mkdir -p /run/lab/answers
echo n2 > /run/lab/answers/port
# on: n2
ip addr del 10.0.0.80/24 dev eth0
ip addr add 10.0.0.90/24 dev eth0
# on: c1
ip neigh flush dev eth0
# on: c2
ip neigh flush dev eth0
