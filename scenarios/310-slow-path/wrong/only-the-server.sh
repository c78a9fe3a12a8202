# The other half.
# expect-fail: forth, rtt
# on: srv
ip route replace 10.0.0.0/24 via 192.0.2.5
