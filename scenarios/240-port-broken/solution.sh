# The network ci moves to a prefix that nobody else has.
ip addr del 192.168.7.1/24 dev ci
ip addr add 10.7.0.1/24 dev ci
# on: runner
ip addr del 192.168.7.2/24 dev eth0
ip addr add 10.7.0.2/24 dev eth0
ip route add default via 10.7.0.1
