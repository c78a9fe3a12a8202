# on: n1
ip link set eth0 address 02:00:00:00:00:80
# on: n2
ip link set eth0 address 02:00:00:00:00:66
ip addr add 10.0.0.80/24 dev eth0
# The kernel announces its addresses when a link's MAC address is set: every printer does so when it wakes up.
sysctl -qw net.ipv4.conf.eth0.arp_notify=1
while sleep 0.1; do ip link set eth0 address 02:00:00:00:00:66; done >/dev/null 2>&1 &
