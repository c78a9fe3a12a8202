# ext asks its cable for 203.0.113.99; nobody has it.
# expect-fail: out1, out2
sysctl -qw net.ipv4.ip_forward=1
nft add table ip nat
nft add chain ip nat postrouting '{ type nat hook postrouting priority srcnat; }'
nft add rule ip nat postrouting ip saddr 10.0.0.0/24 oifname "up" snat to 203.0.113.99
