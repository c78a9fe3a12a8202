# on: c1
ip route add default via 10.0.0.1
