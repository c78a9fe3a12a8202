# The right MAC address, for ever. And a route helps one box of many.
# expect-fail: learned, claim1, claim2, cam2
# on: c1
ip neigh replace 10.0.0.1 lladdr 02:00:00:00:00:01 dev eth0 nud permanent
ip route add 10.0.0.30/32 via 10.0.0.1
