# on: r1
ip route add 10.0.2.0/24 nexthop via 10.1.0.2 nexthop via 10.2.0.2
sysctl -qw net.ipv4.fib_multipath_hash_policy=1
