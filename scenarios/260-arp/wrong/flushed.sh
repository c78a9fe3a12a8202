# flush spares a permanent entry.
# expect-fail: mac, learned, out, web
# on: c1
ip neigh flush dev eth0
# on: r1
sysctl -qw net.ipv4.conf.eth0.proxy_arp=1
