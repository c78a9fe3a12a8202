# A second default route with a worse metric waits until the first one is gone.
# expect-fail: forth, back, rtt
# on: c1
ip route add default via 10.0.0.2 metric 100
# on: srv
ip route add 10.0.0.0/24 via 192.0.2.5 metric 100
