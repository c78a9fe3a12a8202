# expect-fail: any
# on: c1
ip route add 203.0.113.0/24 via 10.0.0.1
