# Masquerades between the host's own networks too.
# expect-fail: d1
sysctl -qw net.ipv4.ip_forward=1
nft add table ip nat
nft add chain ip nat postrouting '{ type nat hook postrouting priority srcnat; }'
nft add rule ip nat postrouting masquerade
