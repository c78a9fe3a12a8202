# A row for one address.
# expect-fail: way, boss
ip route add 192.168.7.20/32 via 203.0.113.7
