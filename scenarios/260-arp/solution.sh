# on: c1
ip neigh del 10.0.0.1 dev eth0
# on: r1
sysctl -qw net.ipv4.conf.eth0.proxy_arp=1
