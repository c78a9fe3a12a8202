# A table without a rule.
# expect-fail: where, route2, reach2, by-eth1, not-by-eth0
# on: srv
ip route add default via 10.0.2.1 dev eth1 table 200
