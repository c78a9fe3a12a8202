# Two rows compete; the lower metric wins.
# expect-fail: by-b, flow-b
# on: r1
ip route add 10.0.2.0/24 via 10.1.0.2 metric 10
ip route add 10.0.2.0/24 via 10.2.0.2 metric 20
sysctl -qw net.ipv4.fib_multipath_hash_policy=1
