# The setting belongs to the link on which the question arrives; on this one the camera asks.
# expect-fail: claim1, claim2, cam1, cam2
# on: c1
ip neigh del 10.0.0.1 dev eth0
# on: r1
sysctl -qw net.ipv4.conf.down.proxy_arp=1
