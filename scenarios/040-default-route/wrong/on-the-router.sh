# expect-fail: route, reach, web, any
# on: r1
ip route add default via 203.0.113.10
